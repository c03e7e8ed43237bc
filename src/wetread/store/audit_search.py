"""Looking into the audit: pages for people, everything in order for an export."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select

from wetread.domain.audit import AuditEntry
from wetread.store.database import Database
from wetread.store.tables import audit

CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Which lines; None takes all. `since` is included, `until` is not."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def audit_page(
    db: Database, filters: AuditFilters, *, before: int | None = None, limit: int = 100
) -> tuple[list[AuditEntry], int | None]:
    """The newest lines before the line `before`, and what to give as `before` for the next page."""
    where = _where(filters)
    if before is not None:
        where.append(audit.c.seq < before)
    query = select(audit).where(*where).order_by(audit.c.seq.desc()).limit(limit + 1)
    with db.read() as connection:
        rows = connection.execute(query).mappings().all()
    found = [_entry(row) for row in rows[:limit]]
    return found, found[-1].seq if len(rows) > limit else None


def audit_lines(db: Database, filters: AuditFilters) -> Iterator[AuditEntry]:
    """All lines, oldest first. No connection is held while one of them is looked at."""
    last = 0
    while True:
        where = [*_where(filters), audit.c.seq > last]
        with db.read() as connection:
            query = select(audit).where(*where).order_by(audit.c.seq).limit(CHUNK)
            rows = connection.execute(query).mappings().all()
        yield from map(_entry, rows)
        if len(rows) < CHUNK:
            return
        last = rows[-1]["seq"]


def _where(filters: AuditFilters) -> list[ColumnElement[bool]]:
    equal = {"actor": filters.actor, "action": filters.action, "object": filters.object, "outcome": filters.outcome}
    where = [audit.c[name] == value for name, value in equal.items() if value is not None]
    if filters.since is not None:
        where.append(audit.c.at >= filters.since)
    if filters.until is not None:
        where.append(audit.c.at < filters.until)
    return where


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        roles=tuple(role for role in row["roles"].split(",") if role),
        action=row["action"],
        object=row["object"],
        outcome=row["outcome"],
        address=row["address"],
        data=_data(row["data"]),
        previous=row["previous"],
        hash=row["hash"],
    )


def _data(text: str) -> dict[str, Any]:
    """What the line holds besides; one that was edited from outside is shown as it is."""
    try:
        data = json.loads(text)
    except ValueError:
        return {"unreadable": text}
    return data if isinstance(data, dict) else {"unreadable": text}
