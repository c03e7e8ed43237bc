"""The gate's runs, and which reader stands in whose place since when: rows are added, never changed or removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from wetread.errors import Conflict, NotFound
from wetread.store.tables import gate_runs, promotions

PROMOTE, ROLLBACK = "promote", "rollback"
MOST_RUNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRun:
    """A candidate against the present reader on the same frozen cases. `body` is the whole of it as JSON."""

    run_id: str
    at: datetime
    present: str
    candidate: str
    fingerprint: str
    cases_sha256: str
    lets_through: bool
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who stands in a slot since `at`: a promotion, or the way back to who stood there before it."""

    at: datetime
    kind: str
    slot: str
    reader: str
    fingerprint: str
    run_id: str | None
    by: str
    reason: str


def keep_run(connection: Connection, run: GateRun) -> None:
    """Keep what the gate said."""
    connection.execute(insert(gate_runs).values(**{name: getattr(run, name) for name in GateRun.__slots__}))


def runs_of(connection: Connection, *, limit: int = MOST_RUNS) -> tuple[GateRun, ...]:
    """What the gate said, the newest first."""
    look = select(gate_runs).order_by(gate_runs.c.at.desc(), gate_runs.c.run_id).limit(limit)
    return tuple(GateRun(**row) for row in connection.execute(look).mappings())


def run_of(connection: Connection, run_id: str) -> GateRun:
    """One run.

    Raises: NotFound.
    """
    row = connection.execute(select(gate_runs).where(gate_runs.c.run_id == run_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no gate run {run_id}; see wetread gate list")
    return GateRun(**row)


def changes_of(connection: Connection, slot: str | None = None) -> tuple[Change, ...]:
    """Every promotion and rollback, of one slot or of all, the oldest first."""
    columns = [promotions.c[name] for name in Change.__slots__]
    look = select(*columns).order_by(promotions.c.promotion_id)
    if slot is not None:
        look = look.where(promotions.c.slot == slot)
    return tuple(Change(**row) for row in connection.execute(look).mappings())


def lineup_of(connection: Connection) -> Mapping[str, Change]:
    """The last change of every slot that was ever changed: it says who stands there."""
    return {one.slot: one for one in changes_of(connection)}


def lock_lineup(connection: Connection) -> None:
    """Nobody else changes the line-up until this transaction ends; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {promotions.name} IN SHARE ROW EXCLUSIVE MODE")


def add_change(connection: Connection, change: Change) -> None:
    """From now on this reader stands in the slot."""
    connection.execute(insert(promotions).values(**{name: getattr(change, name) for name in Change.__slots__}))


def before(changes: Sequence[Change], slot: str) -> Change | None:
    """Who stood in a slot before the promotion that counts; None: the slot's own reader.

    Raises: Conflict where nobody else ever stood there.
    """
    standing: list[Change] = []
    for one in changes:
        if one.slot != slot:
            continue
        if one.kind == PROMOTE:
            standing.append(one)
        elif standing:
            standing.pop()
    if not standing:
        raise Conflict(f"nobody was promoted in the slot {slot}, or all of it was rolled back; see wetread gate lineup")
    return standing[-2] if len(standing) > 1 else None
