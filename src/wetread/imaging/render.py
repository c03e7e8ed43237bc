"""Drawing: a frame, or a box of it, under a window at a size. Window first, area average after, never larger."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import Window
from wetread.imaging import kernel
from wetread.imaging.frame import Frame
from wetread.imaging.tone import Tone

Box = tuple[int, int, int, int]


def draw(frame: Frame, window: Window | None, size: tuple[int, int], *, box: Box | None = None) -> NDArray[np.uint8]:
    """The picture of a frame.

    `window` None means the frame's own; `size` is (width, height); `box` (x0, y0, x1, y1) in source pixels.
    Returns: (height, width) uint8 grey or (height, width, 3) uint8 RGB.
    """
    pixels = frame.pixels
    if box is not None:
        x0, y0, x1, y1 = box
        pixels = pixels[y0:y1, x0:x1]
    if frame.tone is None:
        return kernel.area_colour(pixels, size)
    return draw_grey(pixels, frame.tone, window or frame.tone.window, size)


def draw_grey(
    pixels: NDArray[Any], tone: Tone, window: Window, size: tuple[int, int], *, engine: str | None = None
) -> NDArray[np.uint8]:
    """Stored values (rows, columns) to grey (height, width) uint8: by a line, by a table, or value by value."""
    by_table = pixels.dtype.kind in "iu" and pixels.dtype.itemsize <= 2
    line = tone.line(window)
    if line is not None and pixels.dtype.name in ("uint8", "uint16", "int16"):
        return kernel.window_area(pixels, *line, size, engine=engine)
    if by_table:
        table = tone.levels(kernel.every_value(pixels.dtype), window).astype(np.float32)
        grey = kernel.look_up(pixels, table)
    else:
        grey = tone.levels(pixels, window).astype(np.float32)
    return kernel.window_area(grey, 0.0, 1.0, size, engine=engine)
