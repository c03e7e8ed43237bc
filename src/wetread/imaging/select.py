"""Which frames of a series are shown, and what that leaves out."""

from dataclasses import dataclass

from wetread.domain.study import Instance, InstanceKind, Series
from wetread.domain.view import Limitation

VOLUMETRIC = ("CT", "MR", "PT")
FEWEST_SLICES = 4
SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage


@dataclass(frozen=True, slots=True)
class Pick:
    """One frame of one object; `frame` counts from 0."""

    instance: Instance
    frame: int


def evenly(count: int, most: int | None) -> tuple[int, ...]:
    """At most `most` of `count` places, evenly spaced, the first and the last kept (the middle where only one)."""
    if most is None or count <= most:
        return tuple(range(count))
    if most <= 0:
        return ()
    if most == 1:
        return (count // 2,)
    return tuple(round(k * (count - 1) / (most - 1)) for k in range(most))


def all_frames(instances: tuple[tuple[Instance, int], ...]) -> tuple[Pick, ...]:
    """Every frame of objects given with their number of frames, in order."""
    return tuple(Pick(instance, frame) for instance, frames in instances for frame in range(frames))


def is_volume(series: Series, slices: int) -> bool:
    """True for a series of cross-sections: CT, MR or PT with four slices or more."""
    return modality_of(series) in VOLUMETRIC and slices >= FEWEST_SLICES


def modality_of(series: Series) -> str | None:
    """The modality of a series, or of its first object that says one."""
    return series.modality or next((i.modality for i in series.instances if i.modality), None)


def is_slide(instance: Instance) -> bool:
    """True for a part of a whole slide: by its SOP class, or a tiled TIFF that intake has recognised as one."""
    if instance.kind is InstanceKind.PICTURE:
        return instance.modality == "SM"
    return instance.sop_class_uid == SLIDE_CLASS


def left_out(series: Series, shown: int, total: int, *, volume: bool) -> tuple[Limitation, ...]:
    """The limitation that says how much of a series was not sent; none where all was."""
    if shown >= total:
        return ()
    noun = "slices" if volume else "images"
    number = f" {series.number}" if series.number is not None else ""
    modality = f" ({series.modality})" if series.modality else ""
    text = f"Series{number}{modality}: {shown} of {total} {noun} were sent; {total - shown} were not looked at."
    return (Limitation(code=f"{noun}_not_sent", text=text),)
