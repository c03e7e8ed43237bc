"""The outline of what a photograph is of: the round field of a fundus picture, a lesion on skin."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.imaging.frame import Frame
from wetread.imaging.recipes import Fundus, Skin
from wetread.imaging.render import Box, draw
from wetread.imaging.size import shrunk

FIELD_PX, LESION_PX = 512, 256  # longest side of the picture that is looked at
BLACK_L, WHITE_L = 10.0, 97.0  # CIELAB lightness of a dark frame or vignette and of a paper's or light's white
LEAST_ROUND = 0.6  # shorter to longer side: what is flatter is no disc, even cut off above and below
RING = 0.12  # of the picture's sides: where skin is expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Disc:
    """A round field in source pixels: centre, radius, and the part of its square that lies within the picture."""

    x: float
    y: float
    radius: float
    box: Box


def _small(frame: Frame, longest: int) -> tuple[NDArray[np.uint8], float]:
    """A small picture of a frame, grey or RGB, and its scale."""
    scale = min(1.0, longest / max(frame.size))
    return draw(frame, None, shrunk(frame.size, scale)), scale


def _largest(mask: NDArray[Any]) -> tuple[NDArray[np.bool_], tuple[int, int, int, int]] | None:
    """The largest connected part and its (x, y, width, height)."""
    count, labels, found, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    best = 1 + int(np.argmax(found[1:, cv2.CC_STAT_AREA]))
    x, y, width, height = (int(value) for value in found[best, :4])
    return labels == best, (x, y, width, height)


def field_disc(frame: Frame, rules: Fundus) -> Disc | None:
    """The round field on a dark ground; None where there is none to be sure of. A field cut off by the frame counts."""
    small, scale = _small(frame, FIELD_PX)
    bright = small.max(axis=2) if small.ndim == 3 else small
    smooth = cv2.GaussianBlur(bright, (5, 5), 0)
    cut, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    lit = smooth > max(10.0, 0.35 * cut)
    opened = cv2.morphologyEx(lit.astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    largest = _largest(opened)
    if largest is None:
        return None
    part, (x, y, width, height) = largest
    radius = max(width, height) / 2
    centre = (x + width / 2, y + height / 2)
    ys, xs = np.mgrid[: part.shape[0], : part.shape[1]] + 0.5
    disc = (xs - centre[0]) ** 2 + (ys - centre[1]) ** 2 <= radius**2
    within = disc[y : y + height, x : x + width]  # the frame may cut the disc off
    filled = float(part[y : y + height, x : x + width][within].mean()) if within.any() else 0.0
    corners = float(lit[~disc].mean()) if not disc.all() else 1.0
    if part.mean() < rules.field_least or filled < rules.filled_least or corners > rules.corners_most:
        return None
    if min(width, height) < LEAST_ROUND * max(width, height):
        return None
    return _disc(frame, centre, radius, scale)


def _disc(frame: Frame, centre: tuple[float, float], radius: float, scale: float) -> Disc:
    x, y, r = centre[0] / scale, centre[1] / scale, radius / scale
    width, height = frame.size
    box = (
        max(0, int(x - r)),
        max(0, int(y - r)),
        min(width, int(np.ceil(x + r))),
        min(height, int(np.ceil(y + r))),
    )
    return Disc(x=x, y=y, radius=r, box=box)


def lesion_box(frame: Frame, rules: Skin) -> Box | None:
    """The box around what differs most from the skin at the picture's edge; None where nothing clearly does."""
    small, scale = _small(frame, LESION_PX)
    if small.ndim != 3:
        return None
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    usable = (lab[..., 0] > BLACK_L) & (lab[..., 0] < WHITE_L)
    ring = np.ones(usable.shape, bool)
    edge_y, edge_x = (max(1, int(side * RING)) for side in usable.shape)
    ring[edge_y:-edge_y, edge_x:-edge_x] = False
    around = lab[ring & usable]
    if len(around) < 50:
        return None
    distance = cv2.GaussianBlur(np.linalg.norm(lab - np.median(around, axis=0), axis=2).astype(np.float32), (0, 0), 2)
    distance[~usable] = 0
    levels = np.clip(distance * 4, 0, 255).astype(np.uint8)
    cut, _ = cv2.threshold(levels[usable], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    mask = cv2.morphologyEx((levels > cut).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    part = _most_central(np.asarray(mask, np.uint8))
    if part is None or not rules.lesion_least <= part.mean() <= rules.lesion_most:
        return None
    if float(distance[part].mean() - distance[usable & ~part].mean()) < rules.contrast_least:
        return None
    return _with_margin(part, frame.size, scale, rules.margin_share)


def _most_central(mask: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """The part that is large and near the centre, where a photographer puts it."""
    count, labels, found, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return None
    height, width = mask.shape
    away = np.hypot((centres[1:, 0] / width - 0.5) * 2, (centres[1:, 1] / height - 0.5) * 2)
    best = 1 + int(np.argmax(found[1:, cv2.CC_STAT_AREA] * np.exp(-3 * away**2)))
    return np.asarray(labels == best)


def _with_margin(part: NDArray[np.bool_], size: tuple[int, int], scale: float, share: float) -> Box | None:
    """The part's box in source pixels with its margin; None where that is nearly the whole picture."""
    ys, xs = np.nonzero(part)
    x0, y0, x1, y1 = xs.min() / scale, ys.min() / scale, (xs.max() + 1) / scale, (ys.max() + 1) / scale
    margin = share * max(x1 - x0, y1 - y0)
    box = (
        max(0, int(x0 - margin)),
        max(0, int(y0 - margin)),
        min(size[0], int(np.ceil(x1 + margin))),
        min(size[1], int(np.ceil(y1 + margin))),
    )
    area = (box[2] - box[0]) * (box[3] - box[1])
    return box if area < 0.85 * size[0] * size[1] else None
