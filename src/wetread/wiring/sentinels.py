"""Sentinel cases: put among the blobs, and asked of readers anew each time, past every cache and journal."""

import asyncio
import logging
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from wetread.domain.order import Order
from wetread.domain.read import Answer, Read
from wetread.domain.study import Study
from wetread.domain.view import Failure
from wetread.errors import ConfigurationError, InputError, NotFound, RecordInvalid
from wetread.evaluate.drift.stored import said_of
from wetread.guard import Isolation
from wetread.intake import Declared, Folder
from wetread.panel import readers_of
from wetread.pipeline import Desk, read_study
from wetread.readers.wrappers.barred import Barred
from wetread.store.drift import readers_since
from wetread.store.sentinels import Sentinel, SentinelAnswer, add_sentinel, keep_answer, last_asked, sentinels_of
from wetread.wiring.desk import make_desk
from wetread.wiring.equipment import Equipment, without_caches
from wetread.wiring.lineup import places_of
from wetread.wiring.readers import choose_readers
from wetread.wiring.service import Service
from wetread.wiring.sources import open_source

log = structlog.wrap_logger(logging.getLogger("wetread.drift"))
LIVE = timedelta(days=7)  # a reader that was asked of a study since then is one
AGAIN_S = 3600.0  # a sentinel that a reader failed on is asked of it again after so long
MOST_FILES = 1000
NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A sentinel to be: its name, its files, what bare pictures among them are, and who wants it."""

    name: str
    paths: tuple[Path, ...]
    declared: Declared
    by: str


def add(service: Service, wanted: New) -> Sentinel:
    """Keep a study's files among the blobs as a sentinel.

    Raises: InputError where the files are not one study with pictures; Conflict where the name is taken.
    """
    now = service.now()
    if NAMES.fullmatch(wanted.name) is None:
        raise InputError(wanted.name, "is no name of a sentinel", "use up to 60 letters, digits, spaces, dots, dashes")
    with open_source(service.settings, wanted.declared) as source:
        study = _only(tuple(source.studies(wanted.paths)), wanted.name)
        blobs = tuple(service.blobs.put_file(instance.path)[0] for instance in study.instances)
        declared = _told(wanted.declared)
        with service.database.write() as connection:
            return add_sentinel(connection, wanted.name, blobs, declared=declared, by=wanted.by, now=now)


def live_readers(service: Service) -> tuple[str, ...]:
    """The readers that are asked of studies: the site's own, and those that rules or people asked of late.

    Raises: StoreUnavailable.
    """
    try:
        equipment = Equipment(service.settings)
        places = places_of(service.database, equipment)
        chosen = choose_readers(service.settings, (), equipment, places=places)
        own = [reader.name for reader in readers_of(chosen.readers) if not isinstance(reader, Barred)]
    except ConfigurationError:  # who was asked of late is known all the same
        own = []
    with service.database.read() as connection:
        return tuple(dict.fromkeys((*own, *readers_since(connection, service.now() - LIVE))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A desk at which one reader alone sits, with nothing that remembers."""

    service: Service
    isolation: Isolation
    desk: Desk
    equipment: Equipment

    def answer_on(self, case: Sentinel) -> Answer | None:
        """What the reader says of a sentinel now, None where nothing single came of it.

        Raises: InputError, NotFound (a file is gone).
        """
        settings, declared = self.service.settings, Declared(**case.declared)
        with Folder(declared=declared, isolation=self.isolation, timeout_s=settings.parse_timeout_s) as source:
            paths = tuple(self.service.blobs.local_path(blob) for blob in case.blobs)
            study = _only(tuple(source.studies(paths)), case.name)
            with self.equipment.knowing(study, Order()):
                report = asyncio.run(read_study(study, Order(), self.desk))
        return report.answers[0] if len(report.answers) == 1 else None


def asking(service: Service, isolation: Isolation, name: str) -> Asking:
    """The desk of one reader.

    Raises: ConfigurationError where there is no such reader, or it can't work.
    """
    settings = without_caches(service.settings)
    equipment = Equipment(settings)
    desk = make_desk(settings, readers=(name,), output="json", isolation=isolation, equipment=equipment)
    return Asking(service=service, isolation=isolation, desk=desk, equipment=equipment)


@dataclass(slots=True)
class Rounds:
    """Asks readers of the sentinels that are due. A failure is tried again later, not at once."""

    service: Service
    isolation: Isolation
    stopping: threading.Event = field(default_factory=threading.Event)
    _tried: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def ask(self, names: Iterable[str], *, anyway: bool = False) -> int:
        """Ask each reader of what it was not asked of lately (`anyway`: of all); how many answers came.

        Raises: StoreUnavailable.
        """
        with self.service.database.read() as connection:
            cases = sentinels_of(connection)
        return sum(self._ask(name, cases, anyway=anyway) for name in names) if cases else 0

    def _ask(self, name: str, cases: Sequence[Sentinel], *, anyway: bool) -> int:
        now = self.service.now()
        with self.service.database.read() as connection:
            last = last_asked(connection, name)
        pace = timedelta(seconds=self.service.settings.service.drift.sentinels_every_s)
        waiting = [
            one
            for one in cases
            if anyway or (_is_past(last.get(one.sentinel_id), pace, now) and self._is_rested(name, one, pace, now))
        ]
        if not waiting:
            return 0
        self._tried |= {(name, case.sentinel_id): now for case in waiting}
        try:
            desk = asking(self.service, self.isolation, name)
        except ConfigurationError as problem:
            log.warning("a reader can't be asked of sentinels", reader=name, problem=str(problem))
            return 0
        answers = 0
        for case in waiting:
            if self.stopping.is_set():
                break
            answers += self._ask_one(name, case, desk)
        return answers

    def _is_rested(self, name: str, case: Sentinel, pace: timedelta, now: datetime) -> bool:
        return _is_past(self._tried.get((name, case.sentinel_id)), min(timedelta(seconds=AGAIN_S), pace), now)

    def _ask_one(self, name: str, case: Sentinel, desk: Asking) -> bool:
        try:
            answer = desk.answer_on(case)
        except (InputError, NotFound, RecordInvalid) as problem:
            log.warning("a sentinel can't be asked of", reader=name, sentinel=case.name, problem=type(problem).__name__)
            return False
        if answer is None or (not isinstance(answer, Read) and answer.failed):
            log.warning("a sentinel was not answered", reader=name, sentinel=case.name)
            return False
        told = SentinelAnswer(
            name=case.name,
            reader=name,
            fingerprint=answer.reader.fingerprint,
            at=self.service.now(),
            said=said_of(answer),
            cost_usd=answer.cost_usd if isinstance(answer, Read) else None,
        )
        with self.service.database.write() as connection:
            keep_answer(connection, case.sentinel_id, told)
        return True


def _is_past(last: datetime | None, pace: timedelta, now: datetime) -> bool:
    return last is None or now >= last + pace


def _only(found: Sequence[Study | Failure], name: str) -> Study:
    failures = [one for one in found if isinstance(one, Failure)]
    if failures:
        raise InputError(name, f"holds a file that can't be read: {failures[0].problem}", "leave it out or mend it")
    studies = [one for one in found if isinstance(one, Study)]
    if len(studies) != 1:
        raise InputError(name, f"holds {len(studies)} studies", "a sentinel is the files of exactly one study")
    instances = studies[0].instances
    if not any(instance.is_image for instance in instances) or len(instances) > MOST_FILES:
        raise InputError(name, "holds no pictures, or too many files", f"give 1 to {MOST_FILES} files with pictures")
    return studies[0]


def _told(declared: Declared) -> Mapping[str, str]:
    told = {name: getattr(declared, name) for name in Declared.__dataclass_fields__}
    return {name: value for name, value in told.items() if value is not None}
