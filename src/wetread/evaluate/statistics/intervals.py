"""Intervals and corrections: Wilson for proportions, resampled patients for everything else, Holm for many tests."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054
LEAST_SHARE = 0.9  # a figure that could not be had in more draws than this leaves has no interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with its 95 % interval and the cases that it rests on; `low` and `high` None: too few to say."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def __post_init__(self) -> None:
        if any(x is not None and not math.isfinite(x) for x in (self.value, self.low, self.high)):
            raise ValueError("a figure that does not exist is None, not NaN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """Resamples of patients with replacement: each draw is the indices of all cases of the patients in it."""

    draws: tuple[NDArray[np.int64], ...] = field(repr=False)
    seed: int

    def interval(self, measure: Callable[[NDArray[np.int64]], float], n: int) -> Interval:
        """A measure of the cases at these indices, with its percentile interval over the draws."""
        value = measure(np.arange(n))
        if not math.isfinite(value):
            return Interval(value=None, low=None, high=None, n=n)
        low, high = percentile([measure(draw) for draw in self.draws])
        return Interval(value=value, low=low, high=high, n=n)


def resample(patients: Sequence[str], *, draws: int, seed: int) -> Resampled:
    """Draws of whole patients: two films of one patient are never independent. The same seed gives the same draws."""
    names, of = np.unique(np.asarray(patients, dtype=object).astype(str), return_inverse=True)
    members = [np.flatnonzero(of == number) for number in range(len(names))]
    dice = np.random.default_rng(seed)
    made = []
    for _ in range(draws):
        picked = dice.integers(0, len(names), len(names))
        made.append(np.concatenate([members[number] for number in picked]))
    return Resampled(draws=tuple(made), seed=seed)


def percentile(values: Sequence[float], level: float = 0.95) -> tuple[float | None, float | None]:
    """The middle `level` of the values; none where too many draws gave no figure."""
    known = np.array([value for value in values if math.isfinite(value)])
    if not len(values) or len(known) < LEAST_SHARE * len(values):
        return None, None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson(hits: int, n: int) -> Interval:
    """A proportion with Wilson's score interval (Wilson EB, J Am Stat Assoc 1927; 22: 209-212)."""
    if n == 0:
        return Interval(value=None, low=None, high=None, n=0)
    share, z2 = hits / n, Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = (0.0 if hits == 0 else max(0.0, middle - half)), (1.0 if hits == n else min(1.0, middle + half))
    return Interval(value=share, low=low, high=high, n=n)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction (Scand J Stat 1979; 6: 65-70). NaN stays NaN and is not counted as a test."""
    known = sorted((value, place) for place, value in enumerate(p) if math.isfinite(value))
    corrected, largest = list(p), 0.0
    for rank, (value, place) in enumerate(known):
        largest = max(largest, min(1.0, value * (len(known) - rank)))
        corrected[place] = largest
    return corrected
