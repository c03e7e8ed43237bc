"""Reads in the shadow: kept beside the live ones and never taken for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from wetread.domain.read import Answer, Read, ReaderIdentity
from wetread.domain.report import Report
from wetread.store.database import Database
from wetread.store.jobs import read_id
from wetread.store.records import from_record, to_record
from wetread.store.tables import reads, reports, studies

MOST_PAIRS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One study version: the report that was made of it, and what a reader said of it in the shadow."""

    study_id: str
    version: int
    at: datetime
    report: Report
    live_latency_s: float | None
    shadow: Answer


def waits_for_shadow(db: Database, who: ReaderIdentity, *, since: datetime) -> Mapping[str, Any] | None:
    """The newest study that AI reported since then and that this reader has not said anything of, live or not.

    Raises: StoreUnavailable.
    """
    same = and_(reads.c.study_id == studies.c.study_id, reads.c.version == studies.c.version)
    mine = and_(same, reads.c.reader == who.name, reads.c.fingerprint == who.fingerprint)
    look = (
        select(*studies.c)
        .where(
            studies.c.reported_at >= since,
            studies.c.expired_at.is_(None),
            studies.c.status.in_(("reported", "signed")),
            exists(select(1).where(same, reads.c.answered, ~reads.c.shadow)),
            ~exists(select(1).where(mine)),
        )
        .order_by(studies.c.reported_at.desc(), studies.c.study_id)
        .limit(1)
    )
    with db.read() as connection:
        row = connection.execute(look).mappings().one_or_none()
        return None if row is None else dict(row)


def keep_shadow(db: Database, study_id: str, version: int, answer: Answer, *, now: datetime) -> None:
    """Keep what a reader said, or why it did not; the first answer stays.

    Raises: StoreUnavailable.
    """
    who = answer.reader
    is_read = isinstance(answer, Read)
    name = read_id(study_id, version, who.name, f"{who.fingerprint}\x1fshadow")  # never a live read's name
    row = {
        "read_id": name,
        "study_id": study_id,
        "version": version,
        "reader": who.name,
        "fingerprint": who.fingerprint,
        "body": to_record(Answer, answer),
        "answered": is_read,
        "shadow": True,
        "cost_usd": answer.cost_usd if isinstance(answer, Read) else None,
        "latency_s": answer.trace.latency_s if isinstance(answer, Read) and answer.trace else None,
        "at": now,
    }
    dialect = sqlite if db.is_sqlite else postgresql
    with db.write() as connection:
        there = connection.scalar(select(studies.c.study_id).where(studies.c.study_id == study_id).with_for_update())
        if there is not None:  # it was not removed meanwhile
            connection.execute(dialect.insert(reads).values(**row).on_conflict_do_nothing())


def shadow_readers(connection: Connection, *, since: datetime) -> list[tuple[str, str]]:
    """Name and fingerprint of whoever was asked in the shadow since then."""
    look = select(reads.c.reader, reads.c.fingerprint).where(reads.c.shadow, reads.c.at >= since)
    return [
        (row.reader, row.fingerprint) for row in connection.execute(look.distinct().order_by(*look.selected_columns))
    ]


def pairs_of(
    connection: Connection, reader: str, fingerprint: str, *, since: datetime, limit: int = MOST_PAIRS
) -> Iterator[Pair]:
    """What this reader said in the shadow since then beside what was reported, the newest first.

    Raises: RecordInvalid.
    """
    mine = reads.c.shadow, reads.c.reader == reader, reads.c.fingerprint == fingerprint, reads.c.at >= since
    look = select(reads).where(*mine).order_by(reads.c.at.desc(), reads.c.read_id).limit(limit)
    for row in connection.execute(look).mappings().all():
        where = reports.c.study_id == row["study_id"], reports.c.version == row["version"]
        first = select(reports.c.body).where(*where, reports.c.status == "preliminary").order_by(reports.c.at.desc())
        body = connection.scalar(first.limit(1))
        if body is None:
            continue
        live = select(reads.c.latency_s).where(
            reads.c.study_id == row["study_id"], reads.c.version == row["version"], reads.c.answered, ~reads.c.shadow
        )
        took = [seconds for seconds in connection.scalars(live) if seconds is not None]
        yield Pair(
            study_id=row["study_id"],
            version=row["version"],
            at=row["at"],
            report=from_record(Report, body),
            live_latency_s=max(took, default=None),
            shadow=from_record(Answer, row["body"]),
        )
