"""QR codes and bar codes in a picture, at any contrast: decoded, detected, or told by the three corners of a code."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.privacy.contrast import Pixels, lifted
from wetread.privacy.ocr import Quad

MODULES_PX = (2.0, 2.5, 3.0, 3.5, 4.0)  # sizes of a code's squares, looked for in the picture and in halves of it
HALVINGS, SMALLEST_PX = 3, 60
MOST_CORNERS = 40
FEWEST_MODULES, MOST_MODULES = 10, 175  # between the corners' centres; ISO/IEC 18004: 14 (version 1) to 170 (40)
LIFT_LEVELS, LIFT_BLUR_PX = 8.0, 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corner:
    x: float
    y: float
    module_px: float
    likeness: float


def find_codes(grey: Pixels, *, likeness_from: float) -> tuple[Quad, ...]:
    """The corners of every code in a picture, none where there is none.

    grey: (rows, columns), 0-255. `likeness_from` is the least correlation with a QR code's corner, 0-1.
    """
    even = lifted(grey, levels=LIFT_LEVELS, blur_px=LIFT_BLUR_PX)
    return (*_decoded(grey), *_decoded(even), *_by_corners(even, likeness_from))


def _decoded(grey: Pixels) -> Iterator[Quad]:
    """What OpenCV's detectors find, with an area."""
    found, points = cv2.QRCodeDetector().detectMulti(grey)
    for quad in points if found and points is not None else ():
        if cv2.contourArea(np.asarray(quad, np.float32)) > SMALLEST_PX:
            yield np.asarray(quad, np.float32)
    said, texts, _, points = cv2.barcode.BarcodeDetector().detectAndDecodeWithType(grey)
    for text, quad in zip(texts, points, strict=False) if said and points is not None else ():
        if text:
            yield np.asarray(quad, np.float32)


def _by_corners(grey: Pixels, likeness_from: float) -> Iterator[Quad]:
    """Three corners of one size at a right angle, equally far apart."""
    corners: list[_Corner] = []
    for corner in sorted(_corners(grey, likeness_from), key=lambda corner: -corner.likeness):
        if not any(abs(corner.x - c.x) + abs(corner.y - c.y) < 4 * c.module_px for c in corners):
            corners.append(corner)
    corners = corners[:MOST_CORNERS]
    for one, two in itertools.combinations(corners, 2):
        for at in corners:
            if at not in (one, two) and _is_code(at, one, two):
                yield _around(at, one, two)


def _corners(grey: Pixels, likeness_from: float) -> Iterator[_Corner]:
    """Where a corner's squares correlate with the picture, whatever its contrast and polarity."""
    seen = grey
    for halved in range(HALVINGS):
        if min(seen.shape) < SMALLEST_PX:
            return
        for module_px, pattern in _corner_patterns():
            like = np.abs(cv2.matchTemplate(seen, pattern, cv2.TM_CCOEFF_NORMED))
            like[~np.isfinite(like)] = 0.0
            peaks = (like > likeness_from) & (like == cv2.dilate(like, np.ones((7, 7), np.uint8)))
            for row, column in zip(*np.nonzero(peaks), strict=True):
                half, times = pattern.shape[0] / 2, 2.0**halved
                yield _Corner(
                    x=(column + half) * times,
                    y=(row + half) * times,
                    module_px=module_px * times,
                    likeness=float(like[row, column]),
                )
        seen = np.asarray(cv2.resize(seen, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _corner_patterns() -> tuple[tuple[float, NDArray[np.uint8]], ...]:
    """Dark in light in dark squares of 3, 5 and 7 modules with a light rim (ISO/IEC 18004, finder pattern)."""
    corner = np.full((9, 9), 255, np.uint8)
    corner[1:8, 1:8], corner[2:7, 2:7], corner[3:6, 3:6] = 0, 255, 0
    sizes = [(module, round(9 * module)) for module in MODULES_PX]
    return tuple((m, np.asarray(cv2.resize(corner, (n, n), interpolation=cv2.INTER_AREA))) for m, n in sizes)


def _is_code(at: _Corner, one: _Corner, two: _Corner) -> bool:
    sizes = (at.module_px, one.module_px, two.module_px)
    if max(sizes) > 1.4 * min(sizes):
        return False
    u, v = np.array([one.x - at.x, one.y - at.y]), np.array([two.x - at.x, two.y - at.y])
    long, short = max(np.hypot(*u), np.hypot(*v)), min(np.hypot(*u), np.hypot(*v))
    if not FEWEST_MODULES * at.module_px < short <= long < MOST_MODULES * at.module_px:
        return False
    return bool(long < 1.1 * short and abs(u @ v) < 0.1 * long * short)


def _around(at: _Corner, one: _Corner, two: _Corner) -> Quad:
    """The code's own corners: four modules beyond the centres of its finder patterns."""
    centres = np.array(
        [[at.x, at.y], [one.x, one.y], [one.x + two.x - at.x, one.y + two.y - at.y], [two.x, two.y]], np.float32
    )
    middle = centres.mean(axis=0)
    reach = np.linalg.norm(centres[0] - middle)
    return np.asarray(middle + (centres - middle) * (1 + 4 * at.module_px * np.sqrt(2) / reach), np.float32)
