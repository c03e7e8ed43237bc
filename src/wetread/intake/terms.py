"""Projection and body part in one spelling, only where the object says them."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TypedDict

from pydicom.dataset import Dataset

from wetread.dicom import items, text

SPOKEN = re.compile(r"(?<![A-Z])(PA|AP|LAT|LATERAL|LL|RL)(?![A-Z])")


class Terms(TypedDict):
    """The tables of `terms.json`."""

    projections: dict[str, str]
    projection_codes: dict[str, str]
    projection_modalities: list[str]
    body_parts: dict[str, str]
    body_part_codes: dict[str, str]


@cache
def terms() -> Terms:
    """The tables that ship with the package."""
    loaded: Terms = json.loads(files("wetread.intake").joinpath("terms.json").read_text("utf-8"))
    return loaded


def normal_projection(value: str | None) -> str | None:
    """`LL` and `RL` are LATERAL; other words are kept in capitals."""
    word = " ".join((value or "").upper().split())
    return terms()["projections"].get(word, word) or None


def normal_body_part(value: str | None) -> str | None:
    """`Thorax` is CHEST; other words are kept in capitals."""
    word = " ".join((value or "").upper().replace("_", " ").split())
    return terms()["body_parts"].get(word, word) or None


def _codes(dataset: Dataset, keyword: str) -> Iterator[tuple[str, str]]:
    """Code value and meaning of each item of a code sequence."""
    for item in items(dataset, keyword):
        yield text(item, "CodeValue") or "", text(item, "CodeMeaning") or ""


def projection_of(dataset: Dataset, modality: str | None) -> str | None:
    """View position, view code, or the one projection that a radiograph's description names."""
    if stated := normal_projection(text(dataset, "ViewPosition")):
        return stated
    tables = terms()
    for code, meaning in _codes(dataset, "ViewCodeSequence"):
        if found := tables["projection_codes"].get(code) or tables["projections"].get(meaning.upper()):
            return found
    if modality not in tables["projection_modalities"]:
        return None
    spoken = {
        tables["projections"][word]
        for keyword in ("SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription")
        for word in SPOKEN.findall((text(dataset, keyword) or "").upper())
    }
    return spoken.pop() if len(spoken) == 1 else None


def body_part_of(dataset: Dataset) -> str | None:
    """Body part examined, or the anatomic region's code."""
    if stated := normal_body_part(text(dataset, "BodyPartExamined")):
        return stated
    regions = [dataset, *items(dataset, "SharedFunctionalGroupsSequence")]
    regions += [frame for group in regions[1:] for frame in items(group, "FrameAnatomySequence")]
    for region in regions:
        for code, meaning in _codes(region, "AnatomicRegionSequence"):
            if found := terms()["body_part_codes"].get(code) or normal_body_part(meaning.removesuffix(" structure")):
                return found
    return None
