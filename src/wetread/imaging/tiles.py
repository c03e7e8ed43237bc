"""Tiles: a large image as an overview and overlapping parts that keep its detail."""

import math

from wetread.domain.view import View, ViewPlan, Window
from wetread.imaging.frame import Frame
from wetread.imaging.render import Box
from wetread.imaging.views import image_view, tile_view

OVERLAP = 0.1


def wants_tiles(frame: Frame, plan: ViewPlan) -> bool:
    """True where the plan asks for tiles and the longer side is over twice the longest edge."""
    return plan.tiles and plan.max_edge_px is not None and max(frame.size) > 2 * plan.max_edge_px


def tiled(frame: Frame, plan: ViewPlan, *, window: Window | None = None, room: int | None = None) -> tuple[View, ...]:
    """The overview, then the tiles row by row. `room` caps their number; fewer tiles are larger and shrunk to fit."""
    overview = image_view(frame, plan, window=window, label="overview")
    assert plan.max_edge_px is not None
    boxes = tile_boxes(*frame.size, edge=plan.max_edge_px, most=None if room is None else room - 1)
    parts = (
        tile_view(frame, plan, box, window=window, label=f"tile {index + 1} of {len(boxes)}")
        for index, box in enumerate(boxes)
    )
    return overview, *parts


def tile_boxes(width: int, height: int, *, edge: int, most: int | None = None) -> tuple[Box, ...]:
    """Overlapping boxes that cover the image, row by row, each side at most `edge` unless `most` forces fewer."""
    across, down = _count(width, edge), _count(height, edge)
    while most is not None and across * down > max(most, 0):
        if across == 1 and down == 1:
            return ()
        across, down = (across - 1, down) if across >= down else (across, down - 1)
    xs, ys = _cuts(width, across, edge), _cuts(height, down, edge)
    return tuple((x0, y0, x1, y1) for y0, y1 in ys for x0, x1 in xs)


def _count(length: int, edge: int) -> int:
    step = max(1.0, edge * (1 - OVERLAP))
    return 1 if length <= edge else math.ceil((length - edge) / step) + 1


def _cuts(length: int, count: int, edge: int) -> list[tuple[int, int]]:
    """`count` spans of equal length from 0 to `length`, overlapping by a tenth or more."""
    span = min(length, max(min(edge, length), math.ceil(length / (count - (count - 1) * OVERLAP))))
    if count == 1:
        return [(0, length)]
    starts = [round(k * (length - span) / (count - 1)) for k in range(count)]
    return [(start, start + span) for start in starts]
