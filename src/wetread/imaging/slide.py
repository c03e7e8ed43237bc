"""Pathology slides: one overview, then the few large tiles at low magnification that hold most tissue."""

from dataclasses import replace

from wetread.domain.study import Instance, InstanceKind, Series
from wetread.domain.view import Failure, View, ViewKind, ViewPlan
from wetread.errors import InputError, MissingExtra, PixelsUnreadable
from wetread.imaging import size as sizes
from wetread.imaging.encode import encode_within
from wetread.imaging.recipes import Recipes, Slides, within
from wetread.imaging.render import Box
from wetread.imaging.slides import Slide, open_slides
from wetread.imaging.tissue import tissue_mask, tissue_tiles
from wetread.imaging.words import joined_words
from wetread.imaging.work import Work

UNUSED = PixelsUnreadable("a level", "it could not be opened as a part of its slide", "ask the sender for it again")
EXTRA = "install the libraries for whole slides: pip install 'wetread[slides]'"


def slide_views(series: Series, plan: ViewPlan, recipe: Recipes, work: Work) -> None:
    """The slide that a series' DICOM objects make up, or each TIFF file as one; nothing is ever loaded whole."""
    images = tuple(i for i in series.instances if i.is_image)
    dicom = tuple(i for i in images if i.kind is not InstanceKind.PICTURE)
    for parts in (*((dicom,) if dicom else ()), *((i,) for i in images if i.kind is InstanceKind.PICTURE)):
        try:
            with open_slides(parts) as found:
                for slide in found.slides:
                    _views(slide, plan, recipe.slide, work)
                _failed(found.unused, UNUSED, work)
        except MissingExtra as missing:
            work.failures.update((i.file, Failure(file=i.file, problem=str(missing), remedy=EXTRA)) for i in parts)
        except InputError as error:
            _failed(parts, error, work)


def _failed(parts: tuple[Instance, ...], error: InputError, work: Work) -> None:
    for instance in parts:
        work.fail(instance, error)


def _views(slide: Slide, plan: ViewPlan, rules: Slides, work: Work) -> None:
    """Overview and tiles of one pyramid, as far as the plan has room."""
    whole = (0, 0, *slide.size)
    sized = replace(plan, max_edge_px=within(plan, rules.overview_px))
    work.views.append(_view(slide, whole, sized, label="whole slide, overview"))
    thumbnail = slide.picture(whole, sizes.fit(*slide.size, replace(plan, max_edge_px=rules.thumbnail_px)))
    edge = within(plan, rules.tile_px)
    tiles = tissue_tiles(tissue_mask(thumbnail, rules.saturation_least), slide.size, replace(rules, tile_px=edge))
    boxes = tiles.boxes if max(slide.size) > edge else ()
    if plan.max_images is not None:
        boxes = boxes[: max(0, plan.max_images - 1)]
    small = replace(plan, max_edge_px=edge)
    for number, box in enumerate(boxes, start=1):
        label = f"tissue tile {number} of {len(boxes)}"
        work.views.append(replace(_view(slide, box, small, label=label), kind=ViewKind.TILE))
    _limits(slide, tiles.coverage if boxes else 0.0, boxes, work)


def _limits(slide: Slide, coverage: float, boxes: tuple[Box, ...], work: Work) -> None:
    """How much of the slide was seen at which magnification."""
    finest = slide.spacing_mm[1] * 1000 if slide.spacing_mm else None
    if not boxes:
        text = "Whole slide: only its overview was sent; no tissue was told from the glass, or it is small."
    else:
        shown = work.views[-1]
        step = shown.mapping.scale_x if shown.mapping else 1.0
        unit = f"{step * finest:.3g} micrometres" if finest else f"{step:.3g} scanned pixels"
        text = (
            f"Whole slide: {len(boxes)} tiles hold about {coverage:.0%} of the tissue at {unit} a pixel; "
            "the rest was seen in the overview only, and nothing at higher magnification."
        )
    work.limit("slide_low_magnification", text)


def _view(slide: Slide, box: Box, plan: ViewPlan, *, label: str) -> View:
    """One part of the slide. box: pixels of level 0, which the mapping leads back to."""
    width, height = box[2] - box[0], box[3] - box[1]
    encoded = encode_within(lambda size: slide.picture(box, size), sizes.fit(width, height, plan), plan)
    way = sizes.mapping(box, (encoded.width, encoded.height))
    spacing = (slide.spacing_mm[0] * way.scale_y, slide.spacing_mm[1] * way.scale_x) if slide.spacing_mm else None
    scale = f"{spacing[1] * 1000:.3g} micrometres a pixel" if spacing else None
    return View(
        kind=ViewKind.IMAGE,
        picture=encoded.picture,
        media_type=encoded.media_type,
        width=encoded.width,
        height=encoded.height,
        colour=encoded.colour,
        origin=slide.origin,
        mapping=way,
        modality="SM",
        body_part=slide.instance.body_part,
        label=joined_words(label, scale),
        spacing_mm=spacing,
        pixel_sha256=encoded.pixel_sha256,
        recipe=(
            f"decode: {slide.library}, {len(slide.levels)} levels",
            f"part of the whole pixel matrix: x {box[0]}-{box[2]} y {box[1]}-{box[3]}",
            f"area average: {width}x{height} to {encoded.width}x{encoded.height}",
            *encoded.steps,
        ),
    )
