"""A circuit breaker: a provider that fails again and again is left alone for a while, then asked once."""

from wetread.errors import (
    AnswerUnusable,
    BudgetSpent,
    EgressDenied,
    RateLimited,
    ReaderRefused,
    ReaderUnavailable,
)
from wetread.readers.wrappers.clock import SYSTEM_TIME, Time


class Breaker:
    """Opens after `failures` in a row of kind ReaderUnavailable, rests `rest_s`, then lets one probe through.

    Where the last failure was a rate limit that named its wait, it rests that long instead.
    """

    def __init__(self, name: str, *, failures: int, rest_s: float, time: Time = SYSTEM_TIME) -> None:
        self._name = name
        self._limit = failures
        self._rest_s = rest_s
        self._time = time
        self._failures = 0
        self._rests_until_s: float | None = None
        self._probing = False
        self._last = ""

    @property
    def is_open(self) -> bool:
        """Whether calls are refused for now."""
        return self._rests_until_s is not None

    def check(self) -> None:
        """Refuse while it rests.

        Raises: ReaderUnavailable with the seconds that are left.
        """
        if self._rests_until_s is None:
            return
        left_s = self._rests_until_s - self._time.monotonic()
        if left_s <= 0 and not self._probing:
            return
        wait_s = left_s if left_s > 0 else self._rest_s
        raise ReaderUnavailable(
            f"{self._name} failed {self._failures} times in a row (last: {self._last}); "
            f"it is left alone for another {wait_s:.0f} s",
            retry_after_s=wait_s,
            billed=False,
        )

    def admit(self) -> bool:
        """Let a call through; True if it is the probe. Each admitted call must be reported by `left`.

        Raises: ReaderUnavailable while it rests or while the probe is out.
        """
        self.check()
        self._probing = self._rests_until_s is not None
        return self._probing

    def left(self, *, probe: bool, problem: BaseException | None) -> None:
        """How an admitted call ended. Calls from before the rest say nothing of the provider now."""
        if probe:
            self._probing = False
        elif self._rests_until_s is not None:
            return
        if isinstance(problem, ReaderUnavailable):
            self._failures += 1
            self._last = str(problem)
            if probe or self._failures >= self._limit:
                self._rests_until_s = self._time.monotonic() + self._rest_for(problem)
        elif _alive(problem):
            self._failures = 0
            self._rests_until_s = None

    def abandoned(self, *, probe: bool) -> None:
        """An admitted call was never made: the next may be the probe."""
        if probe:
            self._probing = False

    def _rest_for(self, problem: ReaderUnavailable) -> float:
        named = problem.retry_after_s if isinstance(problem, RateLimited) else None
        return named if named is not None and named > 0 else self._rest_s


def _alive(problem: BaseException | None) -> bool:
    """An answer, good or not, shows that the provider works; a call that was never made or was cut off does not."""
    if problem is None or isinstance(problem, AnswerUnusable):
        return True
    never_made = isinstance(problem, EgressDenied | BudgetSpent)
    return isinstance(problem, ReaderRefused) and not never_made
