"""What is backed up is what is restored; anything else is refused."""

import io
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import select

from databases import KINDS, both
from stored import NOON, incoming, name_of, placed, put_study
from wetread.errors import ConfigurationError, FileUnreadable, InputError
from wetread.store.audit import append, verify
from wetread.store.backup import plain_tables, write_backup
from wetread.store.blobs import FolderBlobs
from wetread.store.database import Database, store_url
from wetread.store.listing import study, totals
from wetread.store.restore import restore_backup
from wetread.store.schema import schema_version
from wetread.store.tables import studies

GOLDEN = next((Path(__file__).parents[2] / "golden" / "store").glob("backup_*.tar"))


def contents(database):
    with database.read() as connection:
        return {
            t.name: sorted(repr(tuple(row)) for row in connection.execute(select(t))) for t in plain_tables(connection)
        }


def opened(kind, databases, tmp_path):
    return Database(store_url(databases(kind, empty=True), tmp_path))


@both
@pytest.mark.parametrize("other", KINDS)
def test_a_store_comes_back_with_every_row_on_either_database(kind, other, databases, tmp_path):
    first, second = (opened(k, databases, tmp_path) for k in (kind, other))
    blobs = FolderBlobs(tmp_path / "blobs")
    restore_backup(GOLDEN, first, blobs, folder=tmp_path / "a", now=NOON)
    (tmp_path / "rules.toml").write_text("[[rule]]")
    files = {"rules.toml": tmp_path / "rules.toml", "spool/a1/000001.dcm": tmp_path / "rules.toml"}
    write_backup(first, blobs, tmp_path / "b.tar", files=files, software="1", now=NOON)
    again = FolderBlobs(tmp_path / "again")
    told = restore_backup(tmp_path / "b.tar", second, again, folder=tmp_path / "c", now=NOON)
    assert contents(second) == contents(first)
    assert told.rows == sum(map(len, contents(first).values()))
    assert {b.sha256 for b in again.all()} == {b.sha256 for b in blobs.all()}
    assert (tmp_path / "c" / "spool" / "a1" / "000001.dcm").read_text() == "[[rule]]"
    assert totals(second) == totals(first)
    assert verify(second).whole
    assert placed(second, incoming("new")).is_new  # counters go on after the restored rows
    append(second, actor="a", roles=(), action="start", object="x/1", outcome="success", now=NOON)
    for store in (first, second):
        store.close()


def test_a_study_that_was_being_read_is_queued_again(databases, tmp_path):
    store = opened("sqlite", databases, tmp_path)
    restore_backup(GOLDEN, store, FolderBlobs(tmp_path / "blobs"), folder=tmp_path, now=NOON)
    row = study(store, name_of("one")[:32])
    assert (row["status"], row["generation"]) == ("queued", 2)
    store.close()


def test_rows_alone_can_be_backed_up(database, tmp_path):
    put_study(database, "0" * 32)
    made = write_backup(database, None, tmp_path / "b.tar", files={}, software="1", now=NOON)
    assert not made.with_blobs
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600


def test_a_blob_whose_time_was_over_is_counted_as_absent(database, tmp_path):
    placed(database, incoming())
    blobs = FolderBlobs(tmp_path / "blobs")
    assert write_backup(database, blobs, tmp_path / "b.tar", files={}, software="1", now=NOON).blobs_absent == 1


def test_nothing_is_overwritten(databases, tmp_path):
    store, blobs = opened("sqlite", databases, tmp_path), FolderBlobs(tmp_path / "blobs")
    restore_backup(GOLDEN, store, blobs, folder=tmp_path, now=NOON)
    with pytest.raises(ConfigurationError, match="a store already"):
        restore_backup(GOLDEN, store, blobs, folder=tmp_path, now=NOON)
    (tmp_path / "b.tar").touch()
    with pytest.raises(ConfigurationError, match="exists already"):
        write_backup(store, blobs, tmp_path / "b.tar", files={}, software="1", now=NOON)
    store.close()


def changed(tmp_path, *, drop=(), add=(), edit=()):
    """The golden backup with parts left out, added (TarInfo and bytes) or with one byte of them changed."""
    path = tmp_path / "changed.tar"
    with tarfile.open(GOLDEN) as old, tarfile.open(path, "w") as new:
        for info in old:
            data = bytearray(old.extractfile(info).read())
            if info.name.startswith(tuple(edit)) and data:
                data[-1] ^= 1
            if not info.name.startswith(tuple(drop)):
                new.addfile(info, io.BytesIO(data))
        for info, data in add:
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
    return path


def link(name, target):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


DAMAGES = {
    "an edited table": ({"edit": ["tables/studies"]}, "hash differs"),
    "an edited blob": ({"edit": ["blobs/"]}, "hash differs"),
    "a missing table": ({"drop": ["tables/audit"]}, "not both in it"),
    "no manifest": ({"drop": ["manifest"]}, "not written to its end"),
    "a path that climbs": ({"add": [(tarfile.TarInfo("files/../../x"), b"")]}, "no backup does"),
    "an absolute path": ({"add": [(tarfile.TarInfo("/etc/x"), b"")]}, "no backup does"),
    "a link": ({"add": [(link("files/rules.toml", "/etc/passwd"), b"")]}, "no backup does"),
    "a name twice": ({"add": [(tarfile.TarInfo("manifest.json"), b"{}")]}, "no backup does"),
    "a file that was not written": ({"add": [(tarfile.TarInfo("files/cron"), b"x")]}, "not both in it"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_backup_that_was_changed_is_refused_and_leaves_no_row(damage, databases, tmp_path):
    how, said = DAMAGES[damage]
    store = opened("sqlite", databases, tmp_path)
    with pytest.raises(InputError, match=said):
        restore_backup(changed(tmp_path, **how), store, FolderBlobs(tmp_path / "b"), folder=tmp_path / "d", now=NOON)
    if schema_version(store):
        assert not any(contents(store).values())
        restore_backup(GOLDEN, store, FolderBlobs(tmp_path / "b"), folder=tmp_path / "d", now=NOON)
    assert not (tmp_path / "x").exists()
    store.close()


def test_what_is_no_tar_is_refused(databases, tmp_path):
    (tmp_path / "b.tar").write_bytes(b"\0\1" * 3000)
    store = opened("sqlite", databases, tmp_path)
    with pytest.raises(FileUnreadable):
        restore_backup(tmp_path / "b.tar", store, FolderBlobs(tmp_path / "b"), folder=tmp_path, now=NOON)
    store.close()


def test_a_backup_is_of_one_moment(database_kind, database, tmp_path):
    """A study that is placed while tables are written is in all of them or in none."""
    from wetread.store import backup

    written = backup._zip_rows

    def meanwhile(connection, table, file):
        if table.name == "studies":
            placed(database, incoming("late"))
        return written(connection, table, file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup, "_zip_rows", meanwhile)
        made = write_backup(database, None, tmp_path / "b.tar", files={}, software="1", now=NOON)
    assert {made.tables[name].rows for name in ("studies", "series", "instances", "trace")} == {0}
    with database.read() as connection:
        assert len(connection.execute(select(studies)).all()) == 1


def test_left_over_blobs_do_not_reach_a_backup(database, tmp_path):
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put_bytes(b"left over")
    assert write_backup(database, blobs, tmp_path / "b.tar", files={}, software="1", now=NOON).blobs == 0
