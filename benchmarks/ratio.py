"""One measured ratio, and how to measure it."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A figure with its target. `unit` says what is divided by what; `met` is None where there is no target."""

    name: str
    value: float
    target: float | None
    unit: str
    met: bool | None
    detail: str = ""


def at_least(name: str, value: float, target: float, unit: str, *, detail: str = "") -> Ratio:
    """A ratio that should be no smaller than its target."""
    return Ratio(name=name, value=value, target=target, unit=unit, met=value >= target, detail=detail)


def at_most(name: str, value: float, target: float, unit: str, *, detail: str = "") -> Ratio:
    """A ratio that should be no larger than its target."""
    return Ratio(name=name, value=value, target=target, unit=unit, met=value <= target, detail=detail)


def stated(name: str, value: float, unit: str, *, detail: str = "") -> Ratio:
    """A ratio without a target."""
    return Ratio(name=name, value=value, target=None, unit=unit, met=None, detail=detail)


def best_ms(work: Callable[[], object], *, seconds: float = 1.0, most: int = 30) -> float:
    """The fastest of several runs in milliseconds, after one that is not counted."""
    work()
    best, end = float("inf"), time.perf_counter() + seconds
    for _ in range(most):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() > end:
            break
    return best * 1e3
