"""A montage whose cells share one scale, so that sizes can be compared."""

import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import Cell, View, ViewKind, ViewPlan
from wetread.imaging import size as sizes
from wetread.imaging.encode import encode_within
from wetread.imaging.frame import Frame
from wetread.imaging.montage import grid
from wetread.imaging.render import Box, draw


def scaled_montage(frames: tuple[Frame, ...], plan: ViewPlan, *, label: str) -> View:
    """Frames under their own windows, one length a pixel in all cells: mm where all are calibrated, else source pixels.

    Nothing is enlarged, so the coarsest frame sets the scale at the least.
    """
    spacing = _spacings(frames)
    columns, rows = grid(len(frames))
    finest = max(max(pair) for pair in spacing)
    reach = (
        max(f.size[0] * s[1] for f, s in zip(frames, spacing, strict=True)) * columns / finest,
        max(f.size[1] * s[0] for f, s in zip(frames, spacing, strict=True)) * rows / finest,
    )
    wanted = sizes.fit(max(columns, round(reach[0])), max(rows, round(reach[1])), plan)
    least = (max(wanted[0], columns), max(wanted[1], rows))
    encoded = encode_within(lambda size: _paint(frames, size), least, plan)
    size = (encoded.width, encoded.height)
    unit = _unit(frames, size)
    calibrated = all(f.spacing_mm for f in frames)
    first = frames[0].instance
    scale = f"{unit:.4g} mm" if calibrated else f"{unit:.4g} source pixels (uncalibrated)"
    return View(
        kind=ViewKind.MONTAGE,
        picture=encoded.picture,
        media_type=encoded.media_type,
        width=encoded.width,
        height=encoded.height,
        colour=encoded.colour,
        cells=tuple(_cell(frame, box) for frame, box in zip(frames, _places(frames, size), strict=True)),
        modality=first.modality,
        body_part=first.body_part,
        label=label if calibrated else f"{label} (pixels of the detector: not calibrated)",
        spacing_mm=(unit, unit) if calibrated else None,
        pixel_sha256=encoded.pixel_sha256,
        recipe=(
            f"montage: {columns}x{rows} cells, {len(frames)} images",
            f"shared scale: {scale} a pixel",
            "window: each its own",
            *encoded.steps,
        ),
    )


def _spacings(frames: tuple[Frame, ...]) -> list[tuple[float, float]]:
    """(row, column) length of a source pixel: mm where all frames say it, else 1."""
    stated = [frame.spacing_mm for frame in frames if frame.spacing_mm]
    return stated if len(stated) == len(frames) else [(1.0, 1.0)] * len(frames)


def _unit(frames: tuple[Frame, ...], size: tuple[int, int]) -> float:
    """The length of a view pixel at which every frame fits its cell and none is enlarged."""
    columns, rows = grid(len(frames))
    cell = (max(1, size[0] // columns), max(1, size[1] // rows))
    spacing = _spacings(frames)
    across = max(f.size[0] * s[1] / cell[0] for f, s in zip(frames, spacing, strict=True))
    down = max(f.size[1] * s[0] / cell[1] for f, s in zip(frames, spacing, strict=True))
    return max(across, down, *(max(pair) for pair in spacing))


def _places(frames: tuple[Frame, ...], size: tuple[int, int]) -> list[Box]:
    """Where each frame is drawn, (x0, y0, x1, y1) in view pixels, centred in its cell."""
    columns, rows = grid(len(frames))
    cell = (max(1, size[0] // columns), max(1, size[1] // rows))
    unit = _unit(frames, size)
    places = []
    for index, (frame, spacing) in enumerate(zip(frames, _spacings(frames), strict=True)):
        width = min(cell[0], frame.size[0], max(1, round(frame.size[0] * spacing[1] / unit)))
        height = min(cell[1], frame.size[1], max(1, round(frame.size[1] * spacing[0] / unit)))
        x0 = (index % columns) * cell[0] + (cell[0] - width) // 2
        y0 = (index // columns) * cell[1] + (cell[1] - height) // 2
        places.append((x0, y0, x0 + width, y0 + height))
    return places


def _cell(frame: Frame, box: Box) -> Cell:
    x0, y0, x1, y1 = box
    way = sizes.mapping((0, 0, *frame.size), (x1 - x0, y1 - y0), at=(x0, y0))
    return Cell(origin=frame.origin, box=box, mapping=way)


def _paint(frames: tuple[Frame, ...], size: tuple[int, int]) -> NDArray[np.uint8]:
    """(height, width) uint8 grey, or RGB where a frame is in colour."""
    colour = any(frame.tone is None for frame in frames)
    canvas = np.zeros((size[1], size[0], 3) if colour else (size[1], size[0]), np.uint8)
    for frame, (x0, y0, x1, y1) in zip(frames, _places(frames, size), strict=True):
        drawn = draw(frame, None, (x1 - x0, y1 - y0))
        canvas[y0:y1, x0:x1] = drawn[..., None] if colour and drawn.ndim == 2 else drawn
    return canvas
