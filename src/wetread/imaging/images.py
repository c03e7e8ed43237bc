"""Images as they are, and runs of frames: radiographs, angiography, ultrasound, and whatever has no other recipe."""

from dataclasses import replace

from wetread.domain.study import Instance, Series
from wetread.domain.view import View, ViewPlan
from wetread.imaging.frame import Frame
from wetread.imaging.recipes import Cine, Recipes, within
from wetread.imaging.select import Pick, all_frames, evenly, left_out, modality_of
from wetread.imaging.ultrasound import crop_of
from wetread.imaging.views import crop_view, image_view
from wetread.imaging.words import joined_words, projection_of, series_of, side_of
from wetread.imaging.work import Work


def plain_images(series: Series, plan: ViewPlan, recipe: Recipes, work: Work) -> None:
    """Every image under its own window (all projections), the percentile only where it has none."""
    picks = all_frames(tuple((i, work.frames_in(i)) for i in series.instances if i.is_image))
    budget = recipe.images.most if plan.max_images is None else min(plan.max_images, recipe.images.most)
    sized = replace(plan, max_edge_px=within(plan, recipe.images.edge_px))
    chosen = [picks[index] for index in evenly(len(picks), budget)]
    for frame in work.frames(chosen):
        work.views.append(image_view(frame, sized, label=image_label(frame)))
    work.limitations += left_out(series, len(chosen), len(picks), volume=False)


def image_label(frame: Frame) -> str | None:
    """`PA projection, left`; the frame's number where the object has several."""
    instance = frame.instance
    number = f"frame {frame.origin.frame} of {instance.frames}" if instance.frames > 1 else None
    return joined_words(projection_of(instance), side_of(instance), number) or None


def cine_views(series: Series, plan: ViewPlan, recipe: Recipes, work: Work) -> None:
    """Spaced frames of every run and every still; ultrasound cropped to its region, colour kept."""
    counted = [(i, work.frames_in(i)) for i in series.instances if i.is_image]
    counted = [(instance, frames) for instance, frames in counted if frames]
    budget = recipe.cine.most_images if plan.max_images is None else min(plan.max_images, recipe.cine.most_images)
    shares = shares_of([frames for _, frames in counted], budget, recipe.cine)
    sized = replace(plan, max_edge_px=within(plan, recipe.cine.edge_px))
    scan = modality_of(series) in recipe.ultrasound.modalities
    for (instance, frames), share in zip(counted, shares, strict=True):
        shown = tuple(work.frames(Pick(instance, index) for index in evenly(frames, share)))
        if scan and shown:
            work.views += _scan_views(shown, sized, recipe, work)
        else:
            work.views += (image_view(f, sized, label=joined_words(series_of(series), image_label(f))) for f in shown)
    work.limitations += left_out(series, sum(shares), sum(frames for _, frames in counted), volume=False)


def shares_of(frames: list[int], budget: int, cine: Cine) -> list[int]:
    """How many frames of each object are shown: rather fewer runs than runs of fewer than `fewest` frames."""
    for per_run in range(cine.most, cine.fewest - 1, -1):
        shares = [min(count, per_run) for count in frames]
        if sum(shares) <= budget:
            return shares
    least = [min(count, cine.fewest) for count in frames]
    for kept in range(len(frames) - 1, 0, -1):
        chosen = set(evenly(len(frames), kept))
        shares = [share if index in chosen else 0 for index, share in enumerate(least)]
        if sum(shares) <= budget:
            return shares
    return [budget if index == len(frames) // 2 else 0 for index in range(len(frames))]


def _scan_views(shown: tuple[Frame, ...], plan: ViewPlan, recipe: Recipes, work: Work) -> list[View]:
    """Frames of one ultrasound object, all cropped alike."""
    instance: Instance = shown[0].instance
    crop = crop_of(shown, recipe.ultrasound)
    if crop.found == "not found":
        text = "Ultrasound: no image region was found in header or pixels; whole pictures were sent, banners included."
        work.limit("ultrasound_region_unknown", text)
    views = []
    for frame in shown:
        number = f"frame {frame.origin.frame} of {instance.frames}" if instance.frames > 1 else None
        colour = "colour" if frame.tone is None else None
        label = joined_words("ultrasound", colour, number, crop.words)
        ready = replace(frame, spacing_mm=crop.spacing_mm or frame.spacing_mm, recipe=(*frame.recipe, *crop.steps))
        views.append(crop_view(ready, plan, crop.box, label=label))
    return views
