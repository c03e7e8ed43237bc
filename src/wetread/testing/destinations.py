"""The contract that every destination owes, whoever wrote it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from wetread.domain.consensus import Consensus, JoinedFinding
from wetread.domain.finding import Laterality
from wetread.domain.order import Order
from wetread.domain.report import Provenance, Receipt, Report, Superseded
from wetread.domain.review import withdrawn
from wetread.domain.study import Patient
from wetread.domain.urgency import Priority, Urgency
from wetread.ports import Destination
from wetread.testing.studies import film_study, finding, read

MADE_AT = datetime(2024, 1, 2, 10, 15, tzinfo=UTC)
SHORTEST_TELLING = 4  # characters; a shorter word may stand in a reference by chance


@runtime_checkable
class Telling(Protocol):
    """A destination that can tell whether it has a report already."""

    async def receipt_of(self, report: Report) -> Receipt | None:
        """The receipt of a report that was delivered before, None where it was not."""
        ...


def check_destination(destination: Destination, report: Report) -> None:
    """Assert what every destination owes: a name, the same receipt for the same report, withdrawals taken.

    report: a preliminary one that the destination was never given, e.g. `some_report()`. It and its withdrawal are
    delivered for real.
    Raises: AssertionError saying what is broken.
    """
    assert isinstance(destination, Destination), "a destination has a name and an async deliver(report)"
    assert isinstance(destination.name, str), "a destination's name is text"
    assert destination.name, "a destination needs a name"
    asyncio.run(_check(destination, _told_when(report)))


def some_report() -> Report:
    """A preliminary report of one film, as it is given to a destination: one finding there, one that may be."""
    there = finding("wr:pneumothorax", probability=0.83, laterality=Laterality.LEFT)
    answer = read(there, finding("wr:pleural-effusion", "uncertain"))
    joined = (
        JoinedFinding(finding=there, present_by=("one",)),
        JoinedFinding(finding=answer.findings[1], uncertain_by=("one",)),
    )
    patient = Patient(patient_id="CONTRACT-1", name="Contract^Ada", birth_date="1960-01-02", sex="F")
    return Report(
        report_id="wr-c0ffee00c0ffee00",
        study=replace(film_study(patient=patient), accession_number="ACC-CONTRACT"),
        order=Order(),
        urgency=Urgency(priority=Priority.P2, target_min=30, reasons=(), policy_version="test"),
        urgency_label="urgent",
        consensus=Consensus(findings=joined, readers=("one",), abnormal_probability=None, weighting="single reader"),
        answers=(answer,),
        impression="Present: left pneumothorax. Uncertain: pleural effusion.",
        provenance=Provenance(
            software="wetread",
            vocabulary_version="test",
            vocabulary_sha256="0" * 64,
            vocabulary_signed_off_by=None,
            policy_version="test",
            policy_sha256="0" * 64,
        ),
        made_at=MADE_AT,
    )


async def _check(destination: Destination, report: Report) -> None:
    taken = await _check_report(destination, report)
    taking_back = _withdrawal(report)
    withdrawal = await _check_report(destination, taking_back)
    assert withdrawal != taken, "a withdrawal has a receipt of its own"


async def _check_report(destination: Destination, report: Report) -> Receipt:
    """The receipt of a report that is delivered for the first time, then again."""
    telling = destination if isinstance(destination, Telling) else None
    if telling is not None:
        assert await telling.receipt_of(report) is None, "there is no receipt of what was never delivered"
    receipt = await destination.deliver(report)
    _check_receipt(destination, report, receipt)
    assert await destination.deliver(report) == receipt, "delivered twice, a report has the same receipt"
    if telling is not None:
        assert await telling.receipt_of(report) == receipt, "receipt_of tells the receipt that deliver gave"
    return receipt


def _check_receipt(destination: Destination, report: Report, receipt: Receipt) -> None:
    assert isinstance(receipt, Receipt), "deliver gives a Receipt"
    assert receipt.destination == destination.name, "a receipt names its destination"
    assert receipt.report_id == report.report_id, "a receipt names its report"
    assert receipt.reference, "a receipt has a reference: how the report is found there"
    patient = report.study.patient
    for word in (patient.patient_id, patient.name, report.study.accession_number):
        told = word is not None and len(word) >= SHORTEST_TELLING and word in receipt.reference
        assert not told, "a receipt's reference says nothing of the patient: people see it, logs keep it"


def _told_when(report: Report) -> Report:
    return report if report.made_at else replace(report, made_at=MADE_AT)


def _withdrawal(report: Report) -> Report:
    """The report that takes it back, as a destination is given it."""
    made_at = report.made_at or MADE_AT
    at = made_at + timedelta(minutes=5)
    earlier = Superseded(
        report_id=report.report_id,
        status=report.status,
        made_at=made_at,
        findings=report.consensus.findings if report.consensus else (),
    )
    rejected = withdrawn(report, reason="wrong patient", text="An earlier report is withdrawn.", by="contract", at=at)
    return replace(rejected, made_at=at, supersedes=earlier)
