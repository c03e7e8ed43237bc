"""Which studies a page of the list shows and in which order: each page is a few ranges of indexes.

A database may pick an index that fits a filter but not the order, and sort a million rows. So it is left one choice:
only the conditions that a stretch of the list is `driven` by are written so that an index can be used for them.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, tuple_

from wetread.domain.urgency import Priority
from wetread.domain.waiting import AiState, Lane, StudyStatus
from wetread.errors import InputError
from wetread.store.ai_state import ai_is
from wetread.store.moments import EPOCH, MICROSECOND
from wetread.store.tables import studies

UNASSIGNED = "none"
SHOWN = tuple(column for column in studies.c if column.name != "header")
SEARCHED = ("patient_name", "patient_id", "accession_number", "description", "indication")
BROKEN = "it is not the `next` of a page in this order"


class Sort(StrEnum):
    """Orders of the list: as studies stand in it, newest arrival first, newest examination first, newest signature."""

    STANDING = "standing"
    ARRIVED = "arrived_at"
    STUDY_DATE = "study_date"
    SIGNED = "signed_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which studies, in which order. What is None or empty leaves nothing out.

    `priorities` may hold None: nobody said anything yet. `assignee` may be "none". `disputed`: False also where it is
    not known. `overdue_at`: those whose deadline lies before. `patient_name` is the beginning of it, in either case;
    `text` is looked for in name, id, accession number, description and indication.
    """

    open: bool | None = None
    statuses: tuple[StudyStatus, ...] = ()
    priorities: tuple[Priority | None, ...] = ()
    ai: tuple[AiState, ...] = ()
    disputed: bool | None = None
    modality: str | None = None
    assignee: str | None = None
    overdue_at: datetime | None = None
    patient_id: str | None = None
    patient_name: str | None = None
    accession_number: str | None = None
    text: str | None = None
    arrived_from: datetime | None = None
    arrived_until: datetime | None = None
    source: str | None = None
    sort: Sort = Sort.STANDING

    @property
    def needs_counting(self) -> bool:
        """Whether the kept sums by open, status and priority do not tell how many there are."""
        counted = {"open", "status", "priority"}
        return any(condition.name not in counted for condition in _conditions(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One filter: the column it looks at and what it asks of it."""

    name: str
    column: ColumnElement[Any]
    holds: Callable[[ColumnElement[Any]], ColumnElement[bool]]

    def written(self, *, driving: bool) -> ColumnElement[bool]:
        """As SQL; an index can only be used for it where it is `driving`."""
        return self.holds(self.column if driving else func.coalesce(self.column, self.column))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the list that is one range of one index: what drives it, and the columns that order it.

    `same` are columns that stand before those in the index and are the same in all its rows.
    """

    driven: frozenset[str]
    by: tuple[str, ...]
    same: tuple[str, ...] = ()
    where: tuple[ColumnElement[bool], ...] = ()
    newest_first: bool = False


def stretches_of(filters: Filters) -> tuple[Stretch, ...]:
    """The parts of the list, first part first."""
    driven = _driven(filters)
    if filters.sort is Sort.ARRIVED:
        return (Stretch(driven=driven, by=("arrived_at", "study_id"), newest_first=True),)
    if filters.sort is Sort.STUDY_DATE:
        return _newest_first("study_date", driven)
    parts: list[tuple[ColumnElement[bool], ...]] = [()]
    if "open" in driven and filters.open is None:
        parts = [(studies.c.open == literal(True),), (studies.c.open == literal(False),)]
    if filters.sort is Sort.SIGNED:  # what waits has no signature
        return tuple(stretch for part in reversed(parts) for stretch in _newest_first("signed_at", driven, part))
    if filters.overdue_at is not None:  # in each lane those overdue come first
        late = studies.c.deadline < filters.overdue_at
        parts = [(*part, studies.c.lane == int(lane), late) for part in parts for lane in Lane]
        by = ("deadline", "study_id")
        return tuple(Stretch(driven=driven, by=by, same=("lane",), where=part) for part in parts)
    return tuple(Stretch(driven=driven, by=("lane", "deadline", "study_id"), where=part) for part in parts)


def _newest_first(
    column: str, driven: frozenset[str], part: tuple[ColumnElement[bool], ...] = ()
) -> tuple[Stretch, Stretch]:
    """Those that have such a moment, newest first, then those that have none."""
    known, unknown = (*part, studies.c[column].is_not(None)), (*part, studies.c[column].is_(None))
    return (
        Stretch(driven=driven, by=(column, "study_id"), where=known, newest_first=True),
        Stretch(driven=driven, by=("study_id",), same=(column,), where=unknown, newest_first=True),
    )


def look_at(filters: Filters, stretch: Stretch, key: tuple[Any, ...] | None) -> Select[Any]:
    """The rows of a stretch after the one with this key, in order."""
    where = _of_stretch(filters, stretch)
    if key is not None:
        columns = [studies.c[name] for name in stretch.by]
        here, there = tuple_(*columns), tuple_(*(literal(v, c.type) for v, c in zip(key, columns, strict=True)))
        where.append(here < there if stretch.newest_first else here > there)
    return select(*SHOWN).where(*where).order_by(*_order(stretch))


def jump_to(filters: Filters, stretch: Stretch, offset: int, limit: int) -> Select[Any]:
    """So many rows of a stretch from the one with this number on. What is skipped is walked in the index alone."""
    walk = select(studies.c.study_id).where(*_of_stretch(filters, stretch)).order_by(*_order(stretch))
    there = walk.limit(limit).offset(offset).subquery()
    return select(*SHOWN).join(there, studies.c.study_id == there.c.study_id).order_by(*_order(stretch))


def count_in(filters: Filters, stretch: Stretch, most: int) -> Select[Any]:
    """How many rows a stretch has, counted as far as `most`."""
    rows = select(literal(1).label("one")).select_from(studies).where(*_of_stretch(filters, stretch)).limit(most)
    return select(func.count()).select_from(rows.subquery())


def count_of(filters: Filters, most: int) -> Select[Any]:
    """One row for each study that the filters let through, at most so many."""
    driven = _driven(filters)
    where = [one.written(driving=one.name in driven) for one in _conditions(filters)]
    return select(literal(1).label("one")).select_from(studies).where(*where).limit(most)


def write_cursor(sort: Sort, stretches: tuple[Stretch, ...], at: int, row: Mapping[str, Any]) -> str:
    """The word that says where a page ended."""
    key = [_plain(row[name]) for name in stretches[at].by]
    told = json.dumps([sort.value, len(stretches), at, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_cursor(word: str | None, sort: Sort, stretches: tuple[Stretch, ...]) -> tuple[int, tuple[Any, ...] | None]:
    """The stretch and the key that a page goes on after.

    Raises: InputError if the word is broken or belongs to another order.
    """
    if word is None:
        return 0, None
    try:
        told = json.loads(base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True))
        name, count, at, *key = told
        if (name, count) != (sort.value, len(stretches)) or type(at) is not int or not 0 <= at < count:
            raise ValueError(BROKEN)
        by = stretches[at].by
        return at, tuple(_value(column, value) for column, value in zip(by, key, strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise InputError("cursor", BROKEN, "ask for the first page again") from None


def _plain(value: Any) -> Any:
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value


def _value(column: str, value: Any) -> Any:
    """A part of a cursor as its column has it."""
    if column in {"deadline", "arrived_at", "signed_at"}:
        return EPOCH + int(value) * MICROSECOND
    if column == "lane":
        return Lane(value).value
    if not isinstance(value, str) or len(value) > 32 or not value.isprintable():
        raise ValueError(BROKEN)
    return value


def _driven(filters: Filters) -> frozenset[str]:
    """The conditions that an index is used for, the narrowest first."""
    for name in ("patient_id", "accession_number"):
        if getattr(filters, name) is not None:
            return frozenset((name,))
    if filters.sort is not Sort.STANDING:
        return frozenset(("open", "arrived_from", "arrived_until") if filters.sort is Sort.ARRIVED else ("open",))
    if filters.assignee not in {None, UNASSIGNED}:  # an index over nothing has no order on PostgreSQL
        return frozenset(("open", "assignee"))
    if len(filters.statuses) == 1:
        return frozenset(("status",))
    if len(filters.priorities) == 1 and filters.priorities[0] is not None:
        return frozenset(("open", "priority"))
    return frozenset(("open",))


def _of_stretch(filters: Filters, stretch: Stretch) -> list[ColumnElement[bool]]:
    written = [one.written(driving=one.name in stretch.driven) for one in _conditions(filters)]
    return [*stretch.where, *written]


def _order(stretch: Stretch) -> list[ColumnElement[Any]]:
    columns = [studies.c[name] for name in (*stretch.same, *stretch.by)]
    return [column.desc() if stretch.newest_first else column for column in columns]


def _conditions(filters: Filters) -> Iterator[Condition]:
    yield from _facets(filters)
    yield from _of_ai(filters)
    for name in ("patient_id", "accession_number", "source"):
        if (value := getattr(filters, name)) is not None:
            yield Condition(name=name, column=studies.c[name], holds=partial(_among, values=[value]))
    if filters.modality is not None:
        sought = f"\\{filters.modality}\\"
        column = studies.c.modalities
        yield Condition(name="modality", column=column, holds=lambda c: c.contains(sought, autoescape=True))
    if filters.patient_name is not None:
        start = filters.patient_name
        column = studies.c.patient_name
        yield Condition(name="patient_name", column=column, holds=lambda c: c.istartswith(start, autoescape=True))
    if filters.text is not None:
        text = filters.text
        column = studies.c.study_id  # one of several; it names the condition only
        yield Condition(name="text", column=column, holds=lambda _: _contains(text))
    yield from _times(filters)


def _facets(filters: Filters) -> Iterator[Condition]:
    if filters.open is not None:
        yield Condition(name="open", column=studies.c.open, holds=lambda c: c == literal(filters.open))
    if filters.statuses:
        statuses = [str(status) for status in filters.statuses]
        yield Condition(name="status", column=studies.c.status, holds=lambda c: _among(c, statuses))
    if filters.priorities:
        priorities = [None if p is None else str(p) for p in filters.priorities]
        yield Condition(name="priority", column=studies.c.priority, holds=lambda c: _among(c, priorities))
    if filters.assignee is not None:
        whose = [None if filters.assignee == UNASSIGNED else filters.assignee]
        yield Condition(name="assignee", column=studies.c.assignee, holds=lambda c: _among(c, whose))


def _of_ai(filters: Filters) -> Iterator[Condition]:
    if filters.ai:
        states = filters.ai
        yield Condition(name="ai", column=studies.c.status, holds=lambda c: or_(*(ai_is(one, c) for one in states)))
    if filters.disputed is not None:
        is_so = literal(filters.disputed)
        column = studies.c.disputed
        yield Condition(name="disputed", column=column, holds=lambda c: func.coalesce(c, literal(False)) == is_so)


def _times(filters: Filters) -> Iterator[Condition]:
    arrived = studies.c.arrived_at
    if filters.arrived_from is not None:
        yield Condition(name="arrived_from", column=arrived, holds=lambda c: c >= filters.arrived_from)
    if filters.arrived_until is not None:
        yield Condition(name="arrived_until", column=arrived, holds=lambda c: c < filters.arrived_until)
    if filters.overdue_at is not None:
        yield Condition(name="overdue", column=studies.c.deadline, holds=lambda c: c < filters.overdue_at)


def _among(column: ColumnElement[Any], values: Sequence[str | None]) -> ColumnElement[bool]:
    named = [value for value in values if value is not None]
    equal = column == named[0] if len(named) == 1 else column.in_(named)
    if len(named) == len(values):
        return equal
    return or_(equal, column.is_(None)) if named else column.is_(None)


def _contains(text: str) -> ColumnElement[bool]:
    return or_(*(studies.c[name].icontains(text, autoescape=True) for name in SEARCHED))
