"""What the flow of a study reads and writes: what waits for it, its beginning, and every way it may end.

Whatever a flow writes it writes under its fence (`store.jobs`) and for its generation: a flow that was taken over, or
whose study got a late image meanwhile, is void and changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, exists, func, or_, select, update

from wetread.domain.order import Order
from wetread.domain.ordered import joined
from wetread.store.change import change_study, remember
from wetread.store.database import Database
from wetread.store.jobs import (
    CANCELLED,
    FAILED,
    QUEUED,
    READ,
    RUNNING,
    Begun,
    add_job,
    begin_job,
    end_job,
    holds,
    read_job_id,
    read_job_id_column,
)
from wetread.store.orders import matched_with, ordered_of
from wetread.store.tables import instances, jobs, studies

WAITING = ("queued", "reading")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A study that no flow is under way for yet."""

    study_id: str
    generation: int
    lane: int
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A study to be read: its row as it was when the flow began, and the fence."""

    study: Mapping[str, Any]
    begun: Begun

    @property
    def study_id(self) -> str:
        """The study."""
        return str(self.study["study_id"])

    @property
    def version(self) -> int:
        """Which set of pictures is read."""
        return int(self.study["version"])

    @property
    def generation(self) -> int:
        """Which flow of the study this is."""
        return int(self.study["generation"])


def waiting(db: Database, *, now: datetime, longest_wait_s: float, window: int) -> list[Waiting]:
    """Studies among the first `window` of the reading queue that have no flow yet, the most urgent first.

    A job that rests after a failed try is left alone until its time; a time further away than any rest means that the
    clock was set back, and counts as come.

    Raises: StoreUnavailable.
    """
    job = jobs.alias("job")
    rests = and_(
        job.c.job_id == read_job_id_column(),
        job.c.next_at > now,
        job.c.next_at <= now + timedelta(seconds=longest_wait_s),
    )
    columns = (studies.c.study_id, studies.c.generation, studies.c.lane, studies.c.deadline)
    first = (
        select(*columns, read_job_id_column().label("job_id"))
        .where(studies.c.status == "queued", ~exists(select(1).where(rests)))
        .order_by(studies.c.lane, studies.c.deadline, studies.c.study_id)
        .limit(window)
        .subquery()
    )
    look = (
        select(first.c.study_id, first.c.generation, first.c.lane, first.c.deadline)
        .join(jobs, jobs.c.job_id == first.c.job_id, isouter=True)
        .where(or_(jobs.c.job_id.is_(None), and_(jobs.c.state == QUEUED, jobs.c.next_at.is_not(None))))
        .order_by(first.c.lane, first.c.deadline, first.c.study_id)
    )
    with db.read() as connection:
        return [Waiting(**row) for row in connection.execute(look).mappings()]


def note_queued(db: Database, queued: Iterable[Waiting], *, now: datetime) -> list[str]:
    """Their flows are in the engine's queue; the names of older flows of theirs that wait there and are void now.

    An older flow that is under way is void too and finds that out itself.

    Raises: StoreUnavailable.
    """
    older: list[str] = []
    with db.write() as connection:
        for one in queued:
            job_id = read_job_id(one.study_id, one.generation)
            add_job(connection, job_id, study_id=one.study_id, kind=READ, now=now)
            connection.execute(update(jobs).where(jobs.c.job_id == job_id, jobs.c.state == QUEUED).values(next_at=None))
            others = (jobs.c.study_id == one.study_id, jobs.c.kind == READ, jobs.c.job_id != job_id)
            void = update(jobs).values(state=CANCELLED, ended_at=now)
            older += connection.scalars(void.where(*others, jobs.c.state == QUEUED).returning(jobs.c.job_id)).all()
            connection.execute(void.where(*others, jobs.c.state == RUNNING))
    return older


def begin_read(db: Database, study_id: str, generation: int, *, executor: str, now: datetime) -> Task | None:
    """The study, now being read by this flow; None where the flow is void or has done its work.

    Raises: StoreUnavailable.
    """
    job_id = read_job_id(study_id, generation)
    with db.write() as connection:
        row = _locked(connection, study_id)
        if row is None or row["generation"] != generation or row["status"] not in WAITING:
            void = (jobs.c.job_id == job_id, jobs.c.state.in_((QUEUED, RUNNING)))
            connection.execute(update(jobs).where(*void).values(state=CANCELLED, ended_at=now))
            return None
        begun = begin_job(connection, job_id, study_id=study_id, kind=READ, executor=executor, now=now)
        if row["status"] != "reading":
            change_study(connection, study_id, now=now, kind="study.reading", status="reading")
        return Task(study={**row, "status": "reading"}, begun=begun)


def still_ours(connection: Connection, task: Task) -> RowMapping | None:
    """The study's row, locked, if this flow may still write; None where it is void."""
    row = _locked(connection, task.study_id)
    if row is None or row["generation"] != task.generation or row["status"] != "reading":
        return None
    return row if holds(connection, task.begun) else None


def is_void(db: Database, task: Task) -> bool:
    """Whether a flow under way may write nothing any more, so that its work is in vain.

    Raises: StoreUnavailable.
    """
    mine = jobs.c.job_id == task.begun.job_id, jobs.c.attempts == task.begun.attempt, jobs.c.state == RUNNING
    look = select(1).where(
        studies.c.study_id == task.study_id,
        studies.c.generation == task.generation,
        studies.c.status == "reading",
        exists(select(1).where(*mine)),
    )
    with db.read() as connection:
        return connection.execute(look).first() is None


def postpone_read(db: Database, task: Task, *, problem: str, now: datetime, next_at: datetime) -> bool:
    """Nobody could read it for now: it goes back to the queue and is tried again at `next_at`. False where void.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        if still_ours(connection, task) is None:
            return False
        following = task.generation + 1
        values: dict[str, Any] = {"status": "queued", "generation": following, "problem": problem}
        change_study(connection, task.study_id, now=now, kind="study.waiting", **values)
        end_job(connection, task.begun.job_id, CANCELLED, now=now, problem=problem)
        add_job(
            connection,
            read_job_id(task.study_id, following),
            study_id=task.study_id,
            kind=READ,
            now=now,
            tries=task.begun.tries + 1,
            next_at=next_at,
            problem=problem,
        )
        remember(connection, task.study_id, "waiting", problem, now=now, version=task.version)
        return True


def founds_of(db: Database, study_id: str) -> list[tuple[str, str]]:
    """Blob and recorded facts of every object of a study, in the order they came.

    Raises: StoreUnavailable.
    """
    look = select(instances.c.blob, instances.c.found).where(instances.c.study_id == study_id)
    with db.read() as connection:
        return [(row.blob, row.found) for row in connection.execute(look.order_by(instances.c.instance_id))]


def order_of(db: Database, study: Mapping[str, Any]) -> Order:
    """What the orders that the study is matched with say of it; an empty one where there is none.

    Raises: StoreUnavailable, RecordInvalid.
    """
    with db.read() as connection:
        return joined([ordered_of(row).order for row in matched_with(connection, study["study_id"])])


def patient_class_of(db: Database, study: Mapping[str, Any]) -> str | None:
    """Where the study's patient is according to its orders, None where none says it.

    Raises: StoreUnavailable.
    """
    with db.read() as connection:
        return next((row["patient_class"] for row in matched_with(connection, study["study_id"], said=True)), None)


def unfinished(db: Database, *, limit: int = 1000) -> list[tuple[str, str]]:
    """Name and kind of the jobs that the engine should know of: waiting in its queue or under way, the oldest first.

    Raises: StoreUnavailable.
    """
    live = or_(jobs.c.state == RUNNING, and_(jobs.c.state == QUEUED, jobs.c.next_at.is_(None)))
    look = select(jobs.c.job_id, jobs.c.kind).where(live).order_by(jobs.c.created_at).limit(limit)
    with db.read() as connection:
        return [(row.job_id, row.kind) for row in connection.execute(look)]


def requeue_read(db: Database, job_id: str, *, now: datetime) -> bool:
    """The engine lost or ended the flow without its work being done: the study is queued under a new generation.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        job = connection.execute(select(jobs.c.study_id, jobs.c.tries).where(jobs.c.job_id == job_id)).one_or_none()
        row = _locked(connection, job.study_id) if job is not None else None
        if job is None or row is None:
            return False
        end_job(connection, job_id, CANCELLED, now=now)
        if read_job_id(row["study_id"], row["generation"]) != job_id or row["status"] not in WAITING:
            return False
        values = {"status": "queued", "generation": row["generation"] + 1}
        change_study(connection, row["study_id"], now=now, kind="study.queued", **values)
        text = "queued again: its flow was lost"
        remember(connection, row["study_id"], "queued", text, now=now, version=row["version"])
        add_job(
            connection,
            read_job_id(row["study_id"], row["generation"] + 1),
            study_id=row["study_id"],
            kind=READ,
            now=now,
            tries=job.tries,
            next_at=now,
        )
        return True


def forsaken(db: Database, *, limit: int = 100) -> list[str]:
    """Studies that say they wait or are read, but whose job is over or gone: what nothing else would ever pick up.

    Raises: StoreUnavailable.
    """
    mine = jobs.c.job_id == read_job_id_column()
    live = exists(select(1).where(mine, jobs.c.state.in_((QUEUED, RUNNING))))
    over = exists(select(1).where(mine, jobs.c.state.not_in((QUEUED, RUNNING))))
    lost = or_(and_(studies.c.status == "reading", ~live), and_(studies.c.status == "queued", over))
    with db.read() as connection:
        return list(connection.scalars(select(studies.c.study_id).where(lost).limit(limit)))


def queue_forsaken(db: Database, study_id: str, *, now: datetime) -> None:
    """Queue such a study anew, if it still is one.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        row = _locked(connection, study_id)
        if row is None or row["status"] not in WAITING:
            return
        job_id = read_job_id(study_id, row["generation"])
        state = connection.scalar(select(jobs.c.state).where(jobs.c.job_id == job_id))
        if state in {QUEUED, RUNNING} or (state is None and row["status"] == "queued"):
            return
        values = {"status": "queued", "generation": row["generation"] + 1}
        change_study(connection, study_id, now=now, kind="study.queued", **values)


def due_retries(db: Database, *, now: datetime, longest_wait_s: float, limit: int = 50) -> list[tuple[str, int]]:
    """Dead letters that are tried again by themselves, with how often they failed: what refused them may be back.

    Raises: StoreUnavailable.
    """
    due = or_(jobs.c.next_at <= now, jobs.c.next_at > now + timedelta(seconds=2 * longest_wait_s))
    look = select(jobs.c.job_id, jobs.c.tries).where(jobs.c.state == FAILED, jobs.c.next_at.is_not(None), due)
    with db.read() as connection:
        rows = connection.execute(look.order_by(jobs.c.next_at).limit(limit))
        return [(row.job_id, row.tries) for row in rows]


def give_up_retrying(db: Database, job_id: str, *, now: datetime) -> None:
    """The study has moved on: the dead letter is settled.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        end_job(connection, job_id, CANCELLED, now=now, next_at=None)


def queue_length(db: Database) -> int:
    """How many studies wait to be read or are being read.

    Raises: StoreUnavailable.
    """
    with db.read() as connection:
        return int(connection.scalar(select(func.count()).where(studies.c.status.in_(WAITING))) or 0)


def _locked(connection: Connection, study_id: str) -> RowMapping | None:
    return (
        connection.execute(select(*studies.c).where(studies.c.study_id == study_id).with_for_update())
        .mappings()
        .one_or_none()
    )
