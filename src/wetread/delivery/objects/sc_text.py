"""Text drawn into pixels with the Unicode font that comes with OpenCV; a character it can't draw is told as its code.

Colours are (red, green, blue), as in the pictures.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
MISSING = "\U0010fffd"  # private, so that no font has it
CELL = (40, 64)
RIGHT_TO_LEFT = ("R", "AL", "AN")  # drawn in the order of a line of Latin they would read backwards


class Pen:
    """Draws lines of text. One pen is for one thread."""

    def __init__(self) -> None:
        self._face = cv2.FontFace("uni")

    def width(self, text: str, size_px: int) -> int:
        """How many pixels wide a line is."""
        return int(cv2.getTextSize((0, 0), text, (0, 0), self._face, size_px)[2])

    def put(self, pixels: Pixels, text: str, place: tuple[int, int], *, size_px: int, colour: Colour) -> None:
        """One line of `drawable` text; `place` is the left end of its baseline, (x, y) in pixels.

        pixels: (rows, columns, 3) uint8, RGB, drawn into.
        """
        wide = (0, 1 << 20)  # a line is cut at the edge, never wrapped
        cv2.putText(pixels, text, place, colour, self._face, size_px, 0, 0, wide)

    def wrapped(self, text: str, size_px: int, width: int) -> Iterator[str]:
        """Foreign text as `drawable` lines that fit into the width; a word that is too long is broken."""
        line = ""
        for word in drawable(text).split(" "):
            longer = f"{line} {word}" if line else word
            if self.width(longer, size_px) <= width:
                line = longer
                continue
            if line:
                yield line
            *whole, line = self._broken(word, size_px, width)
            yield from whole
        if line:
            yield line

    def _broken(self, word: str, size_px: int, width: int) -> Iterator[str]:
        part = ""
        for character in word:
            if part and self.width(part + character, size_px) > width:
                yield part
                part = ""
            part += character
        yield part


def drawable(text: str) -> str:
    """Foreign text on one line as the font can draw it: blanks for control characters, [U+0E01] for what it lacks."""
    seen = unicodedata.normalize("NFC", text)
    shown = "".join(_shown(c) for c in seen)
    return " ".join(shown.split())


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    if not character.isprintable():
        blank = character in "\n\r\t" or unicodedata.category(character) == "Zs"
        return " " if blank else "\N{REPLACEMENT CHARACTER}" if _has_glyph("\N{REPLACEMENT CHARACTER}") else "?"
    return character if _has_glyph(character) else f"[U+{ord(character):04X}]"


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    """Whether the font has the character: what it lacks it draws as one and the same sign."""
    if unicodedata.bidirectional(character) in RIGHT_TO_LEFT or unicodedata.combining(character):
        return False
    drawn = _drawn(character)
    return bool(drawn.any()) and not np.array_equal(drawn, _drawn(MISSING))


def _drawn(character: str) -> NDArray[Any]:
    cell = np.zeros((*CELL, 3), np.uint8)
    Pen().put(cell, character, (8, 30), size_px=24, colour=(255, 255, 255))
    return cell
