"""A DICOM object made of a report, and the UIDs that are the same each time it is made."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

OWN_ROOT = "2.25."
SERIES_NUMBERS = {"sr": 9901, "ko": 9902, "gsps": 9903, "sc": 9904, "pdf": 9905}


class Kind(StrEnum):
    """Which object."""

    SR = "sr"  # Comprehensive 3D SR by TID 1500
    KO = "ko"  # Key Object Selection
    GSPS = "gsps"  # Grayscale Softcopy Presentation State
    SC = "sc"  # Secondary Capture with a banner in its pixels
    PDF = "pdf"  # Encapsulated PDF


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One object as a DICOM file (PS3.10), with what a sender needs to know of it."""

    kind: Kind
    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    transfer_syntax_uid: str
    data: bytes = field(repr=False)


def uid_of(*parts: str) -> str:
    """A UID under 2.25 (PS3.5 B.2) that follows from the parts alone, so that a re-send makes nothing twice."""
    digest = hashlib.sha256("\0".join(("wetread", *parts)).encode("utf-8", "surrogatepass")).digest()[:16]
    number = int.from_bytes(digest, "big") & ~(0xF000 << 64) | (0x8000 << 64)  # version 8, as RFC 9562 says of hashes
    number = number & ~(0xC000 << 48) | (0x8000 << 48)
    return f"{OWN_ROOT}{number}"


def instance_uid(report_id: str, kind: Kind, number: int = 0) -> str:
    """The SOP Instance UID of a report's object; `number` counts those of one kind."""
    return uid_of("instance", report_id, kind.value, str(number))


def series_uid(report_id: str, kind: Kind) -> str:
    """The series that a report's objects of one kind lie in."""
    return uid_of("series", report_id, kind.value)
