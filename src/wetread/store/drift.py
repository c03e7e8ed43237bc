"""What drift is told by: descriptors of studies, what readers said in a period, baselines, and the looks at them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from wetread.store.database import Database
from wetread.store.facts import storable
from wetread.store.tables import descriptors, drift_baselines, drift_looks, instances, reads, reports, series, studies

SIGNED = ("final", "amended")
LEVELS = ("too_few", "quiet", "warn", "alarm")
RAISED = LEVELS[2:]
LATELY = timedelta(days=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """One reader's answer on one version of a study, with the study's descriptor where there is one."""

    study_id: str
    version: int
    fingerprint: str
    body: str
    answered: bool
    latency_s: float | None
    at: datetime
    descriptor: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """What the tables know of a study's making: one row of a study, its first series with pictures, its headers."""

    study_id: str
    sex: str | None
    age_years: float | None
    modality: str | None
    body_part: str | None
    images: int
    header: Mapping[str, Any]
    found: str | None
    rows: int | None
    columns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBaseline:
    """A reader's baseline: who made it when and why, and itself as JSON."""

    baseline_id: int
    reader: str
    at: datetime
    by: str
    reason: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLook:
    """One look at one period; `body` holds its measures and what the next look must know."""

    look_id: int
    reader: str
    at: datetime
    since: datetime
    until: datetime
    level: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One thing that has moved, as the last look at a reader said: how far, against which limit, of how many cases."""

    kind: str
    what: str
    level: str
    value: float | None
    limit: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFigures:
    """A reader's last look: when, how each kind of chart stands (the worst of it), and what has moved."""

    reader: str
    at: datetime
    levels: Mapping[str, str]
    raised: tuple[Raised, ...]


def undescribed(database: Database, *, since: datetime, limit: int) -> tuple[str, ...]:
    """Studies that were read since then and have no descriptor, the earliest read first.

    Raises: StoreUnavailable.
    """
    missing = descriptors.c.study_id.is_(None)
    look = select(reads.c.study_id).outerjoin(descriptors, descriptors.c.study_id == reads.c.study_id)
    look = look.where(reads.c.at >= since, reads.c.answered, missing).group_by(reads.c.study_id)
    with database.read() as connection:
        return tuple(connection.scalars(look.order_by(func.min(reads.c.at), reads.c.study_id).limit(limit)))


def study_row(database: Database, study_id: str) -> StudyRow | None:
    """What the tables know of a study's making; None where the study or its pictures are gone.

    Raises: StoreUnavailable.
    """
    columns = (studies.c.study_id, studies.c.patient_sex.label("sex"), studies.c.age_years)
    taken = (series.c.modality, series.c.body_part, series.c.header, instances.c.found)
    sizes = (instances.c.rows, instances.c.columns, studies.c.instance_count.label("images"))
    look = select(*columns, *taken, *sizes).join_from(studies, series, series.c.study_id == studies.c.study_id)
    look = look.join(instances, instances.c.series_id == series.c.series_id)
    pictures = studies.c.study_id == study_id, instances.c.kind != "dicom_other"
    first = series.c.number.asc().nulls_last(), series.c.series_id, instances.c.number.asc().nulls_last()
    with database.read() as connection:
        row = connection.execute(look.where(*pictures).order_by(*first, instances.c.instance_id).limit(1)).mappings()
        found = row.one_or_none()
    return None if found is None else StudyRow(**found)


def keep_descriptor(database: Database, study_id: str, body: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what a study looks like; a later one takes the place of an earlier one.

    Raises: StoreUnavailable.
    """
    dialect = sqlite if database.is_sqlite else postgresql
    told = storable(descriptors, {"at": now, "body": dict(body)})
    adding = dialect.insert(descriptors).values(study_id=study_id, **told)
    with database.write() as connection:
        known = connection.scalar(select(studies.c.study_id).where(studies.c.study_id == study_id))
        if known is not None:  # it may have been removed meanwhile
            connection.execute(adding.on_conflict_do_update(index_elements=["study_id"], set_=told))


def readers_since(connection: Connection, since: datetime) -> tuple[str, ...]:
    """The readers that were asked for reports since then, by name."""
    look = select(reads.c.reader).where(reads.c.at >= since, reads.c.shadow.is_(False)).distinct()
    return tuple(connection.scalars(look.order_by(reads.c.reader)))


def reads_between(connection: Connection, reader: str, since: datetime, until: datetime) -> Iterator[ReadRow]:
    """A reader's answers from `since` until before `until`, in their order; each study's last version alone."""
    mine = reads.c.reader == reader, reads.c.shadow.is_(False), reads.c.at >= since, reads.c.at < until
    versions = select(reads.c.study_id, func.max(reads.c.version).label("version")).where(*mine)
    last = versions.group_by(reads.c.study_id).subquery()
    columns = (
        reads.c.study_id,
        reads.c.version,
        reads.c.fingerprint,
        reads.c.body,
        reads.c.answered,
        reads.c.latency_s,
        reads.c.at,
        descriptors.c.body.label("descriptor"),
    )
    same = and_(last.c.study_id == reads.c.study_id, last.c.version == reads.c.version)
    look = select(*columns).join(last, same).outerjoin(descriptors, descriptors.c.study_id == reads.c.study_id)
    look = look.where(*mine).order_by(reads.c.at, reads.c.read_id)
    for row in connection.execute(look, execution_options={"yield_per": 500}).mappings():
        yield ReadRow(**row)


def fingerprint_now(connection: Connection, reader: str) -> str | None:
    """The fingerprint that a reader's newest answer was asked under, None where it never answered."""
    mine = reads.c.reader == reader, reads.c.shadow.is_(False), reads.c.answered
    found: str | None = connection.scalar(select(reads.c.fingerprint).where(*mine).order_by(reads.c.at.desc()).limit(1))
    return found


def count_between(connection: Connection, reader: str, since: datetime, until: datetime) -> int:
    """How many studies a reader was asked of from `since` until before `until`."""
    mine = reads.c.reader == reader, reads.c.shadow.is_(False), reads.c.at >= since, reads.c.at < until
    return int(connection.scalar(select(func.count(reads.c.study_id.distinct())).where(*mine)) or 0)


def signed_between(
    connection: Connection, reader: str, since: datetime, until: datetime
) -> Iterator[tuple[str, str, str]]:
    """Study, signed report and the reader's answer on it, both as JSON, of what was first signed in that period.

    A report that was superseded (an addendum, a withdrawal) is told as it stands now.
    """
    signings = select(reports.c.study_id).where(
        reports.c.status == "final", reports.c.at >= since, reports.c.at < until
    )
    mine = reads.c.reader == reader, reads.c.shadow.is_(False), reads.c.answered
    standing = reports.c.superseded_at.is_(None), reports.c.status.in_(SIGNED)
    same = and_(reads.c.study_id == reports.c.study_id, reads.c.version == reports.c.version)
    look = select(reports.c.study_id, reports.c.body, reads.c.body).join_from(reports, reads, same)
    look = look.where(reports.c.study_id.in_(signings), *standing, *mine).order_by(reports.c.at, reports.c.report_id)
    for row in connection.execute(look, execution_options={"yield_per": 200}):
        yield row[0], row[1], row[2]


def keep_baseline(connection: Connection, reader: str, body: str, *, by: str, reason: str, now: datetime) -> int:
    """Keep a baseline; it is the reader's from now on. Its number."""
    row = storable(drift_baselines, {"reader": reader, "at": now, "by": by, "reason": reason, "body": body})
    made = connection.execute(insert(drift_baselines).values(**row).returning(drift_baselines.c.baseline_id))
    return int(made.scalar_one())


def last_baseline(connection: Connection, reader: str) -> StoredBaseline | None:
    """The reader's baseline, None where nobody made one."""
    look = select(drift_baselines).where(drift_baselines.c.reader == reader)
    row = connection.execute(look.order_by(drift_baselines.c.baseline_id.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else StoredBaseline(**row)


def keep_look(
    database: Database,
    reader: str,
    body: Mapping[str, Any],
    *,
    since: datetime,
    until: datetime,
    level: str,
    after: int | None,
    now: datetime,
) -> bool:
    """Keep a look that was made after the look `after`; False where somebody else was faster.

    Raises: StoreUnavailable.
    """
    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("LOCK TABLE drift_looks IN SHARE ROW EXCLUSIVE MODE")
        newest = connection.scalar(select(func.max(drift_looks.c.look_id)).where(drift_looks.c.reader == reader))
        if newest != after:
            return False
        row = {"reader": reader, "at": now, "since": since, "until": until, "level": level, "body": json.dumps(body)}
        connection.execute(insert(drift_looks).values(**storable(drift_looks, row)))
        return True


def looks_of(connection: Connection, reader: str, *, limit: int) -> tuple[StoredLook, ...]:
    """A reader's last looks, the newest first."""
    look = select(drift_looks).where(drift_looks.c.reader == reader).order_by(drift_looks.c.look_id.desc())
    return tuple(_look(row) for row in connection.execute(look.limit(limit)).mappings())


def last_looks(connection: Connection, *, since: datetime | None = None) -> tuple[StoredLook, ...]:
    """Every reader's last look, by reader; of those looked at `since` then, where that is given."""
    newest = select(func.max(drift_looks.c.look_id)).group_by(drift_looks.c.reader)
    if since is not None:
        newest = newest.having(func.max(drift_looks.c.at) >= since)
    rows = connection.execute(
        select(drift_looks).where(drift_looks.c.look_id.in_(newest)).order_by(drift_looks.c.reader)
    )
    return tuple(_look(row) for row in rows.mappings())


def drift_figures(connection: Connection, *, now: datetime) -> tuple[DriftFigures, ...]:
    """How drift stands, a reader each, by name; one that is asked no more is looked at no more, and left out."""
    return tuple(_figures(one) for one in last_looks(connection, since=now - LATELY))


def known_to_drift(connection: Connection) -> tuple[str, ...]:
    """Readers that a baseline or a look speaks of, by name."""
    asked = [select(table.c.reader).distinct() for table in (drift_baselines, drift_looks)]
    return tuple(sorted({name for look in asked for name in connection.scalars(look)}))


def _look(row: RowMapping) -> StoredLook:
    return StoredLook(**{**row, "body": json.loads(row["body"])})


def _figures(one: StoredLook) -> DriftFigures:
    measures = one.body["measures"]
    levels = {
        kind: max((m["level"] for m in measures if m["kind"] == kind), key=LEVELS.index)
        for kind in sorted({m["kind"] for m in measures})
    }
    raised = (m for m in measures if m["level"] in RAISED)
    names = Raised.__dataclass_fields__
    return DriftFigures(
        reader=one.reader,
        at=one.at,
        levels=levels,
        raised=tuple(Raised(**{name: m[name] for name in names}) for m in raised),
    )
