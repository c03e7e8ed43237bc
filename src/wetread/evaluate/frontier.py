"""Panels and cascades beside single readers (T5): what each finds, clears, costs and takes, from the log alone.

Nothing is asked again: a panel's answer follows from its readers' answers by the panel's own vote, a cascade's from the
screen's certainty. A cascade is counted as if its local proof stood, and nothing here skips the human.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from wetread.evaluate.cases import Case
from wetread.evaluate.degenerate import degenerate
from wetread.evaluate.frontier_figures import Frontier, FrontierPoint
from wetread.evaluate.log import JOINED, Answered
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.score import NOTHING, Splits, threshold_of
from wetread.evaluate.stances import Bools, Stances, codes_of, stances_of, voted
from wetread.evaluate.statistics import Interval, percentile, wilson
from wetread.evaluate.statistics.curves import Floats
from wetread.evaluate.table import any_finding
from wetread.evaluate.triage import percentile_ms
from wetread.evaluate.words import TOO_FEW

READER, THRESHOLD, PAIR, PANEL, CASCADE = "reader", "threshold", "pair", "panel", "cascade"
MOST_READERS = 6  # beyond that only the single readers and the panel of all are told: pairs grow with the square
Answers = Mapping[str, Mapping[str, Answered]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way to read: which cases it flags, what each cost and took."""

    kind: str
    name: str
    readers: tuple[str, ...]
    flags: Bools = field(repr=False)
    cost_usd: Floats = field(repr=False)
    latency_s: Floats = field(repr=False)
    threshold: float | None = None
    asked_then: float | None = None


def frontier(answers: Answers, splits: Splits, policy: EvaluationPolicy) -> Frontier:
    """Every way to read that these answers allow, on the test cases that all of the readers read."""
    places = [n for n, case in enumerate(splits.test) if _all_read(case, answers)]
    cases = [splits.test[n] for n in places]
    truth = np.array([case.abnormal for case in cases], dtype=bool)
    n, n_pos = len(cases), int(truth.sum())
    best, chosen_on = _best(answers, splits, policy, cases)
    nothing = Frontier(points=(), n=n, n_pos=n_pos, best=best, chosen_on=chosen_on)
    if not policy.least.are_in(n_pos, n):
        return replace(nothing, why=TOO_FEW)
    left_out = _left_out(answers, splits, policy)
    codes = codes_of(answers.values())
    members = [stances_of(name, cases, told, codes) for name, told in answers.items()]
    ways = list(_ways(members, cases, answers, splits, policy, {name for name, _ in left_out}))
    drawn = _drawn(splits, places, truth)
    mark = next(way.flags for way in ways if way.kind == READER and way.name == best)
    points = [_point(way, truth, mark, drawn) for way in ways]
    return replace(nothing, points=tuple(_marked(points)), left_out=left_out)


def _all_read(case: Case, answers: Answers) -> bool:
    return all(case.case_id in told and told[case.case_id].is_read for told in answers.values())


def _left_out(answers: Answers, splits: Splits, policy: EvaluationPolicy) -> tuple[tuple[str, str], ...]:
    told = [(name, _why_left_out(given, splits, policy)) for name, given in answers.items()]
    return tuple((name, why) for name, why in told if why)


def _why_left_out(given: Mapping[str, Answered], splits: Splits, policy: EvaluationPolicy) -> str:
    if any(one.version == JOINED for one in given.values()):
        return "it joins other readers' answers already"
    rows = degenerate([None], splits, given, policy)
    return f"{rows[0].what}: {rows[0].reason} ({rows[0].split} split)" if rows else ""


def _best(answers: Answers, splits: Splits, policy: EvaluationPolicy, cases: Sequence[Case]) -> tuple[str | None, str]:
    """The single reader with the largest sensitivity + specificity, by the calibration split where it is large enough.

    Chosen on the test split it looks better than it is, so that what others gain looks smaller.
    """
    calib = [case for case in splits.calib if _all_read(case, answers)]
    ill = sum(case.abnormal for case in calib)
    enough = policy.least.are_in(ill, len(calib))
    chosen = calib if enough else cases
    truth = np.array([case.abnormal for case in chosen], dtype=bool)
    if not truth.any() or truth.all():
        return None, "test"
    told = {name: any_finding(chosen, given).said > 0.5 for name, given in answers.items()}
    youden = {name: said[truth].mean() - said[~truth].mean() for name, said in told.items()}
    return max(youden, key=lambda name: youden[name]), "calib" if enough else "test"


def _ways(  # noqa: PLR0917 - one call, of this module's own
    members: Sequence[Stances],
    cases: Sequence[Case],
    answers: Answers,
    splits: Splits,
    policy: EvaluationPolicy,
    left_out: set[str],
) -> Iterator[_Way]:
    for one in members:
        yield _alone(one)
        at = threshold_of(any_finding(splits.calib, answers[one.reader]), policy)
        if at is not None:
            flags = any_finding(cases, answers[one.reader]).score >= at
            yield replace(_alone(one), kind=THRESHOLD, name=f"{one.reader} ≥ {at:.3g}", flags=flags, threshold=at)
    sound = [one for one in members if one.reader not in left_out]
    if len(sound) <= MOST_READERS:
        for pair in combinations(sound, 2):
            yield _together(PAIR, pair)
        for first, then in permutations(sound, 2):
            yield from (_cascade(first, then, at) for at in policy.frontier.cascade_from)
    if len(sound) > 2:
        yield _together(PANEL, sound)


def _alone(one: Stances) -> _Way:
    return _Way(
        kind=READER,
        name=one.reader,
        readers=(one.reader,),
        flags=one.flags,
        cost_usd=one.cost_usd,
        latency_s=one.latency_s,
    )


def _together(kind: str, members: Sequence[Stances]) -> _Way:
    names = tuple(one.reader for one in members)
    return _Way(
        kind=kind,
        name=" + ".join(names),
        readers=names,
        flags=voted(members),
        cost_usd=np.sum([one.cost_usd for one in members], axis=0),
        latency_s=np.max([one.latency_s for one in members], axis=0),  # asked together: the slowest counts
    )


def _cascade(first: Stances, then: Stances, at: float) -> _Way:
    asked = first.unsure(at)
    return _Way(
        kind=CASCADE,
        name=f"{first.reader}, from {at:g} on {then.reader}",
        readers=(first.reader, then.reader),
        flags=np.where(asked, voted((first, then)), first.flags),
        cost_usd=first.cost_usd + np.where(asked, then.cost_usd, 0.0),
        latency_s=first.latency_s + np.where(asked, then.latency_s, 0.0),
        threshold=at,
        asked_then=float(asked.mean()),
    )


def _drawn(splits: Splits, places: Sequence[int], truth: Bools) -> NDArray[np.float64]:
    """How often each abnormal case stands in each resample of patients, shape (draws, abnormal cases)."""
    mine = np.array(places)[truth]
    drawn = np.zeros((len(splits.draws.draws), len(mine)))
    for row, draw in enumerate(splits.draws.draws):
        drawn[row] = np.bincount(draw, minlength=len(splits.test))[mine]
    return drawn


def _point(way: _Way, truth: Bools, best: Bools, drawn: NDArray[np.float64]) -> FrontierPoint:
    ill, flags = int(truth.sum()), way.flags
    known = not np.isnan(way.cost_usd).any()
    seconds = [float(x) for x in way.latency_s if not np.isnan(x)]
    return FrontierPoint(
        kind=way.kind,
        name=way.name,
        readers=way.readers,
        threshold=way.threshold,
        n=len(truth),
        n_pos=ill,
        sensitivity=wilson(int((truth & flags).sum()), ill),
        specificity=wilson(int((~truth & ~flags).sum()), len(truth) - ill),
        gained=_gained(flags[truth].astype(float) - best[truth].astype(float), drawn),
        asked_then=way.asked_then,
        per_100_usd=100 * float(way.cost_usd.mean()) if known else None,
        p50_ms=percentile_ms(seconds, 0.50),
        p95_ms=percentile_ms(seconds, 0.95),
    )


def _gained(more: Floats, drawn: NDArray[np.float64]) -> Interval:
    """The difference of two sensitivities on the same cases, over resampled patients."""
    if not len(more):
        return NOTHING
    weight = drawn.sum(axis=1)
    told = np.divide(drawn @ more, weight, out=np.full(len(weight), np.nan), where=weight > 0)
    low, high = percentile(told.tolist())
    return Interval(value=float(more.mean()), low=low, high=high, n=len(more))


def _marked(points: Sequence[FrontierPoint]) -> Iterator[FrontierPoint]:
    """Each point with whether another one beats it; what costs nobody knows neither beats nor is beaten."""
    priced = [point for point in points if point.per_100_usd is not None]
    for point in points:
        if point.per_100_usd is None:
            yield point
        else:
            yield replace(point, pareto=not any(_beats(other, point) for other in priced))


def _beats(other: FrontierPoint, point: FrontierPoint) -> bool:
    mine, theirs = _merits(point), _merits(other)
    return all(a >= b for a, b in zip(theirs, mine, strict=True)) and theirs != mine


def _merits(point: FrontierPoint) -> tuple[float, float, float]:
    return point.sensitivity.value or 0.0, point.specificity.value or 0.0, -(point.per_100_usd or 0.0)
