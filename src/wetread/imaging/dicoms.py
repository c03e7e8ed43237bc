"""DICOM objects to frames."""

import math
from typing import Any

from numpy.typing import NDArray
from pydicom.dataset import Dataset

from wetread.dicom import open_dataset
from wetread.domain.study import Instance
from wetread.imaging import tags
from wetread.imaging.colour import apply_palette, eight_bits
from wetread.imaging.decode import StoredPixels
from wetread.imaging.frame import Frame, Opened, grey_or_colour, origin_of
from wetread.imaging.tone import Tone, tone_of


def open_dicom(instance: Instance) -> Opened:
    """The frames of a DICOM object.

    Raises: FileUnreadable, PixelsUnreadable, TooLarge.
    """
    found = open_dataset(instance.path, instance.file, pixels=True)
    stored = StoredPixels(found.dataset, found.transfer_syntax_uid, instance.file)
    return Opened(
        frames=stored.layout.frames,
        frame=lambda index: frame_of(instance, found.dataset, stored, index),
    )


def frame_of(instance: Instance, dataset: Dataset, stored: StoredPixels, index: int) -> Frame:
    """Frame `index` (from 0), decoded, with its tone (grey) or as RGB.

    Raises: PixelsUnreadable.
    """
    raw = stored.frame(index)
    pixels, tone = _pixels_and_tone(instance, dataset, stored, index, raw=raw)
    spacing, note = spacing_of(dataset, index)
    return Frame(
        instance=instance,
        origin=origin_of(instance, index + 1, pixels),
        pixels=pixels,
        tone=tone,
        spacing_mm=spacing,
        recipe=(f"decode: {stored.syntax}", note),
    )


def _pixels_and_tone(
    instance: Instance, dataset: Dataset, stored: StoredPixels, index: int, *, raw: NDArray[Any]
) -> tuple[NDArray[Any], Tone | None]:
    layout = stored.layout
    if layout.photometric == "PALETTE COLOR" and layout.samples == 1:
        return grey_or_colour(apply_palette(raw, dataset, instance.file), "palette")
    if layout.monochrome:
        modality = tags.text(dataset, "Modality") or instance.modality
        body_part = tags.text(dataset, "BodyPartExamined") or instance.body_part
        return raw, tone_of(dataset, index, raw, modality=modality, body_part=body_part)
    return grey_or_colour(eight_bits(raw[..., :3], layout.stored), "colour")


def spacing_of(dataset: Dataset, index: int) -> tuple[tuple[float, float] | None, str]:
    """(row, column) spacing of a frame's pixels in mm, and the line for the recipe. Source: PS3.3 10.7.1.3.

    A spacing that is not two positive numbers is none: such files exist, and a wrong length is worse than none.
    """
    measures = tags.functional_group(dataset, "PixelMeasuresSequence", index)
    candidates = ((measures, "PixelSpacing"), (dataset, "PixelSpacing"), (dataset, "ImagerPixelSpacing"))
    for holder, keyword in candidates:
        values = tags.numbers(holder, keyword) if holder is not None else None
        if values and len(values) == 2 and all(v > 0 and math.isfinite(v) for v in values):
            place = "at the detector" if keyword == "ImagerPixelSpacing" else "in the patient"
            return (values[0], values[1]), f"spacing: {values[0]:g} x {values[1]:g} mm {place}"
    return None, "spacing: uncalibrated"
