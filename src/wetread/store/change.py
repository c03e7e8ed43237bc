"""The one way a study's row changes: its tallies, its etag and the feed of changes move with it, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from wetread.errors import Conflict, NotFound
from wetread.store.tables import events, studies, tallies, trace

COUNTED = ("open", "status", "priority")


def add_study(connection: Connection, *, now: datetime, **values: Any) -> None:
    """A study's first row."""
    connection.execute(insert(studies).values(**values))
    row = connection.execute(select(studies).where(studies.c.study_id == values["study_id"])).mappings().one()
    _count(connection, row, +1)
    tell(connection, "study.new", now=now, study_id=values["study_id"])


def change_study(
    connection: Connection, study_id: str, *, now: datetime, kind: str, etag: int | None = None, **values: Any
) -> Mapping[str, Any]:
    """Change columns of a study and say so in the feed as `kind`; returns the row as it was before.

    Raises: NotFound; Conflict where `etag` is given and the row has moved on.
    """
    look = select(studies).where(studies.c.study_id == study_id).with_for_update()
    before = connection.execute(look).mappings().one_or_none()
    if before is None:
        raise NotFound(f"there is no study {study_id}")
    if etag is not None and before["etag"] != etag:
        raise Conflict(f"study {study_id} was changed meanwhile; look at it again")
    connection.execute(update(studies).where(studies.c.study_id == study_id).values(**values, etag=before["etag"] + 1))
    after = {**before, **values}
    if any(before[name] != after[name] for name in COUNTED):
        # In one order for all, so that no two transactions wait for each other.
        for row, by in sorted(((before, -1), (after, +1)), key=lambda pair: tally_name(pair[0])):
            _count(connection, row, by)
    tell(connection, kind, now=now, study_id=study_id)
    return dict(before)


def remember(
    connection: Connection, study_id: str, kind: str, text: str, *, now: datetime, version: int = 0, **data: Any
) -> None:
    """One line of the study's why-trace."""
    row = {"study_id": study_id, "version": version, "at": now, "kind": kind, "text": text, "data": data}
    connection.execute(insert(trace).values(**row))


def tell(connection: Connection, kind: str, *, now: datetime, study_id: str | None = None, **data: Any) -> None:
    """One line of the feed of changes. It names studies by their id and holds nothing of a patient."""
    connection.execute(insert(events).values(at=now, kind=kind, study_id=study_id, data=data))


def tally_name(row: Mapping[str, Any] | RowMapping) -> str:
    """The tally a row is counted in: `open/REPORTED/P2`."""
    return f"{'open' if row['open'] else 'done'}/{row['status']}/{row['priority'] or 'none'}"


def _count(connection: Connection, row: Mapping[str, Any] | RowMapping, by: int) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    adding = dialect.insert(tallies).values(name=tally_name(row), n=by)
    adding = adding.on_conflict_do_update(index_elements=["name"], set_={"n": tallies.c.n + by})
    connection.execute(adding)
