"""Arrivals: how objects came in, how many, and which of them could not be placed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from wetread.domain.arrival import Arrival
from wetread.store.database import Database
from wetread.store.facts import storable
from wetread.store.tables import arrivals, instances, problems


def count_objects(connection: Connection, of: Iterable[Arrival]) -> None:
    """One object more for each arrival that is named, as often as it is named."""
    named = list(of)
    counted = Counter(one.arrival_id for one in named)
    by_id = {one.arrival_id: one for one in named}
    for name in sorted(counted):  # one order for all, so that no two processes wait for each other
        _know(connection, by_id[name], objects=counted[name])


def _know(connection: Connection, arrival: Arrival, *, objects: int = 0, failed: int = 0) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = asdict(arrival) | {"way": arrival.way.value, "objects": objects, "problems": failed}
    adding = dialect.insert(arrivals).values(storable(arrivals, row))
    more = {"objects": arrivals.c.objects + objects, "problems": arrivals.c.problems + failed}
    connection.execute(adding.on_conflict_do_update(index_elements=["arrival_id"], set_=more))


def keep_problem(
    database: Database,
    *,
    arrival: Arrival,
    blob: str,
    file: str,
    problem: str,
    remedy: str = "",
    now: datetime,
) -> None:
    """Note an object that could not be placed, with the reason. Doing it again changes nothing.

    Raises: StoreUnavailable.
    """
    same = (problems.c.arrival_id == arrival.arrival_id, problems.c.blob == blob, problems.c.file == file)
    with database.write() as connection:
        _know(connection, arrival)
        if connection.execute(select(problems.c.problem_id).where(*same)).first():
            return
        _know(connection, arrival, failed=1)
        row = {"blob": blob, "file": file, "problem": problem, "remedy": remedy, "at": now}
        connection.execute(insert(problems).values(arrival_id=arrival.arrival_id, **storable(problems, row)))


def close_arrival(database: Database, arrival_id: str, now: datetime) -> tuple[str, ...]:
    """Nothing more comes with it; returns the ids of the studies that it brought something of.

    Raises: StoreUnavailable.
    """
    with database.write() as connection:
        open_still = (arrivals.c.arrival_id == arrival_id, arrivals.c.closed_at.is_(None))
        connection.execute(update(arrivals).where(*open_still).values(closed_at=now))
        brought = select(instances.c.study_id).where(instances.c.arrival_id == arrival_id).distinct()
        return tuple(connection.execute(brought.order_by(instances.c.study_id)).scalars())
