"""Tell DICOM from anything else, and its encoding, by the first bytes."""

from dataclasses import dataclass

from pydicom.datadict import dictionary_has_tag

PREFIX = b"DICM"
PREAMBLE_BYTES = 128
UNDEFINED = 0xFFFFFFFF

SHORT_VRS = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()
)  # two-byte lengths, PS3.5 table 7.1-2
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # four-byte lengths, PS3.5 table 7.1-1


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a dataset's elements are written (PS3.5 section 7)."""

    implicit: bool
    little: bool

    @property
    def transfer_syntax_uid(self) -> str:
        """The uncompressed transfer syntax of this encoding."""
        if self.implicit:
            return "1.2.840.10008.1.2"
        return "1.2.840.10008.1.2.1" if self.little else "1.2.840.10008.1.2.2"


def encoding_of(head: bytes) -> Encoding | None:
    """The encoding of the element that `head` starts with; None where it is no element.

    A VR in bytes 4-5 means explicit; the group, which is small, tells the byte order.
    """
    if len(head) < 8:
        return None
    little, big = (int.from_bytes(head[:2], order) for order in ("little", "big"))
    if head[4:6] in SHORT_VRS or head[4:6] in LONG_VRS:
        return Encoding(implicit=False, little=little <= big)
    return Encoding(implicit=True, little=True) if little <= big or little < 0x0100 else None


def _element(head: bytes, offset: int, encoding: Encoding) -> tuple[int, int] | None:
    """The tag at `offset` and where the next element starts."""
    order = "little" if encoding.little else "big"
    raw = head[offset : offset + 12]
    if len(raw) < 8:
        return None
    tag = int.from_bytes(raw[:2], order) << 16 | int.from_bytes(raw[2:4], order)  # type: ignore[arg-type]  # a literal
    if encoding.implicit:
        return tag, offset + 8 + int.from_bytes(raw[4:8], "little")
    if raw[4:6] in LONG_VRS:
        return tag, offset + 12 + int.from_bytes(raw[8:12], order)  # type: ignore[arg-type]  # a literal
    return tag, offset + 8 + int.from_bytes(raw[6:8], order)  # type: ignore[arg-type]  # a literal


def _starts_a_dataset(head: bytes) -> bool:
    """True where two known elements in ascending order stand at the start."""
    encoding = encoding_of(head)
    if encoding is None:
        return False
    first = _element(head, 0, encoding)
    if first is None or first[0] >> 16 not in (0x0002, 0x0008):
        return False
    if first[0] & 0xFFFF and not dictionary_has_tag(first[0]):
        return False
    second = _element(head, first[1], encoding)
    if second is None:
        return first[1] <= 0x10000 and not encoding.implicit
    return second[0] > first[0] and second[0] >> 16 <= 0x0010


def looks_like_dicom(head: bytes) -> bool:
    """True where `head`, a file's first 512 bytes or more, begins a DICOM object, preamble or none."""
    if head[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == PREFIX or head[:4] == PREFIX:
        return True
    return _starts_a_dataset(head)
