"""Critical results: the log of who was told, and the moment a human who reads first asks to see the AI's answer."""

import hashlib
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Connection

from wetread.domain.audit import Action
from wetread.domain.report import Report
from wetread.domain.review import findings_of
from wetread.errors import InputError
from wetread.server.clinical import vocabulary_of
from wetread.server.problems import PROBLEMS
from wetread.server.reports import base_report
from wetread.server.reports_words import Code
from wetread.server.witness import AskedFirst, ReportWriter, StudyViewer, Witness
from wetread.server.words import Line, Prose, Storable, StudyId
from wetread.store import locks, review
from wetread.store.communications import Communication, Means, communications_of, keep_communication
from wetread.store.listing import study

router = APIRouter(tags=["reports"], route_class=AskedFirst, responses=PROBLEMS)
AHEAD = timedelta(minutes=5)  # a clock of the site may go before ours
LONGEST_AGO = timedelta(days=366)


class NewCommunication(BaseModel):
    """Somebody was told of a result: who, by which means, whether they read it back, and what was said.

    `told_at` is when, with its zone; `findings` are codes of the report or the vocabulary.
    """

    told_to: Line
    role: Line | None = None
    means: Means
    read_back: bool
    findings: Annotated[list[Code], Field(max_length=50)] = []
    words: Prose
    told_at: AwareDatetime


class CommunicationView(BaseModel):
    """A line of the log. `by` wrote it `at`; `report_id` is the report that stood then."""

    communication_id: int
    report_id: str
    told_to: str
    role: str | None
    means: Means
    read_back: bool
    findings: list[str]
    words: str
    told_at: AwareDatetime
    by: str
    at: AwareDatetime


class Communications(BaseModel):
    """Whom the study's results were told to, oldest first."""

    study_id: str
    communications: list[CommunicationView]


class OwnReading(BaseModel):
    """What a human who reads first thought before the AI's answer is shown; null: nothing was written down."""

    own_impression: Annotated[str, Field(max_length=100_000), Storable] | None


@router.get("/studies/{study_id}/communications")
def told(study_id: StudyId, who: StudyViewer) -> Communications:
    """The log of the study's critical results."""
    study(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="communications")
    with who.ground.database.read() as connection:
        rows = communications_of(connection, study_id)
    fields = CommunicationView.model_fields
    lines = [CommunicationView(**{name: row[name] for name in fields}) for row in rows]
    return Communications(study_id=study_id, communications=lines)


@router.post("/studies/{study_id}/communications", status_code=201)
def write_down(study_id: StudyId, wanted: NewCommunication, who: ReportWriter) -> CommunicationView:
    """Write down that somebody was told: a person's act, no token's. What is written down stays as it is."""
    now = who.ground.now()
    if not now - LONGEST_AGO <= wanted.told_at <= now + AHEAD:
        raise InputError("told_at", "lies in the future or more than a year ago", "say when it was told")
    with who.ground.database.write() as connection:
        report = _standing(who, connection, study_id)
        _check_codes(who, report, wanted.findings)
        line = Communication(
            **wanted.model_dump(exclude={"findings"}),
            findings=tuple(dict.fromkeys(wanted.findings)),
            report_id=report.report_id,
            by=who.name,
            at=now,
        )
        number = keep_communication(connection, study_id, line)
        codes = " ".join(line.findings)
        who.did(connection, Action.COMMUNICATION, f"study/{study_id}", communication=number, findings=codes)
    kept = {name: getattr(line, name) for name in CommunicationView.model_fields if name != "communication_id"}
    return CommunicationView(communication_id=number, **kept)


@router.post("/studies/{study_id}/ai-shown", status_code=204)
def show_ai(study_id: StudyId, own: OwnReading, who: ReportWriter) -> None:
    """A human who reads first asks to see the AI's answer: a person's act, no token's.

    The audit keeps which report it was and, of an impression of one's own, its length and SHA-256, never its words.
    """
    words = (own.own_impression or "").strip()
    with who.ground.database.write() as connection:
        report = _standing(who, connection, study_id)
        given = {"characters": len(words), "sha256": hashlib.sha256(words.encode()).hexdigest()} if words else {}
        who.did(
            connection,
            Action.AI_SHOWN,
            f"study/{study_id}",
            report=report.report_id,
            own_impression=bool(words),
            **given,
        )


def _standing(who: Witness, connection: Connection, study_id: str) -> Report:
    """The report that a human would look at now; the study is held until the transaction ends."""
    row = locks.locked_row(connection, study_id)
    who.check_human()
    return base_report(who.ground, connection, row, review.current_report(connection, study_id))


def _check_codes(who: Witness, report: Report, codes: list[str]) -> None:
    known = vocabulary_of(who.ground).terms.keys() | {one.finding.code for one in findings_of(report).values()}
    for code in codes:
        if code not in known:
            raise InputError(code, "is no finding of the report or the vocabulary", "see GET /vocabulary")
