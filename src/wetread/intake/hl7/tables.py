"""The tables of HL7 that tell how words of messages are read; data, with their reference, in `tables.json`."""

import json
from functools import cache
from importlib.resources import files
from typing import TypedDict


class Tables(TypedDict):
    """What `tables.json` holds."""

    charsets: dict[str, str]
    priorities: dict[str, str]
    patient_classes: dict[str, str]
    controls: dict[str, str]
    sexes: dict[str, str]
    orders: list[str]
    demographics: list[str]
    merges: list[str]


@cache
def tables() -> Tables:
    """The tables that ship with the package."""
    loaded: Tables = json.loads(files("wetread.intake.hl7").joinpath("tables.json").read_text("utf-8"))
    return loaded
