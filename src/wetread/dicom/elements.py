"""Read the elements of a dataset one by one, keeping what came before a defect."""

import struct
import warnings
from dataclasses import dataclass, field
from typing import BinaryIO

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import data_element_generator
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from wetread.dicom.limits import Limits
from wetread.dicom.sniff import UNDEFINED, Encoding
from wetread.errors import TooLarge

PIXEL_TAGS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
BYTES_VR = ("OB", "OW", "OF", "OD", "OL", "OV", "UN")  # any other one can't be of pixel data (PS3.3 C.7.6.3.1.4)

# what pydicom is known to raise on malformed elements
PARSE_ERRORS = (
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
    AssertionError,
    ArithmeticError,
    RecursionError,
    struct.error,
    InvalidDicomError,
    BytesLengthException,
)

Element = RawDataElement | DataElement


@dataclass(slots=True)
class Elements:
    """The elements up to the pixel data, and what is known of the pixel data itself.

    `pixel_declared` is the declared length (UNDEFINED for encapsulated), `pixel_held` the bytes that
    follow in the file. `cut` says the header ended in the middle of an element or did not parse on.
    """

    found: dict[BaseTag, Element] = field(default_factory=dict)
    cut: bool = False
    pixel_tag: int | None = None
    pixel_vr: str | None = None
    pixel_declared: int = 0
    pixel_held: int = 0
    pixel_offset: int = 0


def read_elements(file: BinaryIO, size: int, encoding: Encoding, tags: tuple[int, ...] | None) -> Elements:
    """Every element (or those of `tags`) before the pixel data; never raises for malformed ones.

    `file` must clip a read to what is left, so that no declared length is allocated.
    """
    read = Elements()

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag not in PIXEL_TAGS:
            return False
        read.pixel_tag, read.pixel_vr, read.pixel_declared = int(tag), vr, length
        read.pixel_offset = file.tell()
        return True

    last: Element | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for last in data_element_generator(
                file,
                encoding.implicit,
                encoding.little,
                stop_when=at_pixels,
                specific_tags=list(tags) if tags else None,
            ):
                read.found[last.tag] = last
    except PARSE_ERRORS:
        read.cut = True
    if read.pixel_tag is not None:
        read.pixel_held = min(read.pixel_declared, max(size - read.pixel_offset, 0))
    elif not read.cut:
        read.cut = file.tell() != size or _ends_short(last)
    return read


def _ends_short(last: Element | None) -> bool:
    if not isinstance(last, RawDataElement) or last.length == UNDEFINED:
        return False
    return isinstance(last.value, bytes) and len(last.value) < last.length


def check_nesting(found: dict[BaseTag, Element], subject: str, limits: Limits) -> None:
    """Refuse sequences nested deeper than `limits.max_nesting`.

    Raises: TooLarge.
    """
    level = [element for element in found.values() if isinstance(element, DataElement)]
    for _ in range(limits.max_nesting):
        level = [
            inner
            for element in level
            if isinstance(element.value, Sequence)
            for item in element.value
            for inner in item.values()
            if isinstance(inner, DataElement)
        ]
        if not level:
            return
    raise TooLarge(
        subject, f"its sequences are nested deeper than {limits.max_nesting} levels", "ask the sender for a plain copy"
    )


def read_pixels(file: BinaryIO, read: Elements, encoding: Encoding) -> tuple[RawDataElement, bool]:
    """The pixel data element and whether all of it was there."""
    assert read.pixel_tag is not None
    file.seek(read.pixel_offset)
    if read.pixel_declared == UNDEFINED:
        value = file.read()
        end, complete = encapsulated_end(value, little=encoding.little)
        value = value[:end]
    else:
        value = file.read(read.pixel_held)
        complete = len(value) == read.pixel_declared
    length = UNDEFINED if read.pixel_declared == UNDEFINED else len(value)
    vr = read.pixel_vr if read.pixel_vr in BYTES_VR else "OW"
    tag = BaseTag(read.pixel_tag)
    return RawDataElement(tag, vr, length, value, read.pixel_offset, encoding.implicit, encoding.little), complete


def encapsulated_end(value: bytes, *, little: bool = True) -> tuple[int, bool]:
    """Where the items of encapsulated pixel data end, and whether their delimiter is there (PS3.5 A.4)."""
    header = struct.Struct("<HHL" if little else ">HHL")
    offset = 0
    while offset + 8 <= len(value):
        group, element, length = header.unpack_from(value, offset)
        if (group, element) == (0xFFFE, 0xE0DD):
            return offset, True
        if (group, element) != (0xFFFE, 0xE000):
            break
        offset += 8 + length
    return len(value), False
