"""Readers asked in the shadow: beside the live ones, after the report, while nothing waits to be read.

What they say is never part of a report, an urgency, a delivery or a page of reads, and what breaks here breaks nothing:
it is kept as a read that did not come about.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from wetread.domain.order import Order
from wetread.domain.read import Abstention, Answer, Read, ReaderIdentity
from wetread.domain.report import Report
from wetread.errors import BudgetSpent, StoreUnavailable, WetreadError
from wetread.pipeline import Desk, read_study
from wetread.store.answers import kept_call
from wetread.store.flow import order_of, queue_length
from wetread.store.records import from_record
from wetread.store.shadow import keep_shadow, waits_for_shadow
from wetread.worklist.completing import study_of
from wetread.worklist.house import House

log = structlog.wrap_logger(logging.getLogger("wetread.shadow"))
LOOK_EVERY_S = 10.0
REST = timedelta(hours=1)  # after a spent budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A reader, panel or cascade in the shadow: who it is, a desk of its own, how its answers become one."""

    who: ReaderIdentity
    desk: Desk
    join: Callable[[Report], Answer]


@dataclass(slots=True, kw_only=True)
class Shadowing:
    """Asks the readers in the shadow, one study at a time, in a thread of its own.

    `knowing` is that of the shadow's own gate to the outside, `may` whether this process is the one that does it.
    """

    house: House
    shadows: Sequence[Shadow]
    knowing: Callable[..., Any]
    may: Callable[[], bool] = lambda: True
    stopping: threading.Event = field(default_factory=threading.Event)
    _rests_until: dict[str, datetime] = field(default_factory=dict)

    def run(self) -> None:
        """Ask until it is told to stop. No failure ends it."""
        with asyncio.Runner() as runner:  # one loop for all: connections to endpoints belong to it
            while not self.stopping.is_set():
                asked = 0
                try:
                    asked = self.look(runner) if self.may() else 0
                except StoreUnavailable:
                    log.warning("the store does not answer: nobody is asked in the shadow")
                except Exception as bug:
                    log.exception("reading in the shadow broke", kind=type(bug).__name__)
                if not asked:
                    self.stopping.wait(LOOK_EVERY_S)

    def look(self, runner: asyncio.Runner) -> int:
        """Ask each reader of the newest study that it has not seen; how many were asked. Live work comes first.

        Raises: StoreUnavailable.
        """
        asked = 0
        since = self.house.now() - timedelta(days=self.house.settings.service.gate.shadow_days)
        for shadow in self.shadows:
            if self.stopping.is_set() or queue_length(self.house.database):
                break
            if self._rests(shadow.who):
                continue
            row = waits_for_shadow(self.house.database, shadow.who, since=since)
            if row is not None:
                asked += self._ask(shadow, row, runner)
        return asked

    def _ask(self, shadow: Shadow, row: Mapping[str, Any], runner: asyncio.Runner) -> int:
        answer = self._answer(shadow, row, runner)
        if isinstance(answer, Abstention) and answer.code == BudgetSpent.code:
            self._rests_until[shadow.who.name] = self.house.now() + REST
            return 0
        if isinstance(answer, Abstention) and self.stopping.is_set():
            return 0  # it was broken off: it is asked again
        now = self.house.now()
        keep_shadow(self.house.database, row["study_id"], row["version"], answer, now=now)
        log.info("read in the shadow", study=row["ref"], reader=shadow.who.name, answered=isinstance(answer, Read))
        return 1

    def _answer(self, shadow: Shadow, row: Mapping[str, Any], runner: asyncio.Runner) -> Answer:
        """What the reader says, or why it does not, whatever breaks."""
        try:
            return runner.run(self._read(shadow, row))
        except StoreUnavailable:
            raise
        except WetreadError as problem:
            return Abstention(reader=shadow.who, reason=str(problem), code="unavailable", failed=True)
        except Exception as bug:
            log.exception("a reader in the shadow broke", reader=shadow.who.name, kind=type(bug).__name__)
            return Abstention(
                reader=shadow.who, reason=f"it broke with {type(bug).__name__}", code="broken", failed=True
            )

    async def _read(self, shadow: Shadow, row: Mapping[str, Any]) -> Answer:
        house = self.house
        study = await asyncio.to_thread(study_of, house.database, row["study_id"], house.blobs)
        order = await asyncio.to_thread(partial(self._order, row))
        with self.knowing(study, order):
            report = await read_study(study, order, shadow.desk)
        return replace(shadow.join(report), reader=shadow.who)  # also where a stand-in gave it

    def _order(self, row: Mapping[str, Any]) -> Order:
        """The order as the live readers were told it."""
        kept = kept_call(self.house.database, f"order:{row['study_id']}:{row['version']}")
        told: Order = from_record(Order, kept) if kept else order_of(self.house.database, row)
        return told

    def _rests(self, who: ReaderIdentity) -> bool:
        until = self._rests_until.get(who.name)
        return until is not None and self.house.now() < until
