"""What each reader answered, as it was kept, and on which pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from wetread.domain.read import Abstention, Answer, Read
from wetread.errors import NotFound
from wetread.store.records import from_record
from wetread.store.tables import instances, reads, series


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRead:
    """One reader's answer on one version of a study."""

    read_id: str
    study_id: str
    version: int
    reader: str
    answer: Answer
    cost_usd: float | None
    latency_s: float | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The size of a stored picture in pixels."""

    rows: int
    columns: int


def reads_of(connection: Connection, study_id: str, *, version: int | None = None) -> tuple[StoredRead, ...]:
    """Every answer on a study, or on one version of it, oldest first. What was said in the shadow is none of them."""
    look = select(reads).where(reads.c.study_id == study_id, ~reads.c.shadow)
    if version is not None:
        look = look.where(reads.c.version == version)
    rows = connection.execute(look.order_by(reads.c.version, reads.c.at, reads.c.read_id)).mappings()
    return tuple(map(_stored, rows))


def read_by_id(connection: Connection, read_id: str) -> StoredRead:
    """One answer.

    Raises: NotFound.
    """
    row = connection.execute(select(reads).where(reads.c.read_id == read_id, ~reads.c.shadow)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no read {read_id}")
    return _stored(row)


def extent_of(connection: Connection, study_id: str, sop_instance_uid: str) -> Extent | None:
    """The size of a picture of the study, None where it has none."""
    look = select(instances.c.rows, instances.c.columns).where(
        instances.c.study_id == study_id, instances.c.sop_instance_uid == sop_instance_uid
    )
    row = connection.execute(look.limit(1)).one_or_none()
    return None if row is None or not row.rows or not row.columns else Extent(rows=row.rows, columns=row.columns)


def series_of(connection: Connection, study_id: str) -> list[Mapping[str, Any]]:
    """The acquisitions of a study, by their number."""
    look = select(series).where(series.c.study_id == study_id)
    ordered = look.order_by(series.c.number.asc().nulls_last(), series.c.series_uid)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def _stored(row: RowMapping) -> StoredRead:
    return StoredRead(
        read_id=row["read_id"],
        study_id=row["study_id"],
        version=row["version"],
        reader=row["reader"],
        answer=from_record(Read | Abstention, row["body"]),
        cost_usd=row["cost_usd"],
        latency_s=row["latency_s"],
        at=row["at"],
    )
