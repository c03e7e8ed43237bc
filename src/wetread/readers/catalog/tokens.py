"""Tokens before the call: what a picture of some size and a text become at a provider, by token family.

A family is data (`catalog.toml`): one of the rules below with its numbers, their source and date.
"""

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config

STRICT = ConfigDict(extra="forbid", frozen=True)
Count = Annotated[int, Field(ge=1)]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
HALF = 0.5 - 1e-9  # a size this near below or above a whole number rounds to it
NEAR = 6  # decimals at which a size counts as whole: 768 x (32/768) must not become a further patch


def _fit(width: float, height: float, scale: float) -> tuple[float, float]:
    """A size scaled by at most 1."""
    scale = min(1.0, scale)
    return width * scale, height * scale


def _cover(length: float, cell: int) -> int:
    """How many cells of `cell` pixels cover a length."""
    return max(1, math.ceil(round(length / cell, NEAR)))


def _side(length: float) -> int:
    """A length in whole pixels, at least one."""
    return max(1, round(length))


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """A base and a price per tile, after fitting into a square and shrinking the short side."""

    rule: Literal["tiles"] = "tiles"
    base: Annotated[int, Field(ge=0)]
    per_tile: Count
    tile_px: Count
    fit_px: Count
    short_px: Count

    def kept(self, width: float, height: float) -> tuple[float, float]:
        """The size left after the provider's resize."""
        width, height = _fit(width, height, self.fit_px / max(width, height))
        return _fit(width, height, self.short_px / min(width, height))

    def tokens(self, width: int, height: int) -> int:
        """Image tokens of a picture sent at this size."""
        kept = self.kept(width, height)
        return self.base + self.per_tile * _cover(kept[0], self.tile_px) * _cover(kept[1], self.tile_px)

    def most_tokens(self) -> int | None:
        """No picture takes more."""
        return self.base + self.per_tile * _cover(self.fit_px, self.tile_px) * _cover(self.short_px, self.tile_px)

    def most_px(self) -> int | None:
        """The most pixels kept of a picture of any shape."""
        return self.fit_px * self.short_px


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """Square patches within a budget, times a factor. Over the budget the picture shrinks to whole patches."""

    rule: Literal["patches"] = "patches"
    patch_px: Count
    budget: Count
    factor: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    rounding: Literal["up", "nearest"]
    max_edge_px: Count | None = None

    def kept(self, width: float, height: float) -> tuple[float, float]:
        """The size left after the provider's resize."""
        if self.max_edge_px is not None:
            width, height = _fit(width, height, self.max_edge_px / max(width, height))
        side = self.patch_px
        if _cover(width, side) * _cover(height, side) <= self.budget:
            return width, height
        scale = math.sqrt(self.budget * side * side / (width * height))
        across, down = width * scale / side, height * scale / side
        whole = min(max(1, math.floor(across)) / across, max(1, math.floor(down)) / down)
        return _fit(width, height, scale * whole)

    def tokens(self, width: int, height: int) -> int:
        """Image tokens of a picture sent at this size."""
        kept = self.kept(width, height)
        patches = min(self.budget, _cover(kept[0], self.patch_px) * _cover(kept[1], self.patch_px))
        return self._billed(patches)

    def _billed(self, patches: int) -> int:
        exact = round(patches * self.factor, NEAR)
        return math.ceil(exact) if self.rounding == "up" else math.floor(exact + 0.5)

    def most_tokens(self) -> int | None:
        """No picture takes more."""
        return self._billed(self.budget)

    def most_px(self) -> int | None:
        """The most pixels kept of a picture of any shape."""
        return self.budget * self.patch_px * self.patch_px


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Square cells; the picture shrinks until its long edge and its cells are within limits."""

    rule: Literal["grid"] = "grid"
    cell_px: Count
    max_edge_px: Count
    budget: Count

    def kept(self, width: float, height: float) -> tuple[float, float]:
        """The size left after the provider's resize, in whole pixels: the largest that fits."""
        long, short = max(width, height), min(width, height)
        most = min(1.0, self.max_edge_px / long)
        low, high = 1, max(1, round(long * most))
        while low < high:  # the short side of the least scale at which the long one rounds to `middle`
            middle = (low + high + 1) // 2
            fits = self._cells(middle, _side(short * (middle - HALF) / long)) <= self.budget
            low, high = (middle, high) if fits else (low, middle - 1)
        other = _side(short * min(most, (low + HALF) / long))
        if self._cells(low, other) > self.budget:
            other = _side(short * (low - HALF) / long)
        return (low, other) if width >= height else (other, low)

    def _cells(self, width: float, height: float) -> int:
        return _cover(width, self.cell_px) * _cover(height, self.cell_px)

    def tokens(self, width: int, height: int) -> int:
        """Image tokens of a picture sent at this size."""
        return self._cells(*self.kept(width, height))

    def most_tokens(self) -> int | None:
        """No picture takes more."""
        return self.budget

    def most_px(self) -> int | None:
        """The most pixels kept of a picture of any shape."""
        return self.budget * self.cell_px * self.cell_px


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """One tile for a small picture, else tiles whose side follows the short side. Nothing is shrunk."""

    rule: Literal["crops"] = "crops"
    per_tile: Count
    small_px: Count
    least_px: Count
    most_tile_px: Count
    share: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    def kept(self, width: float, height: float) -> tuple[float, float]:
        """The size as sent."""
        return width, height

    def tokens(self, width: int, height: int) -> int:
        """Image tokens of a picture sent at this size."""
        if max(width, height) <= self.small_px:
            return self.per_tile
        side = max(self.least_px, min(self.most_tile_px, math.floor(min(width, height) / self.share)))
        return self.per_tile * _cover(width, side) * _cover(height, side)

    def most_tokens(self) -> int | None:
        """None: tokens grow with the picture."""
        return None

    def most_px(self) -> int | None:
        """None: nothing is shrunk."""
        return None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The same number for every picture; `edge_px` is the side it is resized to, None where nobody says."""

    rule: Literal["fixed"] = "fixed"
    per_picture: Count
    edge_px: Count | None = None

    def kept(self, width: float, height: float) -> tuple[float, float]:
        """The size left, aspect kept; as sent where nobody says."""
        return (width, height) if self.edge_px is None else _fit(width, height, self.edge_px / max(width, height))

    def tokens(self, width: int, height: int) -> int:  # noqa: ARG002 - every rule is asked the same way
        """Image tokens of a picture of any size."""
        return self.per_picture

    def most_tokens(self) -> int | None:
        """No picture takes more."""
        return self.per_picture

    def most_px(self) -> int | None:
        """The most pixels kept of a picture of any shape."""
        return None if self.edge_px is None else self.edge_px * self.edge_px


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapped:
    """Sides snapped to whole cells, within a least and a most number of pixels; a token a cell."""

    rule: Literal["snapped"] = "snapped"
    cell_px: Count
    min_pixels: Count
    max_pixels: Count

    def kept(self, width: float, height: float) -> tuple[float, float]:
        """The size left after the provider's resize, in whole cells."""
        cell, area = self.cell_px, width * height
        across, down = (max(cell, round(side / cell) * cell) for side in (width, height))
        if across * down > self.max_pixels:
            shrink = math.sqrt(area / self.max_pixels)
            across, down = (max(cell, math.floor(side / shrink / cell) * cell) for side in (width, height))
        elif across * down < self.min_pixels:
            grow = math.sqrt(self.min_pixels / area)
            across, down = (math.ceil(side * grow / cell) * cell for side in (width, height))
        return across, down

    def tokens(self, width: int, height: int) -> int:
        """Image tokens of a picture sent at this size."""
        across, down = self.kept(width, height)
        return round(across * down) // (self.cell_px * self.cell_px)

    def most_tokens(self) -> int | None:
        """No picture of an aspect below 100 takes more."""
        return self.max_pixels // (self.cell_px * self.cell_px)

    def most_px(self) -> int | None:
        """The most pixels kept of a picture of any shape."""
        return self.max_pixels


Rule = Annotated[Tiles | Patches | Grid | Crops | Fixed | Snapped, Field(discriminator="rule")]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How a provider counts: `image` for pictures, `text_factor` on the estimate for a plain tokenizer."""

    name: str
    image: Rule
    text_factor: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    source: str
    date: date
    unconfirmed: bool = False
    note: str | None = None


def sent_size(family: Family, width: int, height: int) -> tuple[int, int]:
    """(width, height) in pixels that are left of a picture after the provider's own resize."""
    across, down = family.image.kept(width, height)
    return max(1, round(across)), max(1, round(down))


def image_tokens(family: Family, width: int, height: int) -> int:
    """Tokens that a picture of width x height pixels is billed as."""
    if width < 1 or height < 1:
        raise ValueError(f"a picture has at least one pixel, got {width} x {height}")
    return family.image.tokens(width, height)


# A tokenizer's table is megabytes and each provider has its own: this counts pieces of text instead and leans upward.
PIECES = re.compile(
    r"(?P<word>[A-Za-z]+)|(?P<digits> ?[0-9]+)|(?P<gap>\s+)|(?P<mark>[!-/:-@\[-`{-~]+)"
    r"|(?P<ideogram>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff])|(?P<letters>[^\W\d_]+)|(?P<other>.)"
)
CHARACTERS_A_TOKEN = {"digits": 3.0, "mark": 3.0, "letters": 2.2}  # a blank before digits is a token of its own
LONG_WORD = 7  # letters up to which a word is one token
MARGIN = 1.12  # what the pieces fall short by on German and on laboratory values
WORD_PIECE = 3.8  # letters a token beyond that: Latin and Greek stems of medicine split early


def text_tokens(text: str, family: Family) -> int:
    """Tokens of a text, leaning upward: no tokenizer is needed. Its error on sample texts is stated in its test."""
    counted = sum(_piece(match.lastgroup or "other", match.group()) for match in PIECES.finditer(text))
    return math.ceil(counted * MARGIN * family.text_factor)


def _piece(kind: str, piece: str) -> float:
    if kind == "word":
        return 1 if len(piece) <= LONG_WORD else math.ceil(len(piece) / WORD_PIECE)
    if kind == "digits":
        return piece.startswith(" ") + math.ceil(len(piece.lstrip()) / CHARACTERS_A_TOKEN[kind])
    if kind == "gap":
        return 0 if piece == " " else piece.count("\n") + (len(piece.rpartition("\n")[2]) > 1)
    if kind == "ideogram":
        return 1.1
    if kind == "other":
        return len(piece.encode())
    return math.ceil(len(piece) / CHARACTERS_A_TOKEN[kind])
