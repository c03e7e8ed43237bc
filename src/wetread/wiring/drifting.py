"""Drift in the service: studies are described once they are read, sentinels asked of, readers looked at every day.

It is done in a thread of the first worker, beside its chores: however long it takes, no read waits for it.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from wetread.errors import RecordInvalid, StoreUnavailable, WetreadError
from wetread.evaluate.drift.daily import DayLook, due, look_today
from wetread.guard import Isolation
from wetread.store.drift import known_to_drift, undescribed
from wetread.wiring.describing import describe
from wetread.wiring.sentinels import Rounds, live_readers
from wetread.wiring.service import Service
from wetread.worklist.chores import Chore

log = structlog.wrap_logger(logging.getLogger("wetread.drift"))
EVERY_S = 30.0
BACK = timedelta(days=3)  # what was read before and never described stays so
BATCH = 50


@dataclass(slots=True)
class Drifting:
    """What a worker does about drift. `isolation` is the guard that its pictures are made in."""

    service: Service
    isolation: Isolation
    stopping: threading.Event = field(default_factory=threading.Event)
    _rounds: Rounds | None = None
    _thread: threading.Thread | None = None

    def chore(self) -> Chore:
        """The chore that begins a round where none is under way."""
        settings = self.service.settings.service.drift
        return Chore(name="drift", every_s=min(EVERY_S, settings.every_s, settings.sentinels_every_s), run=self.begin)

    def begin(self) -> None:
        """Begin a round in a thread of its own; the one before goes on first."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._round, daemon=True, name="drift")
            self._thread.start()

    def run(self) -> None:
        """One round: describe what was read, ask of sentinels, look at readers whose look is due.

        Raises: StoreUnavailable.
        """
        self.describe_new()
        names = live_readers(self.service)
        self.rounds.ask(names)
        with self.service.database.read() as connection:
            settings, now = self.service.settings.service.drift, self.service.now()
            waiting = [name for name in names if due(connection, name, settings, now=now)]
        for _ in look_at(self.service, waiting):
            if self.stopping.is_set():
                return

    @property
    def rounds(self) -> Rounds:
        """Those that ask of sentinels; they remember what they tried."""
        self._rounds = self._rounds or Rounds(self.service, self.isolation, self.stopping)
        return self._rounds

    def describe_new(self) -> int:
        """Describe every study that was read and has no descriptor; how many.

        Raises: StoreUnavailable.
        """
        service, n = self.service, 0
        isolation = self.isolation if service.settings.service.drift.pictures else None
        while found := undescribed(service.database, since=service.now() - BACK, limit=BATCH):
            for study_id in found:
                if self.stopping.is_set():
                    return n
                describe(service, study_id, isolation)
                n += 1
        return n

    def _round(self) -> None:
        """The thread's edge: what breaks here is said and tried again, and disturbs nobody."""
        try:
            self.run()
        except StoreUnavailable as problem:
            log.warning("drift can't be looked at, the store does not answer", problem=str(problem))
        except WetreadError as problem:
            log.error("drift can't be looked at", problem=str(problem))
        except Exception as bug:  # noqa: BLE001 - the thread's edge
            log.error("looking at drift broke", kind=type(bug).__name__)


def look_at(service: Service, names: Iterable[str]) -> Iterator[DayLook]:
    """Look at each of these readers now; those that there is nothing to say of are left out.

    Raises: StoreUnavailable.
    """
    settings = service.settings.service.drift
    for name in names:
        try:
            made = look_today(service.database, name, settings, now=service.now())
        except RecordInvalid as problem:
            log.error("a reader can't be looked at", reader=name, problem=str(problem))
            continue
        if made is None:
            continue
        if made.level.raised:
            kinds = sorted({one.kind.value for one in made.measures if one.level is made.level})
            log.warning("drift", reader=name, level=made.level.value, kinds=kinds, studies=made.studies)
        yield made


def watched(service: Service) -> tuple[str, ...]:
    """Readers that drift knows or could know of, by name.

    Raises: StoreUnavailable.
    """
    with service.database.read() as connection:
        known = known_to_drift(connection)
    return tuple(sorted({*live_readers(service), *known}))
