"""From the spool to the store, in this process, on SQLite and PostgreSQL."""

import hashlib
import io
import signal
import subprocess
import sys
import zipfile

import pytest
from integration_worklist_processes import uid_of

from wetread.errors import StoreUnavailable
from wetread.store.tables import arrivals, expectations, instances, problems, studies
from wetread.worklist import ingest as ingesting
from wetread.worklist.completeness import expect


def test_what_lies_in_the_spool_is_in_the_store_and_leaves_the_spool(office):
    films = [office.film("a"), office.film("b"), office.film("c", study="2")]
    office.send(*films)
    taken = office.ingest.step()
    assert (taken.objects, taken.problems, taken.arrivals) == (3, 0, 1)
    assert office.is_empty
    assert sorted(one["instance_count"] for one in office.rows(studies)) == [1, 2]
    kept = {office.blobs.local_path(one["blob"]).read_bytes() for one in office.rows(instances)}
    assert kept == set(films)
    assert office.rows(arrivals)[0]["closed_at"] is not None


def test_what_was_interrupted_anywhere_is_done_again_and_doubles_nothing(office, monkeypatch):
    office.send(office.film("a"), office.film("b"))
    for step in ("place_all", "close_arrival", "settle", "remove"):

        def killed(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(ingesting, step, killed)
            with pytest.raises(KeyboardInterrupt):
                office.ingest.step()
    office.ingest.step()
    assert office.is_empty
    assert office.count(instances) == 2
    assert [one["instance_count"] for one in office.rows(studies)] == [2]


def test_a_store_that_is_gone_is_waited_for(office, monkeypatch):
    office.send(office.film("a"))

    def gone(*_, **__):
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(ingesting, "place_all", gone)
        with pytest.raises(StoreUnavailable):
            office.ingest.step()
    assert not office.is_empty
    office.ingest.step()
    assert office.count(instances) == 1


def test_what_can_not_be_placed_is_kept_with_the_reason(office):
    office.send(b"\x00\x01 no object at all \xff" * 9, office.film("a"))
    office.ingest.step()
    (problem,) = office.rows(problems)
    assert problem["problem"] == "it is of no known kind"
    assert "send DICOM" in problem["remedy"]
    assert office.blobs.exists(problem["blob"])
    assert office.count(instances) == 1
    assert office.is_empty


def test_archives_are_unpacked_and_their_text_files_left_out(office):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.dcm", office.film("a"))
        archive.writestr("deep/b.dcm", office.film("b"))
        archive.writestr("readme.txt", "words")
    office.send(packed.getvalue())
    office.ingest.step()
    assert office.count(instances) == 2
    assert office.count(problems) == 0
    assert not (office.root / "unpacking").exists()


def test_the_same_picture_twice_is_one_object_of_one_study(office):
    film = office.film("a")
    office.send(film, film)
    office.send(film)
    office.ingest.step()
    assert office.count(instances) == 1
    assert sum(one["objects"] for one in office.rows(arrivals)) == 3


def test_an_arrival_that_is_still_open_stays_and_waits_for_the_longer_quiet(office):
    sheaf = office.send(office.film("a"), close=False)
    office.ingest.step()
    assert not office.is_empty
    (row,) = office.rows(studies)
    quiet = office.settings.service.completeness
    assert (row["complete_at"] - row["last_arrival_at"]).total_seconds() == quiet.quiet_s
    sheaf.close()
    office.ingest.step()
    (row,) = office.rows(studies)
    assert (row["complete_at"] - row["last_arrival_at"]).total_seconds() == quiet.closed_quiet_s
    assert office.is_empty


def test_the_expected_number_shortens_the_wait_also_when_it_is_told_first(office):
    quiet = office.settings.service.completeness
    expect(office.database, uid_of("1"), 2, "pacs", settings=quiet, now=office.clock.now())
    office.send(office.film("a"), close=False)
    office.ingest.step()
    (row,) = office.rows(studies)
    assert (row["complete_at"] - row["last_arrival_at"]).total_seconds() == quiet.quiet_s
    office.send(office.film("b"), close=False)
    office.ingest.step()
    (row,) = office.rows(studies)
    assert (row["complete_at"] - row["last_arrival_at"]).total_seconds() == quiet.expected_quiet_s
    expect(office.database, uid_of("1"), 3, "pacs", settings=quiet, now=office.clock.now())
    (row,) = office.rows(studies)
    assert (row["complete_at"] - row["last_arrival_at"]).total_seconds() == quiet.quiet_s
    assert office.count(expectations) == 1


def test_every_file_of_the_data_is_placed_or_kept_with_a_reason(office, shared):
    files = sorted(path for path in (shared / "dicom").rglob("*") if path.is_file() and path.stat().st_size < 2 << 20)
    if not files:
        pytest.skip("no DICOM files beside the project")
    office.send(*(path.read_bytes() for path in files[:120]))
    taken = office.ingest.step()
    assert taken.objects == min(len(files), 120)
    placed = {one["blob"] for one in office.rows(instances)} | {one["blob"] for one in office.rows(problems)}
    sent = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files[:120]}
    assert placed == sent
    assert office.is_empty


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_only_one_ingest_works_at_a_time(office, tmp_path):
    program = (
        "import sys, threading, pathlib; from wetread.intake.spool import Spool\n"
        "from wetread.worklist.ingest import alone\n"
        "with alone(Spool(pathlib.Path(sys.argv[1])), threading.Event()) as ours:\n"
        "    print(ours, flush=True); threading.Event().wait()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "spool")]
    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert first.stdout.readline() == b"True\n"
    second = subprocess.Popen(command, stdout=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.8)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert second.stdout.readline() == b"True\n"
    second.kill()
    second.wait()
