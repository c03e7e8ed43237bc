import os
import sqlite3
from datetime import UTC, datetime, timedelta
from zipfile import ZipFile

import pytest

from wetread.errors import Conflict, SourceUnavailable
from wetread.intake.sources.look import Surroundings
from wetread.intake.sources.memory import Memory, alone
from wetread.intake.sources.watched import WatchedFolder
from wetread.intake.spool import Spool, arrival_of, is_closed, objects_in

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DICOM = b"\0" * 128 + b"DICM" + b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"


class Site:
    """A folder that is watched, and time that a test turns."""

    def __init__(self, folder):
        self.folder = folder / "incoming"
        self.folder.mkdir()
        self.spool = Spool(folder / "spool")
        self.state = folder / "state" / "scans.sqlite"
        self.seconds = 0.0
        self.restart()

    def restart(self):
        self.watched = WatchedFolder("scans", self.folder, settle_s=5, monotonic=lambda: self.seconds)

    def look(self, after_s=0.0, **more):
        self.seconds += after_s
        memory = Memory(self.state)
        try:
            return self.watched.look(Surroundings(spool=self.spool, memory=memory, now=lambda: NOW, **more))
        finally:
            memory.close()

    def taken(self):
        return [path.read_bytes() for folder in self.spool.arrivals() for path in objects_in(folder)]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_file_is_taken_once_it_has_settled_and_only_once(site):
    (site.folder / "a.dcm").write_bytes(DICOM)
    assert (site.look().taken, site.look(after_s=4).taken) == (0, 0)
    assert site.look(after_s=1).taken == 1
    assert site.look(after_s=60).taken == 0
    assert site.taken() == [DICOM]


def test_a_file_that_grows_waits_however_old_its_date_is(site):
    path = site.folder / "a.dcm"
    for length in (140, 150, len(DICOM)):
        path.write_bytes(DICOM[:length])
        os.utime(path, (0, 0))  # a copy that keeps dates
        assert site.look(after_s=6).taken == 0
    assert site.look(after_s=6).taken == 1
    assert site.taken() == [DICOM]


def test_the_users_file_is_copied_and_left_alone(site):
    path = site.folder / "a.dcm"
    path.write_bytes(DICOM)
    site.look()
    site.look(after_s=6)
    path.write_bytes(b"rewritten in place")
    assert site.taken() == [DICOM]
    assert path.exists()


def test_what_was_taken_is_remembered_over_a_restart_and_taken_anew_where_it_changed(site):
    (site.folder / "a.dcm").write_bytes(DICOM)
    site.look()
    site.look(after_s=6)
    site.restart()
    site.look()
    assert site.look(after_s=60).taken == 0
    (site.folder / "a.dcm").write_bytes(DICOM + b"later")
    site.look()
    assert site.look(after_s=6).taken == 1
    assert site.taken() == [DICOM, DICOM + b"later"]


def test_a_broken_memory_takes_things_again_instead_of_losing_them(site):
    (site.folder / "a.dcm").write_bytes(DICOM)
    site.look()
    site.look(after_s=6)
    site.state.write_bytes(b"no database" * 1000)
    site.restart()
    site.look()
    assert site.look(after_s=6).taken == 1


def test_subfolders_archives_and_links_are_followed_once_and_loops_end(site):
    deep = site.folder / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "x.dcm").write_bytes(DICOM)
    with ZipFile(deep / "y.zip", "w") as archive:
        archive.writestr("z.dcm", DICOM)
    (site.folder / "a" / "loop").symlink_to(site.folder, target_is_directory=True)
    (site.folder / "gone.dcm").symlink_to(site.folder / "nowhere")
    site.look()
    assert site.look(after_s=6).taken == 2


@pytest.mark.parametrize("name", ["a.dcm.part", "a.tmp", ".a.dcm.Xk3", "DICOMDIR", "notes.txt", "empty.dcm"])
def test_what_is_unfinished_hidden_or_no_image_is_not_taken(site, name):
    (site.folder / name).write_bytes({"notes.txt": b"call me", "empty.dcm": b""}.get(name, DICOM))
    site.look()
    assert site.look(after_s=60).taken == 0


def test_a_pipe_does_not_stop_the_others(site):
    os.mkfifo(site.folder / "a-pipe")
    (site.folder / "b.dcm").write_bytes(DICOM)
    site.look()
    assert site.look(after_s=6).taken == 1


def test_a_file_that_changes_while_it_is_copied_waits(site, monkeypatch):
    path = site.folder / "a.dcm"
    path.write_bytes(DICOM)
    site.look()
    write = Spool.open

    def open_while_the_sender_goes_on(*args, **more):
        with path.open("ab") as file:
            file.write(b"the rest")
        return write(*args, **more)

    monkeypatch.setattr(Spool, "open", open_while_the_sender_goes_on)
    assert site.look(after_s=6).waiting == 1
    assert site.taken() == []


def test_without_room_nothing_is_taken_and_nothing_forgotten(site):
    (site.folder / "a.dcm").write_bytes(DICOM)
    site.look()
    with pytest.raises(SourceUnavailable, match="too little room"):
        site.look(after_s=6, min_free_bytes=1 << 60)
    assert site.look(after_s=6).taken == 1


def test_an_object_over_the_limit_is_told_of_and_the_rest_goes_on(site):
    (site.folder / "a.dcm").write_bytes(DICOM + b"x" * 1000)
    (site.folder / "b.dcm").write_bytes(DICOM)
    site.look()
    fetched = site.look(after_s=6, max_object_bytes=500)
    assert (fetched.taken, [failure.problem for failure in fetched.failures]) == (1, ["it is larger than 500 bytes"])


def test_a_folder_that_is_not_mounted_is_told_of_and_its_memory_kept(site):
    (site.folder / "a.dcm").write_bytes(DICOM)
    site.look()
    site.look(after_s=6)
    away = site.folder.rename(site.folder.with_name("away"))
    with pytest.raises(SourceUnavailable, match="mount it"):
        site.look(after_s=60)
    away.rename(site.folder)
    site.look()
    assert site.look(after_s=60).taken == 0


def test_the_arrival_names_the_source_and_is_closed(site):
    (site.folder / "a.dcm").write_bytes(DICOM)
    site.look()
    site.look(after_s=6)
    (folder,) = site.spool.arrivals()
    assert (arrival_of(folder).way, arrival_of(folder).peer, is_closed(folder)) == ("folder", "scans", True)


def test_a_source_is_asked_by_one_process_at_a_time(tmp_path):
    with (
        alone(tmp_path / "a.lock", "a"),
        pytest.raises(Conflict, match="another process"),
        alone(tmp_path / "a.lock", "a"),
    ):
        pass
    with alone(tmp_path / "a.lock", "a"):
        pass


def test_memory_forgets_what_no_look_comes_by_and_holds_no_names(tmp_path):
    memory = Memory(tmp_path / "m.sqlite")
    memory.keep("/scans/Doe^Jane.dcm", "1:1", NOW)
    memory.keep("still there", "1:1", NOW)
    later = NOW + timedelta(days=20)
    assert memory.recall("still there", later) == "1:1"
    assert memory.forget(later + timedelta(days=11)) == 1
    assert memory.recall("/scans/Doe^Jane.dcm", later) is None
    memory.close()
    rows = sqlite3.connect(tmp_path / "m.sqlite").execute("SELECT * FROM seen").fetchall()
    assert len(rows) == 1
    assert (tmp_path / "m.sqlite").stat().st_mode & 0o077 == 0
    assert b"still there" not in (tmp_path / "m.sqlite").read_bytes()
