"""MR and PET: one montage a series, named by the defined terms of its header."""

import math
from dataclasses import replace

from pydicom.dataset import Dataset

from wetread.domain.study import Instance, Series
from wetread.domain.view import ViewPlan
from wetread.imaging import tags
from wetread.imaging.header import header_of
from wetread.imaging.montage import montage_view, series_window
from wetread.imaging.recipes import Mr, Recipes, within
from wetread.imaging.select import all_frames, evenly, left_out, modality_of
from wetread.imaging.views import image_view
from wetread.imaging.words import joined_words, series_of, slices
from wetread.imaging.work import Work

TERMS = (
    "AcquisitionContrast",
    "ScanningSequence",
    "EchoPulseSequence",
    "InversionRecovery",
    "EchoPlanarPulseSequence",
    "SequenceVariant",
    "ScanOptions",
    "ImageType",
    "MRAcquisitionType",
)
NUMBERS = (
    ("RepetitionTime", "TR {} ms"),
    ("EchoTime", "TE {} ms"),
    ("EffectiveEchoTime", "TE {} ms"),
    ("InversionTime", "TI {} ms"),
    ("FlipAngle", "flip angle {} degrees"),
    ("DiffusionBValue", "b {} s/mm2"),
)
CONTRAST = ("ContrastBolusAgent", "ContrastBolusAgentSequence")
WANTED = (
    *TERMS,
    *(keyword for keyword, _ in NUMBERS),
    *CONTRAST,
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
GROUPS = (
    "MRImageFrameTypeSequence",
    "MRTimingAndRelatedParametersSequence",
    "MREchoSequence",
    "MRModifierSequence",
    "MRDiffusionSequence",
)


def mr_views(series: Series, plan: ViewPlan, recipe: Recipes, work: Work) -> None:
    """One montage of evenly spaced slices under one percentile window for the series; a single image alone."""
    mr = recipe.mr
    picks = all_frames(tuple((i, work.frames_in(i)) for i in series.instances if i.is_image))
    places = evenly(len(picks), mr.tiles)
    found = [(place, frame) for place in places if (frame := work.frame(picks[place])) is not None]
    if found:
        frames = tuple(frame for _, frame in found)
        shown = tuple(dict.fromkeys(frame.instance for frame in frames))
        name = f"MR {sequence_of(shown, mr)}" if modality_of(series) == "MR" else "PET"
        label, window = joined_words(series_of(series), name), series_window(frames)
        sized = replace(plan, max_edge_px=within(plan, mr.edge_px))
        if len(frames) == 1:
            work.views.append(image_view(frames[0], sized, window=window, label=label))
        else:
            cells = slices(tuple(place for place, _ in found), len(picks))
            label = f"{label}: montage, {cells} in reading order"
            work.views.append(montage_view(frames, sized, window=window, label=label))
    work.limitations += left_out(series, len(found), len(picks), volume=True)


def sequence_of(instances: tuple[Instance, ...], mr: Mr) -> str:
    """The sequence as the headers' standard attributes say it; never their free-text descriptions."""
    headers = [header_of(instance, WANTED) for instance in instances]
    holders = [holder for header in headers for holder in (header, *_groups(header))]
    words = [
        term
        for attribute in TERMS
        for holder in holders
        for value in tags.texts(holder, attribute)
        if (term := mr.words.get(attribute, {}).get(value.upper()))
    ]
    numbers = [stated for keyword, form in NUMBERS if (stated := _stated(holders, keyword, form))]
    given = any(_has_contrast(header) for header in headers)
    parts = (*words, *numbers, "contrast agent given" if given else None)
    return joined_words(*dict.fromkeys(parts)) or "sequence not stated in the header"


def _groups(header: Dataset) -> list[Dataset]:
    """The functional groups that tell the sequence, shared and of each frame. Source: PS3.3 C.8.13.5."""
    keywords = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    groups = [group for keyword in keywords for group in tags.items(header, keyword)]
    return [item for group in groups for name in GROUPS for item in tags.items(group, name)]


def _stated(holders: list[Dataset], keyword: str, form: str) -> str | None:
    """The positive numbers under that keyword in the header's unit, to four figures; `10 to 80` where they differ."""
    values = (tags.number(holder, keyword) for holder in holders)
    found = {float(f"{v:.4g}") for v in values if v is not None and v > 0 and math.isfinite(v)}
    if not found:
        return None
    low, high = min(found), max(found)
    return form.format(f"{low:g}" if low == high else f"{low:g} to {high:g}")


def _has_contrast(header: Dataset) -> bool:
    return bool(tags.text(header, "ContrastBolusAgent") or tags.items(header, "ContrastBolusAgentSequence"))
