"""Where the frames of an object lie in its file, so that they can be handed on as they are stored, none decoded."""

import mmap
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from wetread.dicom.elements import PARSE_ERRORS
from wetread.dicom.limits import Limits
from wetread.dicom.opening import DEFLATED, Opened, open_dataset
from wetread.dicom.size import declared_bytes, frame_count
from wetread.dicom.values import integer, text
from wetread.errors import PixelsUnreadable, TooLarge

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
ITEM = (0xFFFE, 0xE000)
MOST_FRAGMENTS = 1 << 18
UNDECODED = Limits(max_pixels_bytes=1 << 44)  # nothing of it is allocated: the file is already there
END_MARKER, END_REACH = b"\xff\xd9", 10  # EOI and EOC stand in the last bytes of a frame
RESEND = "ask the sender for the file again"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlaces:
    """The frames of one file: `spans` of (offset, length) in bytes, several where a frame is in fragments.

    `syntax` is the transfer syntax that the frames are written in when they stand alone. `even_bytes` is the length of
    a native frame (all start one after the other at `offset`). Neither: they must be cut out, see `cut_frames`.
    """

    frames: int
    syntax: str
    offset: int = 0
    even_bytes: int = 0
    spans: tuple[tuple[Span, ...], ...] = ()

    @property
    def in_file(self) -> bool:
        """Whether each frame is a whole number of the file's bytes."""
        return bool(self.even_bytes or self.spans)

    def of(self, index: int) -> tuple[Span, ...]:
        """The spans of frame `index` (from 0)."""
        return self.spans[index] if self.spans else ((self.offset + index * self.even_bytes, self.even_bytes),)


def find_frames(path: Path, subject: str) -> FramePlaces:
    """Where the frames of the file at `path` lie.

    Raises: FileUnreadable, PixelsUnreadable (no pixels, or fewer than declared), TooLarge.
    """
    opened = open_dataset(path, subject, pixels=False)
    if opened.pixel_keyword is None:
        raise PixelsUnreadable(subject, "it holds no pixel data", "send an object with pixels")
    if opened.pixel_offset is not None and opened.pixel_bytes is None:
        return _encapsulated(path, subject, opened, opened.pixel_offset)
    syntax = opened.transfer_syntax_uid
    if syntax in (DEFLATED, IMPLICIT_LITTLE) or _is_encapsulated(syntax):
        syntax = EXPLICIT_LITTLE  # the pixels alone are; a compressed syntax the file claims wrongly
    frames, bits = _frame_bits(opened.dataset, subject)
    if opened.pixel_bytes is None or opened.pixel_bytes < (frames * bits + 7) // 8:
        raise PixelsUnreadable(subject, "its pixel data ends before its declared length", RESEND)
    if opened.pixel_offset is None or bits % 8:
        return FramePlaces(frames=frames, syntax=syntax)
    return FramePlaces(frames=frames, syntax=syntax, offset=opened.pixel_offset, even_bytes=bits // 8)


def cut_frames(path: Path, subject: str, indices: tuple[int, ...]) -> tuple[bytes, ...]:
    """Native frames (from 0) that are no whole bytes of the file: of a deflated dataset, or of single bits.

    A frame of single bits starts at a byte of its own, as it would alone (PS3.5 8.1.1). Raises: as `find_frames`.
    """
    opened = open_dataset(path, subject, pixels=True)
    frames, bits = _frame_bits(opened.dataset, subject)
    value = opened.dataset[opened.pixel_keyword or "PixelData"].value
    if not isinstance(value, bytes) or len(value) * 8 < frames * bits:
        raise PixelsUnreadable(subject, "its pixel data ends before its declared length", RESEND)
    return tuple(_cut(value, index * bits, bits) for index in indices)


def _is_encapsulated(syntax: str) -> bool:
    return UID(syntax).is_transfer_syntax and UID(syntax).is_encapsulated


def _cut(value: bytes, start: int, bits: int) -> bytes:
    first, last = start // 8, (start + bits + 7) // 8
    if start % 8 == 0 and bits % 8 == 0:
        return value[first:last]
    single = np.unpackbits(np.frombuffer(value[first:last], np.uint8), bitorder="little")
    return np.packbits(single[start % 8 : start % 8 + bits], bitorder="little").tobytes()


def _frame_bits(dataset: Dataset, subject: str) -> tuple[int, int]:
    """How many frames, and the bits of one as they are stored natively."""
    frames = frame_count(dataset, subject)
    declared_bytes(dataset, subject, limits=UNDECODED)
    sides = (integer(dataset, "Rows") or 0) * (integer(dataset, "Columns") or 0)
    bits = sides * (integer(dataset, "SamplesPerPixel") or 1) * (integer(dataset, "BitsAllocated") or 0)
    if text(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
        bits = bits * 2 // 3  # two luma and one of each chroma for two pixels, PS3.3 C.7.6.3.1.2
    return frames, bits


def _encapsulated(path: Path, subject: str, opened: Opened, offset: int) -> FramePlaces:
    frames = frame_count(opened.dataset, subject)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        table, fragments = _fragments(held, offset, subject)
        spans = _by_extended_table(opened.dataset, fragments, frames) or _by_table(table, fragments, frames)
        if spans is None:
            spans = _by_count(held, fragments, frames)
    if spans is None or len(spans) < frames:
        problem = f"its pixel data holds fewer pictures than the {frames} that its header declares"
        raise PixelsUnreadable(subject, problem, RESEND)
    return FramePlaces(frames=frames, syntax=opened.transfer_syntax_uid, spans=tuple(spans[:frames]))


def _fragments(held: mmap.mmap, offset: int, subject: str) -> tuple[tuple[int, ...], list[Span]]:
    """The basic offset table's entries, and the fragments after it (PS3.5 A.4)."""
    found: list[Span] = []
    header = struct.Struct("<HHL")
    while offset + 8 <= len(held):
        group, element, length = header.unpack_from(held, offset)
        if (group, element) != ITEM:
            break
        found.append((offset + 8, min(length, len(held) - offset - 8)))
        offset += 8 + length
        if len(found) > MOST_FRAGMENTS:
            raise TooLarge(subject, f"its pixel data is in more than {MOST_FRAGMENTS} fragments", RESEND)
    if not found:
        return (), []
    at, length = found[0]
    table = struct.unpack_from(f"<{length // 4}L", held, at)
    return table, found[1:]


def _by_extended_table(dataset: Dataset, fragments: list[Span], frames: int) -> list[tuple[Span, ...]] | None:
    """By the extended offset table (PS3.3 C.7.6.3.1.8), where each entry is the fragment it claims to be."""
    try:
        starts, lengths = dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths")
    except PARSE_ERRORS:
        return None
    if not (isinstance(starts, bytes) and isinstance(lengths, bytes) and len(starts) == len(lengths) == frames * 8):
        return None
    if not fragments:
        return None
    first = fragments[0][0]
    held = dict(fragments)
    found: list[tuple[Span, ...]] = []
    for start, length in zip(*(struct.unpack(f"<{frames}Q", one) for one in (starts, lengths)), strict=True):
        if length > held.get(first + start, -1):
            return None
        found.append(((first + start, length),))
    return found


def _by_table(table: tuple[int, ...], fragments: list[Span], frames: int) -> list[tuple[Span, ...]] | None:
    """By the basic offset table, where it names as many frames as the header and starts with the first fragment."""
    if len(table) != frames or not fragments or table[0] != 0:
        return None
    found: list[list[Span]] = [[] for _ in table]
    frame, first = 0, fragments[0][0]
    for span in fragments:
        while frame + 1 < frames and span[0] - first >= table[frame + 1]:
            frame += 1
        found[frame].append(span)
    return [tuple(spans) for spans in found] if all(found) else None


def _by_count(held: mmap.mmap, fragments: list[Span], frames: int) -> list[tuple[Span, ...]] | None:
    """Without a table: one frame is all there is, a fragment each, or frames end where their end marker is."""
    if frames == 1 and fragments:
        return [tuple(fragments)]
    if len(fragments) <= frames:
        return [(span,) for span in fragments] or None
    return list(_by_markers(held, fragments))


def _by_markers(held: mmap.mmap, fragments: list[Span]) -> Iterable[tuple[Span, ...]]:
    current: list[Span] = []
    for offset, length in fragments:
        current.append((offset, length))
        if END_MARKER in held[max(offset, offset + length - END_REACH) : offset + length]:
            yield tuple(current)
            current = []
    if current:
        yield tuple(current)
