"""CT window presets by body region, read once from the clinical data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from wetread.domain.view import Window, WindowOrigin
from wetread.errors import ClinicalDataInvalid

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presets:
    """The whole table: where it is from, which Body Part Examined is which region, the windows of each region."""

    version: str
    reference: str
    regions: Mapping[str, str]
    windows: Mapping[str, tuple[Window, ...]]


@cache
def all_presets() -> Presets:
    """Every preset that ships, the default of each region first."""
    about = tomllib.loads(_text())
    regions, windows = _data()
    return Presets(version=about["version"], reference=about["reference"], regions=regions, windows=windows)


@cache
def _data() -> tuple[MappingProxyType[str, str], MappingProxyType[str, tuple[Window, ...]]]:
    try:
        return parse(_text())
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ClinicalDataInvalid(f"clinical/windows.toml is malformed: {error!r}") from error


def _text() -> str:
    return files("wetread").joinpath("clinical/windows.toml").read_text(encoding="utf-8")


def parse(text: str) -> tuple[MappingProxyType[str, str], MappingProxyType[str, tuple[Window, ...]]]:
    """Body parts to regions, and the presets of each region, the default first."""
    data = tomllib.loads(text)
    parts = {part: region for region, names in data["regions"].items() for part in names}
    presets: dict[str, tuple[Window, ...]] = {}
    for entry in data["preset"]:
        window = Window(
            center=float(entry["center_hu"]),
            width=float(entry["width_hu"]),
            explanation=entry["name"],
            origin=WindowOrigin.PRESET,
        )
        presets[entry["region"]] = (*presets.get(entry["region"], ()), window)
    if UNKNOWN not in presets:
        raise KeyError(f"a preset for region {UNKNOWN!r} is needed")
    return MappingProxyType(parts), MappingProxyType(presets)


def region_of(body_part: str | None) -> str:
    """The region of a Body Part Examined (0018,0015), "unknown" where it says nothing we know."""
    parts, _ = _data()
    letters = "".join(c for c in (body_part or "").upper() if c.isalnum())
    return parts.get(letters, UNKNOWN)


def presets_for(body_part: str | None) -> tuple[Window, ...]:
    """The CT windows of a body part in HU, the default first; none where the region is not known."""
    region = region_of(body_part)
    return () if region == UNKNOWN else _data()[1].get(region, ())


def default_for(body_part: str | None) -> Window:
    """The CT window that stands in where the header has none."""
    _, presets = _data()
    return presets[region_of(body_part)][0]


def named(region: str, name: str) -> Window:
    """The preset of that name of a region, in HU.

    Raises: KeyError where there is none.
    """
    _, presets = _data()
    found = next((window for window in presets.get(region, ()) if window.explanation == name), None)
    if found is None:
        raise KeyError(f"no CT preset {region}/{name} in windows.toml")
    return found
