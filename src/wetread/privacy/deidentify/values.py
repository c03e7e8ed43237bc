"""Elements of a dataset as text and back, and dummies that are valid for their VR (PS3.5 section 6.2)."""

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, cast

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as Items
from pydicom.tag import BaseTag

from wetread.dicom import PARSE_ERRORS

TEXT_VRS = frozenset(("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
FREE_VRS = frozenset(("LO", "LT", "SH", "ST", "UC", "UT"))
MOMENT_VRS = frozenset(("DA", "DT", "TM"))
SHORT = {"SH": 16, "AE": 16, "LO": 64, "UC": 1 << 16, "ST": 1024, "LT": 10240, "UT": 1 << 20}  # characters
GONE = "REMOVED"
DUMMIES: dict[str, Any] = {
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"), GONE),
    **dict.fromkeys(("IS", "DS"), "0"),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW", "UN"), b"\0" * 8),
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV", "AT"), 0),
    **dict.fromkeys(("FD", "FL"), 0.0),
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "UR": "urn:removed",
}
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]")  # escapes of an undeclared character set among them


def held_of(dataset: Dataset, tag: BaseTag) -> DataElement | RawDataElement:
    """An element as the dataset holds it: raw until somebody reads it."""
    return cast("DataElement | RawDataElement", dataset.get_item(tag))


def vr_of(dataset: Dataset, tag: BaseTag) -> str:
    """The VR an element has: the dictionary's where it is text there or the file does not say."""
    told = held_of(dataset, tag)
    file_vr = getattr(told, "VR", None) or "UN"
    if not dictionary_has_tag(tag):
        return str(file_vr)
    known = dictionary_VR(tag)
    if file_vr == "UN" or known in TEXT_VRS | MOMENT_VRS | {"UI", "SQ"}:
        return known.split(" ", maxsplit=1)[0]
    return str(file_vr)


def keyword_of(tag: BaseTag) -> str:
    """The dictionary's keyword of a tag, empty where there is none."""
    return keyword_for_tag(tag)


def read(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    """An element as it reads, without changing how the dataset holds it; None where it does not read."""
    held = held_of(dataset, tag)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not isinstance(held, RawDataElement):
                return held
            if held.VR == "SQ" or vr_of(dataset, tag) == "SQ":
                return dataset[tag]
            return convert_raw_data_element(held, encoding=_encodings(dataset), ds=dataset)
    except PARSE_ERRORS:
        return None


def _encodings(dataset: Dataset) -> list[str]:
    told = getattr(dataset, "_character_set", None) or "iso8859"
    return [told] if isinstance(told, str) else list(told)


def texts_of(element: DataElement) -> list[str]:
    """Every value as text; bytes as they would read in Latin-1."""
    values: Iterable[object] = (
        element.value if isinstance(element.value, (MultiValue, list, tuple)) else [element.value]
    )
    return [
        value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for value in values
        if value not in (None, "")
    ]


def items_of(dataset: Dataset, tag: BaseTag) -> Sequence[Dataset]:
    """The items of a sequence; none where it is no sequence or does not read."""
    element = read(dataset, tag)
    return list(element.value) if element is not None and isinstance(element.value, Items) else []


def is_empty(dataset: Dataset, tag: BaseTag) -> bool:
    """Whether an element has no value."""
    held = held_of(dataset, tag)
    return not isinstance(held.value, (int, float)) and not held.value


def put(dataset: Dataset, tag: BaseTag, vr: str, value: object) -> None:
    """Give an element another value; None empties it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if value is None and vr == "SQ":
            value = Items()
        dataset[tag] = DataElement(tag, vr, value)


def dummy(vr: str) -> object:
    """A value that says nothing and is valid for the VR."""
    return DUMMIES.get(vr, GONE)


def code_item(value: str, scheme: str, meaning: str) -> Dataset:
    """A coded entry (PS3.3 table 8.8-1)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
