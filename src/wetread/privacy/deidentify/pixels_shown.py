"""A frame as a person at a workstation could see it: in its own windows and over its whole range, as 8 bit."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from wetread.dicom import numbers
from wetread.errors import PixelsUnreadable
from wetread.privacy.contrast import Pixels
from wetread.privacy.deidentify.pixels_frames import DECODE_ERRORS, PALETTE, Values

PERCENTILES = (0.5, 99.5)
ALIKE = 0.1  # share of a window's width by which another may differ and show the same
MOST_WINDOWS = 2  # of the header
AROUND_PX, NOISE_PX, SMOOTH_PX = 15.0, 25.0, 0.6  # standard deviations: ground, its noise, strokes
LEAST_NOISE = 2.0  # grey levels: flat ground has none
NOISES, GAIN = 1.0, 90.0  # what stands out by so many noises is shown, so many grey levels for each further one
COLOURS = 3  # axes of a colour picture
Range = tuple[float, float]


def shown(values: Values, dataset: Dataset, photometric: str, subject: str) -> Iterator[Pixels]:
    """The pictures of a frame that differ: (rows, columns) or (rows, columns, 3) BGR, 0-255. The best one is first.

    Raises: PixelsUnreadable where a palette can't be applied.
    """
    if photometric == PALETTE:
        indices, values = values, _coloured(values, dataset, subject)
        yield from _colours(values)
        values = indices  # another palette would show what this one hides
    if values.ndim == COLOURS:
        yield from _colours(values)
        return
    for low, high in _ranges(values, dataset):
        yield stretched_to(values, low, high)


def _colours(values: Values) -> Iterator[Pixels]:
    """RGB as BGR, or as grey where the channels are the same."""
    colour = _whole(values)
    same = bool(np.array_equal(colour[..., 0], colour[..., 1]) and np.array_equal(colour[..., 1], colour[..., 2]))
    yield np.ascontiguousarray(colour[..., 0] if same else colour[..., ::-1])


def whole_range(values: Values) -> Pixels:
    """A frame's values over their whole range, 0-255, in grey: the brightest channel of colours."""
    grey = values if values.ndim == 2 else values.max(axis=2)
    return _whole(grey)


def stretched_to(values: Values, low: float, high: float) -> Pixels:
    """Values as grey levels, `low` black and `high` white."""
    scale = 255.0 / max(high - low, 1e-6)
    levels = (np.nan_to_num(values.astype(np.float32), posinf=high, neginf=low) - low) * scale
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def _whole(values: Values) -> Pixels:
    if values.dtype == np.uint8 and values.max(initial=0) > 127:
        return values
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return stretched_to(values, low, high)


def _ranges(values: Values, dataset: Dataset) -> Iterator[Range]:
    """What lies between the outermost percentiles, the header's windows, and everything; each kind of look once."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        return
    whole = (float(finite.min()), float(finite.max()))
    low, high = (float(value) for value in np.percentile(finite, PERCENTILES))
    given: list[Range] = []
    for one in (*_windows(dataset, whole), (low, high), whole):
        if one[1] > one[0] and not any(_are_alike(one, other) for other in given):
            given.append(one)
    yield from given or [whole]


def _windows(dataset: Dataset, whole: Range) -> Iterator[Range]:
    """The header's windows in stored values, as far as the values go. Source: PS3.3 C.11.2.1.2."""
    slope = (numbers(dataset, "RescaleSlope") or (1.0,))[0] or 1.0
    intercept = (numbers(dataset, "RescaleIntercept") or (0.0,))[0]
    centers, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    for center, width in list(zip(centers, widths, strict=False))[:MOST_WINDOWS]:
        if width >= 1:
            ends = sorted(((edge - intercept) / slope) for edge in (center - width / 2, center + width / 2))
            yield max(ends[0], whole[0]), min(ends[1], whole[1])


def _are_alike(one: Range, other: Range) -> bool:
    width = max(one[1] - one[0], other[1] - other[0])
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) <= ALIKE * width


def _coloured(values: Values, dataset: Dataset, subject: str) -> NDArray[np.uint8]:
    try:
        colours = apply_color_lut(values, dataset)[..., :3]
    except DECODE_ERRORS as problem:
        raise PixelsUnreadable(subject, f"its palette can't be applied ({type(problem).__name__})") from None
    return np.asarray(colours >> 8 if colours.dtype.itemsize > 1 else colours, np.uint8)


def evened(picture: Pixels) -> tuple[Pixels, Pixels]:
    """Pictures in which each place counts by how far it stands out of the noise around it, for text in speckle.

    The first shows what is brighter, the second what is brighter and darker, each in a channel of its own, beside the
    picture: the detector finds in one what it misses in the other.
    """
    values = picture if picture.ndim == 2 else picture.max(axis=2)
    level = values.astype(np.float32)
    step = level - cv2.GaussianBlur(level, (0, 0), AROUND_PX)
    noise = np.sqrt(np.maximum(cv2.GaussianBlur(step * step, (0, 0), NOISE_PX), 0))
    out = cv2.GaussianBlur(step / (noise + LEAST_NOISE), (0, 0), SMOOTH_PX)
    bright, dark = (np.clip((sign * out - NOISES) * GAIN, 0, 255).astype(np.uint8) for sign in (1, -1))
    return bright, np.dstack([bright, dark, np.asarray(values, np.uint8)])


def grey_of(picture: Pixels) -> Pixels:
    """A picture without its colours."""
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
