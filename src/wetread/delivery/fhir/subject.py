"""Who was examined, what was asked for, and what was acquired: Patient, ServiceRequest, ImagingStudy."""

import re
from collections.abc import Mapping

from wetread.delivery.fhir.parts import (
    DCM,
    DICOM_UID,
    SYSTEMS,
    TERMINOLOGY,
    URI,
    Json,
    built,
    coding,
    concept,
    day,
    instant,
    joined,
    once,
    one_line,
)
from wetread.delivery.fhir.places import ACCESSIONS, Places, accession_of
from wetread.delivery.made import Kind
from wetread.domain.order import OrderPriority, Procedure
from wetread.domain.report import Report
from wetread.domain.study import Instance, Series

REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
GROUPS = ("ABC", "IDE", "SYL")  # alphabetic, ideographic, phonetic (PS3.5 6.2.1.2)
GENDERS = {"M": "male", "F": "female", "O": "other"}
PRIORITIES = {
    OrderPriority.STAT: "stat",
    OrderPriority.EMERGENCY: "stat",
    OrderPriority.URGENT: "urgent",
    OrderPriority.ROUTINE: "routine",
}
CLASSES = {Kind.SR: "1.2.840.10008.5.1.4.1.1.88.34", Kind.KO: "1.2.840.10008.5.1.4.1.1.88.59"}
MODALITIES = {Kind.SR: "SR", Kind.KO: "KO"}
UID = re.compile(r"[0-9]+(\.[0-9]+)+")
MODALITY = re.compile(r"[A-Z0-9_]{1,16}")
LONGEST_UID = 64
MOST_LISTED = 1000  # objects listed by name; the counts are always whole

Named = Mapping[Kind, tuple[str, str]]


def patient_entry(report: Report, places: Places) -> Json:
    """The patient, made only where the server has none of that number: whom it knows it knows better than a header."""
    told = report.study.patient
    numbered = told.patient_id and places.patient.value == one_line(told.patient_id)
    kind = concept(coding(f"{TERMINOLOGY}/v2-0203", "MR", "Medical record number")) if numbered else None
    resource = built(
        identifier=[built(use="usual" if numbered else None, type=kind, **places.patient.identifier)],
        name=_names(told.name),
        gender=GENDERS.get((told.sex or "").strip().upper()),
        birthDate=day(told.birth_date),
    )
    return once(places.patient, resource)


def _names(name: str | None) -> list[Json]:
    """The groups of a DICOM person name (PS3.5 6.2.1), each as a name of its own."""
    groups = (name or "").split("=")[: len(GROUPS)]
    told = [(kind, _name(group, family_first=kind != "ABC")) for kind, group in zip(GROUPS, groups, strict=False)]
    there = [(kind, one) for kind, one in told if one]
    if len(there) < 2:
        return [one for _, one in there]
    return [{"extension": [{"url": REPRESENTATION, "valueCode": kind}], **one} for kind, one in there]


def _name(group: str, *, family_first: bool) -> Json:
    family, given, middle, prefix, suffix = ([one_line(part) for part in group.split("^")] + [None] * 5)[:5]
    order = (family, given, middle, prefix) if family_first else (prefix, given, middle, family)
    text = joined((*order, suffix))
    return built(
        text=text,
        family=family,
        given=[part for part in (given, middle) if part],
        prefix=[prefix] if prefix else [],
        suffix=[suffix] if suffix else [],
    )


def order_entry(report: Report, places: Places) -> Json | None:
    """The order, made only where the server has none of that number."""
    if places.order is None:
        return None
    told = report.request
    named = [_numbered("ACSN", "Accession ID", ACCESSIONS, accession_of(report))]
    if told is not None:
        named += [
            _numbered("PLAC", "Placer Identifier", "urn:wetread:placer-order-number", told.placer_number),
            _numbered("FILL", "Filler Identifier", "urn:wetread:filler-order-number", told.filler_number),
        ]
    reason = told.reason if told else None
    resource = built(
        identifier=[one for one in named if one],
        status="active",
        intent="order",
        priority=PRIORITIES.get(report.order.priority) if report.order.priority else None,
        code=procedure_concept(told.procedure) if told and told.procedure else None,
        subject=places.patient.reference(),
        authoredOn=instant(told.requested_at) if told and told.requested_at else None,
        requester=_provider(told.provider) if told and told.provider else None,
        reasonCode=[concept(text=reason)] if one_line(reason) else [],
    )
    return once(places.order, resource)


def _provider(provider: tuple[str, str, str]) -> Json | None:
    number, family, given = (one_line(part) for part in provider)
    identifier = {"system": "urn:wetread:provider-id", "value": number} if number else None
    told = built(identifier=identifier, display=joined((given, family)))
    return {"type": "Practitioner", **told} if told else None


def _numbered(code: str, meaning: str, system: str, value: str | None) -> Json | None:
    number = one_line(value, 200)
    if number is None:
        return None
    return {"type": concept(coding(f"{TERMINOLOGY}/v2-0203", code, meaning)), "system": system, "value": number}


def procedure_concept(procedure: Procedure) -> Json:
    """The procedure as it was asked for; a coding system that FHIR has no name for is left to the text."""
    scheme = (procedure.system or "").strip()
    system = SYSTEMS.get(scheme) or (scheme if scheme.startswith(("http://", "https://", "urn:")) else None)
    code = one_line(procedure.code)
    known = [coding(system, code, procedure.text)] if code and system and not any(map(str.isspace, system)) else []
    return concept(*known, text=procedure.text or code)


def study_entry(report: Report, places: Places, objects: Named) -> Json:
    """The study with our own objects in it, made only where the server has none of that UID."""
    study = report.study
    listed = _series(report) + [_own(kind, *uids) for kind, uids in objects.items() if kind in CLASSES]
    modalities = dict.fromkeys(series["modality"]["code"] for series in listed)
    accession = _numbered("ACSN", "Accession ID", ACCESSIONS, accession_of(report))
    resource = built(
        identifier=[places.study.identifier, *([accession] if accession else [])],
        status="available",
        modality=[coding(DCM, code) for code in modalities],
        subject=places.patient.reference(),
        started=day(study.study_date),
        basedOn=[places.order.reference()] if places.order else [],
        numberOfSeries=len(listed) or None,
        numberOfInstances=sum(series["numberOfInstances"] for series in listed) or None,
        description=one_line(study.description),
        series=listed,
    )
    return once(places.study, resource)


def _series(report: Report) -> list[Json]:
    """The series as they came; those without a UID that FHIR takes are left out."""
    left, listed = MOST_LISTED, []
    for series in report.study.series:
        if not _is_uid(series.series_uid):
            continue
        there = [one for one in series.instances if _is_uid(one.sop_instance_uid) and _is_uid(one.sop_class_uid)]
        listed.append(_one_series(series, there[:left]))
        left -= len(there[:left])
    return listed


def _one_series(series: Series, instances: list[Instance]) -> Json:
    return built(
        uid=series.series_uid,
        number=series.number if series.number is not None and series.number >= 0 else None,
        modality=coding(DCM, _modality(series.modality)),
        description=one_line(series.description),
        numberOfInstances=len(series.instances),
        instance=[_instance(one) for one in instances],
    )


def _instance(one: Instance) -> Json:
    number = one.instance_number
    return built(
        uid=one.sop_instance_uid,
        sopClass=coding(URI, f"urn:oid:{one.sop_class_uid}"),
        number=number if number is not None and number >= 0 else None,
    )


def _own(kind: Kind, series_uid: str, instance_uid: str) -> Json:
    instance = {"uid": instance_uid, "sopClass": coding(URI, f"urn:oid:{CLASSES[kind]}"), "number": 1}
    return {
        "uid": series_uid,
        "modality": coding(DCM, MODALITIES[kind]),
        "description": "wetread",
        "numberOfInstances": 1,
        "instance": [instance],
    }


def sr_identifier(objects: Named) -> list[Json]:
    """The SR that says the same as the report, by its SOP Instance UID (HL7 DICOM SR to FHIR mapping)."""
    uids = objects.get(Kind.SR)
    return [{"system": DICOM_UID, "value": f"urn:oid:{uids[1]}"}] if uids else []


def _modality(modality: str | None) -> str:
    told = (modality or "").strip()
    return told if MODALITY.fullmatch(told) else "OT"


def _is_uid(uid: str | None) -> bool:
    return bool(uid) and len(uid or "") <= LONGEST_UID and UID.fullmatch(uid or "") is not None
