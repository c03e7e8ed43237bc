"""A real `wetread serve` in a folder of its own, its peers, and the means to break it."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

FAKES = Path(__file__).parents[2] / "fakes" / "house"
CLOCK = Path(__file__).parents[2] / "fakes" / "clock"
SETTINGS = """
default_readers = ["paid"]
log_level = "warning"
[service.completeness]
quiet_s = 1.0
closed_quiet_s = 0.3
[service.listener]
min_free_bytes = 0
[service.flow]
studies_at_once = 4
heartbeat_s = 0.5
stale_after_s = 3.0
retry_first_s = 0.3
[service.destinations.counting]
kind = "counting"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@dataclass
class Running:
    """The service, its ports and its token. Use it as a context manager."""

    folder: Path
    outside_url: str
    database: str | None = None
    workers: int = 1
    settings: str = SETTINGS
    http: int = field(default_factory=free_port)
    dicom: int = field(default_factory=free_port)
    child: subprocess.Popen[bytes] | None = None
    token: str = ""

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WETREAD_")}
        before = kept.get("PYTHONPATH", "").split(os.pathsep)
        paths = (*filter(None, before), str(FAKES), *([str(CLOCK)] if "FAKETIME_TIMESTAMP_FILE" in kept else []))
        told = {"FAKE_HOUSE": self.outside_url, "PYTHONPATH": os.pathsep.join(paths)}
        if self.database is not None:
            told["WETREAD_SERVICE__DATABASE"] = self.database
        return kept | told

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "wetread", *words, "--config", str(self.folder / "wetread.toml")]

    def ask(self, *words: str, check: bool = True, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """A verb of the command line with this service's data."""
        done = subprocess.run(
            self.command(*words, "--data", str(self.folder / "data")),
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def __enter__(self) -> "Running":
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "wetread.toml").write_text(self.settings)
        self.token = self.ask("token", "create", "--role", "service").stdout.strip()
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        places = ("--http", f"127.0.0.1:{self.http}", "--dicom", f"127.0.0.1:{self.dicom}")
        words = self.command("serve", "--data", str(self.folder / "data"), *places, "--workers", str(self.workers))
        with (self.folder / "log.txt").open("ab") as log:
            self.child = subprocess.Popen(words, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def wait_ready(self, within_s: float = 120) -> None:
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            assert self.child.poll() is None, self.log
            try:
                with socket.create_connection(("127.0.0.1", self.dicom), 1):
                    self.get("/worklist?limit=1")
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.2)
        raise AssertionError(f"the service is not ready:\n{self.log}")

    def __exit__(self, *_: object) -> None:
        if self.child is not None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def get(self, path: str) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def rows(self) -> list[dict]:
        """The whole worklist, in its order, page by page."""
        rows, after = [], ""
        while True:
            page = self.get(f"/worklist?limit=100{after}")
            rows += page["rows"]
            if not page["next"]:
                return rows
            after = f"&after={page['next']}"

    def wait_for(self, met, *, within_s: float) -> list[dict]:
        """The rows once `met(rows)` holds."""
        until, rows = time.monotonic() + within_s, []
        while time.monotonic() < until:
            try:
                rows = self.rows()
                if met(rows):
                    return rows
            except (OSError, urllib.error.URLError, json.JSONDecodeError):
                pass
            time.sleep(0.3)
        told = [(row["study_uid"][-6:], row["status"], row.get("why")) for row in rows]
        raise AssertionError(f"not met within {within_s} s: {told}\n{self.log[-4000:]}")

    def children(self) -> dict[int, str]:
        """Process id → verb of the processes that the supervisor keeps."""
        found = {}
        for place in Path("/proc").iterdir():
            if not place.name.isdecimal():
                continue
            try:
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                words = (place / "cmdline").read_bytes().split(b"\0")
            except (OSError, IndexError, ValueError):
                continue
            if parent == self.child.pid and b"wetread" in words:
                found[int(place.name)] = words[words.index(b"wetread") + 1].decode()
        return found

    def kill_one(self, dice: random.Random) -> str | None:
        """SIGKILL one of the processes; its verb."""
        living = sorted(self.children().items())
        if not living:
            return None
        pid, verb = dice.choice(living)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        return verb
