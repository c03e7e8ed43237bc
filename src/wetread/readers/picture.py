"""From an encoded view to the array a network is fed."""

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import View
from wetread.errors import ReaderRefused

Grey = NDArray[np.uint8]
Batch = NDArray[np.float32]


def grey(view: View) -> Grey:
    """The view's picture as (rows, columns) uint8.

    Raises: ReaderRefused if the bytes are no picture.
    """
    decoded = cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    if decoded is None:
        raise ReaderRefused("the prepared picture does not decode")
    return np.asarray(decoded, np.uint8)


def fit(picture: Grey, edge_px: int, how: str) -> tuple[Grey, tuple[float, float, float]]:
    """A square picture without stretching, and its way back.

    "pad" scales the longer side to `edge_px` and centres on black; "crop" scales the shorter side and cuts
    the middle out. Returns (edge, edge) uint8 and (scale, left, top): view = (square - left_or_top) / scale.
    """
    rows, columns = picture.shape
    reference = max(rows, columns) if how == "pad" else min(rows, columns)
    scale = edge_px / reference
    width, height = max(1, round(columns * scale)), max(1, round(rows * scale))
    if (height, width) != (rows, columns):
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)
    if how == "crop":
        top, left = (height - edge_px) // 2, (width - edge_px) // 2
        return picture[top : top + edge_px, left : left + edge_px], (scale, -left, -top)
    square = np.zeros((edge_px, edge_px), np.uint8)
    top, left = (edge_px - height) // 2, (edge_px - width) // 2
    square[top : top + height, left : left + width] = picture
    return square, (scale, left, top)


def batch(square: Grey, *, channels: int, black: float, white: float) -> Batch:
    """(1, channels, edge, edge) float32 with 0 → `black` and 255 → `white`."""
    values = square.astype(np.float32) * np.float32((white - black) / 255.0) + np.float32(black)
    return np.ascontiguousarray(np.broadcast_to(values, (1, channels, *values.shape)))
