"""Rows of letters on flat ground: the black border of a film, the frame around an ultrasound sector."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.privacy.contrast import Pixels
from wetread.privacy.ocr import Quad

RING_PX = 6  # the outermost pixels tell the level of the ground
FLAT_SHARE = 0.5  # of them, so much must be at that level
GROUND_SHARE = 0.15  # of the picture, so much at least
NEAR = 6  # grey levels about the ground's that are still ground
STROKE_STEP = 32  # grey levels that a letter differs at least
LETTER_PX = (6, 90)  # heights of a letter
WIDEST = 2.5  # a letter's width over its height
LETTERS = 4  # in a row, so that it is one
GAP = 1.2  # between two letters, of their height
LIKE_HEIGHT = 2.0  # of the tallest over the smallest
MOST_PARTS = 4000  # more pieces than that are noise
EMPTY = 0.15  # share of a letter's box that is ink, at least


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatGround:
    """The picture with everything but flat ground and what stands on it wiped, dark on white; its rows of letters."""

    picture: Pixels
    rows: tuple[Quad, ...]


def rows_of_letters(grey: Pixels) -> FlatGround | None:
    """The flat ground of a picture, None where there is none.

    grey: (rows, columns), 0-255.
    """
    level = _ground_level(grey)
    if level is None:
        return None
    step = cv2.absdiff(grey, np.full_like(grey, level))
    if float((step <= NEAR).mean()) < GROUND_SHARE:
        return None
    strokes = np.asarray(step >= STROKE_STEP, np.uint8)  # not every change: lossy compression leaves a halo
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    if count > MOST_PARTS:
        return None
    letters = _letters(np.asarray(stats, np.int32))
    shown = np.isin(labels, letters) if letters else np.zeros(grey.shape, bool)
    picture = np.where(shown, 255 - np.minimum(255, step.astype(np.int32) * 2), 255).astype(np.uint8)
    boxes = [(int(s[0]), int(s[1]), int(s[2]), int(s[3])) for s in stats[letters]]
    return FlatGround(picture=picture, rows=tuple(_rows(boxes)))


def _ground_level(grey: Pixels) -> int | None:
    ring = np.concatenate([grey[:RING_PX].ravel(), grey[-RING_PX:].ravel(), grey[:, :RING_PX].ravel()])
    ring = np.concatenate([ring, grey[:, -RING_PX:].ravel()])
    level = int(np.bincount(ring, minlength=256).argmax())
    share = float((np.abs(ring.astype(int) - level) <= NEAR).mean())
    return level if share >= FLAT_SHARE else None


def _letters(stats: NDArray[np.int32]) -> list[int]:
    """The pieces that have a letter's size and are neither a full box nor a speck."""
    found = []
    for number in range(1, len(stats)):
        _, _, width, height, area = (int(value) for value in stats[number])
        upright = LETTER_PX[0] <= height <= LETTER_PX[1] and width <= WIDEST * height
        if upright and area / max(width * height, 1) >= EMPTY:
            found.append(number)
    return found


def _rows(boxes: list[tuple[int, int, int, int]]) -> list[Quad]:
    """Letters of like height side by side, four at least, as one box each row."""
    waiting = sorted(boxes)
    rows: list[list[tuple[int, int, int, int]]] = []
    for box in waiting:
        row = next((row for row in rows if _follows(row[-1], box)), None)
        if row is None:
            rows.append([box])
        else:
            row.append(box)
    return [_hull(row) for row in rows if len(row) >= LETTERS]


def _follows(last: tuple[int, int, int, int], box: tuple[int, int, int, int]) -> bool:
    """Whether a letter stands beside the last one of a row: near, of like height, on the same line."""
    height, other = last[3], box[3]
    tall = max(height, other)
    near = box[0] - (last[0] + last[2]) <= GAP * tall
    level = min(last[1] + height, box[1] + other) - max(last[1], box[1]) >= 0.5 * min(height, other)  # half
    return near and level and tall <= LIKE_HEIGHT * min(height, other)


def _hull(row: list[tuple[int, int, int, int]]) -> Quad:
    left, top = min(box[0] for box in row), min(box[1] for box in row)
    right, bottom = max(box[0] + box[2] for box in row), max(box[1] + box[3] for box in row)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
