"""How long whom waited: figures of a run, over replications with intervals, and a table that compares disciplines."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from wetread.evaluate.queue.disciplines import LABELS, Discipline
from wetread.evaluate.queue.policy import queue_policy
from wetread.evaluate.queue.simulate import Staff, simulate
from wetread.evaluate.queue.traffic import Flags, Floats, Traffic
from wetread.evaluate.statistics.intervals import Z_95, Interval

QUANTILES = {"p50_min": 0.5, "p90_min": 0.9, "p99_min": 0.99}
FIGURES = ("mean_min", *QUANTILES, "max_min", "beyond_target", "beyond_cap")


class Over(StrEnum):
    """What the 95 % intervals of a comparison are over."""

    RUNS = "runs"  # replications of one thing: their mean, Student's t
    DRAWS = "draws"  # replications whose own parameters were drawn: their mean, their middle 95 %
    RESAMPLES = "resamples"  # the first is the thing itself, the others resamples of it: the middle 95 % of those


class Group(StrEnum):
    """Whose wait: `missed` are the critical ones that AI did not flag."""

    CRITICAL = "critical"
    MISSED = "missed_critical"
    ROUTINE = "routine"
    ALL = "all"


GROUP_LABELS = {
    Group.CRITICAL: "critical",
    Group.MISSED: "missed critical",
    Group.ROUTINE: "routine",
    Group.ALL: "all",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The waits of one group in one run, minutes; shares from 0 to 1. A figure that does not exist is NaN.

    `beyond_target` is the share opened later than the truth asks for, among those of which it asks anything; `opened`
    counts those opened within each minute of the policy's `cdf_min`.
    """

    n: int
    mean_min: float
    p50_min: float
    p90_min: float
    p99_min: float
    max_min: float
    beyond_target: float
    beyond_cap: float
    opened: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One group under one discipline over all replications.

    `figures` hold each figure of `Waits` by name, over the replications as `Over` says. `worst_min` is the longest wait
    of all, `against_first_come` the mean over that of first come on the same traffic, `curve` the wait curve: (minutes,
    share opened by then).
    """

    n: int
    figures: Mapping[str, Interval] = field(repr=False)
    worst_min: float | None
    against_first_come: Interval
    curve: tuple[tuple[float, float], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Disciplines on the same traffic (common random numbers), with the seeds that made it."""

    seeds: tuple[int, ...]
    outcomes: Mapping[tuple[Discipline, Group], Outcome] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One line of the queue table, ready for text, HTML or JSON; None is "n/a (too few)" or no interval."""

    discipline: str
    label: str
    group: str
    group_label: str
    n: int
    mean_min: float | None
    mean_low_min: float | None
    mean_high_min: float | None
    p50_min: float | None
    p90_min: float | None
    p99_min: float | None
    worst_min: float | None
    beyond_target: float | None
    beyond_cap: float | None
    against_first_come: float | None
    against_low: float | None
    against_high: float | None


def members(traffic: Traffic, warm_min: float = 0.0) -> dict[Group, Flags]:
    """Who belongs to each group; whoever came before `warm_min` belongs to none."""
    warm = traffic.arrives_min >= warm_min
    return {
        Group.CRITICAL: traffic.critical & warm,
        Group.MISSED: traffic.critical & ~traffic.flagged & warm,
        Group.ROUTINE: ~traffic.critical & warm,
        Group.ALL: warm,
    }


def waits(waited_min: Floats, traffic: Traffic, whom: Flags) -> Waits:
    """The figures of these studies."""
    own, target = waited_min[whom], traffic.target_min[whom]
    if not len(own):
        gone = dict.fromkeys(FIGURES, math.nan)
        return Waits(n=0, opened=(0,) * len(queue_policy().outcome.cdf_min), **gone)
    asked = np.isfinite(target)
    ranks = np.quantile(own, list(QUANTILES.values()), method="inverted_cdf")
    return Waits(
        n=len(own),
        mean_min=float(own.mean()),
        max_min=float(own.max()),
        beyond_target=float((own[asked] > target[asked]).mean()) if asked.any() else math.nan,
        beyond_cap=float((own > traffic.cap_min[whom]).mean()),
        opened=tuple(int((own <= minute).sum()) for minute in queue_policy().outcome.cdf_min),
        **dict(zip(QUANTILES, map(float, ranks), strict=True)),
    )


def compare(
    make: Callable[[int], Traffic],
    staff: Staff,
    *,
    seeds: Sequence[int],
    warm_min: float = 0.0,
    disciplines: Sequence[Discipline] = tuple(Discipline),
    over: Over = Over.RUNS,
) -> Comparison:
    """Run every discipline on the traffic of every seed; what comes before `warm_min` only fills the list.

    `over` says what the seeds' traffics are to each other.

    Raises: ValueError without a seed or without first come, which the others are told against.
    """
    if not seeds or Discipline.FIRST_COME not in disciplines:
        raise ValueError("a comparison needs a seed and first come among its disciplines")
    runs: dict[tuple[Discipline, Group], list[Waits]] = {(d, g): [] for d in disciplines for g in Group}
    for seed in seeds:
        traffic = make(seed)
        groups = members(traffic, warm_min)
        for discipline in disciplines:
            waited = simulate(traffic, discipline, staff)
            for group, whom in groups.items():
                runs[discipline, group].append(waits(waited, traffic, whom))
    base = {group: runs[Discipline.FIRST_COME, group] for group in Group}
    outcomes = {key: _outcome(told, base[key[1]], over) for key, told in runs.items()}
    return Comparison(seeds=tuple(seeds), outcomes=outcomes)


def queue_table(comparison: Comparison) -> tuple[QueueRow, ...]:
    """Every discipline and group as plain rows, in the order of the comparison."""
    return tuple(_row(discipline, group, told) for (discipline, group), told in comparison.outcomes.items())


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t (Abramowitz & Stegun 26.7.5); exact for 1 and 2 degrees of freedom."""
    if freedom <= 2:
        return {1: 12.706204736, 2: 4.302652730}[freedom]
    z = Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / freedom**power for power, term in enumerate(terms, start=1))


def _outcome(runs: Sequence[Waits], base: Sequence[Waits], over: Over) -> Outcome:
    counted = runs[:1] if over is Over.RESAMPLES else runs
    n, counting = sum(run.n for run in counted), queue_policy().outcome
    few = n < counting.least_studies
    ratios = [_ratio(run.mean_min, other.mean_min) for run, other in zip(runs, base, strict=True)]
    opened = [sum(run.opened[place] for run in counted) for place in range(len(counting.cdf_min))]
    return Outcome(
        n=n,
        figures={name: _over(() if few else [getattr(run, name) for run in runs], n, over) for name in FIGURES},
        worst_min=None if few else max(run.max_min for run in counted if run.n),
        against_first_come=_over(() if few else ratios, n, over),
        curve=() if few else tuple((minute, count / n) for minute, count in zip(counting.cdf_min, opened, strict=True)),
    )


def _ratio(one: float, other: float) -> float:
    return one / other if other > 0 else math.nan


def _over(values: Sequence[float], n: int, over: Over) -> Interval:
    """The figure with its interval, of those replications that have it; resamples' is widened to hold the figure."""
    own = values[0] if values and over is Over.RESAMPLES else None
    known = np.array([value for value in values[own is not None :] if math.isfinite(value)])
    mean = float(known.mean()) if len(known) else None
    value = mean if own is None else own if math.isfinite(own) else None
    if value is None or len(known) < 2:
        return Interval(value=value, low=None, high=None, n=n)
    if over is Over.RUNS:
        half = student(len(known) - 1) * float(known.std(ddof=1)) / math.sqrt(len(known))
        return Interval(value=value, low=max(0.0, value - half), high=value + half, n=n)
    low, high = (float(edge) for edge in np.quantile(known, (0.025, 0.975)))
    return Interval(value=value, low=min(low, value), high=max(high, value), n=n)


def _row(discipline: Discipline, group: Group, told: Outcome) -> QueueRow:
    mean, ratio = told.figures["mean_min"], told.against_first_come
    return QueueRow(
        discipline=discipline.value,
        label=LABELS[discipline],
        group=group.value,
        group_label=GROUP_LABELS[group],
        n=told.n,
        mean_min=mean.value,
        mean_low_min=mean.low,
        mean_high_min=mean.high,
        p50_min=told.figures["p50_min"].value,
        p90_min=told.figures["p90_min"].value,
        p99_min=told.figures["p99_min"].value,
        worst_min=told.worst_min,
        beyond_target=told.figures["beyond_target"].value,
        beyond_cap=told.figures["beyond_cap"].value,
        against_first_come=ratio.value,
        against_low=ratio.low,
        against_high=ratio.high,
    )
