"""Clocks that tests can turn: the time of day, and the time that passes while something waits."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")
START = datetime(2024, 1, 2, 10, 15, tzinfo=UTC)
ROUNDS = 40  # turns of the event loop after which whoever could go on has gone on
PATIENCE_S = 5.0
SAME_MOMENT_S = 1e-9


class TurnableClock:
    """Stands still until it is turned."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs a time with its zone")
        self._now = start

    def now(self) -> datetime:
        """The time it was turned to."""
        return self._now

    def turn(self, **by: float) -> None:
        """Move on: `clock.turn(minutes=5)`."""
        self._now += timedelta(**by)


class TurnableTime:
    """Time in which sleepers sleep until it is turned, each woken exactly at its moment.

    `await time.turn(seconds=5)` moves on by hand; `await time.until(work)` turns by itself, as far as the next
    sleeper whenever nobody else can go on. Work in threads does not count as somebody who can go on.
    """

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs a time with its zone")
        self._start = start
        self._passed_s = 0.0
        self._order: Iterator[int] = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        """Seconds it was turned by."""
        return self._passed_s

    def now(self) -> datetime:
        """The time of day it was turned to."""
        return self._start + timedelta(seconds=self._passed_s)

    async def sleep(self, seconds: float) -> None:
        """Wait until it was turned that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed_s + seconds, next(self._order), waker))
        await waker

    async def turn(self, **by: float) -> None:
        """Move on, waking everyone on the way in order: `await time.turn(minutes=1)`."""
        goal = self._passed_s + timedelta(**by).total_seconds()
        await self._settle()
        while (due := self._next_due()) is not None and due <= goal + SAME_MOMENT_S:
            self._wake_next()
            await self._settle()
        self._passed_s = max(self._passed_s, goal)

    async def until(self, work: Awaitable[T]) -> T:
        """What the work gives, turning on whenever everybody sleeps.

        Raises: RuntimeError where nobody sleeps and nothing goes on.
        """
        task = asyncio.ensure_future(work)
        try:
            while True:
                await self._settle()
                if task.done():
                    return await task
                if self._next_due() is not None:
                    self._wake_next()
                elif not (await asyncio.wait({task}, timeout=PATIENCE_S))[0]:
                    raise RuntimeError("nobody sleeps and nothing goes on: what was asked for waits for ever")
        finally:
            task.cancel()

    @property
    def sleepers(self) -> int:
        """How many wait for the time to be turned."""
        return sum(not waker.done() for _, _, waker in self._sleepers)

    def _next_due(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():  # cancelled meanwhile
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _wake_next(self) -> None:
        due, _, waker = heapq.heappop(self._sleepers)
        self._passed_s = max(self._passed_s, due)
        waker.set_result(None)

    async def _settle(self) -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
