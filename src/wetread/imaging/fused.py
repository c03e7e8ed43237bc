"""Window and exact area average in one pass over native pixels, compiled by numba. Imported by `kernel` alone."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

Array = Any  # numba's arrays; kernel.py states shapes and types
FAST = {"contract", "nsz", "nnan", "ninf"}  # sums keep their order


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled without the GIL; kept on disk where a folder can be written, else for this process only."""
    try:
        compiled: Callable[..., Any] = numba.njit(nogil=True, cache=True, boundscheck=False, fastmath=FAST)(function)
    except RuntimeError:  # numba found no folder it may write to
        compiled = numba.njit(nogil=True, boundscheck=False, fastmath=FAST)(function)
    return compiled


@_compiled
def spans(source: int, first: Array, last: Array, weights: Array) -> None:
    """Which source pixels each target pixel covers, and how much of the two outer ones.

    first, last: (target,) int64; weights: (target, 2) float32; target <= source.
    """
    target = first.size
    scale = source / target
    for k in range(target):
        a = k * scale
        b = (k + 1) * scale
        lo = int(np.floor(a + 1e-9))
        hi = min(int(np.ceil(b - 1e-9)) - 1, source - 1)
        first[k] = lo
        last[k] = hi
        weights[k, 0] = b - a if hi == lo else lo + 1 - a
        weights[k, 1] = 0.0 if hi == lo else b - hi


@_compiled
def add_row(total: Array, row: Array, weight: Array, clip: Array) -> None:
    """Add one clipped source row, weighted, to the running sum. clip: (zero, low, high) around zero."""
    zero, low, high = clip
    for x in range(row.size):
        total[x] += weight * min(max(np.float32(row[x]) - zero, low), high)


@_compiled
def average_row(total: Array, cover: Array, share: Array, out: Array) -> None:
    """Gather one row of sums into target pixels, rounded to nearest. cover: (first, last, weights).

    Two running sums: short spans are quicker so than as vectors.
    """
    first, last, weights = cover
    for k in range(out.size):
        left, right = first[k], last[k]
        even = total[left] * weights[k, 0] + total[right] * weights[k, 1]
        odd = np.float32(0.0)
        x = left + 1
        while x + 1 < right:
            even += total[x]
            odd += total[x + 1]
            x += 2
        if x < right:
            even += total[x]
        out[k] = np.uint8((even + odd) * share + np.float32(0.5))


@_compiled
def window_area(pixels: Array, zero: Array, gain: Array, out: Array) -> None:
    """Fill `out` (height, width) uint8 from `pixels` (rows, columns); rows >= height, columns >= width.

    Pixels are clipped between the values shown black and white; the gain is applied once, to the average.
    """
    rows, columns = pixels.shape
    height, width = out.shape
    y_first, y_last, y_weight = (
        np.empty(height, np.int64),
        np.empty(height, np.int64),
        np.empty((height, 2), np.float32),
    )
    x_first, x_last, x_weight = np.empty(width, np.int64), np.empty(width, np.int64), np.empty((width, 2), np.float32)
    spans(rows, y_first, y_last, y_weight)
    spans(columns, x_first, x_last, x_weight)
    end = np.float32(255.0) / gain
    clip = (zero, min(end, np.float32(0.0)), max(end, np.float32(0.0)))
    share = np.float32((height / rows) * (width / columns)) * gain
    total = np.empty(columns, np.float32)
    for j in range(height):
        total[:] = 0.0
        top, bottom = y_first[j], y_last[j]
        add_row(total, pixels[top], y_weight[j, 0], clip)
        for y in range(top + 1, bottom):
            add_row(total, pixels[y], np.float32(1.0), clip)
        if bottom > top:
            add_row(total, pixels[bottom], y_weight[j, 1], clip)
        average_row(total, (x_first, x_last, x_weight), share, out[j])
