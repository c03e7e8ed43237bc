"""What people who run the service look at: how readers answered, how long they took, what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, case, func, select, type_coerce

from wetread.store.moments import EPOCH
from wetread.store.tables import reads

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFigures:
    """What one reader was asked and took since a moment. `unpriced` reads are those whose cost nobody knows."""

    reader: str
    asked: int
    answered: int
    mean_latency_s: float | None
    longest_latency_s: float | None
    cost_usd: float | None
    unpriced: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCost:
    """What one reader took on one day (UTC)."""

    day: date
    reader: str
    reads: int
    cost_usd: float | None
    unpriced: int


def reader_figures(connection: Connection, *, since: datetime) -> list[ReaderFigures]:
    """Every reader that was asked since then, by name."""
    look = (
        select(reads.c.reader, *_sums(), func.max(reads.c.at).label("last_at"))
        .where(reads.c.at >= since, ~reads.c.shadow)
        .group_by(reads.c.reader)
        .order_by(reads.c.reader)
    )
    return [ReaderFigures(**row) for row in connection.execute(look).mappings()]


def daily_costs(connection: Connection, *, since: datetime) -> list[DayCost]:
    """What each reader took, day by day, the newest first."""
    number = type_coerce(reads.c.at, BigInteger) // DAY_US
    look = (
        select(number.label("number"), reads.c.reader, *_sums())
        .where(reads.c.at >= since, ~reads.c.shadow)
        .group_by(number, reads.c.reader)
        .order_by(number.desc(), reads.c.reader)
    )
    return [_day(dict(row)) for row in connection.execute(look).mappings()]


def _day(row: Mapping[str, Any]) -> DayCost:
    day = (EPOCH + timedelta(days=int(row["number"]))).date()
    return DayCost(
        day=day, reader=row["reader"], reads=row["answered"], cost_usd=row["cost_usd"], unpriced=row["unpriced"]
    )


def _sums() -> tuple[Any, ...]:
    answered = func.sum(case((reads.c.answered, 1), else_=0))
    unpriced = func.sum(case((reads.c.answered & reads.c.cost_usd.is_(None), 1), else_=0))
    return (
        func.count().label("asked"),
        answered.label("answered"),
        func.avg(reads.c.latency_s).label("mean_latency_s"),
        func.max(reads.c.latency_s).label("longest_latency_s"),
        func.sum(reads.c.cost_usd).label("cost_usd"),
        unpriced.label("unpriced"),
    )
