"""Where the image is in an ultrasound picture: by its header, else by its pixels."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from wetread.domain.study import Instance
from wetread.imaging import tags
from wetread.imaging.frame import Frame
from wetread.imaging.header import header_of
from wetread.imaging.recipes import Ultrasound
from wetread.imaging.render import Box, draw
from wetread.imaging.size import shrunk

CORNERS = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
CENTIMETRES, PLANE = 3, 1  # Physical Units, Region Spatial Format 2D: PS3.3 C.8.5.5.1
LOOKED_AT_PX = 512
OPENING, CLOSING = 5, 15  # px of the looked-at picture: wider than a letter's stroke, wider than speckle's gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """The part of a picture that is image, in source pixels; `found` tells how, `spacing_mm` what the region says."""

    box: Box
    found: str
    words: str
    spacing_mm: tuple[float, float] | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """The lines of a recipe."""
        step = f"ultrasound region: {self.found}"
        if self.spacing_mm is None:
            return (step,)
        return step, f"spacing: {self.spacing_mm[0]:g} x {self.spacing_mm[1]:g} mm by the region"


def crop_of(frames: tuple[Frame, ...], rules: Ultrasound) -> Crop:
    """One crop for all frames of an object."""
    first = frames[0]
    stated = crop_by_header(first.instance, first.size)
    if stated is not None:
        return stated
    box = box_by_pixels(frames, rules)
    if box is not None:
        return Crop(box=box, found="by its pixels", words="cropped to the image")
    return Crop(box=(0, 0, *first.size), found="not found", words="whole picture")


def crop_by_header(instance: Instance, size: tuple[int, int]) -> Crop | None:
    """The box around all regions of Sequence of Ultrasound Regions (0018,6011). Source: PS3.3 C.8.5.5."""
    regions = tags.items(header_of(instance, ("SequenceOfUltrasoundRegions",)), "SequenceOfUltrasoundRegions")
    found = [(box, region) for region in regions if (box := _box_of(region, size)) is not None]
    if not found:
        return None
    x0, y0 = (min(box[axis] for box, _ in found) for axis in (0, 1))
    x1, y1 = (max(box[axis] for box, _ in found) for axis in (2, 3))
    words = "image region" if len(found) == 1 else f"{len(found)} image regions"
    spacing = _spacing_of(found[0][1]) if len(found) == 1 else None
    return Crop(box=(x0, y0, x1, y1), found=f"{len(found)} in the header", words=words, spacing_mm=spacing)


def _box_of(region: Dataset, size: tuple[int, int]) -> Box | None:
    """A region's box within the picture; its last column and row belong to it."""
    values = [tags.number(region, keyword) for keyword in CORNERS]
    if None in values:
        return None
    x0, y0, x1, y1 = (int(value) for value in values if value is not None)
    box = (max(x0, 0), max(y0, 0), min(x1 + 1, size[0]), min(y1 + 1, size[1]))
    return box if box[2] - box[0] > 1 and box[3] - box[1] > 1 else None


def _spacing_of(region: Dataset) -> tuple[float, float] | None:
    """(row, column) spacing in mm of a two-dimensional region that is measured in centimetres."""
    if tags.whole(region, "RegionSpatialFormat", 0) != PLANE:
        return None
    units = {tags.whole(region, keyword, 0) for keyword in ("PhysicalUnitsXDirection", "PhysicalUnitsYDirection")}
    down, across = tags.number(region, "PhysicalDeltaY"), tags.number(region, "PhysicalDeltaX")
    if units != {CENTIMETRES} or not down or not across:
        return None
    return abs(down) * 10, abs(across) * 10


def box_by_pixels(frames: tuple[Frame, ...], rules: Ultrasound) -> Box | None:
    """The box around what is large, bright and no border; letters and thin scales don't survive the opening."""
    scale = min(1.0, LOOKED_AT_PX / max(frames[0].size))
    small = shrunk(frames[0].size, scale)
    brightest: NDArray[Any] = np.zeros(small[::-1], np.uint8)
    for frame in frames:
        if frame.size == frames[0].size:
            drawn = draw(frame, None, small)
            brightest = np.maximum(brightest, drawn.max(axis=2) if drawn.ndim == 3 else drawn)
    lit = (brightest >= rules.grey_least).astype(np.uint8)
    opened = cv2.morphologyEx(lit, cv2.MORPH_OPEN, np.ones((OPENING, OPENING), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((CLOSING, CLOSING), np.uint8))
    box = _around(np.asarray(closed, np.uint8), small, rules)
    if box is None:
        return None
    margin = round(rules.margin_share * max(frames[0].size))
    (width, height), (x0, y0, x1, y1) = frames[0].size, box
    return (
        max(int(x0 / scale) - margin, 0),
        max(int(y0 / scale) - margin, 0),
        min(int(np.ceil(x1 / scale)) + margin, width),
        min(int(np.ceil(y1 / scale)) + margin, height),
    )


def _around(mask: NDArray[np.uint8], size: tuple[int, int], rules: Ultrasound) -> Box | None:
    """The box around the parts that are large enough and not wholly within the border."""
    count, _, found, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    width, height = size
    border_x, border_y = rules.border_share * width, rules.border_share * height
    kept = []
    for x, y, across, down, area in found[1:count]:
        inside = x + across > border_x and y + down > border_y and x < width - border_x and y < height - border_y
        if inside and area >= rules.area_least * width * height:
            kept.append((int(x), int(y), int(x + across), int(y + down)))
    if not kept:
        return None
    return (min(b[0] for b in kept), min(b[1] for b in kept), max(b[2] for b in kept), max(b[3] for b in kept))
