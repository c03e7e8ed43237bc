"""How studies came, what AI told of them and when, when a human opened and signed them: traffic for the simulator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from wetread.domain.audit import Action, Outcome
from wetread.store.database import Database
from wetread.store.signed import Signed, signed_of
from wetread.store.tables import audit, reports, studies

CHUNK = 500  # names in one query
LOOKED = (Action.STUDY_VIEW, Action.LOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One study's way through the house. None is unknown, or has not happened yet.

    `told_at` and `priority` are AI's first report; `opened_at` is when whoever signed it looked at it first before the
    signature, within the time allowed for one reading; `signed` is what stands as signed, None where nothing does.
    """

    study_id: str
    arrived_at: datetime
    opened_at: datetime | None
    signed_at: datetime | None
    told_at: datetime | None
    priority: str | None
    order_priority: str | None
    patient_class: str
    signed: Signed | None


def traffic_of(
    database: Database, *, since: datetime, until: datetime, longest_read: timedelta, limit: int
) -> tuple[tuple[Passage, ...], bool]:
    """The newest `limit` studies that came from `since` until before `until`, oldest first; and whether more came.

    Raises: StoreUnavailable, RecordInvalid.
    """
    columns = (studies.c.study_id, studies.c.arrived_at, studies.c.order_priority, studies.c.patient_class)
    came = select(*columns).where(studies.c.arrived_at >= since, studies.c.arrived_at < until)
    newest = came.order_by(studies.c.arrived_at.desc(), studies.c.study_id.desc()).limit(limit + 1)
    with database.read() as connection:
        rows = connection.execute(newest).all()
        found: list[Passage] = []
        for chunk in _chunks(rows[:limit]):
            names = [row.study_id for row in chunk]
            told, signed = _told(connection, names), signed_of(connection, names)
            opened = _opened(connection, names, longest_read)
            for row in chunk:
                at, priority = told.get(row.study_id, (None, None))
                one = signed.get(row.study_id)
                found.append(
                    Passage(
                        study_id=row.study_id,
                        arrived_at=row.arrived_at,
                        opened_at=opened.get(row.study_id),
                        signed_at=None if one is None else one.signed_at,
                        told_at=at,
                        priority=priority,
                        order_priority=row.order_priority,
                        patient_class=row.patient_class,
                        signed=one,
                    )
                )
    return tuple(reversed(found)), len(rows) > limit


def _told(connection: Connection, names: Sequence[str]) -> dict[str, tuple[datetime, str]]:
    """When AI's first report of each study was there, and what it said."""
    first = select(reports.c.study_id, func.min(reports.c.at).label("at")).where(*_preliminary(names))
    first_of = first.group_by(reports.c.study_id).subquery()
    same = and_(reports.c.study_id == first_of.c.study_id, reports.c.at == first_of.c.at)
    look = select(reports.c.study_id, reports.c.at, reports.c.priority).join(first_of, same)
    rows = connection.execute(look.where(*_preliminary(names)))
    return {row.study_id: (row.at, row.priority) for row in rows}


def _preliminary(names: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return reports.c.study_id.in_(names), reports.c.status == "preliminary"


def _opened(connection: Connection, names: Sequence[str], longest_read: timedelta) -> dict[str, datetime]:
    """When whoever signed each study first looked at it, at most `longest_read` before the signature."""
    objects = {f"study/{name}": name for name in names}
    look = select(audit.c.object, audit.c.at, audit.c.actor, audit.c.action).where(
        audit.c.object.in_(objects),
        audit.c.action.in_([Action.SIGN, *LOOKED]),
        audit.c.outcome == Outcome.SUCCESS,
    )
    lines: dict[str, list[Any]] = {}
    for row in connection.execute(look.order_by(audit.c.seq)):
        lines.setdefault(objects[row.object], []).append(row)
    return {name: at for name, those in lines.items() if (at := _first_look(those, longest_read)) is not None}


def _first_look(lines: Sequence[Any], longest_read: timedelta) -> datetime | None:
    signs = [line for line in lines if line.action == Action.SIGN]
    if not signs:
        return None
    sign = signs[0]
    looks = [line.at for line in lines if line.action in LOOKED and line.actor == sign.actor]
    return min((at for at in looks if sign.at - longest_read <= at <= sign.at), default=None)


def _chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
