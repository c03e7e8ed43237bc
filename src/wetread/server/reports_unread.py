"""What a human signs where no reader was asked: a report with everything but an AI's words."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from wetread.domain.order import Order, OrderPriority
from wetread.domain.ordered import joined
from wetread.domain.report import Report
from wetread.domain.review import unread_id
from wetread.domain.study import Patient, Study
from wetread.domain.urgency import Priority, Urgency
from wetread.intake.found import Found
from wetread.intake.grouping import group
from wetread.reporting.words import sentence
from wetread.server.clinical import policy_of, vocabulary_of
from wetread.server.state import Ground
from wetread.store.orders import matched_with, ordered_of
from wetread.store.records import from_record
from wetread.store.tables import instances
from wetread.wiring.desk import provenance


def unread_report(ground: Ground, connection: Connection, row: Mapping[str, Any]) -> Report:
    """The report of a study that nobody read in its present version."""
    policy, vocabulary = policy_of(ground), vocabulary_of(ground)
    priority = Priority(row["priority"] or Priority.UNREAD)
    minutes = row["target_min"] or policy.target_min[priority]
    return Report(
        report_id=unread_id(row["study_id"], row["version"]),
        study=_study(connection, row),
        order=_order(connection, row),
        urgency=Urgency(priority=priority, target_min=minutes, reasons=(), policy_version=policy.version),
        urgency_label=policy.label[priority],
        consensus=None,
        answers=(),
        impression=sentence("impression", "unread", reasons=sentence("impression", "nobody_asked")),
        provenance=provenance(vocabulary, policy),
    )


def _study(connection: Connection, row: Mapping[str, Any]) -> Study:
    kept = select(instances.c.found).where(instances.c.study_id == row["study_id"]).order_by(instances.c.instance_id)
    found: list[Found] = [from_record(Found, text) for text in connection.execute(kept).scalars()]
    if grouped := group(found):
        return grouped[0]
    patient = Patient(patient_id=row["patient_id"], name=row["patient_name"], sex=row["patient_sex"])
    return Study(ref=row["ref"], study_uid=row["study_uid"], patient=patient, series=())


def _order(connection: Connection, row: Mapping[str, Any]) -> Order:
    """What the study's orders say; else what the study's own row knows of them."""
    if matched := matched_with(connection, row["study_id"]):
        return joined([ordered_of(one).order for one in matched])
    priority = OrderPriority(row["order_priority"]) if row["order_priority"] else None
    return Order(priority=priority, accession_number=row["accession_number"], clinical_question=row["indication"])
