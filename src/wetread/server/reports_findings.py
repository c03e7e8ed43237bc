"""A human's decisions on findings, and findings that a human adds. Decisions only ever add up; the last counts."""

import secrets
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path
from sqlalchemy import Connection

from wetread.domain.audit import Action
from wetread.domain.finding import Finding
from wetread.domain.report import Report
from wetread.domain.review import Decision, Verdict, findings_of, undecided
from wetread.errors import Conflict, InputError, NotFound
from wetread.server.clinical import vocabulary_of
from wetread.server.problems import PROBLEMS
from wetread.server.reports import base_report
from wetread.server.reports_words import DecisionMade, NewDecision, NewFinding, Told, evidence_of
from wetread.server.witness import AskedFirst, ReportWriter, Witness
from wetread.server.words import StudyId
from wetread.store import locks, review

router = APIRouter(tags=["reports"], route_class=AskedFirst, responses=PROBLEMS)
FindingId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,100}\.[a-z0-9-]{1,24}$", description="as the report gave it")]


@router.post("/findings/{finding_id}/decisions", status_code=201)
def decide(finding_id: FindingId, wanted: NewDecision, who: ReportWriter) -> DecisionMade:
    """Accept, edit or reject a finding of the report that stands."""
    with who.ground.database.write() as connection:
        study_id, report_id = review.place_of(connection, finding_id)
        report = _standing(who, connection, study_id, report_id)
        finding = _finding(connection, study_id, report, finding_id)
        told = _edited(finding, wanted.told) if wanted.told else None
        return _write_down(who, connection, study_id, report, finding_id=finding_id, verdict=wanted.decision, told=told)


@router.post("/studies/{study_id}/findings", status_code=201)
def add(study_id: StudyId, wanted: NewFinding, who: ReportWriter) -> DecisionMade:
    """Tell a finding that no reader told."""
    if wanted.code not in vocabulary_of(who.ground).terms:
        raise InputError(wanted.code, "is no finding of this site's vocabulary", "see GET /vocabulary")
    told = _edited(Finding(code=wanted.code, presence=wanted.presence), wanted)
    with who.ground.database.write() as connection:
        locks.locked_row(connection, study_id)
        report = _standing(who, connection, study_id, None)
        name = f"{report.report_id}.added-{secrets.token_hex(4)}"
        return _write_down(who, connection, study_id, report, finding_id=name, verdict=Verdict.ADD, told=told)


def _standing(who: Witness, connection: Connection, study_id: str, report_id: str | None) -> Report:
    """The report that a decision would be on; `report_id` is the one that the caller looked at, if any."""
    row = locks.locked_row(connection, study_id)
    report = base_report(who.ground, connection, row, review.current_report(connection, study_id))
    if report_id is not None and report.report_id != report_id:
        raise Conflict(f"report {report_id} of study {study_id} does not stand any more; look at {report.report_id}")
    return report


def _finding(connection: Connection, study_id: str, report: Report, finding_id: str) -> Finding:
    """The finding as it stands."""
    joined = findings_of(report).get(finding_id)
    if joined is not None:
        return joined.finding
    made = review.decisions_of(connection, study_id, report_id=report.report_id)
    added = [decision.told for decision in made if decision.finding_id == finding_id and decision.told]
    if not added:
        raise NotFound(f"there is no finding {finding_id}")
    return added[-1]


def _edited(finding: Finding, told: Told) -> Finding:
    """The finding in the human's words: what was not told stays, and no number of a reader's stands behind it."""
    given: dict[str, Any] = told.model_dump(exclude_unset=True, exclude={"evidence", "code"})
    if "evidence" in told.model_fields_set:
        given["evidence"] = evidence_of(told.evidence)
    return replace(
        replace(finding, probability=None, calibrator_id=None, confidence_raw=None, confidence_kind=None), **given
    )


def _write_down(
    who: Witness,
    connection: Connection,
    study_id: str,
    report: Report,
    *,
    finding_id: str,
    verdict: Verdict,
    told: Finding | None,
) -> DecisionMade:
    decision = Decision(finding_id=finding_id, verdict=verdict, by=who.name, at=who.ground.now(), told=told)
    number = review.decide(connection, study_id, decision, report_id=report.report_id)
    left = undecided(report, review.decisions_of(connection, study_id, report_id=report.report_id))
    who.did(connection, Action.DECISION, f"study/{study_id}", finding=finding_id, decision=verdict.value)
    return DecisionMade(decision_id=number, finding_id=finding_id, undecided=list(left))
