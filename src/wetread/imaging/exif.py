"""What a picture file declares before it is decoded: its size, orientation and pages.

Orientation lives in an image file directory, the same in EXIF and TIFF (TIFF 6.0 section 2; Exif 2.32 4.6.2).
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ORIENTATION, WIDTH, HEIGHT, PHOTOMETRIC = 274, 256, 257, 262
MAX_PAGES = 10_000
SHORT, LONG = 3, 4


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory: single-valued SHORT and LONG entries by tag, and where the next one lies."""

    entries: dict[int, int]
    next_offset: int


def directories(block: bytes) -> list[Directory]:
    """All directories of a TIFF structure in their order; what is damaged ends the list."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    found: list[Directory] = []
    if order is None or len(block) < 8 or struct.unpack_from(order + "H", block, 2)[0] != 42:
        return found
    seen: set[int] = set()
    offset = int(struct.unpack_from(order + "I", block, 4)[0])
    while offset and offset not in seen and len(found) < MAX_PAGES:
        seen.add(offset)
        try:
            directory = _directory(block, offset, order)
        except struct.error:
            break
        found.append(directory)
        offset = directory.next_offset
    return found


def _directory(block: bytes, offset: int, order: str) -> Directory:
    (count,) = struct.unpack_from(order + "H", block, offset)
    entries = {}
    for index in range(count):
        place = offset + 2 + 12 * index
        tag, kind, values = struct.unpack_from(order + "HHI", block, place)
        if values == 1 and kind in (SHORT, LONG):
            entries[tag] = int(struct.unpack_from(order + ("H" if kind == SHORT else "I"), block, place + 8)[0])
    (following,) = struct.unpack_from(order + "I", block, offset + 2 + 12 * count)
    return Directory(entries, int(following))


def jpeg_segments(data: bytes) -> list[tuple[int, bytes]]:
    """The marker segments of a JPEG file before its first scan, as (marker, body)."""
    found, offset = [], 2
    while offset + 4 <= len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if marker == 0xFF:
            offset += 1
            continue
        length = int.from_bytes(data[offset + 2 : offset + 4], "big")
        found.append((marker, data[offset + 4 : offset + 2 + length]))
        if marker == 0xDA or length < 2:
            break
        offset += 2 + length
    return found


def orientation(data: bytes) -> int:
    """The EXIF orientation 1-8 of a JPEG or PNG; 1 where none is stated."""
    block = b""
    if data[:2] == b"\xff\xd8":
        bodies = (body for marker, body in jpeg_segments(data) if marker == 0xE1 and body[:6] == b"Exif\0\0")
        block = next(bodies, b"")[6:]
    elif data[:4] == b"\x89PNG":
        place = data.find(b"eXIf", 8)
        block = data[place + 4 : place + 4 + int.from_bytes(data[place - 4 : place], "big")] if place > 0 else b""
    found = directories(block)
    value = found[0].entries.get(ORIENTATION, 1) if found else 1
    return value if 1 <= value <= 8 else 1


def upright(pixels: NDArray[np.generic], value: int) -> NDArray[np.generic]:
    """The picture as EXIF orientation `value` means it to be seen."""
    if value in (2, 5, 7):
        pixels = pixels[:, ::-1]
    if value == 4:
        pixels = pixels[::-1]
    turns = {3: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(value, 0)
    return np.ascontiguousarray(np.rot90(pixels, turns))


def declared_sizes(data: bytes) -> list[tuple[int, int]]:
    """(width, height) of each page as the file declares it, without decoding; empty where it is not said."""
    if data[:4] == b"\x89PNG":
        return [(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))]
    if data[:2] == b"\xff\xd8":
        frames = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
        bodies = [body for marker, body in jpeg_segments(data) if marker in frames and len(body) >= 6]
        return [(int.from_bytes(b[3:5], "big"), int.from_bytes(b[1:3], "big")) for b in bodies[:1]]
    return [(d.entries.get(WIDTH, 0), d.entries.get(HEIGHT, 0)) for d in directories(data)]


def stored_inverted(data: bytes, page: int) -> bool:
    """True for a TIFF page of 16-bit grey whose lowest value is white, which decoders leave as stored."""
    found = directories(data)
    return page < len(found) and found[page].entries.get(PHOTOMETRIC, 1) == 0
