"""The time that passes while a call waits, so that tests can turn it."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Time(Protocol):
    """Seconds that pass, the time of day, and a rest."""

    def monotonic(self) -> float:
        """Seconds since some moment; never runs backwards."""
        ...

    def now(self) -> datetime:
        """The time of day, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Rest at least this long."""
        ...


class SystemTime:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Rest on the event loop."""
        await asyncio.sleep(seconds)


SYSTEM_TIME = SystemTime()
