"""A worker: runs flows, says that it lives, and, if it is the first among the workers, does the chores for all."""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from wetread import __version__
from wetread.errors import StoreUnavailable, WetreadError
from wetread.store.executors import beat, drop_lease, forget, known, take_lease
from wetread.store.jobs import deliver_job_id, read_job_id
from wetread.worklist import delivering, reading
from wetread.worklist.chores import Chore, Chores, take_over
from wetread.worklist.engine import Engine, Hands
from wetread.worklist.house import House
from wetread.worklist.patience import Stopped, patiently
from wetread.worklist.watch import Watch

log = structlog.wrap_logger(logging.getLogger("wetread.worker"))
FIRST = "first worker"
TICK_S = 0.1
MEND_EVERY_S = 10.0
DRAIN_S = 15


@dataclass(slots=True)
class Worker:
    """One worker process. `more_chores` are those of other rooms (sources, alerts), done by the first worker only."""

    house: House
    engine: Engine
    more_chores: Iterable[Chore] = ()
    stopping: threading.Event = field(default_factory=threading.Event)
    is_first: bool = False
    _running: set[str] = field(default_factory=set)
    _idle: frozenset[str] = frozenset()
    _chores: Chores | None = None
    _due_s: dict[str, float] = field(default_factory=dict)

    @property
    def executor_id(self) -> str:
        """The name of this worker among all."""
        return self.engine.executor_id

    def start(self) -> None:
        """Be known, then begin to work.

        Raises: Stopped where it was told to end before the store answered.
        """
        patiently(self._beat, stopping=self.stopping)
        self._chores = Chores(self.house, self.engine)
        self.engine.launch(Hands(read=self._read, deliver=self._deliver))
        threading.Thread(target=self._keep_beating, daemon=True, name="heartbeat").start()

    def run(self) -> None:
        """Work until it is told to stop, then end in order."""
        watch = Watch(me=self.executor_id, stale_after_s=self.house.settings.service.flow.stale_after_s)
        look_every_s = self.house.settings.service.flow.heartbeat_s / 2
        look_at_s, mend_at_s = 0.0, time.monotonic() + MEND_EVERY_S
        while not self.stopping.is_set():
            try:
                if time.monotonic() >= look_at_s:
                    look_at_s = time.monotonic() + look_every_s
                    self._look(watch)
                if time.monotonic() >= mend_at_s:
                    mend_at_s = time.monotonic() + MEND_EVERY_S
                    self._mend_own()
                if self.is_first:
                    self._do_chores()
            except StoreUnavailable as problem:
                watch.missed()
                self.is_first = False
                log.warning("the store does not answer, it is waited for", problem=str(problem))
                self.stopping.wait(1.0)
            self.stopping.wait(TICK_S)
        self._end()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what runs has ended or had its time."""
        self.stopping.set()

    def _look(self, watch: Watch) -> None:
        """Who lives; whether this is the first worker; what the dead left behind."""
        db = self.house.database
        alive, dead = watch.look(known(db))
        until = self.house.now() + timedelta(seconds=self.house.settings.service.flow.stale_after_s)
        self.is_first = take_lease(db, FIRST, self.executor_id, alive=alive, until=until)
        if dead:
            take_over(self.house, self.engine, alive=alive, dead=dead)

    def _do_chores(self) -> None:
        assert self._chores is not None
        for chore in (*self._chores.all(), *self.more_chores):
            now_s = time.monotonic()
            if now_s < self._due_s.get(chore.name, 0.0) or self.stopping.is_set():
                continue
            self._due_s[chore.name] = now_s + chore.every_s
            _guarded(chore)

    async def _read(self, study_id: str, generation: int) -> str:
        with self._noted(read_job_id(study_id, generation)):
            result = await reading.read(self.house, study_id, generation, self.executor_id)
        return result.outcome

    async def _deliver(self, report_id: str, destination: str, attempt: int) -> str:
        with self._noted(deliver_job_id(report_id, destination, attempt)):
            return await delivering.deliver(
                self.house, report_id, destination, attempt=attempt, executor=self.executor_id
            )

    @contextmanager
    def _noted(self, job_id: str) -> Iterator[None]:
        """The flow is under way here; all flows of a process share one event loop."""
        self._running.add(job_id)
        try:
            yield
        finally:
            self._running.discard(job_id)

    def _mend_own(self) -> None:
        """Flows that the engine takes for running here but that do not run, seen twice, go back to their queue."""
        idle = frozenset(self.engine.under_way().get(self.executor_id, ())) - self._running
        if stuck := idle & self._idle:
            log.warning("flows that stood still are queued again", flows=len(stuck))
            self.engine.resume(self.executor_id, only=stuck)
        self._idle = idle

    def _beat(self) -> None:
        beat(
            self.house.database,
            executor_id=self.executor_id,
            host=socket.gethostname()[:128],
            pid=os.getpid(),
            software=f"wetread {__version__}",
            now=self.house.now(),
        )

    def _keep_beating(self) -> None:
        while not self.stopping.wait(self.house.settings.service.flow.heartbeat_s):
            try:
                self._beat()
            except StoreUnavailable:  # said by the main loop
                continue

    def _end(self) -> None:
        """Give what runs some time; what is left is resumed by another worker, or by the next one."""
        self.engine.stop(within_s=DRAIN_S if self._running else 0)
        try:
            drop_lease(self.house.database, FIRST, self.executor_id)
            if not self._running:
                forget(self.house.database, self.executor_id)
        except StoreUnavailable:
            log.warning("the store does not answer: another worker will find out that this one has ended")


def _guarded(chore: Chore) -> None:
    """Do it; what goes wrong with one is no reason to leave the others undone.

    Raises: StoreUnavailable.
    """
    try:
        chore.run()
    except (StoreUnavailable, Stopped):
        raise
    except WetreadError as problem:
        log.error("a chore failed", chore=chore.name, problem=str(problem))
    except Exception as bug:
        log.exception("a chore broke", chore=chore.name, kind=type(bug).__name__)
