"""The files of a batch go into the spool once, whatever is interrupted; their names come back."""

import json
import os

import pytest

from wetread.domain.arrival import Way
from wetread.domain.view import Failure
from wetread.intake.spool import Spool, arrival_of, is_closed, objects_in
from wetread.worklist.batch import Manifest, candidates, fill

DICOM = b"\0" * 128 + b"DICM" + b"x" * 100


@pytest.fixture
def folder(tmp_path):
    films = tmp_path / "films"
    (films / "one").mkdir(parents=True)
    for name in ("a.dcm", "one/b.dcm"):
        (films / name).write_bytes(DICOM + name.encode())
    (films / "DICOMDIR").write_bytes(DICOM)
    (films / "notes.txt").write_text("beside the images")
    (films / ".hidden").write_bytes(DICOM)
    return films


@pytest.fixture
def taking(tmp_path, folder):
    def take():
        spool, manifest = Spool(tmp_path / "spool"), Manifest.at(tmp_path / "taken.jsonl")
        ticks = []
        files = [one for one in candidates(folder) if not isinstance(one, Failure)]
        failures = fill(spool, manifest, folder, files, ticked=lambda: ticks.append(1))
        return [file for arrival in spool.arrivals() for file in objects_in(arrival)], failures, len(ticks)

    return take


def test_images_are_taken_and_what_lies_beside_them_is_not(folder):
    assert [file.name for file in candidates(folder)] == ["a.dcm", "b.dcm"]


def test_every_file_goes_in_whole_and_the_sheaf_says_that_it_is_a_batch(taking, tmp_path):
    objects, failures, ticks = taking()
    assert (failures, ticks) == ([], 2)
    assert [file.read_bytes()[232:] for file in objects] == [b"a.dcm", b"one/b.dcm"]
    (arrival,) = Spool(tmp_path / "spool").arrivals()
    assert is_closed(arrival)
    assert arrival_of(arrival).way is Way.BATCH


def test_what_was_taken_is_not_taken_again_unless_it_changed(taking, folder):
    taking()
    assert len(taking()[0]) == 2
    (folder / "a.dcm").write_bytes(DICOM + b"changed")
    (folder / "c.dcm").write_bytes(DICOM + b"new")
    objects, _, ticks = taking()
    assert (len(objects), ticks) == (4, 3)


def test_a_sheaf_that_was_killed_is_taken_anew(taking, tmp_path):
    taking()
    listed = tmp_path / "taken.jsonl"
    lines = listed.read_text().splitlines(keepends=True)
    assert "done" in lines[-1]
    listed.write_text("".join(lines[:-1]) + '{"object": "cut o')
    assert len(taking()[0]) == 4
    assert len(taking()[0]) == 4


def test_a_stored_object_has_its_users_name(tmp_path, taking):
    objects, _, _ = taking()
    manifest = Manifest.at(tmp_path / "taken.jsonl")
    stored = f"{objects[1].parent.name}/{objects[1].stem}"
    assert manifest.file_of(stored) == "one/b.dcm"
    assert manifest.file_of(f"{stored}!IM1") == "one/b.dcm!IM1"
    assert manifest.file_of("from elsewhere/000001") == "from elsewhere/000001"


def test_a_file_that_went_away_is_told_and_stops_no_other(tmp_path, folder):
    spool, manifest = Spool(tmp_path / "spool"), Manifest.at(tmp_path / "taken.jsonl")
    failures = fill(spool, manifest, folder, [folder / "gone.dcm", folder / "a.dcm"], ticked=lambda: None)
    assert [failure.file for failure in failures] == [str(folder / "gone.dcm")]
    assert sum(len(objects_in(arrival)) for arrival in spool.arrivals()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told(folder):
    (folder / "a.dcm").chmod(0)
    assert any(isinstance(one, Failure) and "can't be read" in one.problem for one in candidates(folder))


def test_the_list_is_plain_json_lines(taking, tmp_path):
    taking()
    lines = [json.loads(line) for line in (tmp_path / "taken.jsonl").read_text().splitlines()]
    assert [sorted(line) for line in lines] == [["file", "object", "state"]] * 2 + [["done"]]
