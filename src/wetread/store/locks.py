"""Who works on a study: held for a while by one person, given back, or run out.

Every function works inside the caller's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from wetread.errors import Conflict, NotFound
from wetread.store.tables import locks, studies

LEASE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Who works on a study, and until when unless they say so again."""

    holder: str
    until: datetime


def take_lock(connection: Connection, study_id: str, *, holder: str, now: datetime, lease_s: float = LEASE_S) -> Lock:
    """Hold the study for `lease_s`, or go on holding it.

    Raises: NotFound; Conflict where somebody else holds it.
    """
    locked_row(connection, study_id)
    until = now + timedelta(seconds=lease_s)
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    taking = dialect.insert(locks).values(study_id=study_id, holder=holder, until=until)
    free = or_(locks.c.holder == holder, locks.c.until <= now)
    taking = taking.on_conflict_do_update(
        index_elements=["study_id"], set_={"holder": holder, "until": until}, where=free
    )
    connection.execute(taking)
    check_lock(connection, study_id, holder=holder, now=now)
    return Lock(holder=holder, until=until)


def give_lock(connection: Connection, study_id: str, *, holder: str) -> None:
    """Let go of the study; nothing happens where somebody else holds it."""
    connection.execute(delete(locks).where(locks.c.study_id == study_id, locks.c.holder == holder))


def lock_of(connection: Connection, study_id: str, *, now: datetime) -> Lock | None:
    """Who holds the study."""
    row = connection.execute(select(locks).where(locks.c.study_id == study_id, locks.c.until > now)).one_or_none()
    return None if row is None else Lock(holder=row.holder, until=row.until)


def check_lock(connection: Connection, study_id: str, *, holder: str, now: datetime) -> None:
    """Nobody else holds the study.

    Raises: Conflict.
    """
    lock = lock_of(connection, study_id, now=now)
    if lock is not None and lock.holder != holder:
        raise Conflict(f"{lock.holder} works on study {study_id} until {lock.until:%H:%M:%S} UTC")


def locked_row(connection: Connection, study_id: str) -> Mapping[str, Any]:
    """The study's row, held until the transaction ends where the database can."""
    look = select(studies).where(studies.c.study_id == study_id).with_for_update()
    row = connection.execute(look).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no study {study_id}")
    return dict(row)
