"""Where the tissue of a slide is, and the few large tiles that hold most of it."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.imaging.recipes import Slides
from wetread.imaging.render import Box

GROWTH = 1.15  # from one size of tiles to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Boxes in pixels of level 0, row by row, and the share of the tissue that they hold."""

    boxes: tuple[Box, ...]
    coverage: float


def tissue_mask(thumbnail: NDArray[np.uint8], saturation_least: int) -> NDArray[np.bool_]:
    """What is stained: more saturated than glass, by Otsu's threshold but never below the least.

    thumbnail: (rows, columns, 3) uint8 RGB. Returns: (rows, columns).
    """
    hsv = cv2.cvtColor(thumbnail, cv2.COLOR_RGB2HSV)
    saturation = cv2.medianBlur(np.ascontiguousarray(hsv[..., 1]), 5)
    saturation[hsv[..., 2] < 10] = 0  # black where nothing was scanned
    cut, _ = cv2.threshold(saturation, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    stained = saturation > max(float(saturation_least), min(cut, 2.0 * saturation_least))
    opened = cv2.morphologyEx(stained.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(opened > 0) if opened.any() else np.asarray(stained)


def tissue_tiles(mask: NDArray[np.bool_], size: tuple[int, int], rules: Slides) -> Tiles:
    """The smallest tiles of which at most `most_tiles` hold `coverage_least` of the tissue.

    mask: (rows, columns) of the whole slide, `size` its (width, height) at level 0. No tissue gives no tiles.
    """
    if not mask.any():
        return Tiles(boxes=(), coverage=0.0)
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    sums[1:, 1:] = mask.cumsum(0).cumsum(1)
    side, before = float(rules.tile_px), None
    while True:
        tiles = _chosen(_grid(mask, size, side), sums, size, rules)
        enough = tiles.coverage >= rules.coverage_least
        if enough or side >= max(size):
            break
        before, side = tiles, side * GROWTH
    few = len(tiles.boxes) < rules.fewest_tiles
    return before if few and before is not None and len(before.boxes) > len(tiles.boxes) else tiles


def _grid(mask: NDArray[np.bool_], size: tuple[int, int], side: float) -> list[Box]:
    """Square boxes over the tissue's box, centred on it, moved inside the slide."""
    ys, xs = np.nonzero(mask)
    across, down = size[0] / mask.shape[1], size[1] / mask.shape[0]
    spans = []
    for low, high, length in (
        (xs.min() * across, (xs.max() + 1) * across, size[0]),
        (ys.min() * down, (ys.max() + 1) * down, size[1]),
    ):
        span = min(side, length)
        count = max(1, int(np.ceil((high - low) / span - 1e-9)))
        start = (low + high) / 2 - count * span / 2
        starts = [int(min(max(start + k * span, 0), length - span)) for k in range(count)]
        spans.append([(s, min(length, s + round(span))) for s in dict.fromkeys(starts)])
    return [(x0, y0, x1, y1) for y0, y1 in spans[1] for x0, x1 in spans[0]]


def _chosen(boxes: list[Box], sums: NDArray[Any], size: tuple[int, int], rules: Slides) -> Tiles:
    """The boxes with most tissue, up to the cap, until the coverage is reached."""
    rows, columns = sums.shape[0] - 1, sums.shape[1] - 1
    held = []
    for box in boxes:
        x0, x1 = (round(v * columns / size[0]) for v in (box[0], box[2]))
        y0, y1 = (round(v * rows / size[1]) for v in (box[1], box[3]))
        tissue = int(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0])
        if tissue >= max(1, rules.tissue_least * (x1 - x0) * (y1 - y0)):
            held.append((tissue, box))
    held.sort(key=lambda one: (-one[0], one[1]))
    total, covered, kept = int(sums[-1, -1]), 0, []
    for tissue, box in held[: rules.most_tiles]:
        if covered >= rules.coverage_least * total:
            break
        kept.append(box)
        covered += tissue
    return Tiles(boxes=tuple(sorted(kept, key=lambda b: (b[1], b[0]))), coverage=min(1.0, covered / total))
