"""Is a probability of 0.3 right three times in ten? How far off it is, and the map that mends it.

Which map is allowed follows from how many positives there are (`clinical/evaluation.toml`): few cases carry one number,
many carry a curve. Maps are fitted on the calibration split alone.
"""

import math
from dataclasses import dataclass

import numpy as np

from wetread.evaluate.statistics.curves import Floats

STEPS = 100
SMALL = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A map from a logit to a probability: `kind` and its numbers, as `readers.calibrator` reads them."""

    kind: str
    numbers: dict[str, float | tuple[float, ...]]


def brier(truth: Floats, probabilities: Floats) -> float:
    """The mean squared distance of probability and truth (Brier GW, Mon Weather Rev 1950). NaN without cases."""
    return float(np.mean((probabilities - truth) ** 2)) if len(truth) else float("nan")


def expected_calibration_error(truth: Floats, probabilities: Floats, bins: int = 10) -> float:
    """The mean distance of probability and frequency over equally filled bins, weighted by their cases.

    Bins of equal count, equal probabilities kept together: bins of equal width are empty for rare findings.
    """
    if not len(truth):
        return float("nan")
    order = np.argsort(probabilities, kind="stable")
    ordered, true = probabilities[order], truth[order]
    edges = np.unique(np.searchsorted(ordered, ordered[np.linspace(0, len(ordered) - 1, bins + 1).astype(int)[1:-1]]))
    parts = [part for part in np.split(np.arange(len(ordered)), edges) if len(part)]
    return float(sum(abs(float((ordered[p] - true[p]).mean())) * len(p) for p in parts) / len(ordered))


def logits(probabilities: Floats) -> Floats:
    """Log odds, kept finite at 0 and 1."""
    bounded = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return np.log(bounded / (1 - bounded))


def fit_calibrator(truth: Floats, scores: Floats, kind: str) -> Fitted:
    """The map of this kind from logits to probabilities with the largest likelihood.

    `temperature`: one slope and an offset shared by nothing else; `platt`: slope and intercept on Platt's softened
    targets; `isotonic`: pool adjacent violators. Raises: ValueError where one class is missing or the kind is unknown.
    """
    if not 0 < truth.sum() < len(truth):
        raise ValueError("a map needs positive and negative cases")
    if kind == "temperature":
        return Fitted(kind=kind, numbers={"temperature": 1 / _slope(truth, scores), "offset": 0.0})
    if kind == "platt":
        slope, intercept = _platt(truth, scores)
        return Fitted(kind=kind, numbers={"slope": slope, "intercept": intercept})
    if kind == "isotonic":
        x, y = _isotonic(truth, scores)
        return Fitted(kind=kind, numbers={"x": tuple(x.tolist()), "y": tuple(y.tolist())})
    raise ValueError(f"no map {kind!r}: temperature, platt or isotonic")


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))


def _slope(truth: Floats, scores: Floats) -> float:
    """Newton's method in one number: the slope b > 0 of sigmoid(b x)."""
    log_b = 0.0
    for _ in range(STEPS):
        b = math.exp(log_b)
        p = _sigmoid(b * scores)
        gradient = float(np.sum((p - truth) * scores)) * b
        curvature = float(np.sum(p * (1 - p) * scores**2)) * b * b + abs(gradient) + SMALL
        step = gradient / curvature
        log_b = min(4.0, max(-4.0, log_b - step))
        if abs(step) < SMALL:
            break
    return math.exp(log_b)


def _platt(truth: Floats, scores: Floats) -> tuple[float, float]:
    """Platt 1999 with the numerically safe Newton steps of Lin, Lin and Weng (Mach Learn 2007; 68: 267-276)."""
    n_pos, n_neg = float(truth.sum()), float(len(truth) - truth.sum())
    target = np.where(truth > 0.5, (n_pos + 1) / (n_pos + 2), 1 / (n_neg + 2))
    slope, intercept = 0.0, math.log((n_pos + 1) / (n_neg + 1))

    def loss(a: float, b: float) -> float:
        z = a * scores + b
        return float(np.sum(np.logaddexp(0, z) - target * z))

    for _ in range(STEPS):
        p = _sigmoid(slope * scores + intercept)
        away, spread = p - target, p * (1 - p)
        g = np.array([np.sum(away * scores), np.sum(away)])
        h = np.array([[np.sum(spread * scores**2), np.sum(spread * scores)], [np.sum(spread * scores), np.sum(spread)]])
        step = np.linalg.solve(h + 1e-12 * np.eye(2) * max(1.0, float(np.trace(h))), g)
        width, before = 1.0, loss(slope, intercept)
        while width > SMALL and loss(slope - width * step[0], intercept - width * step[1]) > before:
            width /= 2
        slope, intercept = slope - width * float(step[0]), intercept - width * float(step[1])
        if float(np.max(np.abs(g))) < 1e-9:
            break
    return max(slope, 1e-6), intercept


def _isotonic(truth: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Pool adjacent violators (Barlow et al. 1972); then points that rise strictly, so that no order is lost."""
    values, of = np.unique(scores, return_inverse=True)  # equal scores stay together: a map gives them one probability
    cases, hits = np.bincount(of), np.bincount(of, weights=truth)
    blocks: list[list[float]] = []  # sum of truth, cases, sum of scores
    for x, n, k in zip(values, cases, hits, strict=True):
        blocks.append([float(k), float(n), float(x) * float(n)])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    x = np.array([block[2] / block[1] for block in blocks])
    y = np.array([block[0] / block[1] for block in blocks])
    if len(x) == 1:
        x, y = np.array([x[0] - 1, x[0] + 1]), np.array([y[0] - 1e-6, y[0] + 1e-6])
    return x, np.clip(y, 1e-6 * (1 + np.arange(len(y))), 1 - 1e-6 * (len(y) - np.arange(len(y))))
