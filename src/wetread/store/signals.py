"""What tells whether a study is complete: its objects, its arrivals, what was expected; and its becoming complete."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from wetread.domain.arrival import Arrival, Way
from wetread.errors import Conflict
from wetread.store.change import change_study, remember
from wetread.store.database import Database
from wetread.store.tables import arrivals, expectations, instances, studies

MOST_ARRIVALS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known of a study that is still being received. `since` is when the first object of this round came."""

    since: datetime
    last_at: datetime
    objects: int
    distinct: int
    open_arrivals: int
    expected: int | None = None
    expected_by: str | None = None


def signals_of(db: Database, study_id: str) -> Signals | None:
    """The signals of a study that is being received, None for any other.

    Raises: StoreUnavailable.
    """
    columns = (
        studies.c.study_uid,
        studies.c.last_arrival_at,
        studies.c.instance_count,
        studies.c.arrived_at,
        studies.c.completed_at,
    )
    row_of = select(*columns).where(studies.c.study_id == study_id, studies.c.status == "receiving")
    with db.read() as connection:
        row = connection.execute(row_of).one_or_none()
        if row is None:
            return None
        brought = exists(
            select(1).where(instances.c.arrival_id == arrivals.c.arrival_id, instances.c.study_id == study_id)
        )
        still = select(func.count()).select_from(arrivals).where(arrivals.c.closed_at.is_(None), brought)
        told = connection.execute(
            select(expectations.c.objects, expectations.c.source).where(expectations.c.study_uid == row.study_uid)
        ).one_or_none()
        return Signals(
            since=_since(connection, study_id, row),
            last_at=row.last_arrival_at,
            objects=row.instance_count,
            distinct=_distinct(connection, study_id, row) if told else row.instance_count,
            open_arrivals=int(connection.scalar(still) or 0),
            expected=told.objects if told else None,
            expected_by=told.source if told else None,
        )


def _since(connection: Any, study_id: str, row: Any) -> datetime:
    """When the first object came that no version holds yet."""
    if row.completed_at is None:
        first: datetime = row.arrived_at
        return first
    late = select(func.min(instances.c.arrived_at)).where(
        instances.c.study_id == study_id, instances.c.arrived_at > row.completed_at
    )
    since: datetime | None = connection.scalar(late)
    return since or row.last_arrival_at


def _distinct(connection: Any, study_id: str, row: Any) -> int:
    """Objects by their SOP Instance UID: one that came twice with different bytes counts once."""
    look = select(func.count(func.distinct(instances.c.sop_instance_uid))).where(instances.c.study_id == study_id)
    return int(connection.scalar(look) or row.instance_count)


def expect(db: Database, study_uid: str, objects: int, *, source: str, now: datetime) -> str | None:
    """A source says how many objects a study has; the study's id where it is known already.

    Raises: StoreUnavailable.
    """
    dialect = sqlite if db.is_sqlite else postgresql
    row = {"objects": objects, "source": source[:128], "at": now}
    adding = dialect.insert(expectations).values(study_uid=study_uid[:64], **row)
    with db.write() as connection:
        connection.execute(adding.on_conflict_do_update(index_elements=["study_uid"], set_=row))
        found: str | None = connection.scalar(select(studies.c.study_id).where(studies.c.study_uid == study_uid))
        return found


def due(db: Database, *, now: datetime, longest_s: float, limit: int = 50) -> list[Mapping[str, Any]]:
    """Studies whose time has come; a time further away than the longest wait means that the clock was set back.

    Raises: StoreUnavailable.
    """
    come = or_(studies.c.complete_at <= now, studies.c.complete_at > now + timedelta(seconds=longest_s))
    look = select(*studies.c).where(studies.c.status == "receiving", come)
    with db.read() as connection:
        rows = connection.execute(look.order_by(studies.c.complete_at).limit(limit)).mappings()
        return [dict(row) for row in rows]


def arrivals_of(db: Database, study_id: str) -> tuple[Arrival, ...]:
    """How the study's objects came, the first way first.

    Raises: StoreUnavailable.
    """
    brought = exists(select(1).where(instances.c.arrival_id == arrivals.c.arrival_id, instances.c.study_id == study_id))
    look = select(*arrivals.c).where(brought).order_by(arrivals.c.started_at, arrivals.c.arrival_id)
    with db.read() as connection:
        return tuple(
            Arrival(
                arrival_id=row.arrival_id,
                way=Way(row.way),
                started_at=row.started_at,
                peer=row.peer,
                called=row.called,
                address=row.address,
            )
            for row in connection.execute(look.limit(MOST_ARRIVALS))
        )


def complete(
    db: Database, row: Mapping[str, Any], values: Mapping[str, Any], lines: Iterable[tuple[str, str]], *, now: datetime
) -> bool:
    """The study is complete as it was seen in `row`; False where another object or process came in between.

    Raises: StoreUnavailable.
    """
    version = row["version"] + 1
    beginning = {"version": version, "generation": row["generation"] + 1, "complete_at": None, "completed_at": now}
    kind = f"study.{values['status']}"
    try:
        with db.write() as connection:
            change_study(connection, row["study_id"], now=now, kind=kind, etag=row["etag"], **beginning, **values)
            for name, text in lines:
                remember(connection, row["study_id"], name, text, now=now, version=version)
    except Conflict:
        return False
    return True
