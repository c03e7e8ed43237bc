"""Try again what may be tried again, never earlier than was asked for.

stamina's hook may return a wait of its own, but it sleeps by asyncio and stops by the machine's clock, neither of which
can be turned; nor is its extra there for plug-ins. The loop
is small enough to own.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from wetread.domain.read import Read, ReadRequest
from wetread.errors import WetreadError
from wetread.ports import Reader
from wetread.readers.wrappers.clock import SYSTEM_TIME, Time
from wetread.readers.wrappers.wrapper import Wrapper, trace_of, with_trace

T = TypeVar("T")
LONGEST_WAIT_S = 60.0
FIRST_WAIT_S = 0.5
DOUBLINGS = 6  # from then on the backoff grows no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """What came of it, at the how-manieth attempt."""

    value: T
    attempts: int


async def retrying(
    attempt: Callable[[], Awaitable[T]],
    *,
    retries: int,
    time: Time = SYSTEM_TIME,
    longest_wait_s: float = LONGEST_WAIT_S,
    jitter: Callable[[], float] = random.random,
) -> Outcome[T]:
    """What `attempt` gives, tried up to `retries` times more after errors that say it is worth it (`retry`).

    Waits as long as the error asks (`retry_after_s`), else exponentially with full jitter.
    Raises: the last error; at once where it asks for more than `longest_wait_s` or is not worth a retry.
    """
    attempts = 1
    while True:
        try:
            return Outcome(value=await attempt(), attempts=attempts)
        except WetreadError as problem:
            if not problem.retry or attempts > retries:
                raise
            wait_s = _wait_s(problem, attempts, jitter)
            if wait_s > longest_wait_s:
                raise
        attempts += 1
        await time.sleep(wait_s)


def _wait_s(problem: WetreadError, attempts: int, jitter: Callable[[], float]) -> float:
    asked_s = getattr(problem, "retry_after_s", None)
    if asked_s is not None and asked_s > 0:
        return float(asked_s)
    longest_s: float = FIRST_WAIT_S * 2 ** min(attempts - 1, DOUBLINGS)
    return longest_s * jitter()


class Retried(Wrapper):
    """A reader that is asked again where that is worth it; the trace counts the attempts.

    Put it around `Limited`, so that each attempt passes the turnstile by itself.
    """

    def __init__(
        self, reader: Reader, *, retries: int, time: Time = SYSTEM_TIME, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        super().__init__(reader)
        self._retries = retries
        self._time = time
        self._longest_wait_s = longest_wait_s

    async def read(self, request: ReadRequest) -> Read:
        """The first read that comes.

        Raises: the last attempt's error.
        """
        outcome = await retrying(
            lambda: self.reader.read(request),
            retries=self._retries,
            time=self._time,
            longest_wait_s=self._longest_wait_s,
        )
        if outcome.attempts == 1:
            return outcome.value
        return with_trace(outcome.value, attempts=trace_of(outcome.value).attempts + outcome.attempts - 1)
