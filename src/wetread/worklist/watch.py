"""Which workers live. No wall clock is trusted: a worker is alive as long as its mark in the store changes.

Each worker watches the others by its own monotonic clock. Time in which the store did not answer, or in which this
process itself stood still, counts for nobody's death. A worker of this machine whose process is gone is dead at once.
"""

import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from wetread.store.executors import Executor

PATIENCE = 6  # times as long a silence is borne of a process that is seen to live: the machine may be busy
BOOT, NAMESPACE = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")


def mark_of_this_machine() -> str:
    """The same for all processes that see one another's process ids: this boot of this machine or container."""
    try:
        told = f"{BOOT.read_text(encoding='ascii')} {NAMESPACE.readlink()}"
    except OSError:
        return ""
    return hashlib.sha256(f"{socket.gethostname()} {told}".encode()).hexdigest()[:8]


def executor_name(serial: str) -> str:
    """The name of this process among all workers: machine, process and a word that is never used again."""
    return f"{mark_of_this_machine() or 'elsewhere'}.{os.getpid()}.{serial}"


@dataclass(slots=True)
class Watch:
    """Tells the living from the dead. `look` is to be given what the store knows, again and again."""

    me: str
    stale_after_s: float
    clock_s: Callable[[], float] = time.monotonic
    exists: Callable[[int], bool] = field(default_factory=lambda: process_exists)
    machine: str = field(default_factory=lambda: mark_of_this_machine())
    _marks: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    _looked_s: float | None = None

    def look(self, known: Iterable[Executor]) -> tuple[frozenset[str], frozenset[str]]:
        """The living, this process among them, and the dead."""
        now_s = self.clock_s()
        if self._looked_s is None or now_s - self._looked_s > self.stale_after_s / 2:
            self._marks.clear()  # nobody was watched meanwhile: nobody's silence was heard
        self._looked_s = now_s
        alive: set[str] = {self.me}
        dead: set[str] = set()
        for one in known:
            if one.executor_id != self.me:
                (dead if self._is_dead(one, now_s) else alive).add(one.executor_id)
        self._marks = {name: mark for name, mark in self._marks.items() if name in alive | dead}
        return frozenset(alive), frozenset(dead)

    def missed(self) -> None:
        """The store did not answer: the silence until now says nothing."""
        self._marks.clear()

    def _is_dead(self, one: Executor, now_s: float) -> bool:
        mark, since_s = self._marks.get(one.executor_id, (None, now_s))
        if mark != one.seen_at:
            since_s = now_s
        self._marks[one.executor_id] = (one.seen_at, since_s)
        silent_s = now_s - since_s
        if not (self.machine and one.executor_id.startswith(f"{self.machine}.")):
            return silent_s > self.stale_after_s
        return not self.exists(one.pid) or silent_s > self.stale_after_s * PATIENCE


def process_exists(pid: int) -> bool:
    """Whether a process of this machine lives; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except (OSError, IndexError):
        return True
    return state not in {"Z", "X"}
