"""Jobs: every flow as people see it. A job that failed is a dead letter until it is retried.

`attempts` is the fence: it grows each time the job is begun, and whoever began it earlier may write nothing any more.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, cast, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from wetread.errors import Conflict, NotFound
from wetread.store.change import change_study, remember, tell
from wetread.store.database import Database
from wetread.store.tables import deliveries, jobs, reads, studies

READ, DELIVER = "read", "deliver"
QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
COLUMNS = tuple(jobs.c)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A job under way: which beginning of it this is."""

    job_id: str
    attempt: int
    tries: int


def read_job_id(study_id: str, generation: int) -> str:
    """The name of the flow that reads one generation of a study."""
    return f"read-{study_id}-{generation}"


def read_job_id_column() -> ColumnElement[str]:
    """The same of a row of `studies`, in SQL."""
    return literal("read-") + studies.c.study_id + literal("-") + cast(studies.c.generation, String)


def deliver_job_id(report_id: str, destination: str, attempt: int) -> str:
    """The name of the flow that tries for the n-th time to hand a report over."""
    return f"deliver-{report_id}-{destination}-{attempt}"


def add_job(
    connection: Connection, job_id: str, *, study_id: str, kind: str, now: datetime, tries: int = 0, **more: Any
) -> None:
    """Note a job that waits; one that is there already stays as it is."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"job_id": job_id, "study_id": study_id, "kind": kind, "state": QUEUED, "attempts": 0, "tries": tries}
    connection.execute(dialect.insert(jobs).values(**row, created_at=now, **more).on_conflict_do_nothing())


def note_delivery(db: Database, job_id: str, report_id: str, destination: str, *, now: datetime) -> None:
    """A try to deliver is in the engine's queue; until it ends the row asks for no further one.

    Raises: StoreUnavailable.
    """
    mine = (deliveries.c.report_id == report_id, deliveries.c.destination == destination)
    with db.write() as connection:
        waiting = (*mine, deliveries.c.state == "waiting")
        study_id = connection.scalar(
            update(deliveries).where(*waiting).values(next_at=None).returning(deliveries.c.study_id)
        )
        if study_id is not None:
            add_job(connection, job_id, study_id=study_id, kind=DELIVER, now=now)
            noted = (jobs.c.job_id == job_id, jobs.c.state == QUEUED)
            connection.execute(update(jobs).where(*noted).values(next_at=None))


def begin_job(connection: Connection, job_id: str, *, study_id: str, kind: str, executor: str, now: datetime) -> Begun:
    """Begin a job, again where it was begun before: from now on only this beginning may write."""
    add_job(connection, job_id, study_id=study_id, kind=kind, now=now)
    row = connection.execute(
        update(jobs)
        .where(jobs.c.job_id == job_id)
        .values(state=RUNNING, attempts=jobs.c.attempts + 1, executor=executor, started_at=now, next_at=None)
        .returning(jobs.c.attempts, jobs.c.tries)
    ).one()
    return Begun(job_id=job_id, attempt=row.attempts, tries=row.tries)


def holds(connection: Connection, begun: Begun) -> bool:
    """Whether this beginning is still the last one, so that it may write. The row is locked until the end."""
    row = connection.execute(
        select(jobs.c.attempts, jobs.c.state).where(jobs.c.job_id == begun.job_id).with_for_update()
    ).one_or_none()
    return row is not None and row.attempts == begun.attempt and row.state == RUNNING


def end_job(connection: Connection, job_id: str, state: str, *, now: datetime, **more: Any) -> None:
    """A job is over: done, failed (a dead letter) or cancelled."""
    connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(state=state, ended_at=now, **more))


def jobs_of(db: Database, *, state: str | None = None, limit: int = 100) -> list[Mapping[str, Any]]:
    """Jobs, the newest first.

    Raises: StoreUnavailable.
    """
    look = select(*COLUMNS, studies.c.ref).join(studies, studies.c.study_id == jobs.c.study_id)
    if state is not None:
        look = look.where(jobs.c.state == state)
    with db.read() as connection:
        rows = connection.execute(look.order_by(jobs.c.created_at.desc(), jobs.c.job_id).limit(limit))
        return [dict(row) for row in rows.mappings()]


def retry(db: Database, job_id: str, *, by: str, now: datetime, tries: int = 0) -> str:
    """Try a dead letter again; the name of the job that follows it.

    Raises: NotFound; Conflict where it is no dead letter any more; StoreUnavailable.
    """
    with db.write() as connection:
        look = select(*COLUMNS).where(jobs.c.job_id == job_id)
        if (job := connection.execute(look).one_or_none()) is None:
            raise NotFound(f"there is no job {job_id}; see wetread jobs list")
        _study(connection, job.study_id)  # locked first, as everywhere
        job = connection.execute(look.with_for_update()).one()
        if job.state != FAILED:
            raise Conflict(f"job {job_id} is {job.state}; only a failed one can be retried")
        follow = _read_again if job.kind == READ else _deliver_again
        following = follow(connection, job, by=by, now=now, tries=tries)
        end_job(connection, job_id, CANCELLED, now=now, next_at=None)
        return following


def request_read(db: Database, study_id: str, *, by: str, now: datetime) -> str:
    """A human wants another read: every reader is asked anew, the new report supersedes; the job's name.

    Raises: NotFound; Conflict where it is being read or received, or is signed; StoreUnavailable.
    """
    with db.write() as connection:
        row = _study(connection, study_id)
        if row.status not in {"reported", "failed", "held"}:
            raise Conflict(f"study {study_id} is {row.status}; another read can be asked for once it is reported")
        _queue_anew(connection, row, now=now)
        text = f"another read was asked for by {by}"
        remember(connection, study_id, "queued", text, now=now, version=row.version + 1, by=by)
        return read_job_id(study_id, row.generation + 1)


def _read_again(connection: Connection, job: Row[*tuple[Any, ...]], *, by: str, now: datetime, tries: int) -> str:
    row = _study(connection, job.study_id)
    if read_job_id(row.study_id, row.generation) != job.job_id or row.status != "failed":
        raise Conflict(f"the study of job {job.job_id} has moved on (it is {row.status}); nothing is left to retry")
    _queue_anew(connection, row, now=now)
    _keep_reads(connection, row.study_id, row.version)
    text = f"tried again by {by} after: {job.problem}"
    remember(connection, row.study_id, "queued", text, now=now, version=row.version + 1, by=by)
    following = read_job_id(row.study_id, row.generation + 1)
    add_job(connection, following, study_id=row.study_id, kind=READ, now=now, tries=tries, next_at=now)
    return following


def _queue_anew(connection: Connection, row: Row[*tuple[Any, ...]], *, now: datetime) -> None:
    values = {"status": "queued", "version": row.version + 1, "generation": row.generation + 1, "problem": None}
    change_study(connection, row.study_id, now=now, kind="study.queued", **values)


def _keep_reads(connection: Connection, study_id: str, version: int) -> None:
    """The pictures are the same: a read that was finished and paid is not asked for again, nor counted twice."""
    finished = reads.c.study_id == study_id, reads.c.version == version, reads.c.answered, ~reads.c.shadow
    for row in connection.execute(select(*reads.c).where(*finished)).mappings().all():
        again = {**row, "read_id": read_id(study_id, version + 1, row["reader"], row["fingerprint"])}
        connection.execute(insert(reads).values({**again, "version": version + 1, "cost_usd": None}))


def _deliver_again(connection: Connection, job: Row[*tuple[Any, ...]], *, by: str, now: datetime, tries: int) -> str:
    rows = connection.execute(
        select(*deliveries.c).where(deliveries.c.study_id == job.study_id, deliveries.c.state == "failed")
    ).all()
    row = next((r for r in rows if deliver_job_id(r.report_id, r.destination, r.attempts) == job.job_id), None)
    if row is None:
        raise Conflict(f"the delivery of job {job.job_id} is not waiting for a retry any more")
    mine = (deliveries.c.report_id == row.report_id, deliveries.c.destination == row.destination)
    connection.execute(update(deliveries).where(*mine).values(state="waiting", next_at=now, at=now))
    following = deliver_job_id(row.report_id, row.destination, row.attempts + 1)
    add_job(connection, following, study_id=job.study_id, kind=DELIVER, now=now, tries=tries, next_at=now)
    tell(connection, "delivery.waiting", now=now, study_id=job.study_id, destination=row.destination, by=by)
    return following


def _study(connection: Connection, study_id: str) -> Row[*tuple[Any, ...]]:
    columns = (studies.c.study_id, studies.c.status, studies.c.version, studies.c.generation)
    row = connection.execute(select(*columns).where(studies.c.study_id == study_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"there is no study {study_id}")
    return row


def read_id(study_id: str, version: int, reader: str, fingerprint: str) -> str:
    """The name of what one reader said of one version of a study."""
    return hashlib.sha256(f"{study_id}\x1f{version}\x1f{reader}\x1f{fingerprint}".encode()).hexdigest()[:32]
