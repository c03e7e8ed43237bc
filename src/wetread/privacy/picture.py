"""The bytes of a picture: decoded for looking, encoded again after masking, and without what rides along in them."""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from wetread.domain.view import View
from wetread.errors import EgressDenied
from wetread.privacy.contrast import Pixels

PNG, JPEG = "image/png", "image/jpeg"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"sRGB", b"cHRM", b"pHYs"}
JPEG_QUALITY = 95
START_OF_SCAN, END, ADOBE, COMMENT = 0xDA, 0xD9, 0xEE, 0xFE
STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length: TEM, RST0-7, SOI
APPLICATION = range(0xE0, 0xF0)


def decoded(view: View) -> Pixels:
    """The pixels that whoever gets the picture sees: (rows, columns) or (rows, columns, 3) BGR, 0-255.

    Raises: EgressDenied where they can't be told, since they can't be checked then.
    """
    if view.media_type not in (PNG, JPEG):
        raise EgressDenied(f"a picture of type {view.media_type!r} can't be checked for text; prepare PNG or JPEG")
    mode = (cv2.IMREAD_COLOR_BGR if view.colour else cv2.IMREAD_GRAYSCALE) | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(view.picture, np.uint8), mode) if view.picture else None
    if pixels is None or pixels.shape[:2] != (view.height, view.width):
        raise EgressDenied(f"view {view.pixel_sha256[:12]}: its picture does not decode as {view.width}x{view.height}")
    return np.asarray(pixels, np.uint8)


def with_pixels(view: View, pixels: Pixels, step: str) -> View:
    """The view with other pixels: same size and type, its hash made anew, one more step in its recipe."""
    options = []
    if view.media_type == JPEG:
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444] if pixels.ndim == 3 else []
    done, data = cv2.imencode(".jpg" if view.media_type == JPEG else ".png", pixels, options)
    if not done:
        raise EgressDenied(f"view {view.pixel_sha256[:12]}: its masked picture can't be encoded as {view.media_type}")
    ordered = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1])  # hashes are over RGB
    return replace(
        view,
        picture=data.tobytes(),
        pixel_sha256=hashlib.sha256(ordered.tobytes()).hexdigest(),
        recipe=(*view.recipe, step),
    )


def bare(view: View) -> View:
    """The view's picture without comments, EXIF, thumbnails, profiles and whatever follows its end.

    Raises: EgressDenied where the file's parts can't be told apart.
    """
    try:
        kept = b"".join(_png(view.picture) if view.media_type == PNG else _jpeg(view.picture))
    except (struct.error, IndexError, ValueError):
        raise EgressDenied(f"view {view.pixel_sha256[:12]}: its file is damaged, prepare it again") from None
    return view if kept == view.picture else replace(view, picture=kept)


def _png(data: bytes) -> Iterator[bytes]:
    """Chunks that say how pixels look. Source: ISO/IEC 15948."""
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG")
    yield SIGNATURE
    at, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        (length,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise ValueError("cut off")
        if kind in PNG_KEPT:
            yield data[at:end]
        at = end


def _jpeg(data: bytes) -> Iterator[bytes]:
    """Segments without comments and APPn but Adobe's, which says how colours were mixed. Source: ITU-T T.81 B.1."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG")
    yield data[:2]
    at = 2
    while True:
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise ValueError("a marker is missing")
        if marker in STANDALONE:
            at += 2
            continue
        if marker == END:
            yield data[at : at + 2]
            return
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker == ADOBE or (marker not in APPLICATION and marker != COMMENT):
            yield data[at:end]
        if marker == START_OF_SCAN:
            start, end = end, _after_scan(data, end)
            yield data[start:end]
        at = end


def _after_scan(data: bytes, at: int) -> int:
    """Where the entropy-coded bytes of a scan end: at a marker that is neither a restart nor a stuffed 0xFF."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0x00 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
