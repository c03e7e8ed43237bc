"""Where a reader saw something: boxes and grid cells of a sent picture, mapped to fractions of the source frame."""

import math
from collections.abc import Sequence
from typing import Any

from wetread.domain.finding import Evidence
from wetread.domain.view import Cell, Mapping, Origin, View
from wetread.readers.answers.understood import Dropped
from wetread.readers.prompts.schema import GRID_COLUMNS, GRID_ROWS

WHOLE = 1000.0  # a box counts 0 to 1000 across a picture
LEAST_INSIDE = 0.5  # of a box that crosses the cells of a montage, for the cell under its centre to keep it
BOX, GRID = "vlm", "vlm_grid"
Box = tuple[float, float, float, float]


def number(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """A finite number, or a text of one; None for anything else, truth values too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value if not isinstance(value, str) else value.strip()[:40])
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def picture(value: Any, views: Sequence[View]) -> View | None:  # noqa: ANN401 - any JSON value
    """The picture a number names, counted from 1; the only one where none is named."""
    told = number(value)
    if told is None:
        return views[0] if len(views) == 1 and value in (None, "", "none") else None
    return views[int(told) - 1] if told.is_integer() and 1 <= told <= len(views) else None


def place(box: Any, grid: Any, view: View | None) -> tuple[Evidence | None, tuple[Dropped, ...]]:  # noqa: ANN401 - any JSON value
    """The evidence of a box, or of a grid cell where there is no usable box, and what had to be dropped.

    A box whose centre is two cells or more away from the cell that was named contradicts it: the cell stays.
    """
    told_box, told_cell = _box(box), _cell(grid)
    dropped = []
    if box not in (None, [], "", "none", {}) and told_box is None:
        dropped.append(Dropped(what=f"box {box!r}"[:120], why="it is no box x0 < x1, y0 < y1 within 0 to 1000"))
    if told_box and told_cell and _far(told_box, told_cell):
        dropped.append(Dropped(what=f"box {box!r}"[:120], why=f"it does not lie at the grid cell {grid!r}"[:120]))
        told_box = None
    told = told_box or told_cell
    if told is None:
        return None, tuple(dropped)
    origin = BOX if told_box else GRID
    if view is None:
        return None, (*dropped, Dropped(what=f"{origin} place", why="it names no picture that was sent"))
    found = on_source(told, view, origin)
    if found is None:
        dropped.append(Dropped(what=f"{origin} place", why="it lies on no single image of the picture"))
    return found, tuple(dropped)


def _box(value: Any) -> Box | None:  # noqa: ANN401 - any JSON value
    """Fractions 0-1 of the picture, from four numbers 0 to 1000."""
    if isinstance(value, dict):
        value = [value.get(name) for name in ("x0", "y0", "x1", "y1")]
    if not isinstance(value, list) or len(value) != 4:
        return None
    numbers = [number(part) for part in value]
    x0, y0, x1, y1 = (-1.0 if part is None else part / WHOLE for part in numbers)
    return (x0, y0, x1, y1) if 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 else None


def _cell(value: Any) -> Box | None:  # noqa: ANN401 - any JSON value
    """The box of a grid cell, "A1" being the upper left."""
    word = value.strip().upper() if isinstance(value, str) else ""
    if len(word) != 2 or word[0] not in GRID_COLUMNS or word[1] not in GRID_ROWS:
        return None
    column, row = GRID_COLUMNS.index(word[0]), GRID_ROWS.index(word[1])
    wide, high = len(GRID_COLUMNS), len(GRID_ROWS)
    return column / wide, row / high, (column + 1) / wide, (row + 1) / high


def _far(box: Box, cell: Box) -> bool:
    across = ((box[0] + box[2]) - (cell[0] + cell[2])) / 2 * len(GRID_COLUMNS)
    down = ((box[1] + box[3]) - (cell[1] + cell[3])) / 2 * len(GRID_ROWS)
    return max(abs(across), abs(down)) >= 2


def on_source(fractions: Box, view: View, origin: str) -> Evidence | None:
    """A box in fractions of a view as evidence on its source frame; None where it belongs to no single one."""
    x0, y0, x1, y1 = (part * whole for part, whole in zip(fractions, (view.width, view.height) * 2, strict=True))
    if view.origin is not None and view.mapping is not None:
        return _evidence((x0, y0, x1, y1), view.origin, view.mapping, origin)
    cell = _under((x0 + x1) / 2, (y0 + y1) / 2, view.cells)
    if cell is None:
        return None
    left, top, right, bottom = cell.box
    inside = (max(x0, left), max(y0, top), min(x1, right), min(y1, bottom))
    if origin == BOX and _area(inside) < LEAST_INSIDE * _area((x0, y0, x1, y1)):
        return None
    return _evidence(inside, cell.origin, cell.mapping, origin)


def _under(x: float, y: float, cells: Sequence[Cell]) -> Cell | None:
    return next((c for c in cells if c.box[0] <= x < c.box[2] and c.box[1] <= y < c.box[3]), None)


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _evidence(box: Box, source: Origin, mapping: Mapping, origin: str) -> Evidence | None:
    x0, y0 = mapping.to_source(box[0], box[1])
    x1, y1 = mapping.to_source(box[2], box[3])
    wide, high = source.source_width, source.source_height
    x0, y0, x1, y1 = (min(1.0, max(0.0, part)) for part in (x0 / wide, y0 / high, x1 / wide, y1 / high))
    if not (x0 < x1 and y0 < y1):
        return None
    return Evidence(
        file=source.file,
        sop_instance_uid=source.sop_instance_uid,
        frame=source.frame,
        box=(x0, y0, x1, y1),
        origin=origin,
    )
