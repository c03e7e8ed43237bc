"""Headers as DICOM JSON (PS3.18 annex F): as much of them as can be said, in UTF-8, large values by reference."""

import json
import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from wetread.dicom.elements import PARSE_ERRORS, PIXEL_TAGS
from wetread.dicom.opening import open_dataset
from wetread.errors import NotFound

INLINE_BYTES = 1024
SPACINGS = ("00280030", "00181164", "00182010")  # pixel, imager pixel and nominal scanned pixel spacing
OFFSET_TABLES = {"7FE00001", "7FE00002"}  # they tell of the file, not of the frames that are handed out
CHARACTER_SET = {"vr": "CS", "Value": ["ISO_IR 192"]}
SWAPPED = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}

Header = dict[str, Any]


def header_json(path: Path, subject: str, bulk_uri: str) -> Header:
    """The header of the file at `path`; values over 1 KiB and the pixels are `bulk_uri`/bulkdata/TAG.

    A spacing that is not all positive numbers is left out: a viewer must show "uncalibrated", not a wrong length.
    Elements that can't be said are left out. Raises: FileUnreadable, TooLarge.
    """
    opened = open_dataset(path, subject, pixels=False)
    said = _said(opened.dataset, f"{bulk_uri}/bulkdata", ())
    tag = next((tag for tag, keyword in PIXEL_TAGS.items() if keyword == opened.pixel_keyword), None)
    if tag is not None:
        vr = {"FloatPixelData": "OF", "DoubleFloatPixelData": "OD"}.get(opened.pixel_keyword or "", "OW")
        said[f"{tag:08X}"] = {"vr": vr, "BulkDataURI": f"{bulk_uri}/bulkdata/{tag:08X}"}
    for table in OFFSET_TABLES:
        said.pop(table, None)
    said["00080005"] = CHARACTER_SET
    return dict(sorted(said.items()))


def headers_json(asked: tuple[tuple[Path, str], ...], subject: str) -> tuple[bytes, ...]:
    """`header_json` of several files, each with its `bulk_uri`, as JSON text.

    Raises: FileUnreadable, TooLarge: for the first that can't be read.
    """
    return tuple(json_bytes(header_json(path, subject, uri)) for path, uri in asked)


def json_bytes(value: object) -> bytes:
    """JSON in UTF-8; numbers that JSON does not have become null."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def bulk_value(path: Path, subject: str, steps: tuple[str, ...]) -> bytes:
    """The bytes, little endian, of the element at `steps` (tags and item numbers, `00540016/0/00181079`).

    Raises: NotFound where there is no such element, FileUnreadable, TooLarge.
    """
    dataset: Dataset = open_dataset(path, subject, pixels=False).dataset
    try:
        for tag, item in zip(steps[:-1:2], steps[1:-1:2], strict=True):
            dataset = dataset[BaseTag(int(tag, 16))].value[int(item)]
        element = dataset[BaseTag(int(steps[-1], 16))]
    except PARSE_ERRORS:
        raise NotFound("there is no such element in the object") from None
    value = element.value
    if not isinstance(value, bytes):
        raise NotFound("this element is no bulk data; it stands in the metadata")
    width = SWAPPED.get(element.VR, 1)
    little = getattr(dataset, "original_encoding", (None, True))[1] is not False
    return value if little or width == 1 else _swapped(value, width)


def _swapped(value: bytes, width: int) -> bytes:
    whole = bytearray(value[: len(value) // width * width])
    for place in range(width):
        whole[place::width] = value[width - 1 - place : len(whole) : width]
    return bytes(whole)


def _said(dataset: Dataset, bulk: str, steps: tuple[str, ...]) -> Header:
    said: Header = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tag in dataset.keys():  # noqa: SIM118 - iterating a dataset parses its elements; one of them may not parse
            name = f"{tag:08X}"
            try:
                element = dataset[tag]
                one = _element(element, bulk, (*steps, name))
            except PARSE_ERRORS:
                continue
            if name not in SPACINGS or _is_spacing(one.get("Value", ())):
                said[name] = one
    return said


def _element(element: DataElement, bulk: str, steps: tuple[str, ...]) -> Header:
    if isinstance(element.value, Sequence):
        items = [_said(item, bulk, (*steps, str(index))) for index, item in enumerate(element.value)]
        return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
    if isinstance(element.value, bytes) and len(element.value) > INLINE_BYTES:
        return {"vr": element.VR if len(element.VR) == 2 else "OW", "BulkDataURI": "/".join((bulk, *steps))}
    found: Header = element.to_json_dict(None, INLINE_BYTES)
    if len(str(found["vr"])) != 2:  # "US or SS", where the rest of the header did not decide
        found["vr"] = str(found["vr"])[:2]
    return found


def _is_spacing(values: Iterable[object]) -> bool:
    known = list(values)
    try:
        return bool(known) and all(math.isfinite(float(str(v))) and float(str(v)) > 0 for v in known)
    except ValueError:
        return False


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
