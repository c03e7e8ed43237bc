"""How long to leave alone what failed: twice as long each time, up to an hour."""

from collections.abc import Callable

LONGEST_S = 3600.0
MOST_KEPT = 10_000


class Patience:
    """Failures by name, kept in memory: a restart tries everything once more."""

    def __init__(self, *, first_s: float, monotonic: Callable[[], float]) -> None:
        self._first_s = first_s
        self._monotonic = monotonic
        self._failed: dict[str, tuple[int, float]] = {}

    def due(self, name: str) -> bool:
        """Whether it may be tried now."""
        return name not in self._failed or self._monotonic() >= self._failed[name][1]

    def failed(self, name: str) -> None:
        """It failed once more."""
        times = self._failed.pop(name, (0, 0.0))[0]
        if len(self._failed) >= MOST_KEPT:
            del self._failed[next(iter(self._failed))]
        wait_s = min(LONGEST_S, self._first_s * 2 ** min(times, 30))
        self._failed[name] = (times + 1, self._monotonic() + wait_s)

    def well(self, name: str) -> None:
        """It worked."""
        self._failed.pop(name, None)
