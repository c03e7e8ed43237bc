"""Blobs: the same bytes once, durable, and nobody's file is touched."""

import contextlib
import hashlib
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from wetread.errors import ConfigurationError, NotFound, RecordInvalid, StoreUnavailable
from wetread.store.blobs import FolderBlobs, RemoteBlobs, open_blobs

DATA = b"bytes of an object"
SHA256 = hashlib.sha256(DATA).hexdigest()
DAY = timedelta(days=1)


def now():
    return datetime.now(UTC)


@pytest.fixture(params=["folder", "memory"])
def blobs(request, tmp_path):
    if request.param == "folder":
        return open_blobs(None, tmp_path / "blobs")
    return open_blobs(f"memory://{tmp_path.name}", tmp_path / "cache")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.dcm"
    path.write_bytes(DATA)
    return path


def test_what_is_put_is_there_byte_by_byte(blobs, source):
    assert blobs.put_file(source) == blobs.put_bytes(DATA) == (SHA256, len(DATA))
    assert blobs.exists(SHA256)
    assert blobs.local_path(SHA256).read_bytes() == DATA
    with blobs.open(SHA256) as file:
        assert file.read() == DATA
    assert [one.sha256 for one in blobs.all()] == [SHA256]
    assert source.read_bytes() == DATA


def test_what_is_removed_is_gone(blobs):
    blobs.put_bytes(DATA)
    blobs.local_path(SHA256)
    assert blobs.remove(SHA256)
    assert not blobs.remove(SHA256)
    assert not blobs.exists(SHA256)
    assert list(blobs.all()) == []
    with pytest.raises(NotFound):
        blobs.local_path(SHA256)


def test_a_blob_that_was_put_again_is_not_removed_as_left_over(blobs):
    blobs.put_bytes(DATA)
    assert not blobs.remove(SHA256, untouched_since=now() - DAY)
    assert blobs.local_path(SHA256).read_bytes() == DATA
    assert blobs.remove(SHA256, untouched_since=now() + DAY)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "/" * 64, SHA256 + "0"])
def test_only_hashes_are_names_of_blobs(blobs, name):
    for look in (blobs.local_path, blobs.exists, blobs.remove):
        with pytest.raises(RecordInvalid):
            look(name)


def test_a_linked_file_is_the_blob_and_survives_its_old_name(tmp_path, source):
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put_file(source, link=True)
    assert blobs.local_path(SHA256).samefile(source)
    source.unlink()
    assert blobs.local_path(SHA256).read_bytes() == DATA


def test_a_file_that_is_not_ours_is_copied(tmp_path, source):
    source.chmod(0o644)
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put_file(source)
    assert not blobs.local_path(SHA256).samefile(source)
    assert source.stat().st_mode & 0o777 == 0o644


def test_blobs_are_readable_by_their_owner_alone(tmp_path, source):
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put_file(source, link=True)
    path = blobs.local_path(SHA256)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_torn_blob_is_put_right(tmp_path):
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put_bytes(DATA)
    blobs.local_path(SHA256).write_bytes(DATA[:3])
    blobs.put_bytes(DATA)
    assert blobs.local_path(SHA256).read_bytes() == DATA


def test_leftovers_of_a_dead_process_are_cleared_and_what_it_had_set_aside_comes_back(tmp_path):
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put_bytes(DATA)
    path = blobs.local_path(SHA256)
    half = path.with_name(f"{SHA256}-00.part")
    half.write_bytes(b"half")
    path.rename(path.with_name(f"{SHA256}-00.aside"))
    assert blobs.clear(older_than=now() - DAY) == 0
    assert half.exists()
    assert blobs.clear(older_than=now() + DAY) == 1
    assert [one.sha256 for one in blobs.all()] == [SHA256]
    assert sorted(path.parent.iterdir()) == [path]


def test_putting_and_removing_at_once_never_loses_what_was_just_put(tmp_path):
    blobs = FolderBlobs(tmp_path / "blobs")
    stop = threading.Event()

    def remove():
        while not stop.is_set():
            blobs.remove(SHA256, untouched_since=now() - DAY)

    remover = threading.Thread(target=remove)
    blobs.put_bytes(DATA)
    remover.start()
    for _ in range(200):
        old = (now() - 2 * DAY).timestamp()
        with contextlib.suppress(NotFound, FileNotFoundError):
            os.utime(blobs.local_path(SHA256), (old, old))
        blobs.put_bytes(DATA)
    stop.set()
    remover.join()
    assert blobs.local_path(SHA256).read_bytes() == DATA


def test_no_room_is_told_as_such(tmp_path, monkeypatch, source):
    blobs = FolderBlobs(tmp_path / "blobs")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        blobs.put_file(source)
    monkeypatch.undo()
    assert list(blobs.all()) == []


def test_a_copy_from_the_object_store_is_checked_and_used_again(tmp_path):
    blobs = RemoteBlobs("memory://bucket", tmp_path / "cache")
    blobs.put_bytes(DATA)
    key = f"/bucket/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"
    blobs._files.pipe_file(key, b"something else")
    with pytest.raises(RecordInvalid, match="was changed"):
        blobs.local_path(SHA256)
    blobs._files.pipe_file(key, DATA)
    first = blobs.local_path(SHA256)
    blobs._files.rm_file(key)
    assert blobs.local_path(SHA256) == first
    assert blobs.clear(older_than=now() + DAY) == 1
    assert not first.exists()


def test_an_unknown_object_store_is_told():
    with pytest.raises(ConfigurationError, match="no object store 'nonsense'"):
        open_blobs("nonsense://x", None)
