"""Views of one frame: the whole image, and tiles of large ones."""

from dataclasses import replace

from wetread.domain.view import View, ViewKind, ViewPlan, Window
from wetread.imaging import size as sizes
from wetread.imaging.encode import encode_within
from wetread.imaging.frame import Frame
from wetread.imaging.render import Box, draw


def image_view(frame: Frame, plan: ViewPlan, *, window: Window | None = None, label: str | None = None) -> View:
    """The whole frame under `window`, or its own, within the plan's limits."""
    width, height = frame.size
    return crop_view(frame, plan, (0, 0, width, height), window=window, label=label)


def tile_view(frame: Frame, plan: ViewPlan, box: Box, *, label: str, window: Window | None = None) -> View:
    """A part of the frame; `box` is (x0, y0, x1, y1) in source pixels."""
    view = crop_view(frame, plan, box, window=window, label=label)
    return replace(view, kind=ViewKind.TILE)


def crop_view(
    frame: Frame, plan: ViewPlan, box: Box, *, window: Window | None = None, label: str | None = None
) -> View:
    """The frame without what lies outside `box`, (x0, y0, x1, y1) in source pixels."""
    shown = (window or frame.tone.window) if frame.tone else None
    width, height = box[2] - box[0], box[3] - box[1]
    encoded = encode_within(lambda size: draw(frame, shown, size, box=box), sizes.fit(width, height, plan), plan)
    way = sizes.mapping(box, (encoded.width, encoded.height))
    spacing = frame.spacing_mm
    instance = frame.instance
    tone_steps = frame.tone.steps(shown) if frame.tone and shown else ("colour: RGB",)
    crop = () if (width, height) == frame.size else (f"crop: x {box[0]}-{box[2]} y {box[1]}-{box[3]}",)
    area = f"area average: {width}x{height} to {encoded.width}x{encoded.height}"
    return View(
        kind=ViewKind.IMAGE,
        picture=encoded.picture,
        media_type=encoded.media_type,
        width=encoded.width,
        height=encoded.height,
        colour=encoded.colour,
        origin=frame.origin,
        mapping=way,
        window=shown,
        other_windows=_others(frame, shown),
        modality=instance.modality,
        body_part=instance.body_part,
        projection=instance.projection,
        laterality=instance.laterality,
        label=label,
        spacing_mm=(spacing[0] * way.scale_y, spacing[1] * way.scale_x) if spacing else None,
        pixel_sha256=encoded.pixel_sha256,
        recipe=(*frame.recipe, *crop, *tone_steps, area, *encoded.steps),
    )


def _others(frame: Frame, shown: Window | None) -> tuple[Window, ...]:
    """The header's windows that are not the one shown."""
    if frame.tone is None:
        return ()
    return tuple(w for w in (frame.tone.window, *frame.tone.others) if w != shown)
