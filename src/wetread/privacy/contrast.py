"""Text at two per cent of the range made as plain as print: smooth background away, small steps stretched."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def stretched(pixels: Pixels, *, levels: float, blur_px: float) -> Pixels:
    """Steps of about `levels` grey levels at full contrast; larger ones fade, so that edges of bones don't drown them.

    pixels: (rows, columns) or (rows, columns, 3), 0-255, each channel by itself. `blur_px` is the standard deviation
    of what counts as background.
    """
    values = pixels.astype(np.float32)
    step = values - cv2.GaussianBlur(values, (0, 0), blur_px)
    size = np.abs(step)
    kept = np.where(size <= levels, step, np.sign(step) * np.maximum(0.0, 2 * levels - size))
    return np.clip(np.rint(128.0 + kept * (127.0 / levels)), 0, 255).astype(np.uint8)


def stretched_pictures(pixels: Pixels, stretches: tuple[tuple[float, float], ...]) -> Iterator[Pixels]:
    """Pictures in which faint text stands out: each of three stretches as a channel of one picture, (rows, columns, 3).

    A colour picture comes a second time, each of its channels stretched by itself: text may stand in one alone.
    `stretches`: (levels, blur_px) of each.
    """
    grey = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    yield np.dstack([stretched(grey, levels=levels, blur_px=blur_px) for levels, blur_px in stretches])
    if pixels.ndim == 3:
        levels, blur_px = stretches[len(stretches) // 2]
        yield stretched(pixels, levels=levels, blur_px=blur_px)


def lifted(pixels: Pixels, *, levels: float, blur_px: float) -> Pixels:
    """The same without fading, for areas instead of strokes: the squares of a code."""
    values = pixels.astype(np.float32)
    step = values - cv2.GaussianBlur(values, (0, 0), blur_px)
    return np.asarray(np.clip(np.rint(128.0 + step * (127.0 / levels)), 0, 255), np.uint8)
