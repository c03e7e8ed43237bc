"""Text burned into a picture: found at any contrast; ordinary marks stay, the rest is masked or the picture refused."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from wetread.domain.view import View
from wetread.errors import EgressDenied
from wetread.privacy.codes import find_codes
from wetread.privacy.contrast import Pixels, stretched_pictures
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.injection import gives_orders
from wetread.privacy.marks import PixelSettings, may_stay, pixel_settings, weight
from wetread.privacy.masking import masked, widened
from wetread.privacy.ocr import Line, Quad, find_lines
from wetread.privacy.picture import bare, decoded, with_pixels

SAME_PLACE, TOUCHING = 0.5, 0.2  # shares of a line's area


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedView:
    """A view as it may leave. `boxes` counts the masked ones; the rest says what stood in them, never in words."""

    view: View
    boxes: int = 0
    orders: bool = False
    hidden: bool = False
    code: bool = False

    @property
    def suspicious(self) -> bool:
        """Whether a human must look at the picture as it was."""
        return self.orders or self.hidden or self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a picture found: regions to mask and what they are."""

    regions: tuple[Quad, ...]
    orders: bool
    hidden: bool
    code: bool


def check_view(view: View, identifiers: Identifiers, *, refuse: bool = False) -> CheckedView:
    """The view without text that identifies, gives orders or hides; looked at again until nothing is found.

    refuse: a picture with such text is refused instead of masked.
    Raises: EgressDenied, MissingExtra.
    """
    rules, pixels, looks = pixel_settings(), decoded(view), list[Look]()
    while (look := look_at(pixels, identifiers, rules, again=bool(looks))).regions:
        if refuse:
            raise EgressDenied(
                f"{len(look.regions)} boxes of text stand in view {view.pixel_sha256[:12]}; crop them, or set "
                "egress.text_in_pixels to 'mask'"
            )
        if len(looks) == rules.most_rounds:
            raise EgressDenied(f"text in view {view.pixel_sha256[:12]} is still readable after masking; crop it")
        pixels = masked(pixels, look.regions)
        looks.append(look)
    boxes = sum(len(look.regions) for look in looks)
    return CheckedView(
        view=bare(with_pixels(view, pixels, f"masked: {boxes} text boxes") if boxes else view),
        boxes=boxes,
        orders=any(look.orders for look in looks),
        hidden=any(look.hidden for look in looks),
        code=any(look.code for look in looks),
    )


def look_at(pixels: Pixels, identifiers: Identifiers, rules: PixelSettings, *, again: bool = False) -> Look:
    """Text and codes in a picture as it is and stretched. `again`: only what can be read, since masks have edges."""
    plain = find_lines(pixels, certain_from=rules.seen_from)
    faint = [
        line
        for picture in stretched_pictures(pixels, rules.stretches)
        for line in find_lines(picture, certain_from=rules.stretched_seen_from)
    ]
    shown = [line for line in plain if is_text(line, identifiers, rules, read_from=rules.recognised_from)]
    marks = [line for line in plain if line not in shown and line.read >= rules.hidden_certain_from]
    pale = [
        line
        for line in faint
        if is_text(line, identifiers, rules, read_from=rules.hidden_recognised_from)
        and not any(_is_same(line, mark) for mark in marks)  # a mark reads best as it is
    ]
    if again:
        shown, pale = ([line for line in lines if weight(line.text) >= rules.hidden_letters] for lines in (shown, pale))
    codes = () if again else find_codes(_grey(pixels), likeness_from=rules.finder_likeness)
    lines = [_region(line, rules, faint=line in pale) for line in _apart([*shown, *pale])]
    squares = [widened(quad, share=rules.code_margin, least_px=rules.least_margin_px) for quad in codes]
    return Look(
        regions=(*lines, *squares),
        orders=any(_orders(told) for told in (shown, pale)),
        hidden=any(is_hidden(line, plain, rules) for line in pale),
        code=bool(codes),
    )


def is_text(line: Line, identifiers: Identifiers, rules: PixelSettings, *, read_from: float) -> bool:
    """Whether a line must go: it was read and is no ordinary mark, or it is a line in a script that can't be read."""
    if line.text and identifiers.stand_in(line.text):
        return True
    if line.seen >= rules.line_certain_from and line.aspect >= rules.line_aspect:
        unread = line.read < read_from or weight(line.text) < rules.letters_per_aspect * line.aspect
        return unread or not may_stay(line.text, identifiers)
    return line.read >= read_from and not may_stay(line.text, identifiers)


def is_hidden(line: Line, plain: tuple[Line, ...], rules: PixelSettings) -> bool:
    """Whether a line shows in the stretched picture alone and is surely text."""
    sure = line.read >= rules.hidden_certain_from and weight(line.text) >= rules.hidden_letters
    return sure and not any(_share_inside(other, line) > TOUCHING for other in plain)


def _region(line: Line, rules: PixelSettings, *, faint: bool) -> Quad:
    ends = rules.pale_margin if faint else rules.line_margin
    return widened(line.quad, share=rules.line_margin, least_px=rules.least_margin_px, ends=ends)


def _orders(lines: list[Line]) -> bool:
    """Each line by itself, and all of them as they are read: from the top, a row from the left."""
    ordered = sorted(lines, key=lambda line: (round(float(line.quad[:, 1].mean()) / 12), float(line.quad[:, 0].min())))
    told = [line.text for line in ordered]
    return any(gives_orders(text, misread=True) for text in (*told, " ".join(told)))


def _apart(lines: list[Line]) -> Iterator[Line]:
    """Each line once: what several looks found at the same place is masked once, by the largest box."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: -cv2.contourArea(line.quad)):
        if not any(_inside(line, other) for other in kept):
            kept.append(line)
            yield line


def _inside(line: Line, other: Line) -> bool:
    return all(cv2.pointPolygonTest(other.quad, (float(x), float(y)), measureDist=False) >= 0 for x, y in line.quad)


def _is_same(line: Line, mark: Line) -> bool:
    """Whether both are one mark: what merely lies inside a larger box is not."""
    return min(_share_inside(line, mark), _share_inside(mark, line)) > SAME_PLACE


def _share_inside(line: Line, other: Line) -> float:
    """How much of a line's area lies in another's."""
    area, _ = cv2.intersectConvexConvex(line.quad, other.quad)
    return float(area) / max(float(cv2.contourArea(line.quad)), 1.0)


def _grey(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
