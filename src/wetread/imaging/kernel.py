"""The one place where pixels are windowed and shrunk: numba where it is there, OpenCV otherwise.

`WETREAD_KERNEL=opencv` (or `engine="opencv"`) chooses the second; both agree within one grey level.
"""

import os
from functools import cache
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FAST_TYPES = ("uint8", "uint16", "int16", "float32")


@cache
def _fused() -> ModuleType | None:
    try:
        from wetread.imaging import fused
    except ImportError:
        return None
    return fused


def window_area(
    pixels: NDArray[Any], zero: float, gain: float, size: tuple[int, int], *, engine: str | None = None
) -> NDArray[np.uint8]:
    """Grey = clip((pixel - zero) * gain, 0, 255), then the exact area average down to `size`.

    pixels: (rows, columns) uint8, uint16, int16 or float32. size: (width, height), neither above the source.
    Returns: (height, width) uint8, rounded to nearest.
    """
    width, height = size
    rows, columns = pixels.shape
    if not (1 <= width <= columns and 1 <= height <= rows):
        raise ValueError(f"{columns}x{rows} pixels are never enlarged or emptied to {width}x{height}")
    if pixels.dtype.name not in FAST_TYPES or not pixels.dtype.isnative:
        raise ValueError(f"pixels must be, in native byte order, one of {', '.join(FAST_TYPES)}, got {pixels.dtype}")
    chosen = engine or os.environ.get("WETREAD_KERNEL", "numba")
    fused = _fused() if chosen == "numba" else None
    if fused is None:
        return _by_opencv(pixels, zero, gain, size)
    native = np.ascontiguousarray(pixels).view()
    native.flags.writeable = False  # one compiled variant a dtype, whether the caller's array is writable or not
    out = np.empty((height, width), np.uint8)
    fused.window_area(native, np.float32(zero), np.float32(gain), out)
    return out


def _by_opencv(pixels: NDArray[Any], zero: float, gain: float, size: tuple[int, int]) -> NDArray[np.uint8]:
    if pixels.dtype == np.float32:
        grey = np.clip((pixels - np.float32(zero)) * np.float32(gain), 0, 255)
    else:
        domain = every_value(pixels.dtype).astype(np.float64)
        grey = look_up(pixels, np.clip((domain - zero) * gain, 0, 255).astype(np.float32))
    if (pixels.shape[1], pixels.shape[0]) != size:
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    rounded: NDArray[np.uint8] = (grey + np.float32(0.5)).astype(np.uint8)
    return rounded


def every_value(dtype: np.dtype[Any]) -> NDArray[np.int32]:
    """All values of an 8- or 16-bit type in rising order."""
    info = np.iinfo(dtype)
    return np.arange(info.min, info.max + 1, dtype=np.int32)


def look_up(pixels: NDArray[Any], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """A float table applied to 8- or 16-bit pixels. table: one entry for each of `every_value`."""
    low = int(np.iinfo(pixels.dtype).min)
    unsigned = pixels.view(f"u{pixels.dtype.itemsize}") if low else pixels
    found: NDArray[np.float32] = np.roll(table, low)[unsigned] if low else table[unsigned]
    return found


def area_colour(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The area average of (rows, columns, 3) uint8 RGB down to `size` (width, height)."""
    if (pixels.shape[1], pixels.shape[0]) == size:
        return np.ascontiguousarray(pixels)
    return np.asarray(cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)).astype(np.uint8)
