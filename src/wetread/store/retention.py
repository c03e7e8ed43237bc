"""What is kept for how long. Nothing of a study that is not signed is ever removed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Connection, delete, select

from wetread.domain.waiting import StudyStatus
from wetread.settings.service import RetentionSettings
from wetread.store.blobs import Blobs
from wetread.store.change import change_study, remember
from wetread.store.database import Database
from wetread.store.sentinels import sentinel_blobs
from wetread.store.tables import events, instances, problems, studies

BATCH = 500
LEFT_OVER_AFTER = timedelta(days=1)  # far longer than any object needs from its blob to its row


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many of each were removed."""

    events: int = 0
    problems: int = 0
    studies: int = 0
    blobs: int = 0


def expire(database: Database, blobs: Blobs, retention: RetentionSettings, now: datetime) -> Removed:
    """Remove what is older than the site keeps it: the feed, pixels of signed studies, objects nobody could place.

    A study keeps its row, its facts, its reads and reports; its trace says that the pixels are gone.
    Raises: StoreUnavailable; what was removed until then stays so.
    """
    old = now - timedelta(hours=retention.events_hours)
    with database.write() as connection:
        told = connection.execute(delete(events).where(events.c.at < old)).rowcount
    signed, gone = 0, 0
    if retention.signed_days is not None:
        for study_id in _signed_before(database, now - timedelta(days=retention.signed_days)):
            freed = _expire_study(database, study_id, now - timedelta(days=retention.signed_days), now)
            signed += freed is not None
            gone += _remove(database, blobs, freed or (), now)
    unplaced = 0
    if retention.problems_days is not None:
        unplaced, freed = _expire_problems(database, now - timedelta(days=retention.problems_days))
        gone += _remove(database, blobs, freed, now)
    return Removed(events=told, problems=unplaced, studies=signed, blobs=gone)


def sweep(database: Database, blobs: Blobs, now: datetime) -> Removed:
    """Remove blobs that nothing refers to and that were put more than a day ago: left by processes that died.

    Raises: StoreUnavailable.
    """
    old = now - LEFT_OVER_AFTER
    blobs.clear(older_than=old)
    aged = (one.sha256 for one in blobs.all() if one.touched_at < old)
    gone = 0
    while some := list(islice(aged, BATCH)):
        gone += _remove(database, blobs, some, now)
    return Removed(blobs=gone)


def _signed_before(database: Database, moment: datetime) -> Iterator[str]:
    """Signed studies that still have their pixels, oldest first."""
    look = select(studies.c.study_id).where(*_due(moment)).order_by(studies.c.signed_at).limit(BATCH)
    while True:
        with database.read() as connection:
            some = connection.execute(look).scalars().all()
        yield from some
        if len(some) < BATCH:
            return


def _due(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        studies.c.signed_at < moment,
        studies.c.status == StudyStatus.SIGNED.value,
        studies.c.open.is_(False),
        studies.c.expired_at.is_(None),
    )


def _expire_study(database: Database, study_id: str, moment: datetime, now: datetime) -> tuple[str, ...] | None:
    """Say that its pixels are gone; returns its blobs, None where a human or a late object was faster."""
    with database.write() as connection:
        look = select(studies.c.version).where(studies.c.study_id == study_id, *_due(moment)).with_for_update()
        row = connection.execute(look).one_or_none()
        if row is None:
            return None
        change_study(connection, study_id, now=now, kind="study.expired", expired_at=now)
        text = "pixels removed: signed longer ago than they are kept"
        remember(connection, study_id, "expired", text, now=now, version=row.version)
        return tuple(connection.execute(select(instances.c.blob).where(instances.c.study_id == study_id)).scalars())


def _expire_problems(database: Database, moment: datetime) -> tuple[int, tuple[str, ...]]:
    old = problems.c.at < moment
    with database.write() as connection:
        freed = tuple(connection.execute(select(problems.c.blob).where(old)).scalars())
        return connection.execute(delete(problems).where(old)).rowcount, freed


def _remove(database: Database, blobs: Blobs, names: Iterable[str], now: datetime) -> int:
    """Remove those blobs that nothing refers to. One that was put within the last day may be about to be."""
    names = list(dict.fromkeys(names))
    gone = 0
    for start in range(0, len(names), BATCH):
        some = names[start : start + BATCH]
        with database.read() as connection:
            used = _used(connection, some)
        gone += sum(blobs.remove(name, untouched_since=now - LEFT_OVER_AFTER) for name in some if name not in used)
    return gone


def _used(connection: Connection, names: list[str]) -> set[str]:
    placed = (
        select(instances.c.blob)
        .join(studies, studies.c.study_id == instances.c.study_id)
        .where(instances.c.blob.in_(names), studies.c.expired_at.is_(None))
    )
    unplaced = select(problems.c.blob).where(problems.c.blob.in_(names))
    fixed = sentinel_blobs(connection).intersection(names)
    return set(connection.execute(placed).scalars()) | set(connection.execute(unplaced).scalars()) | fixed
