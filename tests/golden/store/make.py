"""Writes `backup_<schema>.tar` beside this file: a store with rows in every table, made by the code of that schema.

To be run once when a new schema is released; the files of older schemas stay, for the migrations to be tested with.
"""

import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, insert, select

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from stored import NOON, change, incoming, name_of  # noqa: E402
from wetread.domain.waiting import StudyStatus  # noqa: E402
from wetread.store.audit import append  # noqa: E402
from wetread.store.backup import OF_PROCESSES, write_backup  # noqa: E402
from wetread.store.blobs import FolderBlobs  # noqa: E402
from wetread.store.database import Database, store_url  # noqa: E402
from wetread.store.moments import Moment  # noqa: E402
from wetread.store.objects import keep_problem, place_all  # noqa: E402
from wetread.store.schema import migrate, newest_version  # noqa: E402
from wetread.store.tables import metadata  # noqa: E402


def fill(database: Database, blobs: FolderBlobs) -> None:
    """Three studies with objects, an audit of three lines, and a row in each table that has none yet."""
    objects = []
    for study in ("one", "two", "three"):
        for number in range(2):
            sha256, size = blobs.put_bytes(f"{study}/{number}".encode())
            objects.append(incoming(study, number, instance_facts={"blob": sha256, "size_bytes": size}))
    place_all(database, objects, now=NOON)
    change(database, name_of("one")[:32], status=StudyStatus.READING, version=1, generation=1)
    signed = {"status": StudyStatus.SIGNED, "open": False, "version": 1, "signed_at": NOON}
    change(database, name_of("two")[:32], **signed)
    sha256, _ = blobs.put_bytes(b"no DICOM")
    keep_problem(database, arrival=objects[0].arrival, blob=sha256, file="x.dcm", problem="no DICOM", now=NOON)
    for number in range(3):
        append(
            database,
            actor="ada",
            roles=("auditor",),
            action="study_view",
            object=f"study/{number}",
            outcome="success",
            now=NOON + timedelta(seconds=number),
        )
    _fill_rest(database)


def _fill_rest(database: Database) -> None:
    with database.write() as connection:
        for table in metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is None:
                row = {column.name: _value(connection, column) for column in table.columns}
                connection.execute(insert(table).values(**row))


def _value(connection: Connection, column: Column[Any]) -> Any:
    kind = column.type
    if column.foreign_keys and column.name == "study_id":
        return name_of("one")[:32]
    if isinstance(kind, Moment):
        return NOON
    if isinstance(kind, JSON):
        return {"a": [1, None, "é"]}
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer | BigInteger):
        return 1
    if isinstance(kind, Float):
        return 0.1
    if isinstance(kind, LargeBinary):
        return b"\x00\xff"
    for key in column.foreign_keys:
        return connection.execute(select(key.column).limit(1)).scalar_one()
    length = getattr(kind, "length", None)
    return column.name[: min(6, length or 6)]


def main() -> None:
    """Make the store in a folder that goes away, and back it up."""
    to = HERE / f"backup_{newest_version()}.tar"
    to.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        database, blobs = Database(store_url(None, Path(folder))), FolderBlobs(Path(folder) / "blobs")
        migrate(database)
        fill(database, blobs)
        made = write_backup(database, blobs, to, files={}, software="golden", now=NOON)
        database.close()
    print(to.name, made.rows, "rows,", sorted(set(metadata.tables) - set(made.tables) - OF_PROCESSES), "missing")  # noqa: T201


if __name__ == "__main__":
    main()
