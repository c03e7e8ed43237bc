"""One study: what is known of it, who holds it, its place, its history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, JsonValue
from sqlalchemy import Connection

from wetread.domain.audit import Action
from wetread.domain.people import Permission
from wetread.domain.urgency import Priority
from wetread.errors import Forbidden
from wetread.server.clinical import policies_of
from wetread.server.problems import PROBLEMS
from wetread.server.witness import AskedFirst, StudyChanger, StudyViewer, Witness
from wetread.server.words import IfMatch, Line, Name, StudyId, etag_of, number_of
from wetread.server.worklist_rows import WorklistRow, row_views, told_row
from wetread.store import locks, review
from wetread.store.audit_search import AuditFilters, audit_page
from wetread.store.listing import count_priors, priors, study, traces
from wetread.store.reading import series_of
from wetread.worklist.override import override_in

MOST_LINES = 500
SERIES_FIELDS = ("series_uid", "modality", "number", "description", "body_part")
router = APIRouter(tags=["studies"], route_class=AskedFirst, responses=PROBLEMS)


class LockView(BaseModel):
    """Who works on the study, and until when."""

    holder: str
    until: datetime


class SeriesView(BaseModel):
    """One acquisition; its images are at DICOMweb."""

    series_uid: str | None
    modality: str | None
    number: int | None
    description: str | None
    body_part: str | None
    images: int


class StudyView(WorklistRow):
    """A study with its series and whoever holds it."""

    lock: LockView | None
    series_list: list[SeriesView]
    override: dict[str, JsonValue] | None


class NewOverride(BaseModel):
    """A human's word on the priority; the only thing that lowers it."""

    priority: Priority
    reason: Line


class StudyChange(BaseModel):
    """What is to change. `assignee` null gives it back to nobody; what is left out stays."""

    assignee: Name | None = None
    override: NewOverride | None = None


class Priors(BaseModel):
    """Earlier studies of the same patient, newest first."""

    study_id: str
    rows: list[WorklistRow]


class TraceLine(BaseModel):
    """One thing that was decided about the study."""

    at: datetime
    version: int
    kind: str
    text: str
    data: dict[str, JsonValue]


class StudyAuditLine(BaseModel):
    """One time somebody touched the study."""

    seq: int
    at: datetime
    actor: str
    roles: list[str]
    action: str
    outcome: str
    data: dict[str, JsonValue]


class StudyAudit(BaseModel):
    """Who touched the study."""

    study_id: str
    lines: list[StudyAuditLine]


class WhyTrace(BaseModel):
    """Everything that was decided, in its order."""

    study_id: str
    lines: list[TraceLine]


@router.get("/studies/{study_id}")
def look_at(study_id: StudyId, who: StudyViewer, answer: Response) -> StudyView:
    """A study. Its ETag grows with each change."""
    row = study(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}")
    answer.headers["ETag"] = etag_of(row["etag"])
    return _view(who, row)


@router.patch("/studies/{study_id}")
def change(
    *, study_id: StudyId, wanted: StudyChange, who: StudyChanger, answer: Response, if_match: IfMatch = None
) -> StudyView:
    """Assign a study, or override its priority with a reason; `If-Match` refuses what was changed meanwhile."""
    etag = number_of(if_match)
    ground, now = who.ground, who.ground.now()
    if wanted.override and not who.caller.may(Permission.PRIORITY_OVERRIDE):
        raise Forbidden(f"your roles do not hold the permission {Permission.PRIORITY_OVERRIDE}")
    with ground.database.write() as connection:
        review.check_etag(connection, study_id, etag)
        if wanted.override:
            _override(who, connection, study_id, wanted.override)
        if "assignee" in wanted.model_fields_set:
            review.assign(connection, study_id, wanted.assignee, by=who.name, now=now)
            who.did(connection, Action.ASSIGN, f"study/{study_id}", assignee=wanted.assignee)
    row = study(ground.database, study_id)
    answer.headers["ETag"] = etag_of(row["etag"])
    return _view(who, row)


@router.get("/studies/{study_id}/priors")
def earlier(study_id: StudyId, who: StudyViewer) -> Priors:
    """Other studies of the same patient id (and date of birth, where both know it), newest first."""
    rows = priors(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="priors")
    with who.ground.database.read() as connection:
        counted = count_priors(connection, [row["study_id"] for row in rows])
    return Priors(study_id=study_id, rows=row_views(rows, who.ground.now(), counted))


@router.get("/studies/{study_id}/trace")
def why(study_id: StudyId, who: StudyViewer) -> WhyTrace:
    """Why it stands where it stands: each thing that was decided, and by what."""
    study(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="trace")
    lines = traces(who.ground.database, study_id)
    return WhyTrace(
        study_id=study_id, lines=[TraceLine(**{k: line[k] for k in TraceLine.model_fields}) for line in lines]
    )


@router.get("/studies/{study_id}/audit")
def touched(study_id: StudyId, who: StudyChanger) -> StudyAudit:
    """Who looked at the study and changed it, the newest 500 lines first."""
    study(who.ground.database, study_id)
    who.saw(Action.AUDIT_VIEW, f"study/{study_id}")
    lines, _ = audit_page(who.ground.database, AuditFilters(object=f"study/{study_id}"), limit=MOST_LINES)
    told = StudyAuditLine.model_fields
    return StudyAudit(study_id=study_id, lines=[StudyAuditLine(**{k: getattr(one, k) for k in told}) for one in lines])


@router.post("/studies/{study_id}/lock")
def hold(study_id: StudyId, who: StudyChanger) -> LockView:
    """Hold the study for 60 s; ask again to go on holding it. 409 where somebody else does."""
    with who.ground.database.write() as connection:
        lock = locks.take_lock(connection, study_id, holder=who.name, now=who.ground.now())
        who.did(connection, Action.LOCK, f"study/{study_id}")
    return LockView(holder=lock.holder, until=lock.until)


@router.delete("/studies/{study_id}/lock", status_code=204)
def let_go(study_id: StudyId, who: StudyChanger) -> None:
    """Let go of the study."""
    with who.ground.database.write() as connection:
        locks.locked_row(connection, study_id)
        locks.give_lock(connection, study_id, holder=who.name)
        who.did(connection, Action.LOCK, f"study/{study_id}", given_back=True)


def _override(who: Witness, connection: Connection, study_id: str, wanted: NewOverride) -> None:
    override_in(
        connection,
        study_id,
        priority=wanted.priority,
        reason=wanted.reason,
        by=who.name,
        now=who.ground.now(),
        policies=policies_of(who.ground),
    )
    who.did(connection, Action.PRIORITY_OVERRIDE, f"study/{study_id}", priority=wanted.priority.value)


def _view(who: Witness, row: Mapping[str, Any]) -> StudyView:
    now, study_id = who.ground.now(), row["study_id"]
    with who.ground.database.read() as connection:
        lock = locks.lock_of(connection, study_id, now=now)
        acquired = series_of(connection, study_id)
        counted = count_priors(connection, [study_id])
    return StudyView(
        **told_row(row, now, priors=counted[study_id]),
        lock=LockView(holder=lock.holder, until=lock.until) if lock else None,
        series_list=[
            SeriesView(**{k: one[k] for k in SERIES_FIELDS}, images=one["instance_count"]) for one in acquired
        ],
        override=row["override"],
    )
