"""How often somebody may knock, kept in memory: an account's lock is in the store, this only keeps the doors quiet."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from fastapi import FastAPI

MOST_KEYS = 10_000


class Throttle:
    """At most so many times in so many seconds for each key. The longest silent keys are forgotten first."""

    def __init__(self, times: int, *, within_s: float) -> None:
        self.times = times
        self.within = timedelta(seconds=within_s)
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def allows(self, key: str, *, now: datetime) -> bool:
        """Whether it may happen once more now; if so, it is counted."""
        with self._lock:
            seen = self._seen.setdefault(key, deque(maxlen=self.times))
            self._seen.move_to_end(key)
            if len(self._seen) > MOST_KEYS:
                self._seen.popitem(last=False)
            if len(seen) == self.times and timedelta(0) <= now - seen[0] < self.within:
                return False
            seen.append(now)
            return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttles:
    """The doors that are kept quiet."""

    logins: Throttle = field(default_factory=lambda: Throttle(10, within_s=60))  # of one login from one address
    addresses: Throttle = field(default_factory=lambda: Throttle(60, within_s=60))  # logins from one address
    strangers: Throttle = field(default_factory=lambda: Throttle(1, within_s=60))  # audit lines about one address


def throttle_of(app: FastAPI) -> Throttles:
    """The throttles of this app."""
    found: Throttles | None = getattr(app.state, "throttles", None)
    if found is None:
        found = app.state.throttles = Throttles()
    return found
