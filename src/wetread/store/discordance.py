"""Signed reports beside AI's answers: comparisons that figures rest on, questions that wait for an adjudicator.

What belongs to a signature works inside the signature's transaction, so that both stand or fall together.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, insert, select, tuple_, update

from wetread.domain.audit import Action
from wetread.domain.report import ReportStatus
from wetread.errors import Conflict, NotFound
from wetread.store.change import remember, tell
from wetread.store.database import Database
from wetread.store.facts import storable
from wetread.store.tables import adjudications, audit, comparisons, reports, series

OPEN, SETTLED, VOID = "open", "settled", "void"
AGREED = "agreed"
STANDS, REPLACED, WITHDRAWN = "stands", "replaced", "withdrawn"
SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)
PAGE = 50
LEAST_URGENT = 9
SCANNER = {"manufacturer": "00080070", "model": "00081090", "station": "00081010"}
_ONE = (adjudications.c.report_id, adjudications.c.code)  # the question: one for all readers that differ in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A line of the audit in which the signer looked at the study; `shown` holds what AI_SHOWN kept."""

    at: datetime
    shown: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Questions for adjudicators, each once with its readers.

    Differences before agreements, the most urgent first, then the oldest.
    """

    rows: tuple[Mapping[str, Any], ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """An adjudicator's word on a question."""

    verdict: str
    reason: str
    by: str
    at: datetime


def keep_comparison(
    connection: Connection,
    signed: Mapping[str, Any],
    asked: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
    state: str = STANDS,
) -> None:
    """Keep a signature's comparison and the questions asked; what an earlier signature left waiting is void.

    `signed` holds report_id, study_id, version, by and body. `state` is another one where it is kept long after, and
    stands no more. Doing it again changes nothing.
    """
    known = select(comparisons.c.report_id).where(comparisons.c.report_id == signed["report_id"])
    if connection.scalar(known) is not None:
        return
    study_id = signed["study_id"]
    if state == STANDS:
        _end(connection, study_id, REPLACED)
    connection.execute(insert(comparisons).values(**storable(comparisons, signed), at=now, state=state))
    waits = OPEN if state == STANDS else VOID
    for one in asked:
        row = {"study_id": study_id, "report_id": signed["report_id"], "state": waits, "at": now, **one}
        connection.execute(insert(adjudications).values(**storable(adjudications, row)))


def not_compared(db: Database, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """Signed reports of a period that no comparison was kept of, oldest first: from before there were any.

    Each as report and study. Raises: StoreUnavailable.
    """
    mine = reports.c.status == ReportStatus.FINAL, reports.c.at >= since, reports.c.at < until
    look = (
        select(reports.c.report_id, reports.c.study_id)
        .join(comparisons, comparisons.c.report_id == reports.c.report_id, isouter=True)
        .where(*mine, comparisons.c.report_id.is_(None))
    )
    with db.read() as connection:
        rows = connection.execute(look.order_by(reports.c.at, reports.c.report_id))
        return [(row.report_id, row.study_id) for row in rows]


def state_of(connection: Connection, study_id: str, at: datetime) -> str:
    """What became of a signature made then, by what humans did with the study next."""
    acts = (ReportStatus.FINAL, ReportStatus.REJECTED)
    later = reports.c.study_id == study_id, reports.c.at > at, reports.c.status.in_(acts)
    following = connection.execute(
        select(reports.c.status, reports.c.predecessor).where(*later).order_by(reports.c.at).limit(1)
    ).one_or_none()
    if following is None:
        return STANDS
    taken = select(reports.c.status).where(reports.c.report_id == following.predecessor)
    if following.status == ReportStatus.REJECTED and connection.scalar(taken) in SIGNED:
        return WITHDRAWN
    return REPLACED if following.status == ReportStatus.FINAL else STANDS


def count_between(db: Database, since: datetime, until: datetime) -> int:
    """How many comparisons there are of a period.

    Raises: StoreUnavailable.
    """
    mine = comparisons.c.at >= since, comparisons.c.at < until
    with db.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(comparisons).where(*mine)) or 0)


def take_back(connection: Connection, study_id: str, report_id: str) -> None:
    """A report of the study is withdrawn: where it was signed, nothing of it waits for an adjudicator any more."""
    status = connection.scalar(select(reports.c.status).where(reports.c.report_id == report_id))
    if status in SIGNED:
        _end(connection, study_id, WITHDRAWN)


def _end(connection: Connection, study_id: str, state: str) -> None:
    mine = comparisons.c.study_id == study_id, comparisons.c.state == STANDS
    connection.execute(update(comparisons).where(*mine).values(state=state))
    waiting = adjudications.c.study_id == study_id, adjudications.c.state == OPEN
    connection.execute(update(adjudications).where(*waiting).values(state=VOID))


def looks_of(connection: Connection, study_id: str, *, by: str, since: datetime, until: datetime) -> list[Look]:
    """When a person looked at the study, and when they asked to be shown AI's answer, oldest first."""
    acts = (Action.STUDY_VIEW.value, Action.AI_SHOWN.value)
    mine = audit.c.object == f"study/{study_id}", audit.c.actor == by, audit.c.action.in_(acts)
    look = select(audit.c.at, audit.c.action, audit.c.data).where(*mine, audit.c.at >= since, audit.c.at <= until)
    return [
        Look(at=at, shown=json.loads(data) if action == Action.AI_SHOWN else None)
        for at, action, data in connection.execute(look.order_by(audit.c.seq))
    ]


def scanner_of(connection: Connection, study_id: str, modalities: Iterable[str]) -> dict[str, str | None]:
    """The machine that made the pictures: of the first series of one of these modalities whose header names one."""
    look = select(series.c.header).where(series.c.study_id == study_id, series.c.modality.in_(list(modalities)))
    for header in connection.scalars(look.order_by(series.c.number.asc().nulls_last(), series.c.series_id)):
        told = {name: _first(header.get(tag)) for name, tag in SCANNER.items()}
        if any(told.values()):
            return told
    return dict.fromkeys(SCANNER)


def _first(element: Any) -> str | None:
    """The first value of an element in DICOM JSON, None where it has none."""
    values = element.get("Value") if isinstance(element, Mapping) else None
    value = values[0] if isinstance(values, list) and values else None
    return value.strip()[:128] or None if isinstance(value, str) else None


def comparisons_between(db: Database, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
    """Every comparison signed from `since` until before `until`, oldest first.

    Raises: StoreUnavailable.
    """
    mine = comparisons.c.at >= since, comparisons.c.at < until
    look = select(comparisons).where(*mine).order_by(comparisons.c.at, comparisons.c.report_id)
    with db.read() as connection:
        for row in connection.execute(look.execution_options(yield_per=1000)).mappings():
            yield dict(row)


def verdicts_between(db: Database, since: datetime, until: datetime) -> dict[tuple[str, str], tuple[str, bool]]:
    """What adjudicators said of reports signed in the period, by report and code; True: the signer said so.

    Raises: StoreUnavailable.
    """
    mine = comparisons.c.at >= since, comparisons.c.at < until, adjudications.c.state == SETTLED
    look = (
        select(*_ONE, adjudications.c.verdict, (adjudications.c.by == comparisons.c.by).label("own"))
        .join(comparisons, comparisons.c.report_id == adjudications.c.report_id)
        .where(*mine)
    )
    with db.read() as connection:
        return {(row.report_id, row.code): (row.verdict, bool(row.own)) for row in connection.execute(look)}


def queue(db: Database, *, state: str, offset: int = 0, limit: int = PAGE) -> Queue:
    """A page of the questions in this state.

    Raises: StoreUnavailable.
    """
    there = adjudications.c.state == state
    first = func.min(adjudications.c.adjudication_id)
    urgent = func.coalesce(adjudications.c.category, LEAST_URGENT)
    agreed = case((adjudications.c.kind == AGREED, 1), else_=0)
    latest = adjudications.c.settled_at.desc().nulls_last()
    with db.read() as connection:
        total = connection.scalar(select(func.count()).select_from(select(*_ONE).where(there).distinct().subquery()))
        firsts = select(first.label("first")).where(there).group_by(*_ONE).subquery()
        look = (
            select(adjudications, comparisons.c.by.label("signed_by"), comparisons.c.at.label("signed_at"))
            .join(firsts, firsts.c.first == adjudications.c.adjudication_id)
            .join(comparisons, comparisons.c.report_id == adjudications.c.report_id, isouter=True)
        )
        order = (latest,) if state == SETTLED else (agreed, urgent, adjudications.c.at)
        page = look.order_by(*order, adjudications.c.adjudication_id).offset(offset).limit(limit)
        rows = [dict(row) for row in connection.execute(page).mappings()]
        readers = _readers(connection, rows)
    told = tuple({**row, "readers": readers.get((row["report_id"], row["code"]), [])} for row in rows)
    return Queue(rows=told, total=int(total or 0))


def _readers(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Who differs in each question, in the order they were compared: the panel first."""
    wanted = [(row["report_id"], row["code"]) for row in rows]
    found: dict[tuple[str, str], list[str]] = {}
    if wanted:
        look = select(*_ONE, adjudications.c.reader).where(tuple_(*_ONE).in_(wanted))
        for report_id, code, reader in connection.execute(look.order_by(adjudications.c.adjudication_id)):
            found.setdefault((report_id, code), []).append(reader)
    return found


def settle(connection: Connection, adjudication_id: int, settling: Settling) -> Mapping[str, Any]:
    """Write down who was right: for every reader that differs in this code of this report, since it is one question.

    Returns the row as it was, with the report's signer. Raises: NotFound; Conflict where it is settled or void.
    """
    look = select(adjudications).where(adjudications.c.adjudication_id == adjudication_id).with_for_update()
    row = connection.execute(look).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no adjudication {adjudication_id}")
    if row["state"] == SETTLED:
        raise Conflict(f"adjudication {adjudication_id} was settled by {row['by']}: {row['verdict']}")
    if row["state"] == VOID:
        raise Conflict(f"adjudication {adjudication_id} is void: its report was withdrawn or signed anew")
    same: tuple[ColumnElement[bool], ...] = (
        adjudications.c.report_id == row["report_id"],
        adjudications.c.code == row["code"],
        adjudications.c.state == OPEN,
    )
    told = {"verdict": settling.verdict, "reason": settling.reason, "by": settling.by, "settled_at": settling.at}
    changed = connection.execute(update(adjudications).where(*same).values(state=SETTLED, **told)).rowcount
    if not changed:
        raise Conflict(f"adjudication {adjudication_id} was settled meanwhile")
    words = f"{row['code']}: {settling.verdict.replace('_', ' ')}, says {settling.by}"
    remember(connection, row["study_id"], "adjudicated", words, now=settling.at)
    tell(connection, "study.adjudicated", now=settling.at, study_id=row["study_id"])
    signer = select(comparisons.c.by).where(comparisons.c.report_id == row["report_id"])
    return {**row, "signed_by": connection.scalar(signer)}


def waiting(db: Database) -> dict[str, int]:
    """How many questions there are in each state.

    Raises: StoreUnavailable.
    """
    told = select(*_ONE, adjudications.c.state).distinct().subquery()
    with db.read() as connection:
        rows = connection.execute(select(told.c.state, func.count().label("n")).group_by(told.c.state))
        return {OPEN: 0, SETTLED: 0, VOID: 0} | {row.state: row.n for row in rows}
