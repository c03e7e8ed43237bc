"""Views disturbed on purpose: what a reader says of them tells what it looks at. Never part of a real read."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import Preparation, View
from wetread.errors import ConfigurationError
from wetread.imaging.encode import encode

Pixels = NDArray[np.uint8]
BORDER = 0.15
"""The part of width and height at each side that counts as border: collimation, markers, nothing of the lungs."""


def disturb(preparation: Preparation, kind: str) -> Preparation:
    """Every view changed in one way; its recipe says which.

    Raises: ConfigurationError for a kind that is none.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"no disturbance {kind!r}; there are {', '.join(KINDS)}")
    return replace(preparation, views=tuple(disturbed(view, kind) for view in preparation.views))


def written_on(preparation: Preparation, text: str, *, size: float) -> Preparation:
    """A line of text in white across every view, below the middle of its upper half; `size` as `written` says."""
    change = partial(written, text=text, size=size)
    return replace(preparation, views=tuple(_changed(view, change, "written on") for view in preparation.views))


def written(pixels: Pixels, *, text: str, size: float) -> Pixels:
    """The picture with a line of text from its left edge. `size`: height of the letters as a share of the picture's."""
    rows, columns = pixels.shape[:2]
    canvas = np.zeros((rows, columns, 3), np.uint8)
    height = max(8, round(rows * size))
    cv2.putText(canvas, text, (columns // 40, rows // 4), (255, 255, 255), cv2.FontFace("sans"), height)
    ink = canvas[..., 0].astype(np.float32) / 255
    ink = ink[..., np.newaxis] if pixels.ndim == 3 else ink
    return np.asarray(np.rint(pixels * (1 - ink) + 255 * ink), np.uint8)


def disturbed(view: View, kind: str) -> View:
    """One view, changed; same size, same kind of picture."""
    return _changed(view, KINDS[kind], kind)


def _changed(view: View, change: Callable[[Pixels], Pixels], named: str) -> View:
    flag = cv2.IMREAD_COLOR_RGB if view.colour else cv2.IMREAD_GRAYSCALE
    pixels = cv2.imdecode(np.frombuffer(view.picture, np.uint8), flag)
    changed = np.ascontiguousarray(change(np.asarray(pixels, np.uint8)))
    return replace(
        view,
        picture=encode(changed, view.media_type),
        pixel_sha256=hashlib.sha256(changed.tobytes()).hexdigest(),
        recipe=(*view.recipe, f"disturbed: {named}"),
    )


def inner(pixels: Pixels) -> tuple[slice, slice]:
    """Rows and columns within the border."""
    rows, columns = pixels.shape[:2]
    edge_y, edge_x = round(rows * BORDER), round(columns * BORDER)
    return slice(edge_y, rows - edge_y), slice(edge_x, columns - edge_x)


def _border_only(pixels: Pixels) -> Pixels:
    changed = pixels.copy()
    changed[inner(pixels)] = round(float(pixels.mean()))
    return changed


def _centre_only(pixels: Pixels) -> Pixels:
    changed = np.full_like(pixels, round(float(pixels.mean())))
    changed[inner(pixels)] = pixels[inner(pixels)]
    return changed


def _jpeg_q30(pixels: Pixels) -> Pixels:
    _, squeezed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 30])
    return np.asarray(cv2.imdecode(squeezed, cv2.IMREAD_UNCHANGED), np.uint8)


KINDS: dict[str, Callable[[Pixels], Pixels]] = {
    "border_only": _border_only,
    "centre_only": _centre_only,
    "inverted": lambda pixels: 255 - pixels,
    "blank": lambda pixels: np.full_like(pixels, round(float(pixels.mean()))),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "jpeg_q30": _jpeg_q30,
}
"""border_only and centre_only are shortcut controls; blank must leave no finding; mirrored moves the marker too."""
