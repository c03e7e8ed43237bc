"""What one worker does for all: completes studies, keeps queue and store at one, takes over from the dead.

Each chore is idempotent and may be broken off anywhere; the next round, or the next worker, does the rest.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from wetread.domain.waiting import Lane
from wetread.errors import Conflict, NotFound
from wetread.store.answers import forget_calls
from wetread.store.deliveries import due as deliveries_due
from wetread.store.deliveries import requeue_delivery
from wetread.store.executors import forget, known, take_lease
from wetread.store.flow import (
    due_retries,
    forsaken,
    give_up_retrying,
    note_queued,
    queue_forsaken,
    requeue_read,
    unfinished,
    waiting,
)
from wetread.store.jobs import READ, deliver_job_id, note_delivery, read_job_id, retry
from wetread.store.messages import forget_messages
from wetread.store.retention import Removed, expire, sweep
from wetread.worklist.completing import complete_due
from wetread.worklist.engine import Engine
from wetread.worklist.house import House
from wetread.worklist.matching_rows import Ground, match_due
from wetread.worklist.order import queue_priority
from wetread.worklist.override import lift_due

log = structlog.wrap_logger(logging.getLogger("wetread.flow"))
WINDOW = 256  # studies that lie in the engine's queue at once; the rest wait in the store, in order
BY_ITSELF = "the service"
CALLS_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something done every `every_s` seconds by one worker of all."""

    name: str
    every_s: float
    run: Callable[[], object]


@dataclass(slots=True)
class Chores:
    """The chores of the flow. `engine` is that of this process."""

    house: House
    engine: Engine
    _missing: set[str] = field(default_factory=set)

    def all(self) -> tuple[Chore, ...]:
        """Each with its pace."""
        return (
            Chore(name="complete", every_s=0.25, run=lambda: complete_due(self.house)),
            Chore(name="enqueue", every_s=0.2, run=self.enqueue),
            Chore(name="deliver", every_s=0.5, run=self.enqueue_deliveries),
            Chore(name="retry", every_s=1.0, run=self.retry_dead_letters),
            Chore(name="match", every_s=1.0, run=self.match),
            Chore(name="lift", every_s=5.0, run=self.lift),
            Chore(name="compare", every_s=5.0, run=self.compare),
            Chore(name="tidy", every_s=3600.0, run=self.tidy),
        )

    def enqueue(self) -> int:
        """Put what waits into the engine's queue, the most urgent first; flows that became void are cancelled.

        Enqueued first and noted then: killed in between, it is done again under the same name.
        """
        longest_s = self.house.settings.service.flow.retry_longest_s
        found = waiting(self.house.database, now=self.house.now(), longest_wait_s=longest_s, window=WINDOW)
        for one in found:
            priority = queue_priority(Lane(one.lane), one.deadline)
            job_id = read_job_id(one.study_id, one.generation)
            self.engine.enqueue_read(job_id, one.study_id, one.generation, priority=priority)
        if found:
            self.engine.cancel(note_queued(self.house.database, found, now=self.house.now()))
        return len(found)

    def enqueue_deliveries(self) -> int:
        """Put what is to leave into its queue."""
        longest_s = self.house.settings.service.flow.retry_longest_s
        found = deliveries_due(self.house.database, now=self.house.now(), longest_wait_s=longest_s)
        for report_id, destination, attempt in found:
            self.send(report_id, destination, attempt)
        return len(found)

    def send(self, report_id: str, destination: str, attempt: int) -> None:
        """Enqueue one try and note it."""
        job_id = deliver_job_id(report_id, destination, attempt)
        self.engine.enqueue_delivery(job_id, report_id, destination, attempt)
        note_delivery(self.house.database, job_id, report_id, destination, now=self.house.now())

    def retry_dead_letters(self) -> int:
        """Try again what failed because something was gone for a while."""
        flow, db = self.house.settings.service.flow, self.house.database
        found = due_retries(db, now=self.house.now(), longest_wait_s=flow.retry_longest_s)
        for job_id, _ in found:
            try:
                retry(db, job_id, by=BY_ITSELF, now=self.house.now(), tries=flow.attempts - 1)
            except (Conflict, NotFound):
                give_up_retrying(db, job_id, now=self.house.now())
        return len(found)

    def match(self) -> int:
        """Look again for the studies of orders that something has come for."""
        ground = Ground(settings=self.house.settings.service.matching, policies=self.house.policies)
        return match_due(self.house.database, ground, now=self.house.now())

    def lift(self) -> int:
        """Lift what has waited its share of the cap, on the list and in the reading queue."""
        return lift_due(self.house.database, now=self.house.now(), policies=self.house.policies)

    def compare(self) -> int:
        """Mend what the engine lost or ended without its work being done. Only what is missing twice is missing."""
        db = self.house.database
        jobs = dict(unfinished(db))
        gone = set(jobs) - self.engine.living(jobs)
        twice, self._missing = gone & self._missing, gone
        for job_id in twice:
            log.warning("a lost flow is queued again", kind=jobs[job_id])
            mend = requeue_read if jobs[job_id] == READ else requeue_delivery
            mend(db, job_id, now=self.house.now())
        for study_id in forsaken(db):
            queue_forsaken(db, study_id, now=self.house.now())
        there = frozenset(one.executor_id for one in known(db))
        if orphans := frozenset(self.engine.under_way()) - there - {self.engine.executor_id}:
            take_over(self.house, self.engine, alive=there, dead=orphans)
        return len(twice)

    def tidy(self) -> int:
        """Forget single calls of reads that are long done, and what the site keeps no longer."""
        db, now = self.house.database, self.house.now()
        removed = expire(db, self.house.blobs, self.house.settings.service.retention, now)
        swept = sweep(db, self.house.blobs, now)
        if (removed, swept) != (Removed(), Removed()):
            log.info("what is kept no longer was removed", expired=str(removed), swept=str(swept))
        days = self.house.settings.service.retention.messages_days
        if days is not None:
            with db.write() as connection:
                forget_messages(connection, before=now - timedelta(days=days))
        return forget_calls(db, before=now - CALLS_KEPT)


def take_over(house: House, engine: Engine, *, alive: frozenset[str], dead: frozenset[str]) -> int:
    """Resume what dead workers had under way; how many flows. Only the one who holds a dead one's lease does."""
    db, resumed = house.database, 0
    until = house.now() + timedelta(seconds=house.settings.service.flow.stale_after_s)
    for executor_id in sorted(dead):
        lease = f"resume:{executor_id}"[:128]
        if not take_lease(db, lease, engine.executor_id, alive=alive, until=until):
            continue
        flows = engine.resume(executor_id)
        forget(db, executor_id)
        resumed += flows
        log.warning("a worker is gone, its flows go on here", executor=executor_id, flows=flows)
    return resumed
