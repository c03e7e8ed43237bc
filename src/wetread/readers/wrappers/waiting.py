"""Who waits, in which order, and how long: places taken in turn, and buckets that fill with time.

Both belong to one event loop at a time, but to none for good: a reader may be asked under one loop after another.
"""

import asyncio

from wetread.readers.wrappers.clock import Time

SECONDS = 60.0
TOLERANCE_S = 1e-6  # a wait below the resolution of clocks is no wait


class Places:
    """A number of places, given strictly in the order of asking. A waiter that is cancelled leaves nothing behind."""

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError(f"at least one place is needed, got {count}")
        self._count = self._free = count
        self._waiting: dict[asyncio.Future[None], None] = {}

    @property
    def idle(self) -> bool:
        """Whether nobody holds a place and nobody waits for one."""
        return self._free == self._count and not self._waiting

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    async def take(self) -> None:
        """Wait for a place and hold it."""
        if self._free:  # then nobody waits: a place that is given back goes to the first waiter, not here
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back()  # the place came in the moment of the cancellation: it goes to the next
            self._waiting.pop(turn, None)
            raise

    def give_back(self) -> None:
        """Hand the place to the first who waits; nobody can slip in between."""
        while self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Bucket:
    """So many a minute: full at the start, filling evenly. More than it holds passes when it is full, as a debt."""

    def __init__(self, per_minute: int, time: Time) -> None:
        if per_minute < 1:
            raise ValueError(f"a limit a minute is at least 1, got {per_minute}")
        self._size = float(per_minute)
        self._level = self._size
        self._time = time
        self._seen_s = time.monotonic()

    def wait_s(self, amount: float) -> float:
        """Seconds until that much may pass; 0 if it may now."""
        self._fill()
        wait = (min(amount, self._size) - self._level) * SECONDS / self._size
        return wait if wait > TOLERANCE_S else 0.0

    def take(self, amount: float) -> None:
        """Take that much out."""
        self._fill()
        self._level -= amount

    def correct(self, taken: float, used: float) -> None:
        """Put back what was taken too much, or take what was used beyond it."""
        self._fill()
        self._level = min(self._size, self._level + taken - used)

    def _fill(self) -> None:
        now_s = self._time.monotonic()
        self._level = min(self._size, self._level + (now_s - self._seen_s) * self._size / SECONDS)
        self._seen_s = now_s
