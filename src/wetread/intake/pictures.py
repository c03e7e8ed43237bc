"""Header facts of PNG, JPEG and TIFF pictures, read without decoding them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wetread.dicom import Limits
from wetread.errors import FileUnreadable, InputError, TooLarge
from wetread.intake.kinds import FileKind
from wetread.intake.tiff import Page, exif_orientation, read_pages

RESEND = "ask for the picture again"
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # ISO/IEC 15948, 11.2.2
MOST_CHUNKS = 1000
SLIDE_PIXELS = 1 << 26  # a tiled picture of 8192 x 8192 pixels or more is a slide even without smaller copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a picture's header says; rows and columns as stored, before `orientation` (EXIF, 1-8) is applied.

    `slide`: a whole slide (SVS, pyramidal TIFF), which is read in parts and never whole.
    """

    rows: int
    columns: int
    frames: int = 1
    samples: int
    bits: int
    colour: bool
    orientation: int = 1
    slide: bool = False

    @property
    def native_bytes(self) -> int:
        """The size of all decoded pixels."""
        return self.rows * self.columns * self.frames * self.samples * ((self.bits + 7) // 8)

    @property
    def sideways(self) -> bool:
        """True where upright means rows and columns change places."""
        return self.orientation >= 5


def read_picture(path: Path, subject: str, kind: FileKind, limits: Limits) -> Picture:
    """The header facts of the picture at `path`.

    Raises: FileUnreadable, TooLarge.
    """
    readers = {FileKind.PNG: _png, FileKind.JPEG: _jpeg, FileKind.TIFF: _tiff}
    try:
        size = path.stat().st_size
        if size > limits.max_file_bytes:
            raise TooLarge(subject, f"it has {size:,} bytes, the limit is {limits.max_file_bytes:,}", "make it smaller")
        with path.open("rb") as file:
            picture = readers[kind](file)
    except InputError:
        raise
    except (ValueError, struct.error, OSError, EOFError) as error:
        raise FileUnreadable(subject, f"its {kind.upper()} header is damaged or ends too early", RESEND) from error
    if picture.rows <= 0 or picture.columns <= 0:
        raise FileUnreadable(subject, "its header declares no pixels", RESEND)
    if picture.native_bytes > limits.max_pixels_bytes and not picture.slide:
        raise TooLarge(
            subject,
            f"its header declares {picture.rows} x {picture.columns} pixels x {picture.frames} frames; "
            f"the limit is {limits.max_pixels_bytes:,} bytes",
            "raise max_pixels_bytes if the file can be trusted",
        )
    return picture


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _png(file: BinaryIO) -> Picture:
    file.seek(8)
    length, name, columns, rows, bits, colour_type = struct.unpack(">I4sIIBB", _exactly(file, 18))
    if name != b"IHDR" or length != 13 or colour_type not in PNG_SAMPLES:
        raise ValueError("no IHDR chunk")
    file.seek(8 + 8 + 13 + 4)
    return Picture(
        rows=rows,
        columns=columns,
        samples=PNG_SAMPLES[colour_type],
        bits=bits,
        colour=colour_type in (2, 3, 6),
        orientation=_png_orientation(file),
    )


def _png_orientation(file: BinaryIO) -> int:
    """The orientation of the eXIf chunk before the image data; a picture without image data is damaged."""
    orientation = 1
    for _ in range(MOST_CHUNKS):
        length, name = struct.unpack(">I4s", _exactly(file, 8))
        if name == b"IDAT":
            return orientation
        if name == b"eXIf" and length <= 1 << 16:
            orientation = exif_orientation(_exactly(file, length))
            file.seek(4, 1)
        else:
            file.seek(length + 4, 1)
    raise ValueError("no image data")


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each JPEG segment before the first scan (ITU-T T.81 B.1)."""
    file.seek(2)
    for _ in range(MOST_CHUNKS):
        byte = _exactly(file, 1)
        while byte != b"\xff":
            byte = _exactly(file, 1)
        while byte == b"\xff":
            byte = _exactly(file, 1)
        if byte[0] in (0xDA, 0xD9):
            return
        if byte[0] == 0x01 or 0xD0 <= byte[0] <= 0xD8:
            continue
        (length,) = struct.unpack(">H", _exactly(file, 2))
        yield byte[0], _exactly(file, max(length - 2, 0))


def _jpeg(file: BinaryIO) -> Picture:
    orientation, frame = 1, None
    for marker, content in _segments(file):
        if marker == 0xE1 and content.startswith(b"Exif\0\0"):
            orientation = exif_orientation(content[6:])
        elif marker in JPEG_FRAMES:
            frame = struct.unpack_from(">BHHB", content)
            break
    if frame is None:
        raise ValueError("no frame header")
    bits, rows, columns, samples = frame
    return Picture(rows=rows, columns=columns, samples=samples, bits=bits, colour=samples >= 3, orientation=orientation)


def _tiff(file: BinaryIO) -> Picture:
    all_pages = list(read_pages(file))
    pages = [page for page in all_pages if not page.reduced]
    if not pages:
        raise ValueError("no page")
    first = pages[0]
    frames = sum(_alike(page, first) for page in pages)
    return Picture(
        rows=first.rows,
        columns=first.columns,
        frames=frames,
        samples=first.samples,
        bits=first.bits,
        colour=first.photometric >= 2 and first.photometric != 4,
        orientation=first.orientation,
        slide=_is_slide(pages, all_pages),
    )


def _is_slide(pages: list[Page], all_pages: list[Page]) -> bool:
    """True for a tiled picture with smaller tiled copies of itself, or one too large to be anything else."""
    first = pages[0]
    smaller = any(page.tiled and page.columns < first.columns for page in all_pages)
    large = first.rows * first.columns >= SLIDE_PIXELS
    return first.tiled and first.samples in (1, 3, 4) and (smaller or first.parted or large)


def _alike(page: Page, first: Page) -> bool:
    return (page.rows, page.columns, page.samples, page.bits) == (
        first.rows,
        first.columns,
        first.samples,
        first.bits,
    )
