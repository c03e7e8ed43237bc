"""The worklist, page by page: a page is a range of an index, so the last one of a million is as quick as the first.

A jump to a row by its number has no such range: it walks there, and takes longer the farther it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal, or_, select

from wetread.domain.waiting import Lane
from wetread.errors import InputError, NotFound
from wetread.store.database import Database
from wetread.store.filters import (
    SHOWN,
    Filters,
    Sort,
    Stretch,
    count_in,
    count_of,
    jump_to,
    look_at,
    read_cursor,
    stretches_of,
    write_cursor,
)
from wetread.store.tables import studies, tallies, trace

__all__ = [
    "Filters",
    "Page",
    "Sort",
    "count_priors",
    "named",
    "open_counts",
    "page",
    "priors",
    "study",
    "study_by_uid",
    "totals",
    "traces",
]

MOST_ROWS = 100
COUNTED_TO = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of the list, how many there are in all, and the word to ask for the next ones with (None at the end).

    `total` is exact, or the least there are where it says so. `priors` counts the other studies of each row's patient.
    """

    rows: tuple[Mapping[str, Any], ...]
    priors: Mapping[str, int]
    total: int
    total_is_at_least: bool
    next: str | None


def page(
    database: Database, *, filters: Filters, after: str | None = None, offset: int = 0, limit: int = MOST_ROWS
) -> Page:
    """The next rows of the list after a page's `next`, or from row number `offset` on.

    A page after another takes the same time everywhere in the list. A jump takes time that grows with `offset`: what
    is skipped is walked through, in the index alone where no filter asks for more than the index holds.
    Raises: InputError if `after` is no such word or belongs to another order, or both are given; StoreUnavailable.
    """
    if after is not None and offset:
        raise InputError("offset", "it does not go with `after`", "give one of them")
    limit = max(1, min(limit, MOST_ROWS))
    stretches = stretches_of(filters)
    with database.read() as connection:
        if offset:
            found = _from_number(connection, filters, stretches, offset=offset, most=limit + 1)
        else:
            found = _after_word(connection, filters, stretches, after=after, most=limit + 1)
        shown = found[:limit]
        if after is None and len(found) <= limit and (found or not offset):
            total, at_least = offset + len(found), False
        else:
            total, at_least = _total(connection, filters)
        counted = count_priors(connection, [row["study_id"] for _, row in shown])
    more = write_cursor(filters.sort, stretches, *shown[-1]) if len(found) > limit else None
    rows = tuple(row for _, row in shown)
    return Page(rows=rows, priors=counted, total=total, total_is_at_least=at_least, next=more)


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


def named(connection: Connection, words: str) -> Mapping[str, Any]:
    """The row of the study that people mean: by its id, its reference or its Study Instance UID.

    Raises: NotFound.
    """
    meant = or_(studies.c.study_id == words, studies.c.ref == words, studies.c.study_uid == words)
    rows = connection.execute(select(studies).where(meant).limit(2)).mappings().all()
    if len(rows) != 1:
        raise NotFound(f"{'no study is' if not rows else 'several studies are'} called {words!r}; give its study_id")
    return dict(rows[0])


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


def count_priors(connection: Connection, study_ids: Sequence[str]) -> Mapping[str, int]:
    """How many `priors` each of these studies has, counted as far as that lists them."""
    return {name: int(n) for name, n in connection.execute(_PRIORS, {"names": study_ids})} if study_ids else {}


def _counting_priors() -> Select[Any]:
    own, other = studies.alias("own"), studies.alias("other")
    born = or_(
        own.c.patient_birth_date.is_(None),
        other.c.patient_birth_date.is_(None),
        other.c.patient_birth_date == own.c.patient_birth_date,
    )
    same = (other.c.patient_id == own.c.patient_id, own.c.patient_id != "", other.c.study_id != own.c.study_id, born)
    some = select(literal(1).label("one")).where(*same).limit(MOST_ROWS).correlate(own).subquery()
    counted = select(func.count()).select_from(some).scalar_subquery()
    return select(own.c.study_id, counted).where(own.c.study_id.in_(bindparam("names", expanding=True)))


_PRIORS = _counting_priors()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCounts:
    """How many open studies are assigned to somebody, to nobody, and past their deadline; counted to a cap each."""

    assigned: int
    unassigned: int
    overdue: int


def open_counts(database: Database, *, assignee: str, now: datetime) -> OpenCounts:
    """How many open studies wait for this person, for nobody in particular, and for longer than they should.

    Raises: StoreUnavailable.
    """
    lanes = studies.c.lane.in_([int(lane) for lane in Lane])  # so that each lane is a range of an index
    asked = ((studies.c.assignee == assignee,), (studies.c.assignee.is_(None),), (lanes, studies.c.deadline < now))
    with database.read() as connection:
        counted = [_counted(connection, *where) for where in asked]
    return OpenCounts(assigned=counted[0], unassigned=counted[1], overdue=counted[2])


def _counted(connection: Connection, *where: ColumnElement[bool]) -> int:
    some = select(literal(1).label("one")).select_from(studies).where(studies.c.open == literal(True), *where)
    return int(connection.execute(select(func.count()).select_from(some.limit(COUNTED_TO).subquery())).scalar_one())


Numbered = list[tuple[int, Mapping[str, Any]]]  # rows, each with the number of its stretch


def _after_word(
    connection: Connection, filters: Filters, stretches: Sequence[Stretch], *, after: str | None, most: int
) -> Numbered:
    start, key = read_cursor(after, filters.sort, tuple(stretches))
    found: Numbered = []
    for index in range(start, len(stretches)):
        look = look_at(filters, stretches[index], key).limit(most - len(found))
        found += [(index, dict(row)) for row in connection.execute(look).mappings()]
        key = None
        if len(found) >= most:
            break
    return found


def _from_number(
    connection: Connection, filters: Filters, stretches: Sequence[Stretch], *, offset: int, most: int
) -> Numbered:
    found: Numbered = []
    for index, stretch in enumerate(stretches):
        look = jump_to(filters, stretch, offset, most - len(found))
        rows = [dict(row) for row in connection.execute(look).mappings()]
        found += [(index, row) for row in rows]
        if len(found) >= most or index == len(stretches) - 1:
            break
        if rows:
            offset = 0
        elif offset:  # the whole stretch lies before the row that is sought
            offset -= int(connection.execute(count_in(filters, stretch, offset)).scalar_one())
    return found


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
