"""What archives promise reaches the store; an archive that does not answer in time did not take what it was given.

The listener leaves the answers in a folder.
It belongs beside the folder: in the process that ingests, as nobody else is sure to see the listener's disk.
"""

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from wetread.delivery.network.statuses import told
from wetread.intake.commitments import Kept, waiting
from wetread.ports import Clock
from wetread.store.commitments import Told, end_late, hear
from wetread.store.database import Database
from wetread.worklist.patience import Stopped, patiently

if TYPE_CHECKING:
    from wetread.worklist.chores import Chore

log = structlog.wrap_logger(logging.getLogger("wetread.delivery"))
EVERY_S = 1.0
KNOWN_ALREADY = 0x0131  # duplicate transaction UID (PS3.3 C.14.1.1): the answer to the first question counts
UNKNOWN_FOR = timedelta(days=1)  # an answer may come before the delivery that asked for it has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Committing:
    """Takes answers out of `folder`. Doing it twice changes nothing."""

    database: Database
    clock: Clock
    folder: Path

    def chore(self) -> "Chore":
        """The same as something that one process does for all, where all see the folder."""
        from wetread.worklist.chores import Chore

        return Chore(name="commitments", every_s=EVERY_S, run=self.step)

    def run(self, stopping: threading.Event) -> None:
        """Go on until it is told to stop; while the store does not answer it waits."""
        while not stopping.wait(EVERY_S):
            try:
                patiently(self.step, stopping=stopping)
            except Stopped:
                return

    def step(self) -> int:
        """Take what lies there now, then end what is late; how many answers were taken.

        Raises: StoreUnavailable; what was taken until then is safe.
        """
        now, taken = self.clock.now(), 0
        for path, kept in waiting(self.folder):
            if self._is_settled(kept, now):
                path.unlink(missing_ok=True)
                taken += 1
        if late := end_late(self.database, now=now):
            log.warning("archives did not say whether they keep what they were given", deliveries=late)
        return taken

    def _is_settled(self, kept: Kept | None, now: datetime) -> bool:
        """Whether its file has done its duty."""
        if kept is None:
            log.warning("an archive's answer can't be read, it is dropped")
            return True
        if kept.failed and all(reason == KNOWN_ALREADY for _, reason in kept.failed):
            log.info("an archive was asked twice, its first answer counts", sender=kept.peer)
            return True
        if hear(self.database, as_told(kept), now=now):
            log.info("an archive answered", sender=kept.peer, kept=len(kept.kept), failed=len(kept.failed))
            return True
        if now - kept.at < UNKNOWN_FOR:
            return False
        log.warning("an archive answers what nobody asked, it is dropped", sender=kept.peer)
        return True


def as_told(kept: Kept) -> Told:
    """An answer in the store's words."""
    problem = None
    if kept.failed:
        counts = Counter(told(reason) for _, reason in kept.failed)
        reasons = ", ".join(f"{count} times {words}" if count > 1 else words for words, count in sorted(counts.items()))
        problem = f"the archive won't keep {len(kept.failed)} objects: {reasons}"
    return Told(transaction_uid=kept.transaction_uid, kept=len(kept.kept), problem=problem)
