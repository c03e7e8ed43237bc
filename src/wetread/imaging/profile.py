"""Colour photographs in sRGB, whatever profile their file or header embeds."""

import zlib
from dataclasses import replace
from functools import cache

import imagecodecs
import numpy as np

from wetread.domain.study import InstanceKind
from wetread.imaging import exif, tags
from wetread.imaging.codecs import CODEC_ERRORS
from wetread.imaging.frame import Frame
from wetread.imaging.header import header_of

LARGEST_PROFILE = 4 << 20  # bytes
ICC_IN_JPEG, ICC_IN_PNG = b"ICC_PROFILE\0", b"iCCP"


@cache
def _srgb() -> bytes:
    return bytes(imagecodecs.cms_profile("srgb"))


def in_srgb(frame: Frame) -> Frame:
    """The frame with its embedded profile applied; unchanged where it is grey, has none or an unusable one."""
    if frame.tone is not None:
        return frame
    profile = embedded_profile(frame)
    if profile is None:
        return replace(frame, recipe=(*frame.recipe, "colour: taken as sRGB"))
    try:
        pixels = imagecodecs.cms_transform(np.ascontiguousarray(frame.pixels), profile, _srgb(), colorspace="rgb")
    except CODEC_ERRORS:
        return replace(frame, recipe=(*frame.recipe, "colour: profile unusable, taken as sRGB"))
    return replace(frame, pixels=np.asarray(pixels), recipe=(*frame.recipe, "colour: embedded profile to sRGB"))


def embedded_profile(frame: Frame) -> bytes | None:
    """The ICC profile of a frame's file, or of ICC Profile (0028,2000). Source: ICC.1 annex B, PS3.3 C.11.15."""
    instance = frame.instance
    if instance.kind is not InstanceKind.PICTURE:
        header = header_of(instance, ("ICCProfile", "OpticalPathSequence"))
        holders = (header, *tags.items(header, "OpticalPathSequence"))
        profile = next((v for h in holders if isinstance(v := h.get("ICCProfile"), bytes) and v), None)
        return profile if profile and len(profile) <= LARGEST_PROFILE else None
    try:
        data = instance.path.read_bytes()
    except OSError:
        return None
    return _in_png(data) if data.startswith(b"\x89PNG") else _in_jpeg(data)


def _in_jpeg(data: bytes) -> bytes | None:
    """The profile's parts in the order of their numbers."""
    if not data.startswith(b"\xff\xd8"):
        return None
    start = len(ICC_IN_JPEG)
    bodies = (body for marker, body in exif.jpeg_segments(data) if marker == 0xE2 and body.startswith(ICC_IN_JPEG))
    parts = sorted((body[start], body[start + 2 :]) for body in bodies if len(body) > start + 2)
    profile = b"".join(part for _, part in parts)
    return profile if 0 < len(profile) <= LARGEST_PROFILE else None


def _in_png(data: bytes) -> bytes | None:
    place = data.find(ICC_IN_PNG, 8, 8 + LARGEST_PROFILE)
    if place < 12:
        return None
    chunk = data[place + 4 : place + 4 + int.from_bytes(data[place - 4 : place], "big")]
    _, _, packed = chunk.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], LARGEST_PROFILE) or None
    except zlib.error:
        return None
