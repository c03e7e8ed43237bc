"""Pictures to bytes within a plan's limits: PNG where nothing may be lost, JPEG of quality 95 where it may."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import ViewPlan
from wetread.errors import ConfigurationError
from wetread.imaging.size import shrunk

PNG, JPEG = "image/png", "image/jpeg"
JPEG_QUALITY = 95
Draw = Callable[[tuple[int, int]], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A picture's bytes with what they hold. `steps` are lines of the recipe."""

    picture: bytes
    media_type: str
    width: int
    height: int
    colour: bool
    pixel_sha256: str
    steps: tuple[str, ...]


def encode_within(draw: Draw, size: tuple[int, int], plan: ViewPlan) -> Encoded:
    """Draw at `size` and encode; over the byte limit as JPEG where allowed, then smaller step by step.

    Raises: ConfigurationError where no media type is known or no picture at all fits.
    """
    kinds = [kind for kind in plan.media_types if kind in (PNG, JPEG)]
    if not kinds:
        raise ConfigurationError(f"no media type of {plan.media_types!r} can be made; there are {PNG} and {JPEG}")
    while True:
        pixels = draw(size)
        smallest = b""
        for kind in kinds:
            picture = encode(pixels, kind)
            if plan.max_bytes is None or len(picture) <= plan.max_bytes:
                return _described(pixels, picture, kind)
            smallest = picture if not smallest or len(picture) < len(smallest) else smallest
        if size == (1, 1):
            raise ConfigurationError(f"max_bytes {plan.max_bytes} is less than the smallest picture ({len(smallest)})")
        assert plan.max_bytes is not None
        size = _smaller(size, plan.max_bytes / len(smallest))


def _smaller(size: tuple[int, int], share: float) -> tuple[int, int]:
    """The next size to try, at most 0.9 of this one, at least a pixel less."""
    scale = min(0.9, max(0.25, math.sqrt(share) * 0.97))
    found = shrunk(size, scale)
    return found if found != size else (max(1, size[0] - 1), max(1, size[1] - 1))


def _described(pixels: NDArray[np.uint8], picture: bytes, kind: str) -> Encoded:
    seen = media_type_of(picture)
    if seen != kind:
        raise ConfigurationError(f"the encoder made {seen} where {kind} was asked for")
    return Encoded(
        picture=picture,
        media_type=kind,
        width=int(pixels.shape[1]),
        height=int(pixels.shape[0]),
        colour=pixels.ndim == 3,
        pixel_sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        steps=("encode: png" if kind == PNG else f"encode: jpeg quality {JPEG_QUALITY}",),
    )


def encode(pixels: NDArray[np.uint8], media_type: str) -> bytes:
    """PNG or JPEG bytes of grey (rows, columns) or RGB (rows, columns, 3) uint8."""
    ordered = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    if media_type == PNG:
        done, data = cv2.imencode(".png", ordered)  # OpenCV's own setting is both quicker and smaller than level 1
    else:
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        if pixels.ndim == 3:
            options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        done, data = cv2.imencode(".jpg", ordered, options)
    if not done:
        raise ConfigurationError(f"{pixels.shape[1]} x {pixels.shape[0]} pixels can't be encoded as {media_type}")
    return bytes(data)


def media_type_of(picture: bytes) -> str | None:
    """What the bytes are, by their first bytes."""
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return JPEG if picture.startswith(b"\xff\xd8\xff") else None
