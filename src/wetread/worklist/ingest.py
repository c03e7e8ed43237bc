"""From the spool to the store, so that a kill at any moment loses nothing and doubles nothing.

An object's bytes become a blob, then its rows are written, then its file leaves the spool: whatever was interrupted is
done again, and doing it again changes nothing. What can't be placed is kept as a blob too, with the reason.
"""

import fcntl
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from wetread.delivery.made import OWN_ROOT, Kind, series_uid
from wetread.domain.arrival import Arrival
from wetread.errors import RecordInvalid, StoreUnavailable
from wetread.intake.spool import Spool, arrival_of, is_abandoned, is_closed, objects_in, remove
from wetread.store.arrivals import close_arrival, keep_problem
from wetread.store.facts import Incoming, Placed
from wetread.store.objects import place_all
from wetread.store.reported import report_ids
from wetread.worklist.completeness import settle
from wetread.worklist.house import Bureau
from wetread.worklist.looking import facts_about
from wetread.worklist.order import standing
from wetread.worklist.patience import Stopped, patiently
from wetread.worklist.unpacking import Object, Opener, Trouble

log = structlog.wrap_logger(logging.getLogger("wetread.ingest"))
LOCK, UNPACKING = "ingest.lock", "unpacking"
BATCH = 50
REST_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one look at the spool gave."""

    objects: int = 0
    problems: int = 0
    arrivals: int = 0


class Ingest:
    """Takes objects out of the spool. Only one may: hold `alone` around it."""

    def __init__(self, bureau: Bureau, spool: Spool, opener: Opener) -> None:
        self._bureau, self._spool, self._opener = bureau, spool, opener
        self._stopping = threading.Event()

    def run(self, stopping: threading.Event) -> None:
        """Go on until it is told to stop; while the store does not answer it waits."""
        self._stopping = stopping
        while not stopping.is_set():
            try:
                taken = patiently(self.step, stopping=stopping)
            except Stopped:
                return
            if not taken.objects:
                stopping.wait(REST_S)

    def step(self) -> Taken:
        """Take what lies there now.

        Raises: StoreUnavailable; what was taken until then is safe.
        """
        objects = problems = arrivals = 0
        for folder in self._spool.arrivals():
            is_over = is_closed(folder) or is_abandoned(folder)
            arrival = arrival_of(folder)
            while batch := objects_in(folder)[:BATCH]:
                went_wrong = self._take(arrival, batch)
                objects, problems = objects + len(batch), problems + went_wrong
                if self._stopping.is_set():
                    return Taken(objects=objects, problems=problems, arrivals=arrivals)
            if is_over:
                self._close(arrival, folder)
                arrivals += 1
        return Taken(objects=objects, problems=problems, arrivals=arrivals)

    def _take(self, arrival: Arrival, files: list[Path]) -> int:
        """Bytes, rows, then the files leave the spool; how many could not be placed."""
        good: list[tuple[Object, Incoming]] = []
        problems = 0
        for file in files:
            for one in self._opener.opened(file, f"{arrival.arrival_id}/{file.stem}"):
                if isinstance(one, Trouble):
                    self._keep(arrival, one)
                    problems += 1
                    continue
                incoming = self._incoming(arrival, one)
                if isinstance(incoming, Trouble):
                    self._keep(arrival, incoming)
                    problems += 1
                    continue
                good.append((one, incoming))
                if len(good) >= BATCH:
                    problems += self._place(arrival, good)
                    good = []
        problems += self._place(arrival, good)
        for file in files:
            file.unlink(missing_ok=True)
        self._opener.clear()
        return problems

    def _incoming(self, arrival: Arrival, one: Object) -> Incoming | Trouble:
        """The object with its bytes kept."""
        blob, size_bytes = self._bureau.blobs.put_file(one.path, link=True)
        try:
            facts = facts_about(one.looked, blob=blob, size_bytes=size_bytes)
        except (ValueError, TypeError) as problem:  # values that no record can hold
            return Trouble(path=one.path, file=one.file, problem=f"its header can't be kept ({type(problem).__name__})")
        now, settings = self._bureau.now(), self._bureau.settings.service.completeness
        return Incoming(
            arrival=arrival,
            study=facts.study,
            series=facts.series,
            instance=facts.instance,
            complete_at=now + timedelta(seconds=min(settings.quiet_s, settings.longest_s)),
            is_ours=self._is_ours(facts.study.study_id, facts.series.series_uid),
            standing=standing(
                priority=None,
                target_min=None,
                order_priority=None,
                patient_class=self._bureau.patient_class,
                arrived_at=now,
                now=now,
                policy=self._bureau.policies.urgency,
                waiting=self._bureau.policies.waiting,
            ),
        )

    def _is_ours(self, study_id: str, series_of_object: str | None) -> bool:
        """Whether it is an object that was made of one of the study's reports: an archive may route it back here."""
        if series_of_object is None or not series_of_object.startswith(OWN_ROOT):
            return False
        made = report_ids(self._bureau.database, study_id)
        return any(series_of_object == series_uid(report_id, kind) for report_id in made for kind in Kind)

    def _place(self, arrival: Arrival, good: list[tuple[Object, Incoming]]) -> int:
        """Write the rows; what the store refuses goes in one by one, so that one object stops no other."""
        if not good:
            return 0
        try:
            placed = place_all(self._bureau.database, [incoming for _, incoming in good], now=self._bureau.now())
        except StoreUnavailable:
            raise
        except (SQLAlchemyError, RecordInvalid, ValueError, TypeError) as problem:
            if len(good) > 1:
                return sum(self._place(arrival, [pair]) for pair in good)
            one = good[0][0]
            text = f"the store did not take it ({type(problem).__name__})"
            self._keep(arrival, Trouble(path=one.path, file=one.file, problem=text, remedy="please report this"))
            return 1
        self._settle(placed)
        return 0

    def _settle(self, placed: tuple[Placed, ...]) -> None:
        settings = self._bureau.settings.service.completeness
        for study_id in dict.fromkeys(one.study_id for one in placed if not one.is_duplicate):
            settle(self._bureau.database, study_id, settings, now=self._bureau.now())

    def _keep(self, arrival: Arrival, one: Trouble) -> None:
        """Keep what could not be placed."""
        blob, _ = self._bureau.blobs.put_file(one.path, link=True)
        keep_problem(
            self._bureau.database,
            arrival=arrival,
            blob=blob,
            file=one.file,
            problem=one.problem,
            remedy=one.remedy,
            now=self._bureau.now(),
        )
        log.warning("object not placed", arrival=arrival.arrival_id, way=arrival.way.value, problem=one.problem)

    def _close(self, arrival: Arrival, folder: Path) -> None:
        """Nothing more comes: its studies need wait no longer than the short quiet time."""
        now, settings = self._bureau.now(), self._bureau.settings.service.completeness
        for study_id in close_arrival(self._bureau.database, arrival.arrival_id, now):
            settle(self._bureau.database, study_id, settings, now=now)
        remove(folder)


@contextmanager
def alone(spool: Spool, stopping: threading.Event) -> Iterator[bool]:
    """Holds the spool's lock, waited for as long as another process has it; False where it was told to stop."""
    spool.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (spool.root / LOCK).open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if stopping.wait(REST_S):
                    yield False
                    return
        yield True
