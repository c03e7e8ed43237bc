"""DeLong's variance of an area below the ROC curve, and the paired test of two readers on the same cases.

DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver operating
characteristic curves: a nonparametric approach. Biometrics 1988; 44: 837-845. Placements by midranks: Sun X, Xu W. IEEE
Signal Process Lett 2014; 21: 1389-1393.
"""

import math
from dataclasses import dataclass

import numpy as np

from wetread.evaluate.statistics.curves import Floats, midranks


@dataclass(frozen=True, slots=True, kw_only=True)
class DeLong:
    """A difference of two areas (first minus second), its standard error, z and two-sided p; NaN where undefined."""

    difference: float
    standard_error: float
    z: float
    p: float


def delong(truth: Floats, scores: Floats) -> tuple[float, float]:
    """The area and its standard error. Each case must be a patient of its own: the cases count as independent."""
    areas, covariance = _areas(truth, scores[np.newaxis])
    return float(areas[0]), math.sqrt(max(0.0, float(covariance[0, 0])))


def delong_paired(truth: Floats, first: Floats, second: Floats) -> DeLong:
    """Two readers on the same cases: is one area larger? Two scores that rank alike differ by nothing (p 1)."""
    areas, covariance = _areas(truth, np.stack([first, second]))
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    error = math.sqrt(max(0.0, variance))
    if math.isnan(difference):
        return DeLong(difference=math.nan, standard_error=math.nan, z=math.nan, p=math.nan)
    if error < 1e-12:
        same = abs(difference) < 1e-12
        z = 0.0 if same else math.copysign(math.inf, difference)
        return DeLong(difference=difference, standard_error=0.0, z=z, p=1.0 if same else 0.0)
    z = difference / error
    return DeLong(difference=difference, standard_error=error, z=z, p=math.erfc(abs(z) / math.sqrt(2)))


def _areas(truth: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Areas (k,) and their covariance (k, k) of k score rows over the same cases."""
    positive = truth > 0.5
    n_pos, n_neg = int(positive.sum()), int((~positive).sum())
    if n_pos < 2 or n_neg < 2:
        k = len(scores)
        return np.full(k, np.nan), np.full((k, k), np.nan)
    places_pos = np.empty((len(scores), n_pos))
    places_neg = np.empty((len(scores), n_neg))
    for row, told in enumerate(scores):
        ranks = midranks(told)
        places_pos[row] = (ranks[positive] - midranks(told[positive])) / n_neg
        places_neg[row] = 1 - (ranks[~positive] - midranks(told[~positive])) / n_pos
    spread_pos, spread_neg = (np.cov(places).reshape(len(scores), -1) for places in (places_pos, places_neg))
    covariance = spread_pos / n_pos + spread_neg / n_neg
    return places_pos.mean(axis=1), covariance
