"""One frame ready to be drawn, whatever it came from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.domain.study import Instance
from wetread.domain.view import Origin, Window
from wetread.imaging.colour import is_grey
from wetread.imaging.tone import IDENTITY, Tone
from wetread.imaging.voi import full_range_window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Decoded pixels with their provenance.

    pixels: (rows, columns) stored values with `tone`, or (rows, columns, 3) uint8 RGB with `tone` None.
    `spacing_mm` is (row, column) of a source pixel; `recipe` what was done so far.
    """

    instance: Instance
    origin: Origin
    pixels: NDArray[Any]
    tone: Tone | None
    spacing_mm: tuple[float, float] | None = None
    recipe: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in source pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def window(self) -> Window | None:
        """The default window, None for colour."""
        return self.tone.window if self.tone else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An object whose frames can be had one by one, `frame` counting from 0."""

    frames: int
    frame: Callable[[int], Frame]


def origin_of(instance: Instance, number: int, pixels: NDArray[Any]) -> Origin:
    """Where a picture comes from; `number` counts from 1."""
    return Origin(
        file=instance.file,
        sop_instance_uid=instance.sop_instance_uid,
        frame=number,
        source_width=int(pixels.shape[1]),
        source_height=int(pixels.shape[0]),
    )


def as_is(note: str, *, inverted: bool = False) -> Tone:
    """The tone of 8-bit grey that is shown as it was made."""
    return Tone(modality=IDENTITY, window=full_range_window(8), notes=(note,), inverted=inverted)


def grey_or_colour(rgb: NDArray[np.uint8], note: str) -> tuple[NDArray[np.uint8], Tone | None]:
    """RGB stays; RGB that is grey in every pixel becomes one channel."""
    if is_grey(rgb):
        return np.ascontiguousarray(rgb[..., 0]), as_is(f"{note}: three equal channels")
    return rgb, None
