"""The recipes for vision models, read once from the clinical data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from wetread.domain.view import ViewPlan, Window
from wetread.errors import ClinicalDataInvalid
from wetread.imaging import presets

Words = Mapping[str, str]
CONDITIONS = ("angiographic",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images as they are: the longest side in px, and the most of a series."""

    edge_px: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CtMontage:
    """One window of a region in HU, how many slices are shown under it, and under which condition."""

    region: str
    window: Window
    tiles: int
    when: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ct:
    """Montages by region, then key slices at full size."""

    modalities: tuple[str, ...]
    edge_px: int
    most_tiles: int
    page_tiles: int
    key_slices: int
    angiographic: tuple[str, ...]
    angiographic_with_contrast: tuple[str, ...]
    montage: tuple[CtMontage, ...]

    def montages(self, region: str, *, angiographic: bool) -> tuple[CtMontage, ...]:
        """The montages of a region, the first the most telling; those of "unknown" where it has none."""
        found = tuple(m for m in self.montage if m.region == region) or self.montages(
            presets.UNKNOWN, angiographic=True
        )
        return tuple(m for m in found if m.when is None or angiographic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mr:
    """One montage a sequence; `words` names the defined terms of each header attribute."""

    modalities: tuple[str, ...]
    edge_px: int
    tiles: int
    words: Mapping[str, Words] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breast:
    """The four standard views on one scale, and every view alone."""

    modalities: tuple[str, ...]
    edge_px: int
    montage_edge_px: int
    tomosynthesis_frames: int
    standard: tuple[tuple[str, str], ...]
    words: Words = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cine:
    """How many frames of a run are shown."""

    modalities: tuple[str, ...]
    edge_px: int
    fewest: int
    most: int
    most_images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ultrasound:
    """How the image region is found where the header does not say it; shares are of the picture."""

    modalities: tuple[str, ...]
    grey_least: int
    border_share: float
    area_least: float
    margin_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fundus:
    """How the round field of a fundus photograph is found."""

    modalities: tuple[str, ...]
    edge_px: int
    most: int
    field_least: float
    filled_least: float
    corners_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Skin:
    """How a lesion is found; `contrast_least` is a CIELAB distance."""

    modalities: tuple[str, ...]
    edge_px: int
    most: int
    lesion_least: float
    lesion_most: float
    contrast_least: float
    margin_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slides:
    """How tissue is found and how many tiles hold it."""

    modalities: tuple[str, ...]
    thumbnail_px: int
    overview_px: int
    tile_px: int
    fewest_tiles: int
    most_tiles: int
    coverage_least: float
    tissue_least: float
    saturation_least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipes:
    """Every recipe, with the version that a view's provenance names."""

    version: str
    reference: str
    date: str
    signed_off_by: str | None
    images: Images
    ct: Ct
    mr: Mr
    breast: Breast
    cine: Cine
    ultrasound: Ultrasound
    fundus: Fundus
    skin: Skin
    slide: Slides


@cache
def recipes() -> Recipes:
    """The recipes that ship.

    Raises: ClinicalDataInvalid.
    """
    return parse(files("wetread").joinpath("clinical/recipes.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Recipes:
    """Recipes from their TOML; every field must be there, and no other.

    Raises: ClinicalDataInvalid naming what is wrong.
    """
    try:
        data = tomllib.loads(text)
        found = Recipes(
            version=str(data["version"]),
            reference=str(data["reference"]),
            date=str(data["date"]),
            signed_off_by=str(data.get("signed_off_by") or "") or None,
            images=Images(**data["images"]),
            ct=_ct(data["ct"]),
            mr=_mr(data["mr"]),
            breast=_breast(data["breast"]),
            cine=Cine(**_table(data["cine"])),
            ultrasound=Ultrasound(**_table(data["ultrasound"])),
            fundus=Fundus(**_table(data["fundus"])),
            skin=Skin(**_table(data["skin"])),
            slide=Slides(**_table(data["slide"])),
        )
        _check(found)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ClinicalDataInvalid(f"clinical/recipes.toml is malformed: {problem!r}; reinstall wetread") from problem
    return found


def _table(table: dict[str, Any]) -> dict[str, Any]:
    """A table with its lists made tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _ct(table: dict[str, Any]) -> Ct:
    montage = tuple(
        CtMontage(
            region=entry["region"],
            window=presets.named(*entry["preset"].split("/")),
            tiles=int(entry["tiles"]),
            when=entry.get("when"),
        )
        for entry in table["montage"]
    )
    return Ct(**{**_table(table), "montage": montage})


def _mr(table: dict[str, Any]) -> Mr:
    words = {attribute: MappingProxyType(terms) for attribute, terms in table["words"].items()}
    return Mr(**{**_table(table), "words": MappingProxyType(words)})


def _breast(table: dict[str, Any]) -> Breast:
    standard = tuple((side, position) for side, position in table["standard"])
    return Breast(**{**_table(table), "standard": standard, "words": MappingProxyType(table["words"])})


def _check(found: Recipes) -> None:
    """What the types alone can't say.

    Raises: ValueError.
    """
    ct = found.ct
    for region in {m.region for m in ct.montage}:
        tiles = sum(m.tiles for m in ct.montages(region, angiographic=True)) + ct.key_slices
        if tiles > ct.most_tiles:
            raise ValueError(f"ct: {region} has {tiles} tiles, the cap is {ct.most_tiles}")
    if presets.UNKNOWN not in {m.region for m in ct.montage}:
        raise ValueError(f"ct: montages for the region {presets.UNKNOWN!r} are needed")
    if any(m.when not in (None, *CONDITIONS) for m in ct.montage):
        raise ValueError(f"ct: a montage's condition is one of {CONDITIONS}")
    counts = (
        ct.page_tiles,
        found.mr.tiles,
        found.cine.fewest,
        found.slide.fewest_tiles,
        *(m.tiles for m in ct.montage),
    )
    if min(counts) < 1:
        raise ValueError("every number of tiles and frames is at least 1")
    if found.cine.fewest > found.cine.most or found.slide.fewest_tiles > found.slide.most_tiles:
        raise ValueError("fewest is never above most")


def within(plan: ViewPlan, edge_px: int) -> int:
    """The longest side in px that both the plan and a recipe allow."""
    return edge_px if plan.max_edge_px is None else min(edge_px, plan.max_edge_px)
