"""Sums of the store: how things stand, what a day brought. Cheap at a million studies: tallies, index ranges."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, and_, case, cast, exists, func, select

from wetread.store.database import Database
from wetread.store.drift import DriftFigures, drift_figures
from wetread.store.tables import (
    audit,
    deliveries,
    executors,
    instances,
    jobs,
    problems,
    reads,
    reports,
    studies,
    tallies,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CRITICAL_LANE = 1
UNFINISHED_JOBS = ("queued", "running", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One preliminary report: how long its study had waited, since it came and since it was complete.

    `answered` is false where no reader answered (UNREAD), `broke` is true where that was a breakdown.
    The waits are None where a later image has moved them.
    """

    study_id: str
    priority: str
    at: datetime
    answered: bool
    broke: bool
    since_arrival_s: float | None
    since_complete_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFigures:
    """One reader's reads of a period. `cost_usd` sums what is known; `unpriced` reads say no cost."""

    reader: str
    asked: int
    answered: int
    claimed_critical: int
    cost_usd: float
    unpriced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How things stand at one moment.

    `studies` are counted by (open or done, status, priority or none); `spend` is since midnight UTC, `readers` the
    last 24 hours, `reported` the last hour, `drift` each reader's last look.
    """

    at: datetime
    studies: Mapping[tuple[str, str, str], int]
    oldest_queued_at: datetime | None
    critical_open: int
    oldest_critical_at: datetime | None
    overdue: int
    oldest_open_at: datetime | None
    jobs: Mapping[tuple[str, str], int]
    deliveries: Mapping[str, int]
    workers: int
    objects: int
    problems: int
    reported: tuple[Reported, ...]
    spend: tuple[ReaderFigures, ...]
    readers: tuple[ReaderFigures, ...]
    drift: tuple[DriftFigures, ...] = ()

    def queued(self) -> int:
        """How many studies wait for AI or are being read."""
        return sum(n for (_, status, _), n in self.studies.items() if status in {"queued", "reading"})

    def dead_letters(self) -> int:
        """How many jobs failed for good."""
        return sum(n for (_, state), n in self.jobs.items() if state == "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """What a period brought. `signed` are human reports with the seconds from arrival to signature."""

    start: datetime
    end: datetime
    arrived: int
    reported: tuple[Reported, ...]
    signed_s: tuple[float, ...]
    readers: tuple[ReaderFigures, ...]
    failed_jobs: int
    problems: int
    audit_head: tuple[int, str] | None


def figures(database: Database, *, now: datetime, stale_after_s: float) -> Figures:
    """How things stand now. A worker counts that was seen within `stale_after_s`.

    Raises: StoreUnavailable.
    """
    with database.read() as connection:
        critical_open, oldest_critical_at = _critical(connection)
        return Figures(
            at=now,
            studies=_tallied(connection),
            oldest_queued_at=_one(connection, select(func.min(studies.c.completed_at)).where(_queued())),
            critical_open=critical_open,
            oldest_critical_at=oldest_critical_at,
            overdue=_overdue(connection, now),
            oldest_open_at=_oldest_open(connection),
            jobs=_unfinished(connection),
            deliveries=_by_state(connection),
            workers=_count(connection, executors.c.seen_at >= now - timedelta(seconds=stale_after_s)),
            objects=_one(connection, select(func.max(instances.c.instance_id))) or 0,
            problems=_one(connection, select(func.count()).select_from(problems)),
            reported=tuple(_reported(connection, now - HOUR, now)),
            spend=_readers(connection, _midnight(now), now),
            readers=_readers(connection, now - DAY, now),
            drift=drift_figures(connection, now=now),
        )


def day_figures(database: Database, *, start: datetime, end: datetime) -> DayFigures:
    """What happened from `start` until before `end`.

    Raises: StoreUnavailable.
    """
    with database.read() as connection:
        head = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
        failed = and_(jobs.c.state == "failed", jobs.c.ended_at >= start, jobs.c.ended_at < end)
        return DayFigures(
            start=start,
            end=end,
            arrived=_count(connection, studies.c.arrived_at >= start, studies.c.arrived_at < end),
            reported=tuple(_reported(connection, start, end)),
            signed_s=tuple(_signed(connection, start, end)),
            readers=_readers(connection, start, end),
            failed_jobs=_count(connection, failed),
            problems=_count(connection, problems.c.at >= start, problems.c.at < end),
            audit_head=(head.seq, head.hash) if head else None,
        )


def _one(connection: Connection, query: Any) -> Any:
    return connection.execute(query).scalar_one()


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return int(_one(connection, select(func.count()).where(*conditions)))


def _queued() -> ColumnElement[bool]:
    return studies.c.status == "queued"


def _tallied(connection: Connection) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for name, n in connection.execute(select(tallies.c.name, tallies.c.n).where(tallies.c.n > 0)):
        place, _, rest = name.partition("/")
        status, _, priority = rest.partition("/")
        if place in {"open", "done"} and priority:
            found[place, status, priority] = n
    return found


def _critical(connection: Connection) -> tuple[int, datetime | None]:
    mine = studies.c.open.is_(True), studies.c.lane == CRITICAL_LANE
    count, oldest = connection.execute(select(func.count(), func.min(studies.c.arrived_at)).where(*mine)).one()
    return count, oldest


def _overdue(connection: Connection, now: datetime) -> int:
    """Counted lane by lane, so that each is a range of the worklist's index."""
    mine = studies.c.open.is_(True), studies.c.deadline < now
    return sum(_count(connection, *mine, studies.c.lane == lane) for lane in (1, 2, 3))


def _oldest_open(connection: Connection) -> datetime | None:
    """When the open study that is here the longest came."""
    query = select(func.min(studies.c.arrived_at)).where(studies.c.open.is_(True))
    found: datetime | None = _one(connection, query)
    return found


def _unfinished(connection: Connection) -> dict[tuple[str, str], int]:
    found = select(jobs.c.kind, jobs.c.state, func.count()).where(jobs.c.state.in_(UNFINISHED_JOBS))
    rows = connection.execute(found.group_by(jobs.c.kind, jobs.c.state))
    return {(kind, state): n for kind, state, n in rows}


def _by_state(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(deliveries.c.state, func.count().label("n")).group_by(deliveries.c.state))
    return {row.state: row.n for row in rows}


def _reported(connection: Connection, start: datetime, end: datetime) -> Iterator[Reported]:
    """Preliminary reports of a period, oldest first."""
    same = reads.c.study_id == reports.c.study_id, reads.c.version == reports.c.version
    answered = exists().where(*same, reads.c.answered.is_(True), reads.c.shadow.is_(False))
    columns = (
        reports.c.study_id,
        reports.c.version,
        reports.c.priority,
        reports.c.at,
        answered.label("answered"),
        studies.c.status.label("study_status"),
        studies.c.version.label("current"),
        studies.c.arrived_at,
        studies.c.last_arrival_at,
        studies.c.completed_at,
    )
    query = select(*columns).join_from(reports, studies).where(reports.c.at >= start, reports.c.at < end)
    for row in connection.execute(query.where(reports.c.status == "preliminary").order_by(reports.c.at)):
        current = row.version == row.current
        came = row.arrived_at if row.version == 1 else (row.last_arrival_at if current else None)
        yield Reported(
            study_id=row.study_id,
            priority=row.priority,
            at=row.at,
            answered=bool(row.answered),
            broke=row.study_status == "failed" and not row.answered,
            since_arrival_s=_seconds(came, row.at),
            since_complete_s=_seconds(row.completed_at if current else None, row.at),
        )


def _signed(connection: Connection, start: datetime, end: datetime) -> Iterator[float]:
    """Seconds from a study's arrival to the signature, for each signature of a period."""
    query = select(reports.c.at, studies.c.arrived_at).join_from(reports, studies)
    mine = reports.c.at >= start, reports.c.at < end, reports.c.status == "final"
    for at, arrived_at in connection.execute(query.where(*mine)):
        yield max(0.0, (at - arrived_at).total_seconds())


def _readers(connection: Connection, start: datetime, end: datetime) -> tuple[ReaderFigures, ...]:
    claim = _claim(connection)
    columns = (
        reads.c.reader,
        func.count().label("asked"),
        func.sum(case((reads.c.answered.is_(True), 1), else_=0)).label("answered"),
        func.sum(case((claim == "P1", 1), else_=0)).label("critical"),
        func.coalesce(func.sum(reads.c.cost_usd), 0.0).label("cost"),
        func.sum(case((and_(reads.c.answered.is_(True), reads.c.cost_usd.is_(None)), 1), else_=0)).label("unpriced"),
    )
    mine = reads.c.at >= start, reads.c.at < end, reads.c.shadow.is_(False)
    rows = connection.execute(select(*columns).where(*mine).group_by(reads.c.reader).order_by(reads.c.reader))
    return tuple(
        ReaderFigures(
            reader=row.reader,
            asked=row.asked,
            answered=row.answered,
            claimed_critical=row.critical,
            cost_usd=row.cost,
            unpriced=row.unpriced,
        )
        for row in rows
    )


def _claim(connection: Connection) -> ColumnElement[Any]:
    """The urgency that a reader itself claims, out of its read's JSON."""
    if connection.dialect.name == "sqlite":
        return func.json_extract(reads.c.body, "$.priority_claim")
    said: ColumnElement[Any] = cast(reads.c.body, JSON)["priority_claim"].as_string()
    return said


def _seconds(start: datetime | None, end: datetime) -> float | None:
    if start is None or end < start:
        return None
    return (end - start).total_seconds()


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def last_of_each(reported: tuple[Reported, ...]) -> tuple[Reported, ...]:
    """The last report of each study."""
    return tuple({one.study_id: one for one in reported}.values())


def by_priority(reported: tuple[Reported, ...]) -> Counter[str]:
    """How many reports there are of each priority."""
    return Counter(one.priority for one in reported)
