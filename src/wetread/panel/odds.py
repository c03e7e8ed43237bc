"""Log odds, their mean, and intervals of proportions. Pure arithmetic."""

import math
from collections.abc import Sequence

CERTAIN = 1e-6


def logit(probability: float) -> float:
    """Log odds of a probability, kept finite at 0 and 1."""
    kept = min(1 - CERTAIN, max(CERTAIN, probability))
    return math.log(kept / (1 - kept))


def sigmoid(log_odds: float) -> float:
    """Probability of log odds, without overflow."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    grown = math.exp(log_odds)
    return grown / (1 + grown)


def mean_log_odds(weighted: Sequence[tuple[float, float]]) -> float:
    """The weighted mean of (probability, weight) on log odds; where all weights are 0, the plain mean."""
    total = sum(weight for _, weight in weighted)
    if total <= 0:
        weighted, total = [(probability, 1.0) for probability, _ in weighted], float(len(weighted))
    return round(sigmoid(math.fsum(weight * logit(p) for p, weight in weighted) / total), 6)


def wilson(hits: int, cases: int, z: float) -> tuple[float, float]:
    """Interval of a proportion. Source: Wilson 1927. Without cases it is 0 to 1."""
    if cases <= 0:
        return 0.0, 1.0
    share, square = hits / cases, z * z
    middle = (share + square / (2 * cases)) / (1 + square / cases)
    half = z * math.sqrt(share * (1 - share) / cases + square / (4 * cases * cases)) / (1 + square / cases)
    return max(0.0, middle - half), min(1.0, middle + half)
