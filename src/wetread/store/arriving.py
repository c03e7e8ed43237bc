"""What became of the objects of one arrival."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from wetread.store.tables import arrivals, instances, problems

MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """An object that could not be placed, with the reason."""

    file: str
    problem: str
    remedy: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArrival:
    """An arrival that the store has heard of, the studies its objects went to, and what could not be placed."""

    arrival_id: str
    way: str
    peer: str | None
    started_at: datetime
    closed_at: datetime | None
    objects: int
    study_ids: tuple[str, ...]
    problems: tuple[Misfit, ...]


def arrival_of(connection: Connection, arrival_id: str) -> KnownArrival | None:
    """The arrival, None where nothing of it is in the store yet. At most 1,000 studies and problems are told."""
    look = select(arrivals).where(arrivals.c.arrival_id == arrival_id)
    row: RowMapping | None = connection.execute(look).mappings().one_or_none()
    if row is None:
        return None
    placed = select(instances.c.study_id).distinct().where(instances.c.arrival_id == arrival_id)
    unplaced = select(problems).where(problems.c.arrival_id == arrival_id).order_by(problems.c.problem_id)
    return KnownArrival(
        arrival_id=arrival_id,
        way=row["way"],
        peer=row["peer"],
        started_at=row["started_at"],
        closed_at=row["closed_at"],
        objects=row["objects"],
        study_ids=tuple(connection.execute(placed.limit(MOST)).scalars()),
        problems=tuple(
            Misfit(file=one["file"], problem=one["problem"], remedy=one["remedy"], at=one["at"])
            for one in connection.execute(unplaced.limit(MOST)).mappings()
        ),
    )
