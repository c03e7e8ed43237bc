"""Whole slides, read in parts. The only file that names the slide libraries (extra `slides`).

A slide is never loaded whole: what is read at a time is a block of BLOCK_PX by BLOCK_PX pixels.
"""

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.study import Instance, InstanceKind
from wetread.domain.view import Origin
from wetread.errors import MissingExtra, PixelsUnreadable
from wetread.imaging.codecs import CODEC_ERRORS
from wetread.imaging.colour import eight_bits
from wetread.imaging.render import Box

BLOCK_PX = 2048
CACHE_BYTES = 16 << 20
CAUSES = {
    "MemoryError": "it needs more memory than it is allowed",
    "WsiDicomNoResolutionError": "it states no pixel spacing",
    "WsiDicomNotFoundError": "it has no level to show: a label or overview alone, or none that can be opened",
}
SAME_SHAPE = 0.03  # how far a level's aspect may be from the slide's: rounding, not another picture
Errors = tuple[type[BaseException], ...]
Read = Callable[[int, Box], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slide:
    """A slide's pyramid. Sizes are (width, height); `levels` from the finest on; `spacing_mm` (row, column) of level 0.

    `read(level, box)` gives (rows, columns, 3) uint8 RGB of a box in that level's pixels.
    """

    origin: Origin
    instance: Instance
    levels: tuple[tuple[int, int], ...]
    read: Read
    library: str
    spacing_mm: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of level 0."""
        return self.levels[0]

    def picture(self, box: Box, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A box in pixels of level 0, as an area average at `size`, from the coarsest level that is fine enough.

        Returns: (height, width, 3) uint8 RGB; `size` is (width, height), never above the box.
        """
        level = self._level_for((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])
        inner = self._at(level, box)
        factor = max(1, min((inner[2] - inner[0]) // size[0], (inner[3] - inner[1]) // size[1]))
        reduced = self._reduced(level, inner, factor)
        return np.asarray(cv2.resize(reduced, size, interpolation=cv2.INTER_AREA)).astype(np.uint8)

    def _level_for(self, across: float, down: float) -> int:
        """The coarsest level whose pixels are no larger than those asked for."""
        fine = [
            index
            for index, (width, height) in enumerate(self.levels)
            if self.size[0] / width <= across * 1.01 and self.size[1] / height <= down * 1.01
        ]
        return max(fine, default=0)

    def _at(self, level: int, box: Box) -> Box:
        """A box of level 0 in another level's pixels, at least one pixel."""
        width, height = self.levels[level]
        x, y = width / self.size[0], height / self.size[1]
        x0, y0 = min(int(box[0] * x), width - 1), min(int(box[1] * y), height - 1)
        x1, y1 = min(math.ceil(box[2] * x - 1e-6), width), min(math.ceil(box[3] * y - 1e-6), height)
        return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)

    def _reduced(self, level: int, box: Box, factor: int) -> NDArray[np.uint8]:
        """The box shrunk by a whole number, block by block; the blocks' sides are multiples of it."""
        x0, y0, x1, y1 = box
        side = max(factor, BLOCK_PX // factor * factor)
        rows = []
        for top in range(y0, y1, side):
            bottom = min(top + side, y1)
            blocks = ((left, top, min(left + side, x1), bottom) for left in range(x0, x1, side))
            rows.append(np.concatenate([_shrunk(self.read(level, block), factor) for block in blocks], axis=1))
        return np.concatenate(rows, axis=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSlides:
    """The pyramids of one TIFF file or one DICOM series, and the objects that could not be opened as part of them."""

    slides: tuple[Slide, ...]
    unused: tuple[Instance, ...] = ()


def _shrunk(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """The mean of squares of that side; at the far edges of what is left over."""
    height, width = pixels.shape[:2]
    if factor == 1:
        return pixels
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    return np.asarray(cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)).astype(np.uint8)


@cache
def _library(name: str) -> ModuleType:
    """A slide library, imported when the first slide comes: they are slow to import.

    Raises: MissingExtra.
    """
    try:
        return import_module(name)
    except ImportError:
        raise MissingExtra(f"whole slides need {name}: pip install 'wetread[slides]'") from None


@contextmanager
def open_slides(instances: tuple[Instance, ...]) -> Iterator[OpenedSlides]:
    """The slides that one TIFF file, or the DICOM objects of one series, hold: one for each pyramid.

    Labels and macro images are no pyramid and never come out.
    Raises: MissingExtra, PixelsUnreadable.
    """
    first = instances[0]
    opened = _tiff(first) if first.kind is InstanceKind.PICTURE else _dicom(instances)
    with opened as found:
        yield found


def _refused(instance: Instance, error: BaseException) -> PixelsUnreadable:
    """Why a slide can't be used; a library's own message may quote the file, so only its kind is told."""
    remedy = "export it as DICOM whole slide images or as pyramidal TIFF"
    kind = type(error).__name__
    why = CAUSES.get(kind, f"it can't be read ({kind})")
    return PixelsUnreadable(instance.file, f"as a whole slide {why}", remedy)


@contextmanager
def _dicom(instances: tuple[Instance, ...]) -> Iterator[OpenedSlides]:
    library = _library("wsidicom")
    failures: Errors = (*CODEC_ERRORS, *_errors_of(library))
    settings = _library("wsidicom.config").Settings(
        decoded_frame_cache_size=CACHE_BYTES, encoded_frame_cache_size=CACHE_BYTES, strict_tile_size_check=False
    )
    logging.getLogger("wsidicom").setLevel(logging.CRITICAL)  # its messages quote headers
    with ExitStack() as stack:
        try:
            paths = {instance.path.resolve(): instance for instance in instances}  # as the library names them
            wsi = stack.enter_context(library.WsiDicom.open(list(paths), settings=settings))
            pyramids = range(len(wsi.pyramids))
            slides = tuple(_dicom_slide(wsi, index, instances, failures) for index in pyramids)
            opened = {str(Path(path).resolve()) for path in wsi.files or ()}
        except failures as error:
            raise _refused(instances[0], error) from error
        unused = tuple(instance for path, instance in paths.items() if str(path) not in opened)
        yield OpenedSlides(slides=slides, unused=unused)


def _errors_of(library: ModuleType) -> tuple[type[Exception], ...]:
    """Every error that wsidicom defines: they have no root of their own."""
    return tuple(v for v in vars(library.errors).values() if isinstance(v, type) and issubclass(v, Exception))


def _dicom_slide(wsi: Any, pyramid: int, instances: tuple[Instance, ...], failures: Errors) -> Slide:  # noqa: ANN401 - an optional library's object
    levels = sorted(wsi.pyramids.get(pyramid), key=lambda level: level.level)
    sizes = tuple((int(level.size.width), int(level.size.height)) for level in levels)
    base = next(iter(levels[0].instances.values()))
    uid = str(base.dataset.instance_uid)
    instance = next((i for i in instances if i.sop_instance_uid == uid), instances[0])
    spacing = levels[0].pixel_spacing

    def read(level: int, box: Box) -> NDArray[np.uint8]:
        x0, y0, x1, y1 = box
        try:
            found = wsi.read_region(
                (x0, y0), levels[level].level, (x1 - x0, y1 - y0), pyramid=pyramid, threads=1, as_array=True
            )
        except failures as error:
            raise _refused(instance, error) from error
        return _rgb(found, instance)

    return Slide(
        origin=_origin(instance, sizes[0]),
        instance=instance,
        levels=sizes,
        read=read,
        library="wsidicom",
        spacing_mm=(float(spacing.height), float(spacing.width)) if spacing else None,
    )


@contextmanager
def _tiff(instance: Instance) -> Iterator[OpenedSlides]:
    library = _library("tiffslide")
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # its messages quote descriptions
    with ExitStack() as stack:
        try:  # an open file, never a name: tiffslide takes some names for addresses; other files it names stay shut
            file = stack.enter_context(instance.path.open("rb"))
            slide = stack.enter_context(library.TiffSlide(file, tifffile_options={"_multifile": False}))
            found = _tiff_slide(slide, instance)
        except CODEC_ERRORS as error:
            raise _refused(instance, error) from error
        yield OpenedSlides(slides=(found,))


def _tiff_slide(slide: Any, instance: Instance) -> Slide:  # noqa: ANN401 - an optional library's object
    kept = [
        index for index, size in enumerate(slide.level_dimensions) if _alike(size, slide.dimensions)
    ]  # whatever has another shape is no smaller copy
    sizes = tuple((int(w), int(h)) for w, h in (slide.level_dimensions[index] for index in kept))

    def read(level: int, box: Box) -> NDArray[np.uint8]:
        x0, y0, x1, y1 = box
        corner = (_corner(x0, slide, kept[level]), _corner(y0, slide, kept[level]))
        try:
            found = slide.read_region(corner, kept[level], (x1 - x0, y1 - y0), as_array=True)
        except CODEC_ERRORS as error:
            raise _refused(instance, error) from error
        return _rgb(found, instance)

    return Slide(
        origin=_origin(instance, sizes[0]),
        instance=instance,
        levels=sizes,
        read=read,
        library="tiffslide",
        spacing_mm=_tiff_spacing(slide.properties),
    )


def _alike(size: tuple[int, int], whole: tuple[int, int]) -> bool:
    across, down = whole[0] / size[0], whole[1] / size[1]
    slack = 1 / min(size)  # a level's size is rounded to whole pixels
    return abs(across / down - 1) <= SAME_SHAPE + slack


def _corner(place: int, slide: Any, level: int) -> int:  # noqa: ANN401 - an optional library's object
    """The pixel of level 0 that tiffslide takes for a level's pixel: it divides by the level's step and rounds down."""
    step = float(slide.level_downsamples[level])
    return place if step <= 1 else math.floor(place * step) + 1


def _tiff_spacing(properties: Any) -> tuple[float, float] | None:  # noqa: ANN401 - an optional library's object
    """(row, column) in mm from the microns a pixel that the file states."""
    stated = (properties.get("tiffslide.mpp-y"), properties.get("tiffslide.mpp-x"))
    try:
        down, across = (float(value) for value in stated if value is not None)
    except (ValueError, TypeError):
        return None
    usable = all(math.isfinite(value) and value > 0 for value in (down, across))
    return (down / 1000, across / 1000) if usable else None


def _origin(instance: Instance, size: tuple[int, int]) -> Origin:
    return Origin(
        file=instance.file,
        sop_instance_uid=instance.sop_instance_uid,
        frame=1,
        source_width=size[0],
        source_height=size[1],
    )


def _rgb(pixels: NDArray[Any], instance: Instance) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8 of what a library read; grey is repeated, a fourth channel dropped.

    Raises: PixelsUnreadable for what is no light-microscopy picture.
    """
    if pixels.dtype.kind != "u":
        raise PixelsUnreadable(instance.file, f"its slide pixels are {pixels.dtype}", "export it as 8-bit colour")
    plain = eight_bits(pixels, pixels.dtype.itemsize * 8)
    if plain.ndim == 2 or plain.shape[2] == 1:
        return np.repeat(plain.reshape(*plain.shape[:2], 1), 3, axis=2)
    if plain.shape[2] not in (3, 4):
        raise PixelsUnreadable(instance.file, f"it has {plain.shape[2]} channels", "export it as 8-bit colour")
    return np.ascontiguousarray(plain[..., :3])
