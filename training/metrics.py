"""Measures in plain numpy: AUROC, patient bootstrap, calibration error, Wilson interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def auroc(truth: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve by mid-ranks; nan where one class is missing."""
    truth = np.asarray(truth).astype(bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    _, group, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2)[group]
    return float((rank[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def mean_auroc_of(truth: np.ndarray, scores: np.ndarray, *, at_least: int = 10) -> float:
    """Mean AUROC over the columns with at least so many positives; nan where there is none."""
    columns = [auroc(truth[:, c], scores[:, c]) for c in range(truth.shape[1]) if truth[:, c].sum() >= at_least]
    return float(np.nanmean(columns)) if columns else float("nan")


def bootstrap(measure: Callable[[np.ndarray], float], patients: list[str], *, draws: int, seed: int) -> np.ndarray:
    """The measure on `draws` resamples of patients; `measure` takes row indices."""
    rng = np.random.default_rng(seed)
    names = sorted(set(patients))
    order = {name: i for i, name in enumerate(names)}
    rows: list[list[int]] = [[] for _ in names]
    for row, patient in enumerate(patients):
        rows[order[patient]].append(row)
    groups = [np.asarray(r) for r in rows]
    picks = rng.integers(0, len(names), (draws, len(names)))
    return np.array([measure(np.concatenate([groups[i] for i in pick])) for pick in picks])


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of what could be computed."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % Wilson interval of a proportion."""
    z, p = 1.959964, hits / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return float(centre - half), float(centre + half)


def calibration_error(truth: np.ndarray, probability: np.ndarray, bins: int = 8) -> float:
    """Expected calibration error over equally filled bins."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, bins)
    gaps = [abs(truth[p].mean() - probability[p].mean()) * len(p) for p in parts if len(p)]
    return float(sum(gaps) / len(truth))
