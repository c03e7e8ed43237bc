"""What of an object a copy keeps and what is cleaned: the options of PS3.15 section E.3 that are offered."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from wetread.domain.clinical_data import shipped
from wetread.errors import ClinicalDataInvalid


class Dates(StrEnum):
    """What becomes of dates."""

    SHIFTED = "MODIFIED"  # the values of Longitudinal Temporal Information Modified (0028,0303)
    FULL = "UNMODIFIED"
    REMOVED = "REMOVED"


class Retain(StrEnum):
    """What may be kept beside dates."""

    UIDS = "retain_uids"
    DEVICE = "retain_device_identity"
    INSTITUTION = "retain_institution_identity"
    CHARACTERISTICS = "retain_patient_characteristics"


class Clean(StrEnum):
    """What is cleaned where the basic profile would take it out whole, or not look at all."""

    DESCRIPTORS = "clean_descriptors"
    STRUCTURED = "clean_structured_content"
    GRAPHICS = "clean_graphics"
    PIXELS = "clean_pixels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One choice of options. "Clean Recognizable Visual Features" and "Retain Safe Private" are not offered."""

    dates: Dates = Dates.SHIFTED
    retain: frozenset[Retain] = frozenset()
    clean: frozenset[Clean] = frozenset()

    def columns(self) -> frozenset[str]:
        """The columns of Table E.1-1 that count."""
        return frozenset((*self.retain, *self.clean, *self._dates_column()))

    def codes(self) -> Iterator[tuple[str, str]]:
        """Code and meaning of what was done (PS3.16 CID 7050)."""
        codes = house_rules()["codes"]
        wanted = {"basic", *self.columns()}
        yield from sorted((code, meaning) for name, (code, meaning) in codes.items() if name in wanted)

    def _dates_column(self) -> tuple[str, ...]:
        columns = {
            Dates.SHIFTED: ("retain_longitudinal_modified_dates",),
            Dates.FULL: ("retain_longitudinal_full_dates",),
        }
        return columns.get(self.dates, ())


@cache
def house_rules() -> dict[str, Any]:
    """What the standard leaves to the implementation, from `deidentify.toml`.

    Raises: ClinicalDataInvalid.
    """
    try:
        return tomllib.loads(shipped("deidentify.toml"))
    except tomllib.TOMLDecodeError as problem:
        raise ClinicalDataInvalid(f"deidentify.toml: {problem}; compare it with the shipped file") from None


@cache
def words(name: str) -> frozenset[str]:
    """One of the lists of keywords in `deidentify.toml`."""
    return frozenset(house_rules()["elements"][name])
