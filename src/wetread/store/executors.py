"""The workers that live, and leases: who of them does what only one may do.

No age here is measured by a clock of the database or of another machine: who is alive is told by the caller, who
watched the marks change (`worklist.watch`). A lease is held as long as its holder lives.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from wetread.store.database import Database
from wetread.store.tables import executors, leases


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """A worker process as it last said of itself."""

    executor_id: str
    host: str
    pid: int
    seen_at: datetime


def beat(db: Database, *, executor_id: str, host: str, pid: int, software: str, now: datetime) -> None:
    """A worker says that it lives; one that was taken for dead is there again.

    Raises: StoreUnavailable.
    """
    row = {"executor_id": executor_id, "host": host, "pid": pid, "software": software, "started_at": now}
    dialect = sqlite if db.is_sqlite else postgresql
    saying = dialect.insert(executors).values(**row, seen_at=now)
    saying = saying.on_conflict_do_update(index_elements=["executor_id"], set_={"seen_at": now})
    with db.write() as connection:
        connection.execute(saying)


def known(db: Database) -> tuple[Executor, ...]:
    """All workers that said they live and did not say goodbye.

    Raises: StoreUnavailable.
    """
    columns = (executors.c.executor_id, executors.c.host, executors.c.pid, executors.c.seen_at)
    with db.read() as connection:
        return tuple(Executor(**row) for row in connection.execute(select(*columns)).mappings())


def forget(db: Database, executor_id: str) -> None:
    """A worker is gone and nothing of it is left to be resumed; its leases are free.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        connection.execute(delete(executors).where(executors.c.executor_id == executor_id))
        connection.execute(delete(leases).where(leases.c.holder == executor_id))


def take_lease(db: Database, name: str, holder: str, *, alive: Collection[str], until: datetime) -> bool:
    """Whether `holder` has the lease now: it is free, it was its own, or whoever had it is not among the living.

    `until` is for people who look at the table.

    Raises: StoreUnavailable.
    """
    dialect = sqlite if db.is_sqlite else postgresql
    with db.write() as connection:
        adding = dialect.insert(leases).values(name=name, holder=holder, until=until).on_conflict_do_nothing()
        if connection.scalar(adding.returning(leases.c.name)) is not None:
            return True
        current = connection.scalar(select(leases.c.holder).where(leases.c.name == name))
        if current is None or (current != holder and current in alive):
            return False
        mine = update(leases).where(leases.c.name == name, leases.c.holder == current)
        return bool(connection.execute(mine.values(holder=holder, until=until)).rowcount)


def drop_lease(db: Database, name: str, holder: str) -> None:
    """Give the lease back.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
