"""A store with studies whose figures are known, and the parts of a service around it."""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import insert

from wetread.intake.spool import Spool
from wetread.settings import Settings
from wetread.store.change import add_study
from wetread.store.database import Database
from wetread.store.tables import deliveries, executors, jobs, reads, reports
from wetread.testing.clock import TurnableClock

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ago(**units) -> datetime:
    return NOW - timedelta(**units)


class Site:
    """Rows as the service writes them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._numbers = count(1)

    def study(self, *, arrived_at=None, **values) -> str:
        number, arrived_at = next(self._numbers), arrived_at or ago(minutes=10)
        row = {
            "study_id": f"{number:032x}",
            "ref": f"st-{number:012x}",
            "study_uid": f"1.2.{number}",
            "patient_name": "DOE^JANE",
            "patient_id": "PID-7",
            "header": {},
            "why": [],
            "readers": [],
            "status": "queued",
            "version": 1,
            "arrived_at": arrived_at,
            "last_arrival_at": arrived_at,
            "deadline": arrived_at + timedelta(hours=1),
            "lift_at": arrived_at + timedelta(hours=1),
            "open": True,
            "lane": 3,
        }
        with self.database.write() as connection:
            add_study(connection, now=NOW, **{**row, **values})
        return row["study_id"]

    def report(self, study_id, *, at, priority="P3", version=1, status="preliminary") -> str:
        name = f"report-{next(self._numbers)}"
        row = {"report_id": name, "study_id": study_id, "version": version, "status": status, "at": at}
        self._add(reports, **row, priority=priority, body="{}", revision=0)
        return name

    def read(self, study_id, *, at, reader="paid", answered=True, cost_usd=0.01, claim=None, version=1) -> None:
        self._add(
            reads,
            read_id=f"{next(self._numbers):032x}",
            study_id=study_id,
            version=version,
            reader=reader,
            fingerprint="f",
            body=json.dumps({"priority_claim": claim, "findings": []}),
            answered=answered,
            cost_usd=cost_usd,
            at=at,
        )

    def job(self, study_id, state, *, kind="read", ended_at=None) -> None:
        name = f"job-{next(self._numbers)}"
        self._add(
            jobs, job_id=name, study_id=study_id, kind=kind, state=state, created_at=ago(hours=1), ended_at=ended_at
        )

    def delivery(self, study_id, report_id, state) -> None:
        self._add(deliveries, report_id=report_id, destination="folder", study_id=study_id, state=state, at=NOW)

    def worker(self, *, seen_at) -> None:
        name = f"w{next(self._numbers)}"
        row = {"executor_id": name, "host": "h", "pid": 1, "software": "s", "started_at": seen_at, "seen_at": seen_at}
        self._add(executors, **row)

    def _add(self, table, **values) -> None:
        with self.database.write() as connection:
            connection.execute(insert(table).values(**values))


@pytest.fixture
def site(database) -> Site:
    return Site(database)


@dataclass
class Parts:
    settings: Settings
    data_dir: Path
    database: Database
    spool: Spool
    clock: TurnableClock
    blobs: object = None


@pytest.fixture
def parts(database, tmp_path) -> Parts:
    settings = Settings(service={"alerts": {"free_bytes": 0}, "listener": {"min_free_bytes": 0}})
    return Parts(settings, tmp_path, database, Spool(tmp_path / "spool"), TurnableClock(NOW))


@dataclass
class Receiver:
    """What a webhook's receiver saw; it answers `status`."""

    url: str = ""
    status: int = 200
    posts: list[tuple[dict, bytes]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(one["alert"], one["state"]) for one in (json.loads(body) for _, body in self.posts)]


@pytest.fixture
def receiver():
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            found.posts.append((dict(self.headers), body))
            self.send_response(found.status)
            self.send_header("content-length", "0")
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/alerts"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()
