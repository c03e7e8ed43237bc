"""A view: a picture prepared for a reader, with its way back to source pixels."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar


class ViewKind(StrEnum):
    """How a view came from its source."""

    IMAGE = "image"
    TILE = "tile"
    MONTAGE = "montage"


class WindowOrigin(StrEnum):
    """Where the grey-level window came from; part of the provenance."""

    HEADER = "header"
    PRESET = "preset"
    PERCENTILE = "percentile"
    VOI_LUT = "voi_lut"
    FULL_RANGE = "full_range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A grey-level window in modality units (HU for CT). Source: PS3.3 C.11.2.1.2."""

    center: float
    width: float
    function: str = "LINEAR"
    explanation: str | None = None
    origin: WindowOrigin = WindowOrigin.HEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """From view pixels to source pixels of one frame: source = offset + view * scale.

    Coordinates are continuous, pixel edges at integers, (0, 0) the outer corner of the first pixel.
    """

    scale_x: float
    scale_y: float
    offset_x: float = 0.0
    offset_y: float = 0.0

    def to_source(self, x: float, y: float) -> tuple[float, float]:
        """`view_xy` to `source_xy`, in pixels."""
        return self.offset_x + x * self.scale_x, self.offset_y + y * self.scale_y

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """`source_xy` to `view_xy`, in pixels."""
        return (x - self.offset_x) / self.scale_x, (y - self.offset_y) / self.scale_y


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which frame of which object a picture shows. `frame` counts from 1, as in DICOM."""

    file: str
    sop_instance_uid: str | None
    frame: int
    source_width: int
    source_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One source frame inside a montage: its box in view pixels (x0, y0, x1, y1) and its way back."""

    origin: Origin
    box: tuple[int, int, int, int]
    mapping: Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An encoded picture with its provenance.

    `origin` and `mapping` are None for a montage, whose `cells` carry theirs.
    `spacing_mm` is (row, column) of a view pixel, None where the source is uncalibrated.
    `pixel_sha256` is over the prepared grey or RGB bytes before encoding; `recipe` names each step.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"ser_json_bytes": "base64", "val_json_bytes": "base64"}

    kind: ViewKind
    picture: bytes
    media_type: str
    width: int
    height: int
    colour: bool
    origin: Origin | None = None
    mapping: Mapping | None = None
    cells: tuple[Cell, ...] = ()
    window: Window | None = None
    other_windows: tuple[Window, ...] = ()
    modality: str | None = None
    body_part: str | None = None
    projection: str | None = None
    laterality: str | None = None
    label: str | None = None
    spacing_mm: tuple[float, float] | None = None
    pixel_sha256: str
    recipe: tuple[str, ...]

    def told(self) -> "View":
        """The view's facts without its picture: what a report keeps, however many it holds."""
        return replace(self, picture=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPlan:
    """What a reader wants to be sent. None means no limit.

    `recipe`: "plain" prepares as the other fields say; "clinical" prepares by modality and region as the shipped
    recipes say, within the limits of size, bytes, media types and `max_images`.
    `windows`: "header" sends each image under its own window; "presets" adds the region's CT presets.
    `max_images` caps the images of a series; what is left out becomes a limitation.
    """

    max_edge_px: int | None = None
    max_pixels: int | None = None
    max_bytes: int | None = None
    media_types: tuple[str, ...] = ("image/png",)
    recipe: str = "plain"
    windows: str = "header"
    montage: bool = False
    tiles: bool = False
    max_images: int | None = 48
    grey_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """All views of a study, with what was left out and what could not be prepared, by file."""

    views: tuple[View, ...]
    limitations: tuple["Limitation", ...] = ()
    failures: tuple["Failure", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitation:
    """What a read did not cover, as a stable code and a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An object that could not be used: what, why, what to do."""

    file: str
    problem: str
    remedy: str = ""
