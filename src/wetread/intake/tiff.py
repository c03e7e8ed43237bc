"""The directories of a TIFF file: its pages, and the orientation that EXIF stores the same way."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_PAGES = 20_000
MOST_ENTRIES = 4096
WIDTHS = {1: 1, 3: 2, 4: 4, 16: 8}  # BYTE, SHORT, LONG, LONG8: the types of the tags read here
NEW_SUBFILE_TYPE, COLUMNS, ROWS, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES = 254, 256, 257, 258, 262, 274, 277
TILE_COLUMNS, SUB_DIRECTORIES = 322, 330


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page; `reduced` marks a smaller copy of another one, `parted` one that holds smaller copies of itself."""

    rows: int
    columns: int
    bits: int
    samples: int
    photometric: int
    orientation: int
    reduced: bool
    tiled: bool = False
    parted: bool = False


@dataclass(frozen=True, slots=True)
class _Layout:
    """Byte order and field sizes: classic TIFF or BigTIFF."""

    order: str
    big: bool

    @property
    def offset(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "I"))

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))


def _unpack(form: struct.Struct, file: BinaryIO) -> tuple[int, ...]:
    data = file.read(form.size)
    if len(data) < form.size:
        raise EOFError
    return form.unpack(data)


def _directories(file: BinaryIO) -> Iterator[dict[int, int]]:
    """Tag and first value of every directory, in the order of the chain; a loop ends it."""
    file.seek(0)
    head = file.read(8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise ValueError("no TIFF header")
    layout = _Layout(order, head[2:4] in (b"+\0", b"\0+"))
    file.seek(8 if layout.big else 4)
    (at,) = _unpack(layout.offset, file)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < MOST_PAGES:
        seen.add(at)
        file.seek(at)
        (entries,) = _unpack(layout.count, file)
        if entries > MOST_ENTRIES:
            raise ValueError("too many entries")
        yield dict(_entry(layout, file) for _ in range(entries))
        (at,) = _unpack(layout.offset, file)


def _entry(layout: _Layout, file: BinaryIO) -> tuple[int, int]:
    """Tag and first value of one entry; -1 where the value is of another type.

    Values that do not fit the entry (bits of each sample) are read where they are.
    """
    tag, kind, count, field = _unpack(layout.entry, file)
    width = WIDTHS.get(kind)
    if width is None or not count:
        return tag, -1
    value: bytes = field  # type: ignore[assignment]  # the fourth item is bytes
    if width * count > len(value) and tag in (BITS, COLUMNS, ROWS):
        back = file.tell()
        file.seek(layout.offset.unpack(value)[0])
        value = file.read(width)
        file.seek(back)
        if len(value) < width:
            raise EOFError
    return tag, int.from_bytes(value[:width], "little" if layout.order == "<" else "big")


def read_pages(file: BinaryIO) -> Iterator[Page]:
    """The pages of a TIFF file.

    Raises: ValueError, EOFError, struct.error where the file is damaged.
    """
    for tags in _directories(file):
        yield Page(
            rows=tags.get(ROWS, 0),
            columns=tags.get(COLUMNS, 0),
            bits=max(tags.get(BITS, 1), 1),
            samples=max(tags.get(SAMPLES, 1), 1),
            photometric=tags.get(PHOTOMETRIC, 1),
            orientation=_valid(tags.get(ORIENTATION, 1)),
            reduced=tags.get(NEW_SUBFILE_TYPE, 0) & 1 == 1,
            tiled=TILE_COLUMNS in tags,
            parted=SUB_DIRECTORIES in tags,
        )


def exif_orientation(block: bytes) -> int:
    """The orientation (1-8) of an EXIF block; 1 where it says none or is damaged."""
    try:
        return _valid(next(_directories(io.BytesIO(block)), {}).get(ORIENTATION, 1))
    except (ValueError, EOFError, struct.error):
        return 1


def _valid(orientation: int) -> int:
    return orientation if 1 <= orientation <= 8 else 1
