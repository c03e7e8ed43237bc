"""The worklist, page by page: a page is a range of an index, so the last one of a million is as quick as the first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from wetread.errors import NotFound
from wetread.store.database import Database
from wetread.store.filters import SHOWN, Filters, Sort, count_of, look_at, read_cursor, stretches_of, write_cursor
from wetread.store.tables import studies, tallies, trace

__all__ = ["Filters", "Page", "Sort", "page", "priors", "study", "study_by_uid", "totals", "traces"]

MOST_ROWS = 100
COUNTED_TO = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of the list, how many there are in all, and the word to ask for the next ones with (None at the end).

    `total` is exact, or the least there are where it says so.
    """

    rows: tuple[Mapping[str, Any], ...]
    total: int
    total_is_at_least: bool
    next: str | None


def page(database: Database, *, filters: Filters, after: str | None = None, limit: int = MOST_ROWS) -> Page:
    """The next rows of the list after a page's `next`.

    Raises: InputError if `after` is no such word or belongs to another order; StoreUnavailable.
    """
    limit = max(1, min(limit, MOST_ROWS))
    stretches = stretches_of(filters)
    start, key = read_cursor(after, filters.sort, stretches)
    found: list[tuple[int, Mapping[str, Any]]] = []
    with database.read() as connection:
        for index in range(start, len(stretches)):
            look = look_at(filters, stretches[index], key).limit(limit + 1 - len(found))
            found += [(index, dict(row)) for row in connection.execute(look).mappings()]
            key = None
            if len(found) > limit:
                break
        if after is None and len(found) <= limit:
            total, at_least = len(found), False
        else:
            total, at_least = _total(connection, filters)
    shown = found[:limit]
    more = write_cursor(filters.sort, stretches, *shown[-1]) if len(found) > limit else None
    return Page(rows=tuple(row for _, row in shown), total=total, total_is_at_least=at_least, next=more)


def study(database: Database, study_id: str) -> Mapping[str, Any]:
    """A study's row.

    Raises: NotFound, StoreUnavailable.
    """
    return _one(database, studies.c.study_id == study_id, study_id)


def study_by_uid(database: Database, study_uid: str) -> Mapping[str, Any]:
    """The row of the study with this Study Instance UID.

    Raises: NotFound, StoreUnavailable.
    """
    return _one(database, studies.c.study_uid == study_uid, "of that UID")


def traces(database: Database, study_id: str) -> tuple[Mapping[str, Any], ...]:
    """Why a study stands where it stands: each thing that was decided about it, oldest first.

    Raises: StoreUnavailable.
    """
    look = select(trace).where(trace.c.study_id == study_id).order_by(trace.c.trace_id)
    with database.read() as connection:
        return tuple(dict(row) for row in connection.execute(look).mappings())


def priors(database: Database, study_id: str) -> tuple[Mapping[str, Any], ...]:
    """Other studies of the same patient, newest first: the same patient id, and no other date of birth.

    Raises: NotFound, StoreUnavailable.
    """
    own = study(database, study_id)
    if not own["patient_id"]:
        return ()
    same = [studies.c.patient_id == own["patient_id"], studies.c.study_id != study_id]
    if own["patient_birth_date"]:
        born = studies.c.patient_birth_date
        same.append(or_(born.is_(None), born == own["patient_birth_date"]))
    newest = (studies.c.study_date.desc().nulls_last(), studies.c.study_id.desc())
    with database.read() as connection:
        look = select(*SHOWN).where(*same).order_by(*newest).limit(MOST_ROWS)
        return tuple(dict(row) for row in connection.execute(look).mappings())


def totals(database: Database) -> Mapping[tuple[bool, str, str | None], int]:
    """How many studies there are by (open, status, priority).

    Raises: StoreUnavailable.
    """
    with database.read() as connection:
        return _tallied(connection)


def _one(database: Database, which: ColumnElement[bool], called: str) -> Mapping[str, Any]:
    with database.read() as connection:
        row = connection.execute(select(studies).where(which).limit(1)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no study {called}")
    return dict(row)


def _tallied(connection: Connection) -> dict[tuple[bool, str, str | None], int]:
    counted = {}
    for name, n in connection.execute(select(tallies.c.name, tallies.c.n)):
        is_open, status, priority = name.split("/")
        if n:
            counted[is_open == "open", status, None if priority == "none" else priority] = n
    return counted


def _total(connection: Connection, filters: Filters) -> tuple[int, bool]:
    """How many there are: by the sums that are kept where they suffice, else counted as far as anybody reads."""
    if not filters.needs_counting:
        return sum(
            n
            for (is_open, status, priority), n in _tallied(connection).items()
            if filters.open in {None, is_open}
            and (not filters.statuses or status in filters.statuses)
            and (not filters.priorities or priority in filters.priorities)
        ), False
    some = count_of(filters, COUNTED_TO + 1).subquery()
    counted = int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    return min(counted, COUNTED_TO), counted > COUNTED_TO
