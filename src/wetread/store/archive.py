"""What was stored, by the identifiers of DICOM: searches on three levels, objects, metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, RowMapping, Select, Table, and_, exists, func, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite

from wetread.store.database import Database
from wetread.store.tables import instances, series, series_metadata, studies

Row = Mapping[str, Any] | RowMapping
ESCAPE = "/"


class Level(StrEnum):
    """What is searched for."""

    STUDIES = "studies"
    SERIES = "series"
    INSTANCES = "instances"


class How(StrEnum):
    r"""How a value is matched (PS3.4 C.2.2.2).

    WILD: with `*` and `?`; IDENTIFIER: the same, but a value that exists as it is written stands for itself alone;
    NAME: a person's, without regard to case; RANGE: two ends, each may be empty; WITHIN: one of a `\A\B\` set.
    """

    ONE_OF = "one_of"
    WILD = "wild"
    IDENTIFIER = "identifier"
    NAME = "name"
    RANGE = "range"
    WITHIN = "within"


TABLES: dict[Level, Table] = {Level.STUDIES: studies, Level.SERIES: series, Level.INSTANCES: instances}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition. `name` is a column of the level's table or a tag (`00080030`) of its further header."""

    level: Level
    name: str
    how: How
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing found: its row with those of what it is part of."""

    study: Row
    series: Row | None = None
    instance: Row | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One stored object with the identifiers it is addressed by. `copies` counts others that claim the same ones."""

    instance_id: int
    study_id: str
    study_uid: str
    series_id: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str | None
    syntax: str | None
    blob: str
    size_bytes: int
    number: int | None
    frames: int
    is_image: bool
    modality: str | None
    body_part: str | None
    copies: int = 0


def search(db: Database, level: Level, terms: Sequence[Term], *, limit: int, offset: int = 0) -> list[Hit]:
    """What fulfils all terms: studies newest first, series and instances by their numbers.

    A study without a UID (loose pictures) is not found here.
    """
    tables = _upto(level)
    columns = ((table.name, column) for table in tables for column in table.c if column.name != "found")
    query = _joined(select(*(column.label(f"{name}__{column.name}") for name, column in columns)), tables)
    query = query.where(*_addressable(tables), *(_condition(db, term) for term in terms))
    query = query.order_by(*_order(level)).limit(limit).offset(offset)
    with db.read() as connection:
        return [_hit(row) for row in connection.execute(query).mappings()]


def objects(
    db: Database, study_uid: str, series_uid: str | None = None, sop_uid: str | None = None
) -> tuple[StoredObject, ...]:
    """The objects of a study, series or instance, in the order of series and number; none where there is none.

    Of several objects that claim one SOP Instance UID in a series the one that came first.
    """
    tables = _upto(Level.INSTANCES)
    query: Select[Any] = select(
        *(instances.c[name] for name in ("instance_id", "study_id", "series_id", "sop_class_uid")),
        instances.c.sop_instance_uid.label("sop_uid"),
        instances.c.transfer_syntax_uid.label("syntax"),
        *(instances.c[name] for name in ("blob", "size_bytes", "number", "frames", "kind")),
        *(series.c[name] for name in ("series_uid", "modality", "body_part")),
        studies.c.study_uid,
    )
    query = _joined(query, tables).where(studies.c.study_uid == study_uid, *_addressable(tables, firsts=False))
    if series_uid is not None:
        query = query.where(series.c.series_uid == series_uid)
    if sop_uid is not None:
        query = query.where(instances.c.sop_instance_uid == sop_uid)
    with db.read() as connection:
        rows = connection.execute(query.order_by(*_order(Level.INSTANCES))).mappings().all()
    return _firsts(rows)


def metadata_of(db: Database, series_id: str) -> tuple[int, bytes] | None:
    """The kept metadata of a series (gzip) and of how many instances it tells."""
    query = select(series_metadata.c.instance_count, series_metadata.c.body).where(
        series_metadata.c.series_id == series_id
    )
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else (row.instance_count, bytes(row.body))


def keep_metadata(db: Database, series_id: str, instance_count: int, body: bytes) -> None:
    """Keep the metadata (gzip) of a series in place of what was there; nothing happens where the series is gone."""
    dialect = sqlite if db.is_sqlite else postgresql
    values = {"series_id": series_id, "instance_count": instance_count, "body": body}
    adding = dialect.insert(series_metadata).values(**values)
    changed = {"instance_count": instance_count, "body": body}
    with db.write() as connection:
        there = connection.execute(select(series.c.series_id).where(series.c.series_id == series_id)).one_or_none()
        if there is not None:
            connection.execute(adding.on_conflict_do_update(index_elements=["series_id"], set_=changed))


def _upto(level: Level) -> tuple[Table, ...]:
    return tuple(TABLES.values())[: list(Level).index(level) + 1]


def _joined(query: Select[Any], tables: tuple[Table, ...]) -> Select[Any]:
    source: Any = studies
    if series in tables:
        source = source.join(series, series.c.study_id == studies.c.study_id)
    if instances in tables:
        source = source.join(instances, instances.c.series_id == series.c.series_id)
    return query.select_from(source)


def _addressable(tables: tuple[Table, ...], *, firsts: bool = True) -> list[ColumnElement[bool]]:
    """Whatever has the identifiers that DICOMweb needs; `firsts`: one of several that claim the same."""
    found: list[ColumnElement[bool]] = [studies.c.study_uid.is_not(None)]
    if series in tables:
        found.append(series.c.series_uid.is_not(None))
    if instances in tables:
        found.append(instances.c.sop_instance_uid.is_not(None))
        if firsts:
            other = instances.alias("other")
            same = and_(
                other.c.sop_instance_uid == instances.c.sop_instance_uid,
                other.c.series_id == instances.c.series_id,
                other.c.instance_id < instances.c.instance_id,
            )
            found.append(~exists(select(other.c.instance_id).where(same)))
    return found


def _order(level: Level) -> tuple[Any, ...]:
    by_series = (series.c.number.is_(None), series.c.number, series.c.series_uid)
    return {
        Level.STUDIES: (studies.c.arrived_at.desc(), studies.c.study_id.desc()),
        Level.SERIES: (studies.c.arrived_at.desc(), studies.c.study_id.desc(), *by_series),
        Level.INSTANCES: (
            studies.c.arrived_at.desc(),
            studies.c.study_id.desc(),
            *by_series,
            instances.c.number.is_(None),
            instances.c.number,
            instances.c.instance_id,
        ),
    }[level]


def _hit(row: Row) -> Hit:
    parts: dict[str, dict[str, Any]] = {}
    for label, value in row.items():
        table, _, name = label.partition("__")
        parts.setdefault(table, {})[name] = value
    return Hit(study=parts["studies"], series=parts.get("series"), instance=parts.get("instances"))


def _firsts(rows: Sequence[Row]) -> tuple[StoredObject, ...]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["series_id"], row["sop_uid"]), []).append(row)
    return tuple(_object(min(same, key=lambda r: r["instance_id"]), len(same) - 1) for same in found.values())


def _object(row: Row, copies: int) -> StoredObject:
    values = {name: value for name, value in row.items() if name != "kind"}
    return StoredObject(**values, is_image=row["kind"] == "dicom_image", copies=copies)


def _condition(db: Database, term: Term) -> ColumnElement[bool]:
    column = _column(TABLES[term.level], term)
    made: dict[How, Any] = {
        How.ONE_OF: _one_of,
        How.WILD: lambda c, v: or_(*(_wild(db, c, one) for one in v)),
        How.IDENTIFIER: lambda c, v: or_(*(_identifier(db, c, one) for one in v)),
        How.NAME: lambda c, v: or_(*(_name(c, one) for one in v)),
        How.RANGE: _range,
        How.WITHIN: lambda c, v: or_(*(c.contains(f"\\{one}\\", autoescape=True) for one in v)),
    }
    condition: ColumnElement[bool] = made[term.how](column, term.values)
    return condition


def _column(table: Table, term: Term) -> Any:
    if term.name in table.c:
        return table.c[term.name]
    first = table.c.header[term.name]["Value"][0]
    return (first["Alphabetic"] if term.how is How.NAME else first).as_string()


def _one_of(column: ColumnElement[Any], values: tuple[str, ...]) -> ColumnElement[bool]:
    if isinstance(column.type, Integer):
        whole = [int(value) for value in values if value.lstrip("+-").isdecimal() and len(value) < 12]
        return column.in_(whole)
    return column.in_(values)


def _range(column: ColumnElement[Any], values: tuple[str, ...]) -> ColumnElement[bool]:
    low, high = values
    return and_(column >= low if low else true(), column <= high if high else true(), column.is_not(None))


def _has_wildcard(value: str) -> bool:
    return "*" in value or "?" in value


def _wild(db: Database, column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Wildcards with regard to case; without them equality."""
    if not _has_wildcard(value):
        return column == value
    if db.is_sqlite:  # its LIKE has no regard to case
        return column.op("GLOB", is_comparison=True)(value.replace("[", "[[]"))
    return column.like(_pattern(value), escape=ESCAPE)


def _identifier(db: Database, column: Column[Any], value: str) -> ColumnElement[bool]:
    """`12*4` finds the patient of that very number alone, where there is one, and never somebody else beside."""
    if not _has_wildcard(value):
        return column == value
    other = column.table.alias("same")
    literal = exists(select(other.c[column.name]).where(other.c[column.name] == value))
    return or_(column == value, and_(~literal, _wild(db, column, value)))


def _name(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """A person's name: case is of no regard (also where the database only knows that of ASCII), nor are empty parts."""
    wanted = value.rstrip("^")
    forms = dict.fromkeys((wanted, wanted.upper(), wanted.lower(), wanted.title()))
    kept = func.rtrim(column, "^")
    plain = or_(*(kept.ilike(_pattern(form), escape=ESCAPE) for form in forms))
    groups = or_(*(column.ilike(_pattern(form) + "=%", escape=ESCAPE) for form in forms))  # PS3.5 6.2.1: ideographic
    return or_(plain, groups)


def _pattern(value: str) -> str:
    for letter in (ESCAPE, "%", "_"):
        value = value.replace(letter, ESCAPE + letter)
    return value.replace("*", "%").replace("?", "_")
