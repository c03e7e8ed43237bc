"""Sets of priorities that hold the one that is due, however good or bad the reader: split conformal prediction.

A priority is ruled out for a case only where it is less likely, by what the reader said, than it was in all but a share
alpha of the calibration cases to which it was due. Each priority has a limit of its own, so that the promise holds for
the few critical cases by themselves and not only on the average. Vovk, Gammerman and Shafer, Algorithmic learning in a
random world, 2005 (label-conditional); Sadinle, Lei and Wasserman, J Am Stat Assoc 2019; 114: 223-234. The promise is
for cases that come as the calibration cases came; several films of one patient weaken it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

import numpy as np
from numpy.typing import NDArray

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.cases import Case
from wetread.evaluate.conformal_figures import ConformalFigures, PriorityFigures
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.page import html_table
from wetread.evaluate.statistics.curves import Floats
from wetread.evaluate.statistics.intervals import Interval, Resampled, wilson
from wetread.evaluate.table import column_of
from wetread.evaluate.triage import due
from wetread.evaluate.words import NONE, figure, table

Bools = NDArray[np.bool_]
NO_FIGURE = Interval(value=None, low=None, high=None, n=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The priorities that may be due with a case file's labels, most urgent first, and which labels ask for each."""

    priorities: tuple[Priority, ...]
    labels: Mapping[Priority, tuple[Label, ...]]
    nothing: Priority

    @classmethod
    def of(cls, labels: Sequence[Label], vocabulary: Vocabulary, policy: UrgencyPolicy) -> "Levels":
        """By the site's own floors."""
        by: dict[Priority, list[Label]] = {}
        for label in labels:
            by.setdefault(due([label.code], vocabulary, policy), []).append(label)
        nothing = policy.state["nothing_raised"]
        known = sorted({*by, nothing}, key=lambda one: one.rank)
        return cls(priorities=tuple(known), labels={p: tuple(by.get(p, ())) for p in known}, nothing=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """Cases that a reader read: how likely it makes each priority, shape (cases, levels), and which one is due."""

    shares: Floats = field(repr=False)
    due: NDArray[np.int64] = field(repr=False)
    places: NDArray[np.int64] = field(repr=False)  # of these cases among the `of` that were given
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """The limits: a priority stands in a case's set where 1 - its share is at most its limit.

    A limit of None rules nothing out: the priority was due to too few calibration cases (`counted`).
    """

    alpha: float
    priorities: tuple[Priority, ...]
    limits: tuple[float | None, ...]
    counted: tuple[int, ...]

    def of(self, shares: Floats) -> Bools:
        """Which priorities stand in each case's set, shape (cases, levels)."""
        limits = np.array([np.inf if limit is None else limit for limit in self.limits])
        held: Bools = 1 - shares <= limits + 1e-12
        return held


def likely(levels: Levels, cases: Sequence[Case], answers: Mapping[str, Answered]) -> Likely:
    """How likely a reader makes each priority: findings count as independent, what it did not judge as absent.

    Neither needs to be true for the promise to hold; the sets are only as small as the shares are good.
    """
    read = [n for n, case in enumerate(cases) if case.case_id in answers and answers[case.case_id].is_read]
    mine = [cases[n] for n in read]
    free = np.ones(len(mine))  # how likely nothing more urgent is there
    shares = np.zeros((len(mine), len(levels.priorities)))
    for level, priority in enumerate(levels.priorities):
        columns = [np.nan_to_num(column_of(label, mine, answers).score) for label in levels.labels[priority]]
        none = np.prod(1 - np.array(columns), axis=0) if columns else np.ones(len(mine))
        shares[:, level] = free * (1 - none)
        free = free * none
    shares[:, levels.priorities.index(levels.nothing)] += free
    return Likely(shares=shares, due=_due(levels, mine), places=np.array(read, dtype=np.int64), of=len(cases))


def _due(levels: Levels, cases: Sequence[Case]) -> NDArray[np.int64]:
    """The level of each case: the most urgent one of its labels, what nothing raises where it has none."""
    by_code = {label.code: n for n, p in enumerate(levels.priorities) for label in levels.labels[p]}
    nothing = levels.priorities.index(levels.nothing)
    return np.array(
        [min((by_code[code] for code in case.codes if code in by_code), default=nothing) for case in cases],
        dtype=np.int64,
    )


def fit_sets(levels: Levels, calib: Likely, alpha: float) -> Sets:
    """A limit for each priority: the ceil((n + 1)(1 - alpha))-th smallest unlikeliness of the n cases it was due to."""
    limits: list[float | None] = []
    counted: list[int] = []
    for level in range(len(levels.priorities)):
        mine = np.sort(1 - calib.shares[calib.due == level, level])
        place = math.ceil((len(mine) + 1) * (1 - alpha) - 1e-9)
        limits.append(float(min(1.0, mine[place - 1])) if 0 < place <= len(mine) else None)
        counted.append(len(mine))
    return Sets(alpha=alpha, priorities=levels.priorities, limits=tuple(limits), counted=tuple(counted))


def conformal_figures(
    levels: Levels, calib: Likely, test: Likely, draws: Resampled, *, alpha: float
) -> ConformalFigures:
    """Limits from the calibration split, figures on the test split: coverage by Wilson, size over its resamples."""
    sets = fit_sets(levels, calib, alpha)
    known = ConformalFigures(
        alpha=alpha,
        levels=len(levels.priorities),
        n_calib=len(calib.due),
        n=len(test.due),
        coverage=NO_FIGURE,
        mean_size=NO_FIGURE,
    )
    if not len(test.due):
        return replace(known, why="no test case was read")
    if all(limit is None for limit in sets.limits):
        return replace(known, why="too few calibration cases: no priority can be ruled out")
    held = sets.of(test.shares)
    holds = held[np.arange(len(test.due)), test.due]
    size = np.full(test.of, np.nan)
    size[test.places] = held.sum(axis=1)
    return replace(
        known,
        coverage=wilson(int(holds.sum()), len(holds)),
        mean_size=_mean(size, draws, len(test.due)),
        by_priority=tuple(_by_priority(sets, test, size, holds, draws)),
    )


def _by_priority(  # noqa: PLR0917 - one call, of this module's own
    sets: Sets, test: Likely, size: Floats, holds: Bools, draws: Resampled
) -> Iterator[PriorityFigures]:
    for level, priority in enumerate(sets.priorities):
        mine = test.due == level
        only = np.full(len(size), np.nan)
        only[test.places[mine]] = size[test.places[mine]]
        yield PriorityFigures(
            priority=priority,
            n_calib=sets.counted[level],
            n=int(mine.sum()),
            coverage=wilson(int(holds[mine].sum()), int(mine.sum())),
            mean_size=_mean(only, draws, int(mine.sum())),
            can_be_ruled_out=sets.limits[level] is not None,
        )


def _mean(values: Floats, draws: Resampled, n: int) -> Interval:
    def mean(which: NDArray[np.int64]) -> float:
        known = values[which][~np.isnan(values[which])]
        return float(known.mean()) if len(known) else math.nan

    told = draws.interval(mean, len(values))
    return Interval(value=told.value, low=told.low, high=told.high, n=n)


def conformal_text(told: ConformalFigures) -> str:
    """The sets' figures as a table."""
    if told.why is not None:
        return f"{_title(told)}: n/a ({told.why})"
    return f"{_title(told)}\n{table(_head(told), _rows(told))}"


def conformal_card(told: ConformalFigures | None) -> Iterator[str]:
    """The same for the page."""
    if told is not None and told.why is None:
        yield html_table(_title(told).capitalize(), _head(told), _rows(told))
    elif told is not None:
        yield f'<p class="dim">{escape(_title(told).capitalize())}: n/a ({escape(told.why or "")})</p>'


def _title(told: ConformalFigures) -> str:
    return f"urgency as a set that holds the due priority in {1 - told.alpha:.0%} of cases, priority by priority"


def _head(told: ConformalFigures) -> tuple[str, ...]:
    size = f"priorities of {told.levels} [95 %]"
    return ("due", "calibration", "test", "holds it [95 %]", size, "can be ruled out")


def _rows(told: ConformalFigures) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("all", str(told.n_calib), str(told.n), figure(told.coverage), figure(told.mean_size), NONE)
    ]
    for one in told.by_priority:
        ruled_out = "yes" if one.can_be_ruled_out else "no: too few calibration cases"
        counts = (one.priority.value, str(one.n_calib), str(one.n))
        rows.append((*counts, figure(one.coverage), figure(one.mean_size), ruled_out))
    return rows
