"""Montages: key slices side by side under one window, each cell with its way back to its source."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import Cell, View, ViewKind, ViewPlan, Window
from wetread.imaging import size as sizes
from wetread.imaging import voi
from wetread.imaging.encode import encode_within
from wetread.imaging.frame import Frame
from wetread.imaging.render import draw
from wetread.imaging.tone import sample

MOST_CELLS = 9
LARGEST_CELL = 512


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame is drawn in a montage: (x0, y0, x1, y1) in view pixels."""

    frame: Frame
    box: tuple[int, int, int, int]


def grid(count: int) -> tuple[int, int]:
    """(columns, rows) for up to nine cells."""
    columns = math.ceil(math.sqrt(count))
    return columns, math.ceil(count / columns)


def arrange(frames: tuple[Frame, ...], size: tuple[int, int]) -> tuple[Place, ...]:
    """Each frame centred in its cell of a montage of `size`, aspect kept, never enlarged."""
    columns, rows = grid(len(frames))
    cell_width, cell_height = max(1, size[0] // columns), max(1, size[1] // rows)
    places = []
    for index, frame in enumerate(frames):
        scale = min(1.0, cell_width / frame.size[0], cell_height / frame.size[1])
        width, height = sizes.shrunk(frame.size, scale)
        x0 = (index % columns) * cell_width + (cell_width - width) // 2
        y0 = (index // columns) * cell_height + (cell_height - height) // 2
        places.append(Place(frame, (x0, y0, x0 + width, y0 + height)))
    return tuple(places)


def montage_view(
    frames: tuple[Frame, ...], plan: ViewPlan, *, window: Window | None = None, label: str | None = None
) -> View:
    """Up to nine frames in reading order under `window`, or each under its own."""
    columns, rows = grid(len(frames))
    cell = min(LARGEST_CELL, max(max(frame.size) for frame in frames))
    wanted = sizes.fit(columns * cell, rows * cell, plan)
    least = (max(wanted[0], columns), max(wanted[1], rows))
    encoded = encode_within(lambda size: paint(frames, window, size), least, plan)
    places = arrange(frames, (encoded.width, encoded.height))
    first = frames[0].instance
    shown = (
        f"{window.function} {window.center:g}/{window.width:g} ({window.origin.value})" if window else "each its own"
    )
    return View(
        kind=ViewKind.MONTAGE,
        picture=encoded.picture,
        media_type=encoded.media_type,
        width=encoded.width,
        height=encoded.height,
        colour=encoded.colour,
        cells=tuple(_cell(place) for place in places),
        window=window,
        modality=first.modality,
        body_part=first.body_part,
        label=label,
        pixel_sha256=encoded.pixel_sha256,
        recipe=(f"montage: {columns}x{rows} cells, {len(frames)} slices", f"window: {shown}", *encoded.steps),
    )


def _cell(place: Place) -> Cell:
    x0, y0, x1, y1 = place.box
    source = (0, 0, *place.frame.size)
    return Cell(
        origin=place.frame.origin, box=place.box, mapping=sizes.mapping(source, (x1 - x0, y1 - y0), at=(x0, y0))
    )


def paint(frames: tuple[Frame, ...], window: Window | None, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The montage at `size` (width, height): (height, width) uint8 grey, or RGB where a frame is in colour."""
    colour = any(frame.tone is None for frame in frames)
    canvas = np.zeros((size[1], size[0], 3) if colour else (size[1], size[0]), np.uint8)
    for place in arrange(frames, size):
        x0, y0, x1, y1 = place.box
        drawn = draw(place.frame, window, (x1 - x0, y1 - y0))
        target = canvas[y0:y1, x0:x1]
        target[...] = drawn[: target.shape[0], : target.shape[1], None] if colour and drawn.ndim == 2 else drawn
    return canvas


def series_window(frames: tuple[Frame, ...]) -> Window | None:
    """One percentile window over all frames, in modality units; None where none is grey."""
    parts = [f.tone.modality.apply(sample(f.pixels, f.tone.padding)) for f in frames if f.tone is not None]
    return voi.percentile_window(np.concatenate(parts)) if parts else None
