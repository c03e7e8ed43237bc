"""Sources of the settings, over a real store and spool."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from wetread.errors import ConfigurationError
from wetread.intake.sources.look import Surroundings
from wetread.intake.sources.memory import Memory
from wetread.intake.sources.watched import WatchedFolder
from wetread.intake.spool import Spool, objects_in
from wetread.settings import Settings
from wetread.store.change import add_study
from wetread.store.database import Database
from wetread.store.holdings import Holdings
from wetread.store.tables import arrivals, expectations, instances, series
from wetread.testing.clock import TurnableClock
from wetread.worklist.fetching import fetch_all, fetch_once, open_source

DICOM = b"\0" * 128 + b"DICM" + b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"


@dataclass
class Parts:
    settings: Settings
    data_dir: Path
    database: Database
    spool: Spool
    clock: TurnableClock


@pytest.fixture
def parts(database, tmp_path):
    (tmp_path / "incoming").mkdir()
    source = {"kind": "folder", "folder": tmp_path / "incoming", "settle_s": 0.05, "every_s": 0.05}
    settings = Settings(service={"sources": {"scans": source}, "listener": {"min_free_bytes": 0}})
    return Parts(settings, tmp_path / "data", database, Spool(tmp_path / "data" / "spool"), TurnableClock())


def came(parts):
    return [path.read_bytes() for folder in parts.spool.arrivals() for path in objects_in(folder)]


def test_one_fetch_waits_until_files_have_settled(parts, tmp_path):
    (tmp_path / "incoming" / "a.dcm").write_bytes(DICOM)
    assert fetch_once("scans", parts).taken == 1
    assert fetch_once("scans", parts).taken == 0
    assert came(parts) == [DICOM]


def test_sources_are_fetched_from_until_they_are_stopped(parts, tmp_path):
    stop = threading.Event()
    threads = fetch_all(["scans"], parts, stop=stop)
    until = time.monotonic() + 10
    for number in range(3):
        (tmp_path / "incoming" / f"{number}.dcm").write_bytes(DICOM + bytes([number]))
        while len(came(parts)) <= number and time.monotonic() < until:
            time.sleep(0.02)
    stop.set()
    for thread in threads:
        thread.join(timeout=5)
    assert sorted(came(parts)) == [DICOM + bytes([number]) for number in range(3)]
    assert not any(thread.is_alive() for thread in threads)


def test_a_folder_that_is_gone_is_waited_for(parts, tmp_path, caplog):
    folder = tmp_path / "incoming"
    folder.rename(tmp_path / "away")
    stop = threading.Event()
    threads = fetch_all(["scans"], parts, stop=stop)
    until = time.monotonic() + 10
    while "can't be fetched from" not in caplog.text and time.monotonic() < until:
        time.sleep(0.02)
    (tmp_path / "away").rename(folder)
    (folder / "a.dcm").write_bytes(DICOM)
    while not came(parts) and time.monotonic() < until:
        time.sleep(0.02)
    stop.set()
    threads[0].join(timeout=5)
    assert came(parts) == [DICOM]


def test_holdings_know_what_the_store_has(parts):
    now = parts.clock.now()
    with parts.database.write() as connection:
        row = {"study_id": "s", "ref": "st-1", "study_uid": "1.2", "header": {}, "why": [], "readers": []}
        moments = dict.fromkeys(("arrived_at", "last_arrival_at", "deadline", "lift_at"), now)
        add_study(connection, now=now, status="receiving", **row, **moments)
        connection.execute(insert(arrivals).values(arrival_id="a", way="stow", started_at=now, objects=0, problems=0))
        connection.execute(insert(series).values(series_id="e", study_id="s", header={}))
        for number, uid in enumerate(("1.2.3", "1.2.4", "1.2.4")):
            values = {"study_id": "s", "series_id": "e", "arrival_id": "a", "kind": "dicom_image", "found": "{}"}
            known = {"sop_instance_uid": uid, "blob": str(number), "size_bytes": 1, "arrived_at": now}
            connection.execute(insert(instances).values(**values, **known))
    holdings = Holdings(parts.database)
    assert holdings.held(["1.2.3", "1.2.9", *map(str, range(2000))]) == {"1.2.3"}
    assert (holdings.count("1.2"), holdings.count("1.9")) == (2, 0)


def test_what_a_server_says_of_a_study_is_told_to_completeness(kept, parts):
    source = {"kind": "dicomweb", "url": kept.orthanc.web, "look_back_days": "all", "modalities": ("NM",)}
    service = parts.settings.service.model_copy(
        update={"sources": Settings(service={"sources": {"front": source}}).service.sources}
    )
    parts.settings = parts.settings.model_copy(update={"service": service})
    taken = fetch_once("front", parts).taken
    with parts.database.read() as connection:
        rows = connection.execute(select(expectations.c.objects, expectations.c.source)).all()
    assert taken > 0
    assert sum(row.objects for row in rows) >= taken
    assert {row.source for row in rows} == {"front"}


def test_a_folder_that_holds_our_own_data_is_refused(parts, tmp_path):
    for folder in (tmp_path, parts.data_dir / "spool"):
        folder.mkdir(parents=True, exist_ok=True)
        service = Settings(service={"sources": {"scans": {"kind": "folder", "folder": folder}}}).service
        parts.settings = parts.settings.model_copy(update={"service": service})
        with pytest.raises(ConfigurationError, match="part them"):
            fetch_once("scans", parts)


@pytest.mark.parametrize(
    ("source", "said"),
    [({"kind": "folder"}, "'folder'"), ({"kind": "dicomweb"}, "'url'"), ({"kind": "dicom", "host": "h"}, "'port'")],
)
def test_a_source_that_lacks_a_setting_says_which(source, said):
    with pytest.raises(ConfigurationError, match=said):
        open_source("s", Settings(service={"sources": {"s": source}}).service)


def test_an_unknown_source_names_those_there_are(parts):
    with pytest.raises(ConfigurationError, match="there are: scans"):
        fetch_once("front", parts)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_fetch_that_is_killed_anywhere_loses_nothing(parts, tmp_path):
    """Killed again and again while it takes files; every file is in the spool in the end, whole."""
    for number in range(40):
        (tmp_path / "incoming" / f"{number:02}.dcm").write_bytes(DICOM + bytes([number]) * 20_000)
    program = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from wetread.intake.sources.look import Surroundings\n"
        "from wetread.intake.sources.memory import Memory\n"
        "from wetread.intake.sources.watched import WatchedFolder\n"
        "from wetread.intake.spool import Spool\n"
        "from datetime import UTC, datetime\n"
        "root = Path(sys.argv[1])\n"
        "around = Surroundings(spool=Spool(root / 'spool'), memory=Memory(root / 'm'), now=lambda: datetime.now(UTC))\n"
        "watched = WatchedFolder('scans', root.parent / 'incoming', settle_s=0)\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    watched.look(around)\n"
    )
    parts.data_dir.mkdir()
    for patience_s in (0.005, 0.03):
        words = [sys.executable, "-c", program, str(parts.data_dir)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(patience_s)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    memory = Memory(parts.data_dir / "m")
    around = Surroundings(spool=parts.spool, memory=memory, now=parts.clock.now)
    WatchedFolder("scans", tmp_path / "incoming", settle_s=0).look(around)
    memory.close()
    assert set(came(parts)) == {DICOM + bytes([number]) * 20_000 for number in range(40)}
