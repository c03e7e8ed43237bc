"""Values of a dataset as plain Python. Unknown, empty and malformed are all None (or nothing)."""

import math
import re
import warnings
from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from wetread.dicom.elements import PARSE_ERRORS

LEFT_ESCAPES = re.compile(r"\x1b[ -/]+[0-~]")  # ISO 2022 designations where the header declares one set only


def _values(dataset: Dataset, keyword: str) -> tuple[object, ...]:
    """All values of an element; none where it is absent, empty or malformed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = dataset.get(keyword)
    except PARSE_ERRORS:
        return ()
    if value is None:
        return ()
    if isinstance(value, (MultiValue, list, tuple)):
        return tuple(value)
    return (value,)


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Every value as text, decoded by the dataset's character set, without padding; empty ones left out."""
    found = []
    for value in _values(dataset, keyword):
        try:
            words = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
        except PARSE_ERRORS:
            continue
        if words := LEFT_ESCAPES.sub("", words).strip(" \0\t\r\n"):
            found.append(words)
    return tuple(found)


def text(dataset: Dataset, keyword: str) -> str | None:
    """The first value as text, or None."""
    return next(iter(texts(dataset, keyword)), None)


def _finite(values: Iterable[object]) -> Iterable[float]:
    for value in values:
        try:
            number_ = float(value)  # type: ignore[arg-type]  # whatever does not convert is left out
        except (ValueError, TypeError, OverflowError):
            continue
        if math.isfinite(number_):
            yield number_


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Every value that is a finite number."""
    return tuple(_finite(_values(dataset, keyword)))


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value, where it is a finite number."""
    return next(iter(_finite(_values(dataset, keyword)[:1])), None)


def integer(dataset: Dataset, keyword: str) -> int | None:
    """The first value, where it is a whole number."""
    value = number(dataset, keyword)
    return int(value) if value is not None and value.is_integer() else None


def items(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """The items of a sequence; none where it is absent or malformed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = dataset.get(keyword)
            return tuple(value) if isinstance(value, Sequence) else ()
    except PARSE_ERRORS:
        return ()
