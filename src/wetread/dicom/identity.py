"""Which object it is, by the first bytes alone: quick and bounded, for a door that many objects pass."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from wetread.dicom.meta import UID_CHARACTERS
from wetread.dicom.opening import DEFLATED, open_dataset
from wetread.dicom.sniff import LONG_VRS, PREAMBLE_BYTES, PREFIX, SHORT_VRS, UNDEFINED
from wetread.dicom.values import text

WANTED = {0x00080016: "sop_class_uid", 0x00080018: "sop_uid", 0x0020000D: "study_uid", 0x0020000E: "series_uid"}
WORDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
BIG, IMPLICIT = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2"
LONGEST_UID = 64
MOST_ELEMENTS = 2000
ITEM_END, SEQUENCE_END = 0xFFFEE00D, 0xFFFEE0DD
DEEPEST = 32
HEAD = struct.Struct("<HHL")
PADDING = re.compile(rb"[\0 ]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The identifiers of an object, each None where it is absent or no UID."""

    sop_class_uid: str | None = None
    sop_uid: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None

    @property
    def complete(self) -> bool:
        """Whether it says which object of which series and study it is, and of what kind."""
        return None not in (self.sop_class_uid, self.sop_uid, self.study_uid, self.series_uid)


def identity_at_start(head: bytes) -> Identity | None:
    """The identity from the first bytes of a well-formed file; None where it takes a look at the whole file."""
    if head[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] != PREFIX:
        return None
    found: dict[int, bytes] = {}
    offset = _walk(head, PREAMBLE_BYTES + 4, found, implicit=False, stop=0x00030000)
    syntax = _uid(found.get(0x00020010))
    if offset is None or syntax in (None, DEFLATED, BIG):
        return None
    if _walk(head, offset, found, implicit=syntax == IMPLICIT, stop=0x0020000F) is None:
        return None
    identity = Identity(**{name: _uid(found.get(tag)) for tag, name in WANTED.items()})
    return identity if identity.complete else None


def read_identity(path: Path, subject: str) -> Identity:
    """The identity by a look at the whole header: for whatever `identity_at_start` gave up on.

    Raises: FileUnreadable, TooLarge.
    """
    dataset = open_dataset(path, subject, pixels=False, tags=WORDS).dataset
    values = (text(dataset, word) for word in WORDS)
    return Identity(
        **{
            name: value if value and UID_CHARACTERS.fullmatch(value) else None
            for name, value in zip(WANTED.values(), values, strict=True)
        }
    )


def _walk(head: bytes, offset: int, found: dict[int, bytes], *, implicit: bool, stop: int) -> int | None:
    """Note the short values until the tag `stop`; where it stands, None where the bytes don't reach or don't parse."""
    depth, elements = 0, 0  # depth: items and sequences of undefined length that are open
    while len(head) >= offset + HEAD.size and elements < MOST_ELEMENTS:
        elements += 1
        group, number, _ = HEAD.unpack_from(head, offset)
        tag = group << 16 | number
        if depth == 0 and tag >= stop:
            return offset
        value = _value(head, offset, implicit=implicit or group == 0xFFFE)
        if value is None:
            return None
        start, length = value
        if tag in (ITEM_END, SEQUENCE_END):
            depth, offset = depth - 1, offset + 8
        elif length == UNDEFINED:
            depth, offset = depth + 1, start
        else:
            if length <= LONGEST_UID and depth == 0:
                found[tag] = head[start : start + length]
            offset = start + length
        if not 0 <= depth < DEEPEST:
            return None
    return None


def _value(head: bytes, offset: int, *, implicit: bool) -> tuple[int, int] | None:
    """Where the value of the element at `offset` starts and how long it is; None where it does not parse."""
    length: int = HEAD.unpack_from(head, offset)[2]
    if implicit:
        return offset + 8, length
    vr = head[offset + 4 : offset + 6]
    if vr in SHORT_VRS:
        return offset + 8, length >> 16
    if vr not in LONG_VRS:
        return None
    long = int.from_bytes(head[offset + 8 : offset + 12], "little")
    return (offset + 12, long) if long != UNDEFINED or vr == b"SQ" else None


def _uid(value: bytes | None) -> str | None:
    words = PADDING.sub(b"", value or b"").decode("ascii", "replace")
    return words if UID_CHARACTERS.fullmatch(words) else None
