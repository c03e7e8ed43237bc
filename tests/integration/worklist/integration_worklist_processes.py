"""A service for tests: its parts in this process, its processes started, killed and watched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.uid import generate_uid
from sqlalchemy import select

from wetread.domain.arrival import Way
from wetread.settings import Settings
from wetread.store.tables import deliveries, jobs, reads, reports, studies, trace
from wetread.testing.phantoms import radiograph, write
from wetread.wiring.service import open_service

HERE = Path(__file__).parent
ENTRY_POINTS = """[wetread.readers]
one = wetread_effects:one
two = wetread_effects:two
[wetread.destinations]
counting = wetread_effects:Counting
"""
SETTINGS = """
default_readers = ["one", "two"]
picture_edge_px = 64
[service.destinations.counting]
kind = "counting"
[service.completeness]
quiet_s = 0.6
closed_quiet_s = 0.1
expected_quiet_s = 0.0
[service.flow]
retry_first_s = 0.2
retry_longest_s = 1.0
heartbeat_s = 0.5
stale_after_s = 3.0
{more}
"""


PROGRAM = ("-m", "wetread")


def install_plugin(folder: Path) -> Path:
    """A folder for PYTHONPATH with the plug-in of `effects_plugin.py` installed in it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "effects_plugin.py", folder / "wetread_effects.py")
    about = folder / "wetread_effects-1.0.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: wetread-effects\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


@dataclass
class Running:
    """A data folder with a database, and processes over it."""

    root: Path
    database_url: str | None = None
    more: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen] = field(default_factory=list)

    def __post_init__(self):
        self.data = self.root / "data"
        self.effects = self.root / "effects.log"
        self.script = self.root / "script.json"
        self.config = self.root / "wetread.toml"
        self.config.write_text(SETTINGS.format(more=self.more))
        self.effects.touch()
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(install_plugin(self.root / "plugin")),
            "EFFECTS": str(self.effects),
            "EFFECTS_SCRIPT": str(self.script),
            **self.environment,
        }
        self.service = open_service(Settings(), self.data, self.database_url)

    def say(self, **script):
        partial = self.script.with_suffix(".part")
        partial.write_text(json.dumps(script))
        partial.rename(self.script)

    def start(self, verb, wait=True):
        words = [sys.executable, *PROGRAM, "--config", str(self.config), verb, "--data", str(self.data)]
        words += ["--database", self.database_url] if self.database_url else []
        log = (self.root / f"{verb}-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(words, env=self.environment, stderr=log, stdout=subprocess.DEVNULL)
        self.processes.append(process)
        if wait:
            self.ready(process)
        return process

    def log_of(self, process):
        logs = sorted(self.root.glob(f"*-{self.processes.index(process)}.log"))
        return logs[0].read_text()

    def ready(self, process):
        def there():
            assert process.poll() is None, self.log_of(process)
            return "working as" in self.log_of(process) or "taking in" in self.log_of(process)

        until(there, seconds=60)

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.service.close()

    def send(self, *names, study="1", close=True, **headers):
        """Put objects into the spool as a listener would."""
        sheaf = self.service.spool.open(Way.C_STORE, peer="TEST")
        for name in names:
            uids = {"StudyInstanceUID": uid_of(study), "SOPInstanceUID": uid_of(f"{study} {name}")}
            path = write(radiograph(16, 16, name=name, **uids, **headers), self.root / "sent.dcm")
            sheaf.add(path.read_bytes())
        if close:
            sheaf.close()
        return sheaf

    def send_many(self, count):
        """One object each of many studies."""
        sheaf = self.service.spool.open(Way.C_STORE, peer="TEST")
        template = radiograph(8, 8)
        for number in range(count):
            template.StudyInstanceUID = uid_of(f"{self.root.name} {number}")
            template.SOPInstanceUID = uid_of(f"{self.root.name} {number} object")
            sheaf.add(write(template, self.root / "sent.dcm").read_bytes())
        sheaf.close()

    def rows(self, table, **where):
        look = select(table)
        for name, value in where.items():
            look = look.where(table.c[name] == value)
        with self.service.database.read() as connection:
            return [dict(row) for row in connection.execute(look).mappings()]

    def studies(self, **where):
        return self.rows(studies, **where)

    def study(self):
        (row,) = self.studies()
        return row

    def jobs(self, **where):
        return self.rows(jobs, **where)

    def jobs_of_queue(self):
        """Studies whose flow lies in the engine's queue."""
        queued = {job["job_id"] for job in self.jobs(state="queued", kind="read")}
        return [one for one in self.studies() if f"read-{one['study_id']}-{one['generation']}" in queued]

    def reports(self):
        return sorted(self.rows(reports), key=lambda row: row["at"])

    def reads(self):
        return self.rows(reads)

    def deliveries(self, **where):
        return self.rows(deliveries, **where)

    def trace(self, kind=None):
        rows = sorted(self.rows(trace), key=lambda row: row["trace_id"])
        return [row["text"] for row in rows if kind in (None, row["kind"])]

    def lines(self, what=None):
        told = [line.split() for line in self.effects.read_text().splitlines()]
        return [words[2:] for words in told if what in (None, words[2])]

    def count(self, what):
        return Counter(tuple(words[1:]) for words in self.lines(what))


def uid_of(name):
    """The UID that goes by a name in these tests."""
    return str(generate_uid(entropy_srcs=["a test of the flow", name]))


def until(condition, seconds=40.0, rest=0.05):
    """Wait until it is true."""
    limit = time.monotonic() + seconds
    while not (got := condition()):
        assert time.monotonic() < limit, "it took too long"
        time.sleep(rest)
    return got
