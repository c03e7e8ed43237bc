"""A batch: the flow of the service in one process, with a data folder of its own below the folder of the results."""

import fcntl
import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog

from wetread.domain.view import Failure
from wetread.errors import ConfigurationError
from wetread.pipeline import Desk
from wetread.settings import CompletenessSettings, DestinationSettings, Settings
from wetread.wiring.desk import make_desk
from wetread.wiring.destinations import destinations_of
from wetread.wiring.equipment import Equipment
from wetread.wiring.preparing import imaging_guard
from wetread.wiring.routing import DEFAULT_DESTINATION
from wetread.wiring.service import Service, open_service
from wetread.wiring.working import open_ingest, policies
from wetread.worklist.batch import Manifest, candidates, fill
from wetread.worklist.batch_rows import Progress, Row, budget_refusal, progress, rows, try_again, unplaced
from wetread.worklist.engine import Engine
from wetread.worklist.house import House
from wetread.worklist.patience import Stopped
from wetread.worklist.remembered import Calls
from wetread.worklist.rules import Site, load_rules
from wetread.worklist.watch import executor_name
from wetread.worklist.worker import Worker

log = structlog.wrap_logger(logging.getLogger("wetread.batch"))
DATA, ABOUT, LIST, LOCK, REPORTS = ".wetread", "batch.json", "taken.jsonl", "batch.lock", "reports"
LOOK_EVERY_S = 0.3
AT_ONCE = CompletenessSettings(quiet_s=0, closed_quiet_s=0, expected_quiet_s=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a batch ended: how far it is, the rows, what could not be used, and what a reader said of a spent budget."""

    progress: Progress
    rows: list[Row]
    failures: list[Failure]
    refusal: str | None


@dataclass(slots=True)
class Batch:
    """One batch, open: take the files in, read, look at what came of it."""

    service: Service
    equipment: Equipment
    manifest: Manifest
    stopping: threading.Event
    refusal: str | None = None

    def take_in(self, folder: Path, ticked: Callable[[], None]) -> list[Failure]:
        """Put every file below the folder into the store; what could not be read. What is there already costs nothing.

        Raises: OSError (no room left), StoreUnavailable, Stopped.
        """
        found = list(candidates(folder))
        files = [one for one in found if isinstance(one, Path)]
        failures = [one for one in found if isinstance(one, Failure)]
        with open_ingest(self.service) as ingest, _beside(ingest.run) as ingesting:
            failures += fill(self.service.spool, self.manifest, folder, self._until_stopped(files), ticked=ticked)
            while any(self.service.spool.arrivals()) and ingesting.is_alive() and not self.stopping.is_set():
                self.stopping.wait(LOOK_EVERY_S)
        return failures

    def read(self, show: Callable[[Progress], None]) -> None:
        """Read whatever is not read yet, until it is, a budget is spent, or it is told to stop."""
        db, started = self.service.database, self.service.now()
        again = try_again(db, now=started)
        state = progress(db)
        if state.is_over and not again:
            return
        with self._worker() as worker, _beside(lambda stopping: _work(worker, stopping)) as working:
            while working.is_alive() and not self.stopping.is_set():
                state = progress(db)
                show(state)
                self.refusal = budget_refusal(db, since=started)
                if state.is_over or self.refusal is not None:
                    return
                self.stopping.wait(LOOK_EVERY_S)

    def result(self, failures: list[Failure]) -> Result:
        """What came of it so far."""
        db = self.service.database
        told = [
            Failure(file=self.manifest.file_of(file), problem=problem, remedy=remedy)
            for file, problem, remedy in unplaced(db)
        ]
        named = [{**row, "file": self.manifest.file_of(row["file"])} for row in rows(db)]
        return Result(progress=progress(db), rows=named, failures=[*failures, *told], refusal=self.refusal)

    def _until_stopped(self, files: list[Path]) -> Iterator[Path]:
        for file in files:
            if self.stopping.is_set():
                return
            yield file

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        settings = self.service.settings
        with imaging_guard(settings) as guard:

            @cache
            def desk_of(names: tuple[str, ...]) -> Desk:
                return make_desk(settings, readers=names, output="json", isolation=guard, equipment=self.equipment)

            desk_of(settings.default_readers)  # what is wrong with the readers is said now
            rules = load_rules(
                None, Site(default_readers=settings.default_readers, destinations=(DEFAULT_DESTINATION,))
            )
            house = House(
                settings=settings,
                database=self.service.database,
                blobs=self.service.blobs,
                clock=self.service.clock,
                policies=policies(settings),
                rules=lambda: rules,
                desk_of=desk_of,
                knowing=self.equipment.knowing,
                destinations=destinations_of(settings, self.service.data_dir, self.service.clock),
            )
            engine = Engine(
                self.service.flow_url, executor_name(secrets.token_hex(4)), studies_at_once=settings.studies_at_once
            )
            yield Worker(house=house, engine=engine)


@contextmanager
def open_batch(
    site: Settings, folder: Path, out: Path, *, readers: tuple[str, ...], budget_usd: float | None, resume: bool
) -> Iterator[Batch]:
    """The batch whose results lie in `out`: a new one, or the one that was begun there.

    Raises: MissingExtra; ConfigurationError where another batch is there, or runs there, or there is none to resume.
    """
    data = out / DATA
    if resume and not (data / ABOUT).exists():
        raise ConfigurationError(f"{out}: there is no batch to resume; leave --resume out to begin one")
    settings = _settings(site, out, readers, budget_usd)
    service = open_service(settings, data)
    try:
        with _alone(data):
            run = _run_of(data, {"folder": str(folder.resolve()), "readers": list(settings.default_readers)})
            spending = settings.model_copy(update={"data_dir": site.data_dir})  # the site's ledger and caches
            equipment = Equipment(spending, run=run, journal=Calls(service.database, service.clock))
            manifest = Manifest.at(data / LIST)
            yield Batch(service, equipment, manifest, threading.Event())
    finally:
        service.close()


def _settings(site: Settings, out: Path, readers: tuple[str, ...], budget_usd: float | None) -> Settings:
    """The site's settings for a store of its own, where nothing more is waited for."""
    reports = DestinationSettings(kind="folder", folder=(out / REPORTS).absolute(), format="json")
    service = site.service.model_copy(
        update={
            "database": None,
            "blobs": None,
            "rules_file": None,
            "completeness": AT_ONCE,
            "destinations": {DEFAULT_DESTINATION: reports},
            "sources": {},
        }
    )
    changes: dict[str, object] = {"service": service}
    if readers:
        changes["default_readers"] = readers
    if budget_usd is not None:
        changes["budget_usd_per_run"] = budget_usd
    return site.model_copy(update=changes)


def _run_of(data: Path, about: dict[str, object]) -> str:
    """The name under which the batch's spending is counted, however often it is resumed.

    Raises: ConfigurationError where the folder belongs to another batch.
    """
    path = data / ABOUT
    if not path.exists():
        told = {"run": f"batch-{secrets.token_hex(8)}", **about}
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(told), encoding="utf-8")
        partial.replace(path)
        return str(told["run"])
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        other = {name: told[name] for name in about if told[name] != about[name]}
        run = str(told["run"])
    except (ValueError, KeyError, TypeError) as problem:
        raise ConfigurationError(f"{path}: it can't be read ({problem}); choose another --out") from None
    if other:
        was = ", ".join(f"{name} {value}" for name, value in other.items())
        raise ConfigurationError(f"{data.parent} belongs to another batch ({was}); choose another --out")
    return run


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    with (data / LOCK).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"{data.parent}: a batch runs there already; wait for it or stop it") from None
        yield


def _work(worker: Worker, stopping: threading.Event) -> None:
    worker.stopping = stopping
    try:
        worker.start()
        worker.run()
    except Stopped:
        log.warning("stopped before the store answered")


@contextmanager
def _beside(work: Callable[[threading.Event], None]) -> Iterator[threading.Thread]:
    """Work that goes on in a thread until the block ends.

    Raises: what the work raised.
    """
    stopping, broke = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            work(stopping)
        except BaseException as problem:  # noqa: BLE001 - carried over to the thread that waits
            broke.append(problem)

    thread = threading.Thread(target=run, name="batch")
    thread.start()
    try:
        yield thread
    finally:
        stopping.set()
        thread.join()
    if broke:
        raise broke[0]
