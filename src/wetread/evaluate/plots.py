"""Points of the figures on the card: ROC, precision-recall, reliability, risk against coverage; no drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.statistics import pr_curve, roc_curve
from wetread.evaluate.statistics.curves import Floats
from wetread.evaluate.table import Column, column_for

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One finding of one reader as curves; empty where there were too few cases. Axes run from 0 to 1.

    `roc`: (false positive rate, sensitivity). `pr`: (recall, precision). `reliability`: (mean probability, frequency)
    of equally filled bins. `risk_coverage`: (share of cases answered, share of wrong ones among them), surest first.
    """

    code: str
    label: str
    n: int
    n_pos: int
    roc: Points = ()
    pr: Points = ()
    reliability: Points = ()
    risk_coverage: Points = ()


def plot_of(
    label: Label | None, cases: Sequence[Case], answers: Mapping[str, Answered], policy: EvaluationPolicy
) -> Plot:
    """The curves of one finding on these cases; `label` None is "any finding"."""
    column = column_for(label, cases, answers)
    truth, scores = column.among(np.arange(len(column.truth)))
    n, n_pos = len(truth), int(truth.sum())
    named = {"code": column.code, "label": column.label, "n": n, "n_pos": n_pos}
    if not policy.least.are_in(n_pos, n):
        return Plot(**named)  # type: ignore[arg-type]
    false, true, _ = roc_curve(truth, scores)
    recall, precision, _ = pr_curve(truth, scores)
    return Plot(
        **named,  # type: ignore[arg-type]
        roc=_pairs(false, true),
        pr=_pairs(recall, precision),
        reliability=_reliability(truth, scores, policy.calibration.bins) if column.is_probability else (),
        risk_coverage=_risk_coverage(column) if column.is_probability else (),
    )


def _pairs(x: Floats, y: Floats) -> Points:
    return tuple((round(float(a), 5), round(float(b), 5)) for a, b in zip(x, y, strict=True))


def _reliability(truth: Floats, scores: Floats, bins: int) -> Points:
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return tuple((round(float(scores[p].mean()), 5), round(float(truth[p].mean()), 5)) for p in parts)


def _risk_coverage(column: Column) -> Points:
    """How often a reader that answers only where it is surest is wrong, by even odds."""
    truth, scores = column.among(np.arange(len(column.truth)))
    order = np.argsort(-np.abs(scores - 0.5), kind="stable")
    wrong = ((scores >= 0.5) != (truth > 0.5))[order]
    answered = np.arange(1, len(order) + 1)
    return _pairs(answered / len(order), np.cumsum(wrong) / answered)
