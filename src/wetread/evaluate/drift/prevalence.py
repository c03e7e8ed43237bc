"""Does AI see a finding more or less often? A p-chart for a jump, a CUSUM for what creeps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wetread.evaluate.drift.measure import DriftKind, Level, Measure, too_few
from wetread.evaluate.drift.policy import PrevalenceLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A finding's share in the baseline: seen in `hits` of `n` studies."""

    hits: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n:
            raise ValueError(f"{self.hits} of {self.n} is no share")

    @property
    def share(self) -> float:
        """Jeffreys' estimate: never 0 or 1."""
        return (self.hits + 0.5) / (self.n + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The two sums of a CUSUM, log likelihood ratios: for more and for fewer studies with the finding."""

    rising: float = 0.0
    falling: float = 0.0


def chart_limits(known: Counted, n: int, p: float) -> tuple[int | None, int | None]:
    """The counts out of n from which on down or up the baseline explains a window with less than p / 2.

    None where no count is that rare. The beta-binomial holds the baseline's own uncertainty too: the usual three
    standard deviations are wrong where a finding is rare or the baseline small.
    """
    a, b = known.hits + 0.5, known.n - known.hits + 0.5
    k = np.arange(n)
    steps = np.log((n - k) / (k + 1)) + np.log((a + k) / (b + n - k - 1))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(logs - logs.max())
    mass /= mass.sum()
    low = np.flatnonzero(np.cumsum(mass) < p / 2)
    high = np.flatnonzero(np.cumsum(mass[::-1])[::-1] < p / 2)
    return (int(low[-1]) if len(low) else None, int(high[0]) if len(high) else None)


def cusum(known: Counted, seen: Sequence[bool], limits: PrevalenceLimits, before: Sums) -> tuple[Sums, Sums]:
    """The sums after these studies, and the largest on the way.

    Source: Page ES, Biometrika 1954; 41: 100-115; for single cases Reynolds MR, Stoumbos ZG, J Qual Technol 1999; 31:
    87-108. A sum stops at its limit, so that it comes down again soon after the finding does.
    """
    limit, odds = math.log(limits.studies_per_false_alarm), known.share / (1 - known.share)
    sums, most = [before.rising, before.falling], [0.0, 0.0]
    for side, ratio in enumerate((limits.odds_ratio, 1 / limits.odds_ratio)):
        share = odds * ratio / (1 + odds * ratio)
        if_seen, if_not = math.log(share / known.share), math.log((1 - share) / (1 - known.share))
        for one in seen:
            sums[side] = min(limit, max(0.0, sums[side] + (if_seen if one else if_not)))
            most[side] = max(most[side], sums[side])
    return Sums(rising=sums[0], falling=sums[1]), Sums(rising=most[0], falling=most[1])


def prevalence_measures(
    reference: Mapping[str, Counted],
    window: Mapping[str, Sequence[bool]],
    limits: PrevalenceLimits,
    before: Mapping[str, Sums],
) -> tuple[list[Measure], dict[str, Sums]]:
    """A chart and a CUSUM for each finding of the baseline that the window tells of, in the order of its studies.

    The alarm's p is divided by the number of findings (Bonferroni): many findings make no more false alarms than one.
    """
    told, after = [], dict(before)
    shared = [what for what in reference if what in window]
    for what in shared:
        known, seen = reference[what], window[what]
        if known.n < limits.least:
            told.append(too_few(DriftKind.PREVALENCE, what, known.n, limits.least))
            continue
        after[what], most = cusum(known, seen, limits, before.get(what, Sums()))
        told.extend(_sums(what, most, len(seen), limits))
        if len(seen) < limits.least:
            told.append(too_few(DriftKind.PREVALENCE, what, len(seen), limits.least))
        else:
            told.append(_chart(what, known, seen, limits, findings=len(shared)))
    return told, after


def _chart(what: str, known: Counted, seen: Sequence[bool], limits: PrevalenceLimits, *, findings: int) -> Measure:
    n, hits = len(seen), sum(seen)
    level, low, high = Level.QUIET, *chart_limits(known, n, limits.alarm_p / findings)
    if _outside(hits, low, high):
        level = Level.ALARM
    else:
        near = chart_limits(known, n, limits.warn_p)
        if _outside(hits, *near):
            level, (low, high) = Level.WARN, near
    return Measure(
        kind=DriftKind.PREVALENCE,
        what=what,
        level=level,
        value=hits / n,
        limit=None if high is None else high / n,
        low=None if low is None else low / n,
        n=n,
        text=f"{hits} of {n}; baseline {known.hits} of {known.n}",
    )


def _sums(what: str, most: Sums, n: int, limits: PrevalenceLimits) -> list[Measure]:
    limit = math.log(limits.studies_per_false_alarm)
    return [
        Measure(
            kind=DriftKind.PREVALENCE,
            what=f"{what} {side} (CUSUM)",
            level=Level.ALARM if value >= limit else Level.QUIET,
            value=value,
            limit=limit,
            n=n,
        )
        for side, value in (("rising", most.rising), ("falling", most.falling))
    ]


def _outside(hits: int, low: int | None, high: int | None) -> bool:
    return (low is not None and hits <= low) or (high is not None and hits >= high)
