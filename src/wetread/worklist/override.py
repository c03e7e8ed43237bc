"""A human's word on the priority, and the sweep that lifts what waits too long. Each leaves a line in the trace."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from wetread.domain.report import Report
from wetread.domain.urgency import Priority, Urgency
from wetread.domain.waiting import Lane, Override, Standing, StudyStatus
from wetread.errors import Conflict, InputError, NotFound
from wetread.store.change import change_study, remember
from wetread.store.database import Database
from wetread.store.records import from_record
from wetread.store.tables import reports, studies
from wetread.worklist.order import place
from wetread.worklist.order_case import Case, said
from wetread.worklist.order_row import UNHEARD, Policies, Row, case_of, columns_of, override_column

LONGEST_REASON = 500
BATCH = 500
READ = (StudyStatus.REPORTED, StudyStatus.FAILED)


def override_study(
    db: Database,
    study_id: str,
    *,
    priority: Priority,
    reason: str,
    by: str,
    now: datetime,
    policies: Policies,
    etag: int | None = None,
) -> Standing:
    """Set a study's priority by a human's word. The caller audits it.

    Raises: InputError without a reason; NotFound; Conflict where it is signed or `etag` is out of date;
    StoreUnavailable.
    """
    with db.write() as connection:
        return override_in(
            connection, study_id, priority=priority, reason=reason, by=by, now=now, policies=policies, etag=etag
        )


def override_in(
    connection: Connection,
    study_id: str,
    *,
    priority: Priority,
    reason: str,
    by: str,
    now: datetime,
    policies: Policies,
    etag: int | None = None,
) -> Standing:
    """The same inside a transaction of the caller's.

    Raises: as `override_study`.
    """
    reason = _checked(priority, reason)
    row = _locked(connection, study_id)
    if row["status"] == StudyStatus.SIGNED:
        raise Conflict(f"study {study_id} is signed; nothing of it waits any more")
    case = _case(connection, row, policies)
    before = said(case)
    word = Override(
        priority=priority,
        reason=reason,
        by=by,
        at=now,
        instead_of=before.priority if before else None,
        instead_of_min=before.left_min if before else None,
    )
    standing = place(replace(case, override=word), now)
    kept = {"override": override_column(word), "floor": priority.value, "floor_target_min": None}
    _write(connection, row, standing, now=now, kind="study.overridden", etag=etag, kept=kept)
    was = before.priority.value if before else "not read yet"
    text = f"priority set to {priority.value} by {by}: {reason} (it was {was})"
    remember(connection, study_id, "overridden", text, now=now, version=row["version"], by=by, was=was)
    return standing


def restand(db: Database, study_id: str, *, now: datetime, policies: Policies) -> Standing:
    """Work out a study's place anew, after its order or the policies changed.

    Raises: NotFound, StoreUnavailable.
    """
    with db.write() as connection:
        return restand_in(connection, study_id, now=now, policies=policies)


def restand_in(
    connection: Connection, study_id: str, *, now: datetime, policies: Policies, known: Row | None = None
) -> Standing:
    """The same inside a transaction of the caller's; `known` are columns of the study that change with it.

    Raises: NotFound.
    """
    row = {**_locked(connection, study_id), **(known or {})}
    standing = place(_case(connection, row, policies), now)
    _write(connection, row, standing, now=now, kind="study.standing", kept=known)
    return standing


def lift_due(db: Database, *, now: datetime, policies: Policies, batch: int = BATCH) -> int:
    """Lift every open study that has waited its share of the cap; how many there were.

    Raises: StoreUnavailable.
    """
    due = studies.c.open, studies.c.lane == int(Lane.DUE), studies.c.lift_at <= now
    look = select(studies.c.study_id).where(*due).order_by(studies.c.lift_at).limit(batch).with_for_update()
    lifted = 0
    while True:
        with db.write() as connection:
            study_ids = list(connection.scalars(look))
            for study_id in study_ids:
                _lift(connection, study_id, now=now, policies=policies)
        lifted += len(study_ids)
        if len(study_ids) < batch:
            return lifted


def _lift(connection: Connection, study_id: str, *, now: datetime, policies: Policies) -> None:
    row = _locked(connection, study_id)
    standing = place(_case(connection, row, policies), now)
    if standing.lane is Lane.DUE:  # the caps have grown since it was placed
        _write(connection, row, standing, now=now, kind="study.standing")
        return
    _write(connection, row, standing, now=now, kind="study.lifted")
    remember(connection, study_id, "lifted", standing.why[0], now=now, version=row["version"])


def _write(
    connection: Connection,
    row: Row,
    standing: Standing,
    *,
    now: datetime,
    kind: str,
    etag: int | None = None,
    kept: Row | None = None,
) -> None:
    """Write the place. A study whose turn in the reading queue moves gets a new flow: its generation grows."""
    values = {**columns_of(standing), **(kept or {})}
    moved = (row["lane"], row["deadline"]) != (int(standing.lane), standing.deadline)
    if moved and row["status"] == StudyStatus.QUEUED:
        values["generation"] = row["generation"] + 1
    change_study(connection, row["study_id"], now=now, kind=kind, etag=etag, **values)


def _case(connection: Connection, row: Row, policies: Policies) -> Case:
    urgency = _urgency(connection, row["study_id"]) if row["status"] in READ else None
    abstained = row["status"] == StudyStatus.REPORTED and row["problem"] is not None
    unread = abstained or row["status"] in UNHEARD
    heard_at = max(filter(None, (row["last_arrival_at"], row["reported_at"] if urgency else None)))
    return case_of(row, policies, urgency=urgency, failed=row["problem"] or "" if unread else None, heard_at=heard_at)


def _urgency(connection: Connection, study_id: str) -> Urgency | None:
    """What the study's standing report says."""
    look = select(reports.c.body).where(reports.c.study_id == study_id, reports.c.superseded_at.is_(None))
    body = connection.scalar(look.order_by(reports.c.at.desc(), reports.c.version.desc()).limit(1))
    if body is None:
        return None
    report: Report = from_record(Report, body)
    return report.urgency


def _locked(connection: Connection, study_id: str) -> Mapping[str, Any]:
    look = select(*studies.c).where(studies.c.study_id == study_id).with_for_update()
    row = connection.execute(look).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no study {study_id}")
    return dict(row)


def _checked(priority: Priority, reason: str) -> str:
    if priority is Priority.UNREAD:
        raise InputError("priority", "UNREAD is no priority that a human can give", "name one of P1 to P5")
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise InputError("reason", f"it has {len(reason)} characters", f"write 1 to {LONGEST_REASON}")
    return reason
