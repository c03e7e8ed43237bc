"""Do the pictures look different? A small fixed descriptor of each, and the discrepancy between two sets of them.

The descriptor knows nothing of disease: brightness, where it lies, how much detail there is where, and the shape of the
picture. It notices what a scanner, a window or an inversion does; a reader's own embedding can stand in its place, as
long as the baseline was made with the same one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.evaluate.drift.measure import DriftKind, Level, Measure, too_few
from wetread.evaluate.drift.policy import PictureLimits

Floats = NDArray[np.float64]
GRID, DECILES = 4, 9
DESCRIPTOR_SIZE = DECILES + 2 * GRID * GRID + 1
WHAT = "descriptor"
NOISE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """Squared maximum mean discrepancy (unbiased, so it may be below 0) and its permutation p."""

    mmd2: float
    p: float


def descriptor(picture: NDArray[np.uint8]) -> Floats:
    """What an 8-bit view looks like, (42,) float64.

    picture: (rows, columns) or (rows, columns, 3) uint8, at least 8 pixels each way. In this order: the deciles of
    brightness (0-1); the mean brightness (0-1) and the mean absolute gradient (0-1 per pixel, its square root) in a
    4 x 4 grid, row by row; the logarithm of width over height. An inverted picture mirrors brightness and keeps the
    rest; a blurred or noisier one moves the gradients.
    Raises: ValueError where the picture is too small or not 8 bits deep.
    """
    if picture.dtype != np.uint8 or picture.ndim not in {2, 3} or min(picture.shape[:2]) < 2 * GRID:
        raise ValueError(f"a picture of 8 bits and at least {2 * GRID} pixels each way is needed, got {picture.shape}")
    grey = picture.astype(np.float64) / 255
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    deciles = np.quantile(grey, np.linspace(0.1, 0.9, DECILES))
    steps = np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1]
    shape = math.log(grey.shape[1] / grey.shape[0])
    return np.concatenate([deciles, _grid(grey), np.sqrt(_grid(steps)), [shape]])


def discrepancy(reference: Floats, window: Floats, *, permutations: int, seed: int) -> Discrepancy:
    """How far apart two sets of descriptors lie, (n, d) and (m, d), and how often chance sets them so far apart.

    A Gaussian kernel on columns scaled to unit variance, its width the median distance of all; columns that never vary
    say nothing. Source: Gretton A et al., J Mach Learn Res 2012; 13: 723-773 (unbiased estimate, permutation test).
    Raises: ValueError where a set has fewer than two.
    """
    if min(len(reference), len(window)) < 2:
        raise ValueError(f"two pictures on either side are needed, got {len(reference)} and {len(window)}")
    pooled, n = np.concatenate([reference, window]), len(reference)
    centred = pooled - pooled.mean(axis=0)
    spread = centred.std(axis=0)
    varies = spread > NOISE * np.abs(pooled).max(axis=0)  # a column of equal numbers has a spread of rounding alone
    scaled = centred[:, varies] / spread[varies]
    norms = (scaled**2).sum(axis=1)
    squared = np.maximum(norms[:, None] + norms[None, :] - 2 * scaled @ scaled.T, 0)
    middle = float(np.median(squared[np.triu_indices(len(squared), 1)]))
    kernel = np.exp(-squared / (2 * middle if middle > 0 else 1.0))
    np.fill_diagonal(kernel, 0)
    dice = np.random.default_rng(seed)
    first = np.zeros((permutations + 1, len(pooled)))
    first[0, :n] = 1
    for row in first[1:]:
        row[dice.permutation(len(pooled))[:n]] = 1
    found = _mmd2(kernel, first, n)
    p = (1 + np.count_nonzero(found[1:] >= found[0])) / (permutations + 1)
    return Discrepancy(mmd2=float(found[0]), p=float(p))


def picture_measure(reference: Floats, window: Floats, limits: PictureLimits, before: int) -> tuple[Measure, int]:
    """The window's p against the baseline's pictures, and how many looks in a row were below the limit by now.

    One look below it warns, `in_a_row` looks alarm; a look at too few pictures leaves the count as it was.
    Raises: ValueError where baseline and window were described differently.
    """
    if min(len(reference), len(window)) < limits.least:
        return too_few(DriftKind.PICTURES, WHAT, min(len(reference), len(window)), limits.least), before
    if reference.shape[1] != window.shape[1]:
        raise ValueError(
            f"the baseline's pictures have {reference.shape[1]} figures each, the window's {window.shape[1]}: "
            "make a new baseline with the same descriptor"
        )
    found = discrepancy(
        _thinned(reference, limits.most),
        _thinned(window, limits.most),
        permutations=limits.permutations,
        seed=limits.seed,
    )
    row = before + 1 if found.p < limits.alarm_p else 0
    level = Level.ALARM if row >= limits.in_a_row else Level.WARN if row else Level.QUIET
    text = f"MMD² {found.mmd2:.4f}, {row} look(s) in a row below the limit, seed {limits.seed}"
    told = Measure(
        kind=DriftKind.PICTURES,
        what=WHAT,
        level=level,
        value=found.p,
        limit=limits.alarm_p,
        n=len(window),
        text=text,
    )
    return told, row


def _grid(values: Floats) -> Floats:
    rows = np.linspace(0, values.shape[0], GRID + 1).astype(int)[:-1]
    columns = np.linspace(0, values.shape[1], GRID + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
    heights = np.diff(np.append(rows, values.shape[0]))
    widths = np.diff(np.append(columns, values.shape[1]))
    return np.ravel(sums / np.outer(heights, widths))


def _mmd2(kernel: Floats, first: Floats, n: int) -> Floats:
    """Of every row of `first` (1: reference, 0: window); kernel: (all, all) with an empty diagonal."""
    m = len(kernel) - n
    inside = np.einsum("ij,ij->i", first @ kernel, first)
    across = first @ kernel.sum(axis=1) - inside
    outside = kernel.sum() - 2 * across - inside
    return np.asarray(inside / (n * (n - 1)) + outside / (m * (m - 1)) - 2 * across / (n * m))


def _thinned(rows: Floats, most: int) -> Floats:
    """At most so many, evenly over time."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]
