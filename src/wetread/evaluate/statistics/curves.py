"""ROC and precision-recall curves and the areas below them. Truth is 0 or 1, scores are any finite numbers.

Arrays are one-dimensional, one entry a case. A curve that does not exist (one class alone) is NaN, never a guess.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def auroc(truth: Floats, scores: Floats) -> float:
    """The area below the ROC curve: how often a positive case scores above a negative one, ties counting half.

    Mann-Whitney's U over the number of pairs. NaN where one class is missing.
    """
    positive = truth > 0.5
    n_pos = int(positive.sum())
    n_neg = len(truth) - n_pos
    if not n_pos or not n_neg:
        return float("nan")
    ranks = midranks(scores)
    return float((ranks[positive].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg))


def midranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], len(ordered)]
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks


def roc_curve(truth: Floats, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """False positive rates, true positive rates and the thresholds at or above which a case counts as positive."""
    thresholds, true, false = _counts(truth, scores)
    n_pos, n_neg = true[-1], false[-1]
    if not n_pos or not n_neg:
        nothing = np.full(1, np.nan)
        return nothing, nothing, nothing
    return np.r_[0.0, false / n_neg], np.r_[0.0, true / n_pos], np.r_[np.inf, thresholds]


def pr_curve(truth: Floats, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Recall, precision and thresholds, from the strictest threshold to the loosest."""
    thresholds, true, false = _counts(truth, scores)
    if not true[-1]:
        nothing = np.full(1, np.nan)
        return nothing, nothing, nothing
    return true / true[-1], true / (true + false), thresholds


def average_precision(truth: Floats, scores: Floats) -> float:
    """The area below the precision-recall curve as a sum of steps: no line is drawn between two points (AUPRC).

    NaN where no case is positive.
    """
    recall, precision, _ = pr_curve(truth, scores)
    return float(np.sum(np.diff(np.r_[0.0, recall]) * precision))


def _counts(truth: Floats, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Each distinct score, highest first, with the positives and negatives at or above it."""
    order = np.argsort(-scores, kind="stable")
    ordered, positive = scores[order], truth[order] > 0.5
    last = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
    true = np.cumsum(positive)[last].astype(np.float64)
    return ordered[last], true, (last + 1) - true
