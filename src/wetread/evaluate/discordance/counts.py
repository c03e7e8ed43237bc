"""Counting what AI said against what was signed, and the shares that follow, each with its n and Wilson's interval."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from wetread.domain.finding import Presence
from wetread.evaluate.statistics import wilson

LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share: `hits` of `n`. `value` and its 95 % interval are None where n is too small to say."""

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """A median with its 95 % interval by order statistics; None where n is too small to say."""

    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(slots=True)
class Tally:
    """Statements of AI by what the truth is taken to be. `hedged`: AI was uncertain, `unsure`: the human was."""

    both: int = 0
    overcalled: int = 0
    missed: int = 0
    neither: int = 0
    hedged_ill: int = 0
    hedged_well: int = 0
    unsure: int = 0

    def count(self, ai: Presence, truth: Presence | None) -> None:
        """One statement; `truth` None: nobody knows, and it does not count."""
        if truth is Presence.PRESENT:
            self._count_ill(ai)
        elif truth is Presence.ABSENT:
            self._count_well(ai)
        elif truth is Presence.UNCERTAIN:
            self.unsure += ai is not Presence.NOT_ASSESSABLE

    def _count_ill(self, ai: Presence) -> None:
        if ai is Presence.PRESENT:
            self.both += 1
        elif ai is Presence.ABSENT:
            self.missed += 1
        elif ai is Presence.UNCERTAIN:
            self.hedged_ill += 1

    def _count_well(self, ai: Presence) -> None:
        if ai is Presence.ABSENT:
            self.neither += 1
        elif ai is Presence.PRESENT:
            self.overcalled += 1
        elif ai is Presence.UNCERTAIN:
            self.hedged_well += 1

    def add(self, other: "Tally") -> None:
        """Another tally's statements."""
        for place in Tally.__slots__:
            setattr(self, place, getattr(self, place) + getattr(other, place))

    @property
    def hedged(self) -> int:
        """Statements in which AI was uncertain and the human was not."""
        return self.hedged_ill + self.hedged_well

    @property
    def n(self) -> int:
        """Statements whose truth is taken as known."""
        return self.both + self.overcalled + self.missed + self.neither + self.hedged

    def ppv(self, least: int) -> Rate:
        """Of what AI told, how much was so."""
        return rate(self.both, self.both + self.overcalled, least)

    def sensitivity(self, least: int) -> Rate:
        """Of what was so, how much AI told; an uncertain AI did not tell it."""
        return rate(self.both, self.both + self.missed + self.hedged_ill, least)

    def specificity(self, least: int) -> Rate:
        """Of what was not so, how much AI left untold."""
        return rate(self.neither + self.hedged_well, self.neither + self.hedged_well + self.overcalled, least)


def rate(hits: int, n: int, least: int) -> Rate:
    """A share of n; below `least` it is not told."""
    if n < max(least, 1):
        return Rate(hits=hits, n=n, value=None, low=None, high=None)
    told = wilson(hits, n)
    return Rate(hits=hits, n=n, value=told.value, low=told.low, high=told.high)


def middle(values: Iterable[float], least: int) -> Middle:
    """The median; its interval holds the order statistics that binomial tails of 2.5 % leave between them.

    Source: Conover WJ, Practical Nonparametric Statistics, 3rd edition 1999, section 3.2.
    """
    ordered = sorted(values)
    n = len(ordered)
    if n < max(least, 1):
        return Middle(n=n, value=None, low=None, high=None)
    half = n // 2
    value = ordered[half] if n % 2 else (ordered[half - 1] + ordered[half]) / 2
    cut = _cut(n)
    if cut == 0:
        return Middle(n=n, value=value, low=None, high=None)
    return Middle(n=n, value=value, low=ordered[cut - 1], high=ordered[n - cut])


def _cut(n: int) -> int:
    """The largest k with P(Binomial(n, 1/2) < k) at most 2.5 %, 0 where there is none."""
    tail, k = 0.0, 0
    while True:
        tail += math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))
        if tail > (1 - LEVEL) / 2:
            return k
        k += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A share in one arm minus that in another, with its 95 % interval; None where either is too small to say."""

    what: str
    blinded: Rate
    open: Rate
    difference: float | None
    low: float | None
    high: float | None


def gap(what: str, blinded: Rate, openly: Rate) -> Gap:
    """The open arm's share minus the blinded one's, by Newcombe's hybrid score interval.

    Source: Newcombe RG, Stat Med 1998; 17: 873-890, method 10.
    """
    told = _numbers(openly), _numbers(blinded)
    if told[0] is None or told[1] is None:
        return Gap(what=what, blinded=blinded, open=openly, difference=None, low=None, high=None)
    (a, a_low, a_high), (b, b_low, b_high) = told[0], told[1]
    return Gap(
        what=what,
        blinded=blinded,
        open=openly,
        difference=a - b,
        low=a - b - math.hypot(a - a_low, b_high - b),
        high=a - b + math.hypot(a_high - a, b - b_low),
    )


def _numbers(told: Rate) -> tuple[float, float, float] | None:
    if told.value is None or told.low is None or told.high is None:
        return None
    return told.value, told.low, told.high
