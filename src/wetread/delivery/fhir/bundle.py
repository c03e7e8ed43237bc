"""The whole report as one transaction: all of it arrives, or nothing does."""

import json
from collections.abc import Mapping

from wetread.delivery.fhir.devices import device_entries
from wetread.delivery.fhir.diagnostic import diagnostic_entry
from wetread.delivery.fhir.observations import fallen_entry, finding_entry, urgency_entry
from wetread.delivery.fhir.oversight import provenance_entry, task_entry
from wetread.delivery.fhir.parts import Json, instant
from wetread.delivery.fhir.places import PATIENTS, places_of, superseded
from wetread.delivery.fhir.standing import made_at
from wetread.delivery.fhir.subject import order_entry, patient_entry, study_entry
from wetread.delivery.made import Kind
from wetread.delivery.objects.tracking import tracked
from wetread.domain.report import Report

MEDIA_TYPE = "application/fhir+json"


def as_bundle(
    report: Report,
    *,
    text: str | None = None,
    pdf: bytes | None = None,
    objects: Mapping[Kind, tuple[str, str]] | None = None,
    patient_system: str = PATIENTS,
) -> Json:
    """The report as a transaction bundle that may be sent any number of times: nothing is made twice.

    `text` is the report in words, `objects` the (series, instance) UIDs of our own objects in the archive,
    `patient_system` the identifier system that the site's patient numbers count in.
    Raises: ValueError where the report does not say when it was made.
    """
    places, named = places_of(report, patient_system), dict(objects or {})
    order = order_entry(report, places)
    entries = [
        patient_entry(report, places),
        *([order] if order else []),
        study_entry(report, places, named),
        *device_entries(report),
        *(finding_entry(report, places, one) for one in tracked(report)),
        *(fallen_entry(report, places, one) for one in superseded(report)),
        urgency_entry(report, places),
        diagnostic_entry(report, places, text=text, pdf=pdf, objects=named),
        provenance_entry(report, places),
        task_entry(report, places),
    ]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "timestamp": instant(made_at(report)),
        "entry": entries,
    }


def bundle_bytes(bundle: Json) -> bytes:
    """The bundle as JSON in UTF-8, always the same bytes."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
