"""Studies that are complete go on: routed by the rules, queued to be read or held for a human."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.domain.waiting import PatientClass, StudyStatus
from wetread.errors import RecordInvalid
from wetread.intake.found import Found
from wetread.intake.grouping import group
from wetread.store.blobs import Blobs
from wetread.store.database import Database
from wetread.store.flow import founds_of, order_of, patient_class_of
from wetread.store.patients import corrected
from wetread.store.records import from_record
from wetread.store.signals import arrivals_of, complete, due, signals_of
from wetread.worklist.blinding import arm_of
from wetread.worklist.completeness import decide, settle
from wetread.worklist.house import House
from wetread.worklist.matching_rows import Ground, settle_study
from wetread.worklist.order_row import waiting_columns
from wetread.worklist.rules import Routing, facts_of

log = structlog.wrap_logger(logging.getLogger("wetread.completeness"))


def complete_due(house: House) -> int:
    """Every study whose time has come; how many went on.

    Raises: StoreUnavailable.
    """
    settings, now = house.settings.service.completeness, house.now()
    done = 0
    for row in due(house.database, now=now, longest_s=settings.longest_s):
        signals = signals_of(house.database, row["study_id"])
        if signals is None:
            continue
        decision = decide(signals, settings)
        if now < decision.complete_at <= now + timedelta(seconds=settings.longest_s):
            settle(house.database, row["study_id"], settings, now=now)
            continue
        done += _go_on(house, row, decision.why, now)
    return done


def study_of(database: Database, study_id: str, blobs: Blobs | None = None) -> Study:
    """The study as it lies in the store; with `blobs` its instances lead to their bytes.

    Raises: RecordInvalid, NotFound (a blob is gone), StoreUnavailable.
    """
    found: list[Found] = []
    for blob, record in founds_of(database, study_id):
        one: Found = from_record(Found, record)
        if blobs is not None:
            one = replace(one, instance=replace(one.instance, path=blobs.local_path(blob)))
        found.append(one)
    studies = group(found)
    if len(studies) != 1:
        raise RecordInvalid(f"the stored objects of study {study_id} make {len(studies)} studies instead of one")
    return corrected_study(database, studies[0])


def corrected_study(database: Database, study: Study) -> Study:
    """The study with its patient as messages since then name them; what they name never leaves the site either.

    Raises: StoreUnavailable.
    """
    with database.read() as connection:
        patient = corrected(connection, study.patient)
    if patient == study.patient:
        return study
    told = (patient.patient_id, patient.name, patient.birth_date)
    return replace(study, patient=patient, identifying=(*study.identifying, *filter(None, told)))


def _go_on(house: House, row: Mapping[str, Any], why: str, now: datetime) -> bool:
    ground = Ground(settings=house.settings.service.matching, policies=house.policies)
    if settle_study(house.database, row, ground, now=now):
        return False  # it is another row now: it goes on in the next round
    study = study_of(house.database, row["study_id"])
    order = order_of(house.database, row)
    routing = _route(house, study, order, row)
    ordered = order.priority.value if order.priority else row["order_priority"]
    known = {"patient_class": routing.patient_class.value, "order_priority": ordered}
    held = "held by rule: a human reads it" if routing.hold else None
    status = StudyStatus.HELD if routing.hold else StudyStatus.QUEUED
    values = {
        **known,
        "status": status.value,
        "indication": order.clinical_question or order.chief_complaint or row["indication"],
        "readers": list(routing.readers),
        "destinations": list(routing.destinations),
        "problem": held,
        "blinded": arm_of(house, row, asks_ai=not routing.hold),
        **waiting_columns({**row, **known}, house.policies, now=now, floor=routing.priority_floor, failed=held),
    }
    lines = (("complete", why), *(("routed", line) for line in routing.why), (status.value, f"{status.value}"))
    went = complete(house.database, row, values, lines, now=now)
    if went:
        log.info("study complete", study=row["ref"], version=row["version"] + 1, status=status.value, why=why)
    return went


def _route(house: House, study: Study, order: Order, row: Mapping[str, Any]) -> Routing:
    patient_class = PatientClass(patient_class_of(house.database, row) or row["patient_class"])
    arrivals = arrivals_of(house.database, row["study_id"])
    return house.rules().route(
        facts_of(study, arrivals=arrivals, order=order, patient_class=patient_class), house.now()
    )
