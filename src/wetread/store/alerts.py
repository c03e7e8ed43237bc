"""Alerts in the store: raised once, resolved once, and what of it was told. Several processes may look at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from wetread.domain.alert import Alert
from wetread.store.change import tell
from wetread.store.database import Database
from wetread.store.tables import alerts

LOCK = 0x77616C72  # of PostgreSQL's advisory locks: one process settles at a time
KEPT = timedelta(days=90)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
NOTHING, RAISED, RESOLVED = "nothing", "raised", "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """One thing to tell: an alert's row as it is now and which of its two states (raised, resolved) comes next."""

    row: Mapping[str, Any]
    state: str

    @property
    def delivery_id(self) -> str:
        """The same for every try, so that whoever receives it twice can know."""
        return f"{self.row['alert_id']}-{self.state}"


def settle(
    database: Database, missed: Iterable[Alert], *, now: datetime, telling: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Raise what is newly missed and resolve what is well again; the names of both.

    `telling`: whether somebody is to be told.
    Raises: StoreUnavailable.
    """
    wanted = {alert.name: alert for alert in missed}
    with database.write() as connection:
        if not database.is_sqlite:  # SQLite's writers wait for each other anyway
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        query = select(alerts.c.alert_id, alerts.c.name).where(alerts.c.resolved_at.is_(None))
        standing = {row.name: row.alert_id for row in connection.execute(query)}
        raised = [name for name in wanted if name not in standing and _raise(connection, wanted[name], now, telling)]
        resolved = [name for name in standing if name not in wanted]
        for name in resolved:
            values = {"resolved_at": now, "attempts": 0, "next_at": now if telling else None}
            mine = alerts.c.alert_id == standing[name], alerts.c.resolved_at.is_(None)
            connection.execute(update(alerts).where(*mine).values(**values))
            tell(connection, "alert.resolved", now=now, name=name)
        old = alerts.c.resolved_at < now - KEPT, alerts.c.next_at.is_(None)
        connection.execute(delete(alerts).where(*old))
    return tuple(raised), tuple(resolved)


def untold(database: Database, *, now: datetime) -> list[Untold]:
    """What is due to be told, oldest first.

    Raises: StoreUnavailable.
    """
    with database.read() as connection:
        due = select(*alerts.c).where(alerts.c.next_at <= now).order_by(alerts.c.raised_at, alerts.c.alert_id)
        rows = connection.execute(due).mappings().all()
    return [Untold(row=dict(row), state=RAISED if row["told"] == NOTHING else RESOLVED) for row in rows]


def claim(database: Database, one: Untold, *, now: datetime) -> bool:
    """Take one telling for this process; False where another one has it. A failed try comes again, ever later.

    Raises: StoreUnavailable.
    """
    attempts = one.row["attempts"]
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempts, 20))
    mine = (
        alerts.c.alert_id == one.row["alert_id"],
        alerts.c.attempts == attempts,
        alerts.c.told == one.row["told"],
        alerts.c.next_at == one.row["next_at"],
    )
    with database.write() as connection:
        taken = update(alerts).where(*mine).values(attempts=attempts + 1, next_at=now + timedelta(seconds=pause_s))
        return bool(connection.execute(taken).rowcount)


def told(database: Database, one: Untold, *, now: datetime) -> None:
    """It was told; where the alert has been resolved meanwhile, that comes next.

    Raises: StoreUnavailable.
    """
    with database.write() as connection:
        mine = alerts.c.alert_id == one.row["alert_id"]
        look = select(alerts.c.resolved_at).where(mine).with_for_update()
        resolved_at = connection.execute(look).scalar_one_or_none()
        more = one.state == RAISED and resolved_at is not None
        values = {"told": one.state, "attempts": 0, "next_at": now if more else None}
        connection.execute(update(alerts).where(mine).values(**values))


def _raise(connection: Connection, alert: Alert, now: datetime, telling: bool) -> bool:
    """Whether it was this process that raised it."""
    before = connection.execute(select(func.count()).where(alerts.c.name == alert.name)).scalar_one()
    row = {
        "alert_id": f"{alert.name}-{before + 1}-{now:%Y%m%d}",
        "name": alert.name,
        "severity": alert.severity.value,
        "text": alert.text,
        "value": alert.value,
        "threshold": alert.threshold,
        "raised_at": now,
        "next_at": now if telling else None,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    adding = dialect.insert(alerts).values(told=NOTHING, attempts=0, **row).on_conflict_do_nothing()
    if not connection.execute(adding).rowcount:
        return False
    tell(connection, "alert.raised", now=now, name=alert.name, severity=alert.severity.value, text=alert.text)
    return True
