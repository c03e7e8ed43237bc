"""Regions of a picture filled with what lies around them."""

from collections.abc import Iterable

import cv2
import numpy as np

from wetread.privacy.contrast import Pixels
from wetread.privacy.ocr import Quad


def widened(quad: Quad, *, share: float, least_px: float, ends: float | None = None) -> Quad:
    """A region with a margin: a share of its shorter side, at least so many pixels; another share at its ends."""
    (x, y), (width, height), angle = cv2.minAreaRect(np.asarray(quad, np.float32))
    short = min(width, height)
    side, end = (2 * max(part * short, least_px) for part in (share, share if ends is None else ends))
    grown = (width + end, height + side) if width >= height else (width + side, height + end)
    return np.asarray(cv2.boxPoints(((x, y), grown, angle)), np.float32)


def masked(pixels: Pixels, regions: Iterable[Quad]) -> Pixels:
    """The picture with each region filled by the smooth course of its surroundings: nothing of it shows through.

    pixels: (rows, columns) or (rows, columns, 3), 0-255; regions: corners in pixels.
    """
    hidden = np.zeros(pixels.shape[:2], np.uint8)
    quads = [np.rint(quad).astype(np.int32) for quad in regions]
    for quad in quads:
        cv2.fillConvexPoly(hidden, quad, 1)
    out = pixels.copy()
    for quad in quads:
        left, top, width, height = cv2.boundingRect(quad)
        reach = max(8, min(width, height))
        rows = slice(max(0, top - 2 * reach), top + height + 2 * reach)
        columns = slice(max(0, left - 2 * reach), left + width + 2 * reach)
        inside = hidden[rows, columns] > 0
        fill = _surroundings(pixels[rows, columns], ~inside, reach)
        out[rows, columns][inside] = fill[inside]
    return out


def _surroundings(pixels: Pixels, seen: np.ndarray, reach_px: float) -> Pixels:
    """A smooth average of what is seen, weighted by distance; the middle of the range where nothing is."""
    share = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), reach_px)
    shown = pixels.astype(np.float32) * (seen if pixels.ndim == 2 else seen[..., None])
    total = cv2.GaussianBlur(shown, (0, 0), reach_px)
    whole = share if pixels.ndim == 2 else share[..., None]
    typical = np.median(pixels[seen]) if seen.any() else 0.0
    course = np.where(whole > 1e-4, total / np.maximum(whole, 1e-4), typical)
    return np.clip(np.rint(course), 0, 255).astype(np.uint8)
