"""Where text stands in the pictures of one frame, and what looks like text that nobody could read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from wetread.privacy.codes import find_codes
from wetread.privacy.contrast import Pixels, stretched_pictures
from wetread.privacy.deidentify.pixels_flat import FlatGround, rows_of_letters
from wetread.privacy.deidentify.pixels_shown import evened, grey_of
from wetread.privacy.deidentify.tesseract import Word, read_words
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.marks import PixelSettings, may_stay, weight
from wetread.privacy.masking import widened
from wetread.privacy.ocr import Line, Quad, find_lines
from wetread.privacy.pixel_text import is_text

SEEN_FROM = 0.35  # the detector's confidence; lower than for what is merely shown to a reader
FAINT_READ_FROM = 0.6  # of the recogniser, for text that shows in a stretched picture alone
DOUBTED_SEEN_FROM, DOUBTED_READ_FROM = 0.5, 0.35  # something like text that is not read well enough to be covered
DOUBTED_LETTERS = 4
MARGIN, END_MARGIN, LEAST_MARGIN_PX = 0.25, 1.5, 3  # around a line, of its height: strokes reach beyond the box
BRIDGE, SAME_ROW, LIKE_HEIGHT = 4.0, 0.6, 1.6  # pieces of one line: their gap in heights, shared height, likeness
WORD_SURE = 0.6  # Tesseract's confidence
WORD_DOUBTED = 0.4
STANDING_LETTERS = 3  # shorter readings of whatever lies in the picture are no text


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Regions to cover (corners in pixels), and how many places hold text that can hardly be read, or may.

    `is_flat`: there is flat ground, at which a second look was due.
    """

    regions: tuple[Quad, ...] = ()
    doubted: int = 0
    is_flat: bool = False


def find_text(
    pictures: Sequence[Pixels], flat: Pixels, identifiers: Identifiers, rules: PixelSettings, *, faint: bool
) -> Found:
    """Text and codes in the pictures of one frame.

    flat: the frame over its whole range in grey, where flat borders are flat. `faint`: the first picture is also
    looked at stretched, for text that hardly differs from its ground, and for codes.
    Raises: MissingExtra.
    """
    plain = [line for picture in pictures for line in find_lines(picture, certain_from=SEEN_FROM)]
    bright, both = evened(pictures[0])
    out_of_noise = [
        line
        for picture in ((bright, both) if faint else (both,))
        for line in find_lines(picture, certain_from=SEEN_FROM)
    ]
    stretched = stretched_pictures(pictures[0], rules.stretches) if faint else ()
    hidden = [line for picture in stretched for line in find_lines(picture, certain_from=rules.stretched_seen_from)]
    shown = [line for line in plain if is_text(line, identifiers, rules, read_from=rules.recognised_from)]
    stays = [line for line in plain if line.read >= rules.recognised_from and may_stay(line.text, identifiers)]
    pale = [
        line
        for line in hidden
        if is_text(line, identifiers, rules, read_from=FAINT_READ_FROM) and not _touches(line.quad, stays)
    ]
    noisy = [line for line in out_of_noise if _is_read(line, identifiers) and not _touches(line.quad, stays)]
    lines = [_around(line.quad) for line in (*shown, *pale)]
    lost = [line for line in noisy if not _is_inside(line.quad, lines)]  # beside such a line there may be more
    lines += [_around(line.quad) for line in noisy]
    codes = find_codes(grey_of(pictures[0]), likeness_from=rules.finder_likeness) if faint else ()
    squares = [widened(quad, share=rules.code_margin, least_px=rules.least_margin_px) for quad in codes]
    ground = rows_of_letters(flat)
    rows, doubted_words = _on_flat_ground(ground, [line.quad for line in stays], identifiers)
    regions = (*_bridged([*lines, *rows]), *squares)
    doubted = [line for line in plain if _is_doubted(line, identifiers) and not _is_inside(line.quad, regions)]
    return Found(regions=regions, doubted=len(doubted) + len(lost) + doubted_words, is_flat=ground is not None)


def still_readable(
    picture: Pixels, covers: Sequence[Quad], identifiers: Identifiers, rules: PixelSettings
) -> tuple[Quad, ...]:
    """What can be read in a covered picture: whole words, and the ends of words that stick out of a cover."""
    read = [
        line
        for line in find_lines(picture, certain_from=rules.seen_from)
        if line.read >= rules.recognised_from and not may_stay(line.text, identifiers)
    ]
    return tuple(
        _around(line.quad)
        for line in read
        if weight(line.text) >= rules.hidden_letters or any(_meets(line.quad, cover) for cover in covers)
    )


def _on_flat_ground(ground: FlatGround | None, stays: list[Quad], identifiers: Identifiers) -> tuple[list[Quad], int]:
    """Rows of letters on a flat border, and words that Tesseract reads there."""
    if ground is None:
        return [], 0
    found = [_around(row) for row in ground.rows if not _lies_in(row, stays)]
    doubted = 0
    for word in read_words(ground.picture):
        if _is_word(word, identifiers, WORD_SURE):
            found.append(_around(word.quad))
        elif _is_word(word, identifiers, WORD_DOUBTED) and not _is_inside(word.quad, found):
            doubted += weight(word.text) >= DOUBTED_LETTERS
    return found, doubted


def _is_word(word: Word, identifiers: Identifiers, sure_from: float) -> bool:
    enough = weight(word.text) >= STANDING_LETTERS
    return enough and word.sure >= sure_from and not may_stay(word.text, identifiers)


def _is_read(line: Line, identifiers: Identifiers) -> bool:
    """Whether a line that stands out of noise is text: noise has no words."""
    return (
        line.read >= FAINT_READ_FROM and weight(line.text) >= STANDING_LETTERS and not may_stay(line.text, identifiers)
    )


def _is_doubted(line: Line, identifiers: Identifiers) -> bool:
    """Whether a line is seen well and read badly, with enough letters to say who somebody is."""
    seen = line.seen >= DOUBTED_SEEN_FROM and line.read >= DOUBTED_READ_FROM
    return seen and weight(line.text) >= DOUBTED_LETTERS and not may_stay(line.text, identifiers)


def _around(quad: Quad) -> Quad:
    return widened(quad, share=MARGIN, least_px=LEAST_MARGIN_PX, ends=END_MARGIN)


def _bridged(lines: list[Quad]) -> Iterator[Quad]:
    """The lines, and what lies between two pieces of one: letters that the ground drowns for the detector."""
    yield from lines
    boxes = [(*map(float, quad.min(axis=0)), *map(float, quad.max(axis=0))) for quad in lines]
    for one, other in combinations(boxes, 2):
        least, most = sorted((one[3] - one[1], other[3] - other[1]))
        shared = min(one[3], other[3]) - max(one[1], other[1])
        left, right = min(one[2], other[2]), max(one[0], other[0])
        on_one_row = shared >= SAME_ROW * least and most <= LIKE_HEIGHT * least
        if on_one_row and 0 < right - left <= BRIDGE * least:
            top, bottom = min(one[1], other[1]), max(one[3], other[3])
            yield np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _touches(quad: Quad, lines: Iterable[Line]) -> bool:
    """Whether it is the same place as one of the lines, not merely inside a larger box."""
    return any(min(_share_inside(quad, line.quad), _share_inside(line.quad, quad)) > 0.5 for line in lines)


def _is_inside(quad: Quad, regions: Iterable[Quad]) -> bool:
    return any(_share_inside(quad, region) > 0.5 for region in regions)


def _lies_in(row: Quad, stays: Iterable[Quad]) -> bool:
    return any(_share_inside(row, mark) > 0.5 for mark in stays)


def _meets(quad: Quad, cover: Quad) -> bool:
    """Whether a line begins or ends where a cover is."""
    reach = _around(quad)
    return cv2.intersectConvexConvex(np.asarray(reach, np.float32), np.asarray(cover, np.float32))[0] > 0


def _share_inside(quad: Quad, other: Quad) -> float:
    area, _ = cv2.intersectConvexConvex(np.asarray(quad, np.float32), np.asarray(other, np.float32))
    return float(area) / max(float(cv2.contourArea(np.asarray(quad, np.float32))), 1.0)
