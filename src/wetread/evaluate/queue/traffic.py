"""What waits for a human: arrivals, how long each takes to read, what AI says of it and when, what it really is.

Minutes count from the first midnight. Everything random comes from one seed, which the traffic keeps.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
DAY_MIN, HOUR_MIN, HOURS = 1440, 60, 24
NEVER = math.inf


class Shape(StrEnum):
    """How a span of time is spread around its mean."""

    FIXED = "fixed"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A random span of minutes; `variation` is the lognormal's standard deviation over its mean."""

    mean_min: float
    shape: Shape = Shape.EXPONENTIAL
    variation: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.mean_min < math.inf and 0 < self.variation < math.inf):
            raise ValueError(f"a span has a mean from 0 min on and a variation above 0, got {self}")

    @property
    def second_moment_min2(self) -> float:
        """The mean of its square, in square minutes."""
        squared = {Shape.FIXED: 0.0, Shape.EXPONENTIAL: 1.0, Shape.LOGNORMAL: self.variation**2}[self.shape]
        return self.mean_min**2 * (1 + squared)

    def draw(self, count: int, dice: np.random.Generator) -> Floats:
        """So many spans, (count,) float64, minutes."""
        if self.shape is Shape.FIXED or not self.mean_min:
            return np.full(count, self.mean_min)
        if self.shape is Shape.EXPONENTIAL:
            return dice.exponential(self.mean_min, count)
        sigma = math.sqrt(math.log1p(self.variation**2))
        return dice.lognormal(math.log(self.mean_min) - sigma**2 / 2, sigma, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How many studies are critical, and how AI flags them: shares from 0 to 1.

    `raised` is the share of those that AI does not flag as critical which it still puts before routine (P2).
    """

    critical: float
    sensitivity: float
    false_positive_rate: float
    raised: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= getattr(self, part.name) <= 1 for part in fields(self)):
            raise ValueError(f"shares lie between 0 and 1, got {self}")

    @property
    def flagged(self) -> float:
        """The share that AI flags, rightly or not: the p+ of the queue law."""
        return self.critical * self.sensitivity + (1 - self.critical) * self.false_positive_rate

    def critical_given(self, flagged: Flags) -> Floats:
        """The probability that a study is critical, knowing whether AI flagged it (Bayes)."""
        hit, missed = self.critical * self.sensitivity, self.critical * (1 - self.sensitivity)
        return np.where(flagged, _share(hit, self.flagged), _share(missed, 1 - self.flagged))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A stretch of studies, one row each, in the order of arrival; every array has the shape (studies,).

    `arrives_min` and `told_min` (when AI has told what it says; inf: never) count from the first midnight, `takes_min`
    is the reading itself, `rank` is of the priority that AI tells (1: it flags the study as critical). `left_min` are
    the minutes that AI's word leaves once told, `ordered_min` what the order leaves from the start, `target_min` what
    the truth asks for; inf: none. `cap_min` is the longest wait allowed; the list lifts a study when `lift_share` of it
    has passed.
    """

    arrives_min: Floats = field(repr=False)
    takes_min: Floats = field(repr=False)
    critical: Flags = field(repr=False)
    rank: Numbers = field(repr=False)
    told_min: Floats = field(repr=False)
    left_min: Floats = field(repr=False)
    ordered_min: Floats = field(repr=False)
    target_min: Floats = field(repr=False)
    cap_min: Floats = field(repr=False)
    lift_share: float
    seed: int

    def __post_init__(self) -> None:
        for part in fields(self)[:-2]:
            if getattr(self, part.name).shape != self.arrives_min.shape:
                raise ValueError(f"{part.name} has not one entry for each study")
        if not (np.isfinite(self.arrives_min).all() and (np.diff(self.arrives_min) >= 0).all()):
            raise ValueError("arrives_min: studies stand in the order of their arrival, at known minutes")
        if not (np.isfinite(self.takes_min).all() and (self.takes_min >= 0).all()):
            raise ValueError("takes_min: a reading takes from 0 min on")
        if (self.told_min < self.arrives_min).any():
            raise ValueError("told_min: AI can't tell of a study before it came")
        least = min(float(np.min(left, initial=NEVER)) for left in (self.left_min, self.ordered_min, self.cap_min))
        if not np.isin(self.rank, [one.rank for one in Priority]).all():
            raise ValueError("rank: a priority ranks from 1 to 5")
        if least <= 0 or not 0 < self.lift_share <= 1:
            raise ValueError("minutes left are more than 0, lift_share is more than 0 and at most 1")

    def __len__(self) -> int:
        return len(self.arrives_min)

    @property
    def flagged(self) -> Flags:
        """What AI calls critical, once it tells."""
        return np.equal(self.rank, Priority.P1.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Traffic from a given rate and mix.

    `by_hour` are arrivals by hour of the day in relation to each other (24 of them; none: evenly), `classes` the
    shares of the patient classes, `cap_min` their caps (inf: none), `critical_min` and `raised_min` the minutes within
    which a critical and a raised study should be opened.
    """

    per_day: float
    days: int
    mix: Mix
    reading: Span
    cap_min: Mapping[PatientClass, float]
    critical_min: float
    raised_min: float = NEVER
    lift_share: float
    ai_delay: Span = field(default_factory=lambda: Span(mean_min=0.0, shape=Shape.FIXED))
    by_hour: tuple[float, ...] = (1.0,) * HOURS
    classes: Mapping[PatientClass, float] = field(default_factory=lambda: MappingProxyType({PatientClass.UNKNOWN: 1.0}))

    def __post_init__(self) -> None:
        if len(self.by_hour) != HOURS or min(self.by_hour) < 0 or not sum(self.by_hour):
            raise ValueError(f"by_hour holds {HOURS} numbers from 0 on, one of them above 0")
        if not math.isclose(sum(self.classes.values()), 1) or min(self.classes.values()) < 0:
            raise ValueError(f"the shares of the classes sum to 1, got {dict(self.classes)}")
        if missing := [one.value for one in self.classes if one not in self.cap_min]:
            raise ValueError(f"cap_min names no cap for {missing[0]}")

    def load(self, staff_min_per_day: float) -> float:
        """Reading time that comes in a day over the minutes of work in it: the rho of the queue law."""
        return self.per_day * self.reading.mean_min / staff_min_per_day


def made(scenario: Scenario, seed: int) -> Traffic:
    """Poisson arrivals by the hour with reading times, truth and flags drawn as the scenario says."""
    dice = np.random.default_rng(seed)
    arrives = _arrivals(scenario, dice)
    count = len(arrives)
    takes = scenario.reading.draw(count, dice)
    critical = dice.random(count) < scenario.mix.critical
    rate = np.where(critical, scenario.mix.sensitivity, scenario.mix.false_positive_rate)
    flagged = dice.random(count) < rate
    raised = ~flagged & (dice.random(count) < scenario.mix.raised)
    caps = np.array([scenario.cap_min[one] for one in scenario.classes], dtype=np.float64)
    cap = caps[dice.choice(len(caps), size=count, p=list(scenario.classes.values()))]
    return Traffic(
        arrives_min=arrives,
        takes_min=takes,
        critical=critical,
        rank=np.select([flagged, raised], [Priority.P1.rank, Priority.P2.rank], Priority.P4.rank),
        told_min=arrives + scenario.ai_delay.draw(count, dice),
        left_min=np.select([flagged, raised], [scenario.critical_min, scenario.raised_min], NEVER),
        ordered_min=np.full(count, NEVER),
        target_min=np.where(critical, scenario.critical_min, NEVER),
        cap_min=cap,
        lift_share=scenario.lift_share,
        seed=seed,
    )


def _arrivals(scenario: Scenario, dice: np.random.Generator) -> Floats:
    """Poisson counts for each hour, spread evenly inside it: a Poisson stream of piecewise constant rate."""
    rate = scenario.per_day * np.array(scenario.by_hour) / sum(scenario.by_hour)
    counts = dice.poisson(np.tile(rate, scenario.days))
    starts = np.repeat(np.arange(len(counts)) * float(HOUR_MIN), counts)
    return np.sort(starts + dice.random(len(starts)) * HOUR_MIN)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
