"""Backups: every row as it stood at one moment, the blobs it names and the files beside them, in one tar.

The rows are JSON lines of plain values, the same for SQLite and PostgreSQL: a backup of one can be restored to the
other, and one of an older schema is restored at that schema and migrated.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, MetaData, Table, select, union

from wetread.errors import ConfigurationError, NotFound
from wetread.store.blobs import Blobs
from wetread.store.database import Database
from wetread.store.records import to_record
from wetread.store.schema import revision_of
from wetread.store.sentinels import sentinel_blobs
from wetread.store.tables import instances, problems

FORMAT = 1
MANIFEST = "manifest.json"
OF_PROCESSES = frozenset(("alembic_version", "executors", "leases", "locks", "sessions"))  # of those that run now


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A part of a backup: SHA-256 of its bytes, for a table of its unzipped lines and how many they are."""

    sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds. `blobs_absent` were named by a row and no longer there: their time was over."""

    schema: str
    software: str
    made_at: datetime
    format: int = FORMAT
    with_blobs: bool = True
    blobs: int = 0
    blobs_absent: int = 0
    tables: dict[str, Member] = field(default_factory=dict)
    files: dict[str, Member] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(member.rows or 0 for member in self.tables.values())


def write_backup(
    database: Database, blobs: Blobs | None, to: Path, *, files: Mapping[str, Path], software: str, now: datetime
) -> Manifest:
    """Write a backup of a store that may be in use; `files` are further ones by their name in it.

    Files are taken before the rows: what moves from the spool into the store meanwhile is in both, never in neither.
    Without `blobs` only their names are kept.
    Raises: ConfigurationError if `to` exists or can't be written, StoreUnavailable.
    """
    if to.exists():
        raise ConfigurationError(f"{to} exists already; choose another name")
    part = to.with_name(f"{to.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                taken = _add_files(tar, files)
                schema, tables = _add_tables(tar, database, part.parent)
                there, absent = _add_blobs(tar, blobs, database) if blobs else (0, 0)
                manifest = Manifest(
                    schema=schema,
                    software=software,
                    made_at=now,
                    with_blobs=blobs is not None,
                    blobs=there,
                    blobs_absent=absent,
                    tables=tables,
                    files=taken,
                )
                _add(tar, MANIFEST, to_record(Manifest, manifest).encode())
            file.flush()
            os.fsync(file.fileno())
        part.rename(to)
    except OSError as problem:
        raise ConfigurationError(f"{to} can't be written ({problem.strerror})") from problem
    finally:
        part.unlink(missing_ok=True)
    return manifest


def rows_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """A table's rows as JSON lines, in the order of its key; bytes as Base64."""
    look = select(table).order_by(*table.primary_key.columns)
    for row in connection.execution_options(yield_per=1000).execute(look):
        values = [{"base64": b64encode(v).decode()} if isinstance(v, bytes) else v for v in row]
        yield json.dumps(dict(zip(table.columns.keys(), values, strict=True)), separators=(",", ":")).encode() + b"\n"


def plain_tables(connection: Connection) -> list[Table]:
    """The tables as the database has them, without the code's own types; whoever is referred to comes first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in OF_PROCESSES]


@contextmanager
def _moment(database: Database) -> Iterator[Connection]:
    """A connection that sees the store as it is now, whatever is written meanwhile."""
    with database.read() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _add_files(tar: tarfile.TarFile, files: Mapping[str, Path]) -> dict[str, Member]:
    taken = {}
    for name, path in files.items():
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # ingested meanwhile: its rows and blob follow
            continue
        _add(tar, f"files/{name}", data)
        taken[name] = Member(sha256=hashlib.sha256(data).hexdigest())
    return taken


def _add_tables(tar: tarfile.TarFile, database: Database, room: Path) -> tuple[str, dict[str, Member]]:
    members = {}
    with _moment(database) as connection:
        schema = revision_of(connection)
        for table in plain_tables(connection):
            with tempfile.TemporaryFile(dir=room) as file:
                members[table.name] = _zip_rows(connection, table, file)
                told = tarfile.TarInfo(f"tables/{table.name}.jsonl.gz")
                told.size, told.mode = file.tell(), 0o600
                file.seek(0)
                tar.addfile(told, file)
    if schema is None:
        raise ConfigurationError("there is no store to back up; start the service once")
    return schema, members


def _zip_rows(connection: Connection, table: Table, file: IO[bytes]) -> Member:
    digest, rows = hashlib.sha256(), 0
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=3, mtime=0) as zipped:
        for line in rows_of(connection, table):
            zipped.write(line)
            digest.update(line)
            rows += 1
    return Member(sha256=digest.hexdigest(), rows=rows)


def _add_blobs(tar: tarfile.TarFile, blobs: Blobs, database: Database) -> tuple[int, int]:
    """Blobs never change, so they need not be of the same moment; one that expired since is absent."""
    there = absent = 0
    named = union(select(instances.c.blob), select(problems.c.blob))
    with _moment(database) as connection:
        fixed = sentinel_blobs(connection)
        others = connection.execution_options(yield_per=1000).execute(named).scalars()
        for name in chain(fixed, (one for one in others if one not in fixed)):
            try:
                with blobs.open(name) as file:
                    told = tarfile.TarInfo(f"blobs/{name}")
                    told.size, told.mode = os.fstat(file.fileno()).st_size, 0o600
                    tar.addfile(told, file)
                    there += 1
            except (NotFound, FileNotFoundError):
                absent += 1
    return there, absent


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    told = tarfile.TarInfo(name)
    told.size, told.mode = len(data), 0o600
    tar.addfile(told, io.BytesIO(data))
