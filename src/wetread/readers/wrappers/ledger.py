"""What was spent, by reader, day and run, in a file that several processes and threads keep together."""

import math
import os
import secrets
import sqlite3
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wetread.errors import BudgetSpent, ConfigurationError, ReaderUnavailable
from wetread.readers.wrappers.database import open_private, writing
from wetread.readers.wrappers.log import log

NANO = 1_000_000_000
MOST_USD = 1e9  # what 64 bits hold with room for sums
SITE = ""
LEASE_S = 3600.0  # longer than any call may take; only bookkeeping: what is reserved counts as fully as what is spent
RUNS_KEPT_DAYS = 31
TIDY_EVERY_S = 60.0
ID_BITS = 62
SCHEMA = """
CREATE TABLE IF NOT EXISTS totals (
    reader TEXT, period TEXT, day TEXT, reserved INTEGER, settled INTEGER, PRIMARY KEY (reader, period)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations (
    id INTEGER PRIMARY KEY, reader TEXT, day TEXT, run TEXT, amount INTEGER, lease_ends REAL
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many nanodollars of a reader, or of the site, in a period; `name` is how people know it."""

    reader: str
    period: str
    nanodollars: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An amount set aside for one call, counted on the day (UTC) it was made."""

    reader: str
    day: str
    run: str
    nanodollars: int
    # drawn, not counted: a number must never come again while a late call may still settle it
    id: int = field(default_factory=lambda: secrets.randbits(ID_BITS))


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpend:
    """What a reader took on a day (UTC), in US dollars; `reserved_usd` are calls that have not come back."""

    reader: str
    day: str
    settled_usd: float
    reserved_usd: float


def nanodollars(usd: float, *, up: bool = True) -> int:
    """Whole nanodollars: what is spent rounds up, what may be spent rounds down. Sums of them are exact.

    Raises: ValueError for what is no amount of money.
    """
    if not math.isfinite(usd) or usd < 0:
        raise ValueError(f"an amount in US dollars is a number from 0 on, got {usd!r}")
    # rounded once, so that floating point alone neither gains nor loses a nanodollar
    exact = round(min(usd, MOST_USD) * NANO, 3)
    return math.ceil(exact) if up else math.floor(exact)


def day_of(now: datetime) -> str:
    """The day in UTC, ISO 8601."""
    return now.astimezone(UTC).date().isoformat()


def money(nano: int) -> str:
    """Dollars for people."""
    usd = nano / NANO
    return f"${usd:.4f}" if usd >= 0.01 or usd <= 0 else f"${usd:.7f}"


class SpendLedger:
    """Reserved and settled amounts. Everything is checked and written in one transaction, so no two calls race.

    Without a path it is kept in memory.

    Raises: ConfigurationError if the file can't be opened or is no ledger.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._tidied = 0.0
        self._db, self._pid = self._open(), os.getpid()

    def reserve(self, claim: Reservation, limits: tuple[Limit, ...], *, now: datetime) -> None:
        """Set the claim aside if every limit allows it.

        Raises: BudgetSpent naming the limit; ReaderUnavailable if the ledger can't be written.
        """
        try:
            with self._lock, writing(self._connection()) as db:
                self._tidy(db, now)
                for limit in limits:
                    _check(db, claim, limit)
                _add(db, claim, reserved=claim.nanodollars, settled=0)
                ends = now.timestamp() + LEASE_S
                row = (claim.id, claim.reader, claim.day, claim.run, claim.nanodollars, ends)
                db.execute("INSERT INTO reservations VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.Error as problem:
            raise ReaderUnavailable(
                f"the spend ledger {self._path} can't be written ({problem}), so no budget can be kept", billed=False
            ) from problem

    def settle(self, reservation: Reservation, nano: int) -> None:
        """Put what was billed in the reservation's place; 0 releases it.

        A reservation whose lease was over counts as spent for good; only what was billed beyond it is added. If the
        ledger can't be written the reservation stays and counts in full.
        """
        try:
            with self._lock, writing(self._connection()) as db:
                if db.execute("DELETE FROM reservations WHERE id = ?", (reservation.id,)).rowcount:
                    _add(db, reservation, reserved=-reservation.nanodollars, settled=nano)
                else:
                    _add(db, reservation, reserved=0, settled=max(0, nano - reservation.nanodollars))
        except sqlite3.Error as problem:
            log.warning("spend not settled", reader=reservation.reader, problem=str(problem))

    def spent(self, *, reader: str | None = None, day: str | None = None, run: str | None = None) -> float:
        """US dollars settled and reserved by a reader (or all) in a run, or on a day (ISO 8601, UTC)."""
        period = f"run:{run}" if run is not None else f"day:{day}"
        with self._lock:
            return _used(self._connection(), reader or SITE, period) / NANO

    def days(self) -> tuple[DaySpend, ...]:
        """Every reader's spending by day, oldest first."""
        sql = "SELECT reader, day, settled, reserved FROM totals WHERE period LIKE 'day:%' AND reader <> ?"
        with self._lock:
            rows = self._connection().execute(f"{sql} ORDER BY day, reader", (SITE,)).fetchall()
        return tuple(
            DaySpend(reader=reader, day=day, settled_usd=settled / NANO, reserved_usd=reserved / NANO)
            for reader, day, settled, reserved in rows
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _tidy(self, db: sqlite3.Connection, now: datetime) -> None:
        """Once a minute: what dead processes reserved becomes spent, and runs long past are forgotten."""
        if abs(now.timestamp() - self._tidied) < TIDY_EVERY_S:
            return
        self._tidied = now.timestamp()
        _expire(db, now)
        oldest = day_of(now - timedelta(days=RUNS_KEPT_DAYS))
        db.execute("DELETE FROM totals WHERE period LIKE 'run:%' AND day < ?", (oldest,))

    def _connection(self) -> sqlite3.Connection:
        """The connection of this process: SQLite's must not be carried across a fork."""
        if self._path is not None and self._pid != os.getpid():
            self._db, self._pid = self._open(), os.getpid()
        return self._db

    def _open(self) -> sqlite3.Connection:
        try:
            return open_private(self._path, SCHEMA)
        except (sqlite3.Error, OSError) as problem:
            raise ConfigurationError(
                f"{self._path}: the spend ledger can't be used ({problem}); mend its rights, or move the file away: "
                "what was spent before is then not known"
            ) from problem


def _accounts(of: Reservation) -> tuple[tuple[str, str], ...]:
    return tuple((who, period) for who in (of.reader, SITE) for period in (f"day:{of.day}", f"run:{of.run}"))


def _add(db: sqlite3.Connection, of: Reservation, *, reserved: int, settled: int) -> None:
    db.executemany(
        "INSERT INTO totals VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
        "SET reserved = reserved + excluded.reserved, settled = settled + excluded.settled",
        [(who, period, of.day, reserved, settled) for who, period in _accounts(of)],
    )


def _used(db: sqlite3.Connection, reader: str, period: str) -> int:
    sql = "SELECT reserved + settled FROM totals WHERE reader = ? AND period = ?"
    row = db.execute(sql, (reader, period)).fetchone()
    return int(row[0]) if row else 0


def _check(db: sqlite3.Connection, claim: Reservation, limit: Limit) -> None:
    left = limit.nanodollars - _used(db, limit.reader, limit.period)
    if claim.nanodollars > left:
        raise BudgetSpent(
            f"{claim.reader}: this call may cost {money(claim.nanodollars)}, but {money(max(0, left))} is left of "
            f"{limit.name}, {money(limit.nanodollars)}; raise it or wait for the next period"
        )


def _expire(db: sqlite3.Connection, now: datetime) -> None:
    """Reservations that nobody settled in time, their process being dead, become spent. They are never released."""
    sql = "DELETE FROM reservations WHERE lease_ends < ? RETURNING reader, day, run, amount"
    for reader, day, run, amount in db.execute(sql, (now.timestamp(),)).fetchall():
        dead = Reservation(reader=reader, day=day, run=run, nanodollars=amount)
        _add(db, dead, reserved=-amount, settled=amount)
