"""One frame as a picture for a screen: under the window, region and size that were asked for."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.study import Instance, InstanceKind
from wetread.domain.view import Window
from wetread.errors import InputError, NotFound
from wetread.imaging.encode import encode
from wetread.imaging.frame import Frame, Opened
from wetread.imaging.render import draw
from wetread.imaging.voi import usable
from wetread.imaging.work import open_instance

SUBJECT = "the object"
Region = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a caller wants drawn.

    `frame` counts from 1, None is the middle one. `viewport` is (width, height) in pixels that the picture must fit,
    `region` (x, y, width, height) of the source in source pixels; None: all of it, in its own size.
    """

    frame: int | None = None
    media_type: str = "image/png"
    window: Window | None = None
    viewport: tuple[int, int] | None = None
    region: Region | None = None
    enlarge: bool = True


def rendered(
    path: Path,
    asked: Drawing,
    *,
    modality: str | None = None,
    body_part: str | None = None,
    kind: InstanceKind = InstanceKind.DICOM_IMAGE,
) -> bytes:
    """The picture of an object's frame: modality and VOI transform, then scaled with its aspect kept.

    Raises: NotFound where there is no such frame, InputError (a window or region that can't be), FileUnreadable,
    PixelsUnreadable, TooLarge.
    """
    opened = _opened(path, modality, body_part, kind)
    index = opened.frames // 2 if asked.frame is None else asked.frame - 1
    if not 0 <= index < opened.frames:
        raise NotFound(f"the object has no frame {index + 1}, only {opened.frames}")
    if asked.window is not None and not usable(asked.window):
        raise InputError("window", f"a width of {asked.window.width:g} is not possible", "give 1 or more")
    return encode(_drawn(opened.frame(index), asked), asked.media_type)


def rendered_at(  # noqa: PLR0917 - a guard takes no keywords
    path: Path,
    asked: Drawing,
    modality: str | None,
    body_part: str | None,
    kind: InstanceKind = InstanceKind.DICOM_IMAGE,
) -> bytes:
    """`rendered`, as a call for a guard."""
    return rendered(path, asked, modality=modality, body_part=body_part, kind=kind)


@lru_cache(maxsize=1)
def _opened(path: Path, modality: str | None, body_part: str | None, kind: InstanceKind) -> Opened:
    """The object asked for last stays open: its frames are asked for one after the other."""
    return open_instance(
        Instance(
            file=SUBJECT,
            path=path,
            sha256="",
            size_bytes=path.stat().st_size,
            kind=kind,
            modality=modality,
            body_part=body_part,
        )
    )


def _drawn(frame: Frame, asked: Drawing) -> NDArray[np.uint8]:
    """(height, width) uint8 grey or (height, width, 3) uint8 RGB."""
    region = _within(asked.region or (0, 0, *frame.size), frame.size)
    x, y, width, height = region
    size = _fitted((width, height), asked)
    least = (min(size[0], width), min(size[1], height))
    part = replace(frame, pixels=np.ascontiguousarray(frame.pixels[y : y + height, x : x + width]))
    picture = draw(part, asked.window, least)
    if least == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)).astype(np.uint8)


def _within(region: Region, size: tuple[int, int]) -> Region:
    x, y, width, height = region
    if not (0 <= x < size[0] and 0 <= y < size[1] and width > 0 and height > 0):
        raise InputError("viewport", f"the region lies outside the image of {size[0]} x {size[1]} pixels", "ask inside")
    return x, y, min(width, size[0] - x), min(height, size[1] - y)


def _fitted(source: tuple[int, int], asked: Drawing) -> tuple[int, int]:
    """The largest size with the source's aspect inside the viewport."""
    if asked.viewport is None:
        return source
    scale = min(asked.viewport[0] / source[0], asked.viewport[1] / source[1])
    if not asked.enlarge:
        scale = min(scale, 1.0)
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))
