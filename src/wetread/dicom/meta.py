"""The file meta information (PS3.10 section 7.1), read element by element.

The group length (0002,0000) is not relied upon: it is wrong or absent in many real files.
"""

import re
from dataclasses import dataclass
from typing import BinaryIO

from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.tag import BaseTag

from wetread.dicom.sniff import LONG_VRS, PREAMBLE_BYTES, PREFIX, SHORT_VRS
from wetread.dicom.values import text

UID_CHARACTERS = re.compile(r"[0-9.]{1,64}")
GROUP_LENGTH = 0x00020000
LARGEST_ELEMENT_BYTES = 1 << 20  # private information (0002,0102) is the only long element here


@dataclass(frozen=True, slots=True)
class Meta:
    """File meta information, where the dataset starts, and the codes of what was amiss."""

    dataset: FileMetaDataset
    preamble: bytes | None
    dataset_offset: int
    amiss: tuple[str, ...]

    @property
    def transfer_syntax_uid(self) -> str | None:
        """The declared transfer syntax; None where there is none or it is no UID."""
        value = text(self.dataset, "TransferSyntaxUID")
        return value if value and UID_CHARACTERS.fullmatch(value) else None


def _read_element(file: BinaryIO) -> RawDataElement | None:
    """The next element of group 2, explicit or implicit, little endian; None (and no move) at the end."""
    start = file.tell()
    head = file.read(8)
    if len(head) < 8 or head[:2] != b"\x02\x00":
        file.seek(start)
        return None
    vr: str | None = None
    if head[4:6] in LONG_VRS:
        vr, length = head[4:6].decode(), int.from_bytes(file.read(4), "little")
    elif head[4:6] in SHORT_VRS:
        vr, length = head[4:6].decode(), int.from_bytes(head[6:8], "little")
    else:
        length = int.from_bytes(head[4:8], "little")
    if length > LARGEST_ELEMENT_BYTES:
        file.seek(start)
        return None
    value = file.read(length)
    tag = BaseTag(0x00020000 | int.from_bytes(head[2:4], "little"))
    return RawDataElement(tag, vr, length, value, start, vr is None, True)


def read_meta(file: BinaryIO) -> Meta:
    """Read preamble and group 2 from the start of `file`, whichever of them exist."""
    head = file.read(PREAMBLE_BYTES + 4)
    preamble, amiss = head[:PREAMBLE_BYTES], []
    if head[PREAMBLE_BYTES:] == PREFIX:
        start = PREAMBLE_BYTES + 4
    else:
        start, preamble = (4 if head[:4] == PREFIX else 0), b""
        amiss.append("no_preamble")
    file.seek(start)
    elements: dict[BaseTag, RawDataElement] = {}
    while (element := _read_element(file)) is not None:
        elements[element.tag] = element
    end = file.tell()
    if not elements:
        amiss.append("missing_meta")
    elif not _length_is_right(elements.pop(BaseTag(GROUP_LENGTH), None), start, end):
        amiss.append("wrong_meta_length")
    return Meta(FileMetaDataset(elements), preamble or None, end, tuple(amiss))  # type: ignore[arg-type]  # raw is fine


def _length_is_right(element: RawDataElement | None, start: int, end: int) -> bool:
    value = element.value if element else None
    return isinstance(value, bytes) and int.from_bytes(value, "little") == end - start - 12
