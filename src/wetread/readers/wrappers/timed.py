"""No read takes longer than it may, and a slow one is told."""

import asyncio
from collections.abc import Callable

from wetread.domain.read import Read, ReadRequest
from wetread.errors import TimedOut
from wetread.ports import Reader
from wetread.readers.wrappers.clock import SYSTEM_TIME, Time
from wetread.readers.wrappers.log import log
from wetread.readers.wrappers.wrapper import Wrapper, with_trace

Alarm = Callable[[str, float], None]


class Timed(Wrapper):
    """A reader that answers within `timeout_s` or not at all; `alarm(name, seconds)` for reads over `slow_after_s`.

    The call is cancelled when its time is over. Slow reads are logged ("slow read") and counted in any case.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        timeout_s: float,
        slow_after_s: float | None = None,
        alarm: Alarm | None = None,
        time: Time = SYSTEM_TIME,
    ) -> None:
        super().__init__(reader)
        self._timeout_s = timeout_s
        self._slow_after_s = slow_after_s
        self._alarm = alarm
        self._time = time
        self.slow_reads = 0

    async def read(self, request: ReadRequest) -> Read:
        """The read, with its seconds in the trace.

        Raises: TimedOut, and what the reader raises.
        """
        began_s = self._time.monotonic()
        try:
            read = await self._within_time(request)
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._look_at(self._time.monotonic() - began_s)
            raise
        latency_s = self._time.monotonic() - began_s
        self._look_at(latency_s)
        return with_trace(read, latency_s=latency_s)

    async def _within_time(self, request: ReadRequest) -> Read:
        try:
            async with asyncio.timeout(None) as limit:
                watch = asyncio.create_task(self._expire(limit))
                try:
                    return await self.reader.read(request)
                finally:
                    watch.cancel()
        except TimeoutError as problem:  # ours, or one the reader raised itself
            raise TimedOut(f"{self.name} did not answer within {self._timeout_s:g} s") from problem

    async def _expire(self, limit: asyncio.Timeout) -> None:
        """The timeout of asyncio keeps cancellations apart as it should; only its clock is not ours to turn."""
        await self._time.sleep(self._timeout_s)
        limit.reschedule(asyncio.get_running_loop().time())

    def _look_at(self, latency_s: float) -> None:
        if self._slow_after_s is None or latency_s <= self._slow_after_s:
            return
        self.slow_reads += 1
        log.warning("slow read", reader=self.name, seconds=round(latency_s, 3), slow_after_s=self._slow_after_s)
        if self._alarm is not None:
            self._alarm(self.name, latency_s)
