"""How large a picture may be under a plan; aspect kept, never larger than its source, never empty."""

import math

from wetread.domain.view import Mapping, ViewPlan


def fit(width: int, height: int, plan: ViewPlan) -> tuple[int, int]:
    """(width, height) within the plan's longest edge and pixel count; each side at least 1."""
    scale = 1.0
    if plan.max_edge_px is not None:
        scale = min(scale, plan.max_edge_px / max(width, height))
    if plan.max_pixels is not None:
        scale = min(scale, math.sqrt(plan.max_pixels / (width * height)))
    fitted = shrunk((width, height), scale)
    while plan.max_pixels is not None and fitted[0] * fitted[1] > plan.max_pixels and max(fitted) > 1:
        scale *= 0.999  # rounding to whole pixels went over
        fitted = shrunk((width, height), scale)
    return fitted


def shrunk(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """A size scaled by at most 1, in whole pixels."""
    scale = min(scale, 1.0)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def mapping(box: tuple[int, int, int, int], size: tuple[int, int], *, at: tuple[int, int] = (0, 0)) -> Mapping:
    """From a picture of `box` (source pixels) drawn at `size`, its corner `at` view pixels, back to the source."""
    x0, y0, x1, y1 = box
    scale_x, scale_y = (x1 - x0) / size[0], (y1 - y0) / size[1]
    return Mapping(scale_x=scale_x, scale_y=scale_y, offset_x=x0 - at[0] * scale_x, offset_y=y0 - at[1] * scale_y)
