"""Header values whose place matters (windows, spacings, functional groups); the rest is `wetread.dicom`'s."""

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from wetread.dicom import PARSE_ERRORS, items, number, text

__all__ = ["BAD_VALUE", "functional_group", "is_malformed", "items", "number", "numbers", "text", "texts", "whole"]

BAD_VALUE = PARSE_ERRORS


def _values(dataset: Dataset, keyword: str) -> tuple[object, ...] | None:
    try:
        value = dataset.get(keyword)
    except BAD_VALUE:
        return None
    if value is None or value == "":
        return ()
    return tuple(value) if isinstance(value, (MultiValue, list, tuple)) else (value,)


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...] | None:
    """All values as finite floats, each in its place; None where it is absent or any value is malformed."""
    values = _values(dataset, keyword)
    try:
        found = tuple(float(v) for v in values or ())  # type: ignore[arg-type]  # what does not convert is malformed
    except BAD_VALUE:
        return None
    return found if found and all(abs(v) < float("inf") for v in found) else None


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """All values as text, each in its place, empty ones too."""
    return tuple(str(v).strip() for v in _values(dataset, keyword) or ())


def is_malformed(dataset: Dataset, keyword: str) -> bool:
    """True where an element has a value that is no list of numbers."""
    return _values(dataset, keyword) != () and numbers(dataset, keyword) is None


def whole(dataset: Dataset, keyword: str, default: int) -> int:
    """The first value as an integer, or the default."""
    value = number(dataset, keyword)
    return default if value is None else int(value)


def functional_group(dataset: Dataset, keyword: str, frame: int) -> Dataset | None:
    """A functional group's first item for a frame (from 0): its own, else the shared one. Source: PS3.3 C.7.6.16."""
    per_frame = items(dataset, "PerFrameFunctionalGroupsSequence")
    own = items(per_frame[frame], keyword) if frame < len(per_frame) else ()
    if own:
        return own[0]
    shared = (item for group in items(dataset, "SharedFunctionalGroupsSequence") for item in items(group, keyword))
    return next(shared, None)
