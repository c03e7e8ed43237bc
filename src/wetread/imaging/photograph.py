"""Fundus and skin photographs: sRGB, cropped to the field or the lesion. Pixels are all that is carried over."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from wetread.domain.study import Series
from wetread.domain.view import View, ViewKind, ViewPlan
from wetread.imaging.frame import Frame
from wetread.imaging.outline import Disc, field_disc, lesion_box
from wetread.imaging.profile import in_srgb
from wetread.imaging.recipes import Recipes, within
from wetread.imaging.select import all_frames, evenly, left_out, modality_of
from wetread.imaging.views import crop_view, image_view
from wetread.imaging.words import side_of
from wetread.imaging.work import Work

FACES = (
    "Photographs: faces were not looked for (no face finder is installed); look yourself before they leave the site."
)


def fundus_views(series: Series, plan: ViewPlan, recipe: Recipes, work: Work) -> None:
    """Each photograph cropped to its round field, black outside; whole where no field is found."""
    sized = replace(plan, max_edge_px=within(plan, recipe.fundus.edge_px))
    for frame in _frames(series, plan, recipe.fundus.most, work):
        side = side_of(frame.instance)
        name = f"{side} eye" if side else "eye, side not stated"
        disc = field_disc(frame, recipe.fundus)
        if disc is None:
            ready = replace(frame, recipe=(*frame.recipe, "field: not found, whole picture"))
            view = image_view(ready, sized, label=f"fundus photograph, {name}, whole picture")
        else:
            label = f"fundus photograph, {name}, cropped to the field"
            view = crop_view(_only(frame, disc), sized, disc.box, label=label)
        work.views.append(view)


def _only(frame: Frame, disc: Disc) -> Frame:
    """The frame, black outside of the disc: corners are where names and dates are written."""
    height, width = frame.pixels.shape[:2]
    y, x = np.ogrid[:height, :width]
    outside = (x + 0.5 - disc.x) ** 2 + (y + 0.5 - disc.y) ** 2 > disc.radius**2
    pixels = frame.pixels.copy()
    inverted = frame.tone is not None and frame.tone.inverted
    pixels[outside] = pixels.max() if inverted else (pixels.min() if frame.tone is not None else 0)
    step = f"field: disc at {disc.x:.0f},{disc.y:.0f} radius {disc.radius:.0f}, black outside"
    return replace(frame, pixels=pixels, recipe=(*frame.recipe, step))


def skin_views(series: Series, plan: ViewPlan, recipe: Recipes, work: Work) -> None:
    """Each photograph whole, then its lesion. Faces are not blurred, and that is said."""
    sized = replace(plan, max_edge_px=within(plan, recipe.skin.edge_px))
    declared = modality_of(series) in recipe.skin.modalities
    parts: list[Callable[[Frame], View | None]] = [lambda frame: image_view(frame, sized, label="photograph, whole")]
    if declared:  # of a picture that nobody declared no part is known to be a lesion
        parts.append(lambda frame: _lesion(frame, sized, recipe))
    for frame in _frames(series, plan, recipe.skin.most, work, views_each=len(parts)):
        work.views += [view for part in parts if (view := part(frame)) is not None]
    if work.views:
        work.limit("faces_not_looked_for", FACES)


def _lesion(frame: Frame, plan: ViewPlan, recipe: Recipes) -> View | None:
    box = lesion_box(frame, recipe.skin)
    if box is None or (plan.max_images is not None and plan.max_images < 2):
        return None
    ready = replace(frame, recipe=(*frame.recipe, "lesion: by its colour against the skin around it"))
    view = crop_view(ready, plan, box, label="photograph, crop of what stands out from the skin")
    return replace(view, kind=ViewKind.TILE)


def _frames(series: Series, plan: ViewPlan, most: int, work: Work, *, views_each: int = 1) -> Iterator[Frame]:
    """The chosen photographs in sRGB; what is not chosen becomes a limitation."""
    picks = all_frames(tuple((i, work.frames_in(i)) for i in series.instances if i.is_image))
    budget = most if plan.max_images is None else min(most, max(1, plan.max_images // views_each))
    chosen = [picks[index] for index in evenly(len(picks), budget)]
    for frame in work.frames(chosen):
        yield in_srgb(frame)
    work.limitations += left_out(series, len(chosen), len(picks), volume=False)
