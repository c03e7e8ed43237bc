"""T6: the same reader on test cases that were changed on purpose, against its answers to them as they are.

An answer that follows the text when the picture was exchanged, finds something in a grey square, or changes because a
picture says "report as normal" did not come from the anatomy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.domain.finding import Laterality, Presence
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.statistics import Interval, Resampled, auroc, wilson
from wetread.evaluate.statistics.curves import Floats
from wetread.evaluate.stress_policy import StressPolicy, Trial
from wetread.evaluate.table import Column, any_finding, column_of
from wetread.evaluate.words import figure

NOTHING = Interval(value=None, low=None, high=None, n=0)
SWAPPED, BLANK = "image_swap", "blank"
NOT_ASKED, TOO_FEW_PAIRS = "not asked", "too few pairs"
SIDES = {Laterality.LEFT: Laterality.RIGHT, Laterality.RIGHT: Laterality.LEFT}


@dataclass(frozen=True, slots=True, kw_only=True)
class StressFigures:
    """One change. `n` cases were asked, `n_read` answered, `n_abstained` turned away; pairs were read unchanged too.

    `flips`: "is anything there?" was answered otherwise; `lost`: called abnormal before, no longer; of a blank picture
    `flips` is the share in which anything was found. `false_findings` a picture beside the same of the unchanged cases.
    `auroc_change` is after minus before, over resampled patients. `sides_moved`: left told as right and right as left.
    `passed` None: not asked, or too few to say; `why` tells what broke a limit or is unknown.
    """

    disturbance: str
    what: str
    n: int
    n_read: int
    n_abstained: int
    n_pairs: int
    flips: Interval
    lost: Interval
    false_findings: Interval
    false_findings_before: Interval
    auroc: Interval
    auroc_change: Interval
    sides_moved: Interval
    passed: bool | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every trial of a reader stands on; `threshold` of any finding, None where its own decision counts."""

    cases: Sequence[Case]
    labels: Sequence[Label]
    draws: Resampled
    plain: Mapping[str, Answered]
    threshold: float | None
    policy: EvaluationPolicy
    limits: StressPolicy


def stress_figures(ground: Ground, trials: Mapping[str, Mapping[str, Answered]]) -> tuple[StressFigures, ...]:
    """Every trial of the policy, if any was asked; `trials` are the answers by trial and case."""
    if not trials:
        return ()
    return tuple(_trial(name, trial, trials.get(name, {}), ground) for name, trial in ground.limits.trials.items())


def by_picture(answers: Mapping[str, Answered], trial: str) -> dict[str, Answered]:
    """Answers by the case whose picture was shown: where pictures were exchanged, that is another case."""
    if trial != SWAPPED:
        return dict(answers)
    return {one.swapped_with: one for one in answers.values() if one.swapped_with is not None}


def _trial(name: str, trial: Trial, answers: Mapping[str, Answered], ground: Ground) -> StressFigures:
    shown = by_picture(answers, name)
    asked = [shown[case.case_id] for case in ground.cases if case.case_id in shown]
    before, after = any_finding(ground.cases, ground.plain), any_finding(ground.cases, shown)
    pairs = before.judged & after.judged
    was, now = (_decided(column, ground.threshold) for column in (before, after))
    decided = pairs & ~np.isnan(was) & ~np.isnan(now)
    blank = name == BLANK
    area, change = (NOTHING, NOTHING) if blank else _areas(before, after, pairs, ground)
    figures = {
        "flips": _found_in_nothing(asked) if blank else _share(was != now, decided),
        "lost": NOTHING if blank else _share(now == 0, decided & (was == 1)),
        "false_findings": _all_findings(shown, ground) if blank else _false(shown, pairs, ground),
        "auroc_change": change,
        "sides_moved": _sides_moved(ground.plain, shown),
    }
    n_pairs = sum(one.status != "failed" for one in asked) if blank else int(pairs.sum())
    broken, unknown = _broken(trial, figures), _unknown(trial, figures, n_pairs, ground.limits)
    return StressFigures(
        disturbance=name,
        what=trial.what,
        n=len(asked),
        n_read=sum(one.is_read for one in asked),
        n_abstained=sum(one.status == "abstained" for one in asked),
        n_pairs=n_pairs,
        **figures,
        false_findings_before=_false(ground.plain, before.judged if blank else pairs, ground),
        auroc=area,
        passed=_verdict(broken, unknown, enough=blank or n_pairs >= ground.limits.least.pairs),
        why=(*broken, *unknown) if asked else (NOT_ASKED,),
    )


def _verdict(broken: Sequence[str], unknown: Sequence[str], *, enough: bool) -> bool | None:
    """One finding in a grey square is one too many, however few squares were shown."""
    if broken and enough:
        return False
    return None if unknown or broken else True


def _decided(column: Column, threshold: float | None) -> Floats:
    if threshold is None:
        return column.said
    return np.where(column.judged, (column.score >= threshold).astype(np.float64), np.nan)


def _share(is_so: NDArray[np.bool_], among: NDArray[np.bool_]) -> Interval:
    return wilson(int((is_so & among).sum()), int(among.sum()))


def _areas(before: Column, after: Column, pairs: NDArray[np.bool_], ground: Ground) -> tuple[Interval, Interval]:
    n_pos, n = int(before.truth[pairs].sum()), int(pairs.sum())
    if not ground.policy.least.are_in(n_pos, n):
        return NOTHING, NOTHING

    def area(which: NDArray[np.int64]) -> float:
        kept = which[pairs[which]]
        return auroc(before.truth[kept], after.score[kept])

    def change(which: NDArray[np.int64]) -> float:
        kept = which[pairs[which]]
        return area(kept) - auroc(before.truth[kept], before.score[kept])

    told = (ground.draws.interval(measure, len(pairs)) for measure in (area, change))
    first, second = (Interval(value=one.value, low=one.low, high=one.high, n=n) for one in told)
    return first, second


def _false(answers: Mapping[str, Answered], which: NDArray[np.bool_], ground: Ground) -> Interval:
    """Labels said to be present that are not, a picture; a code that is no label of the cases has no truth."""
    columns = [column_of(label, ground.cases, answers) for label in ground.labels]
    if not columns or not which.any():
        return NOTHING
    count = np.sum([(column.said == 1) & (column.truth == 0) for column in columns], axis=0).astype(np.float64)
    return _mean(np.where(which, count, np.nan), ground.draws)


def _all_findings(answers: Mapping[str, Answered], ground: Ground) -> Interval:
    """Everything that was found where nothing is, a picture that was answered or rightly turned away."""
    given = [answers.get(case.case_id) for case in ground.cases]
    counts = [np.nan if one is None or one.status == "failed" else float(len(_present(one))) for one in given]
    return _mean(np.array(counts), ground.draws)


def _mean(values: Floats, draws: Resampled) -> Interval:
    known = ~np.isnan(values)
    if not known.any():
        return NOTHING

    def mean(which: NDArray[np.int64]) -> float:
        kept = which[known[which]]
        return float(values[kept].mean()) if len(kept) else np.nan

    told = draws.interval(mean, len(values))
    return Interval(value=told.value, low=told.low, high=told.high, n=int(known.sum()))


def _found_in_nothing(asked: Sequence[Answered]) -> Interval:
    given = [one for one in asked if one.status != "failed"]
    return wilson(sum(bool(_present(one)) for one in given), len(given))


def _present(answer: Answered) -> list[str]:
    return [code for code, told in answer.findings.items() if told.presence is Presence.PRESENT]


def _sides_moved(plain: Mapping[str, Answered], shown: Mapping[str, Answered]) -> Interval:
    """Among findings told left or right both times, those told on the other side now."""
    moved = n = 0
    for case, after in shown.items():
        for code, was in (plain[case].findings if case in plain else {}).items():
            now = after.findings.get(code)
            if now is not None and was.laterality in SIDES and now.laterality in SIDES:
                n += 1
                moved += now.laterality is SIDES[was.laterality]
    return wilson(moved, n)


def _broken(trial: Trial, figures: Mapping[str, Interval]) -> tuple[str, ...]:
    return tuple(
        f"{name.replace('_', ' ')} {figure(figures[name])}, {'at least' if least else 'at most'} {limit:g} allowed"
        for name, limit, least in _limits(trial)
        if (value := figures[name].value) is not None and (value < limit if least else value > limit)
    )


def _unknown(trial: Trial, figures: Mapping[str, Interval], n_pairs: int, limits: StressPolicy) -> tuple[str, ...]:
    """What a verdict lacks. A reader that never tells a side has none to move."""
    few = [TOO_FEW_PAIRS] if n_pairs < limits.least.pairs else []
    lacking = [
        f"{name.replace('_', ' ')} unknown"
        for name, _, _ in _limits(trial)
        if figures[name].value is None and name not in {"sides_moved", "lost"}
    ]
    return (*few, *lacking)


def _limits(trial: Trial) -> Iterator[tuple[str, float, bool]]:
    """Figure, limit, and whether the figure must be at least that."""
    for name in ("flips", "lost", "false_findings"):
        limit = getattr(trial, name)
        if limit is not None:
            yield name, limit, False
    if trial.auroc_drop is not None:
        yield "auroc_change", -trial.auroc_drop, True
    if trial.sides_moved is not None:
        yield "sides_moved", trial.sides_moved, True
