"""A backup becomes a store again: an empty one, and only if every part is what was written."""

import gzip
import hashlib
import json
import re
import shutil
import tarfile
import tempfile
import zlib
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import JSON, Connection, Integer, Table, func, insert, select

from wetread.domain.waiting import StudyStatus
from wetread.errors import ConfigurationError, FileUnreadable, InputError, RecordInvalid
from wetread.store.backup import FORMAT, MANIFEST, Manifest, Member, plain_tables
from wetread.store.blobs import Blobs
from wetread.store.blobs.base import hash_of
from wetread.store.change import change_study, remember
from wetread.store.database import Database
from wetread.store.records import from_record
from wetread.store.schema import migrate, schema_version
from wetread.store.tables import studies

KNOWN = re.compile(r"tables/[a-z_]{1,63}\.jsonl\.gz|blobs/[0-9a-f]{64}|files/[\w.-]{1,255}(?:/[\w.-]{1,255}){0,3}")
LARGEST_MANIFEST_BYTES = 64 << 20
BATCH = 1000


def restore_backup(backup: Path, database: Database, blobs: Blobs, *, folder: Path, now: datetime) -> Manifest:
    """Fill an empty store and an empty data folder from a backup; studies that were being read are queued again.

    Every part is checked against the manifest, a blob against its name; nothing is written outside `folder`.
    Raises: ConfigurationError if there is a store already; InputError if the backup is damaged or holds anything else.
    """
    with _opened(backup) as parts:
        manifest = parts.manifest()
        _refuse_used(database, manifest)
        for name, file in manifest.files.items():
            _put_file(folder, name, parts.file(name, file))
        for sha256 in parts.blobs():
            parts.put_blob(sha256, blobs)
        migrate(database, to=manifest.schema)
        with database.write() as connection:
            for table in plain_tables(connection):
                member = manifest.tables.get(table.name)
                if member is not None:
                    _fill(connection, table, parts.rows(table.name, member))
    migrate(database)
    _queue_again(database, now)
    return manifest


class Parts:
    """The parts of a backup by name: plain files whose names a backup has, each once."""

    def __init__(self, backup: Path, tar: tarfile.TarFile) -> None:
        self.backup, self.tar = backup, tar
        self.members: dict[str, tarfile.TarInfo] = {}
        for info in tar:
            known = info.name == MANIFEST or KNOWN.fullmatch(info.name)
            climbs = any(part in {".", ".."} for part in PurePosixPath(info.name).parts)
            if not info.isreg() or not known or climbs or info.name in self.members:
                raise self.wrong(f"it holds {info.name[:100]!r}, which no backup does")
            self.members[info.name] = info

    def manifest(self) -> Manifest:
        """What the backup says it holds; it holds exactly that."""
        info = self.members.get(MANIFEST)
        if info is None or info.size > LARGEST_MANIFEST_BYTES:
            raise self.wrong("it has no manifest: it was not written to its end")
        try:
            manifest: Manifest = from_record(Manifest, self.open(MANIFEST).read())
        except RecordInvalid as problem:
            raise self.wrong(str(problem)) from None
        if manifest.format != FORMAT:
            raise ConfigurationError(f"{self.backup} has format {manifest.format}; install the wetread that made it")
        named = {f"tables/{name}.jsonl.gz" for name in manifest.tables} | {f"files/{name}" for name in manifest.files}
        held = {name for name in self.members if not name.startswith("blobs/")} - {MANIFEST}
        if odd := sorted(named ^ held):
            raise self.wrong(f"{odd[0][:100]!r} is not both in it and in its manifest")
        return manifest

    def file(self, name: str, member: Member) -> bytes:
        """A file's bytes."""
        data = self.open(f"files/{name}").read()
        if hashlib.sha256(data).hexdigest() != member.sha256:
            raise self.changed(f"files/{name}")
        return data

    def rows(self, table: str, member: Member) -> Iterator[dict[str, Any]]:
        """A table's rows; they count only once the last one was read and the hash of all was right."""
        digest, rows = hashlib.sha256(), 0
        name = f"tables/{table}.jsonl.gz"
        try:
            with gzip.GzipFile(fileobj=self.open(name)) as unzipped:
                for line in unzipped:
                    digest.update(line)
                    rows += 1
                    yield json.loads(line)
        except (OSError, EOFError, zlib.error, ValueError):
            raise self.changed(name) from None
        if (digest.hexdigest(), rows) != (member.sha256, member.rows):
            raise self.changed(name)

    def blobs(self) -> Iterator[str]:
        """The names of all blobs."""
        yield from (name.removeprefix("blobs/") for name in self.members if name.startswith("blobs/"))

    def put_blob(self, sha256: str, blobs: Blobs) -> None:
        """Hand over a blob whose bytes have the hash that it is called by."""
        with tempfile.NamedTemporaryFile() as file:
            shutil.copyfileobj(self.open(f"blobs/{sha256}"), file, 1 << 20)
            file.flush()
            if hash_of(Path(file.name))[0] != sha256:
                raise self.changed(f"blobs/{sha256}")
            blobs.put_file(Path(file.name))

    def open(self, name: str) -> IO[bytes]:
        """A part's bytes."""
        file = self.tar.extractfile(self.members[name])
        assert file is not None, "only plain files are members"
        return file

    def changed(self, name: str) -> InputError:
        """What is said of a part whose hash is wrong."""
        return self.wrong(f"{name} is not what was written: its hash differs")

    def wrong(self, problem: str) -> InputError:
        """What is said of a backup that can't be used."""
        return InputError(str(self.backup), problem, "use another backup")


@contextmanager
def _opened(backup: Path) -> Iterator[Parts]:
    try:
        with tarfile.open(backup, mode="r:") as tar:
            yield Parts(backup, tar)
    except FileNotFoundError:
        raise ConfigurationError(f"there is no backup {backup}") from None
    except tarfile.TarError as problem:
        raise FileUnreadable(str(backup), f"it can't be read as a backup ({problem})", "use another backup") from None


def _refuse_used(database: Database, manifest: Manifest) -> None:
    version = schema_version(database)
    if version is None:
        return
    with database.read() as connection:
        tables = plain_tables(connection)
        used = next((t.name for t in tables if connection.execute(select(t).limit(1)).first()), None)
    if used or version != manifest.schema:
        raise ConfigurationError("there is a store already; a backup is restored into an empty folder or database only")


def _put_file(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(data)
    path.chmod(0o600)


def _fill(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    rows = iter(rows)
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type.none_as_null = True
    while some := list(islice(rows, BATCH)):
        connection.execute(insert(table), [_row(table, row) for row in some])
    if connection.dialect.name == "postgresql":
        for column in table.primary_key.columns:
            if isinstance(column.type, Integer):
                _count_on(connection, table, column.name)


def _row(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(table, name, value) for name, value in row.items()}


def _value(table: Table, name: str, value: Any) -> Any:
    if isinstance(table.c[name].type, JSON):
        return value
    return b64decode(value["base64"]) if isinstance(value, dict) else value


def _count_on(connection: Connection, table: Table, column: str) -> None:
    """The next row's number comes after those restored."""
    name = func.pg_get_serial_sequence(table.name, column)
    last = select(func.max(table.c[column])).scalar_subquery()
    connection.execute(select(func.setval(name, last)).where(last.is_not(None)))


def _queue_again(database: Database, now: datetime) -> None:
    """The flows that were under way are not in a backup: their studies wait for a reader again."""
    look = select(studies.c.study_id, studies.c.generation, studies.c.version)
    with database.write() as connection:
        for row in connection.execute(look.where(studies.c.status == StudyStatus.READING.value)).all():
            queued = {"status": StudyStatus.QUEUED.value, "generation": row.generation + 1}
            change_study(connection, row.study_id, now=now, kind="study.queued", **queued)
            text = "restored from a backup while it was being read: queued again"
            remember(connection, row.study_id, "queued", text, now=now, version=row.version)
