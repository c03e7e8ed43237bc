"""How well two ratings of the same cases agree."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ratings = Sequence[int] | NDArray[np.int64]


def confusion(first: Ratings, second: Ratings, kinds: int) -> NDArray[np.int64]:
    """Counts by (first, second) of ratings 0 to kinds - 1."""
    table = np.zeros((kinds, kinds), dtype=np.int64)
    np.add.at(table, (np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)), 1)
    return table


def quadratic_kappa(table: NDArray[np.int64]) -> float:
    """Cohen's kappa with quadratic weights (Cohen J, Psychol Bull 1968; 70: 213-220). NaN where chance explains all."""
    kinds = np.arange(len(table))
    return _kappa(table, np.square(kinds[:, None] - kinds[None, :], dtype=np.float64))


def cohen_kappa(table: NDArray[np.int64]) -> float:
    """Cohen's kappa, every disagreement counting alike. NaN where chance explains all."""
    return _kappa(table, 1.0 - np.eye(len(table)))


def macro_f1(truth: NDArray[np.bool_], told: NDArray[np.bool_]) -> float:
    """The mean F1 over the columns that have a positive in truth or in what was told; NaN where none has.

    Arrays of shape (cases, findings).
    """
    hits = (truth & told).sum(axis=0)
    both = truth.sum(axis=0) + told.sum(axis=0)
    counted = both > 0
    return float((2 * hits[counted] / both[counted]).mean()) if counted.any() else float("nan")


def _kappa(table: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    n = table.sum()
    if not n:
        return float("nan")
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chance = float((weights * expected).sum())
    return 1.0 - float((weights * table).sum()) / chance if chance else float("nan")
