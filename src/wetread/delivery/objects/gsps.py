"""Grayscale Softcopy Presentation State (PS3.3 A.33.1): the boxes of findings over the images they were seen on."""

import logging
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import structlog
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import GrayscaleSoftcopyPresentationStateStorage

from wetread.delivery.made import Kind, Made
from wetread.delivery.objects import air, clean, gsps_graphics, headers, labels
from wetread.delivery.objects.evidence import Known, Place, known_images, places
from wetread.delivery.objects.gsps_display import Tone, Windowed, displayed_area, tone_of, window_of
from wetread.delivery.objects.gsps_graphics import Drawn, pointer
from wetread.delivery.objects.tracking import tracked
from wetread.delivery.originals import Originals
from wetread.dicom import text
from wetread.domain.clinical_data import shipped
from wetread.domain.report import Report

log = structlog.wrap_logger(logging.getLogger("wetread.delivery"))
GREY = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True, slots=True)
class Group:
    """What one presentation state can show: images of one series whose values become grey levels in one way."""

    series_uid: str
    tone: Tone


def make_gsps(report: Report, originals: Originals) -> tuple[Made, ...]:
    """A presentation state for each series and each way its values become grey levels; none where no box is told.

    Images in colour, and those whose values need a table, have none: it could not show them as they are.

    Raises: InputError where the study's UID is malformed.
    """
    groups = grouped(report, originals)
    made = (_object(report, originals, *one, number=number) for number, one in enumerate(groups.items()))
    return tuple(headers.as_file(one, Kind.GSPS) for one in made)


def grouped(report: Report, originals: Originals) -> dict[Group, list[Drawn]]:
    """The boxes by the presentation state they go to."""
    found: dict[Group, list[Drawn]] = {}
    known = known_images(report, originals)
    for one in tracked(report):
        for evidence in one.joined.finding.evidence:
            for place in places((evidence,), report, originals, known):
                tone = _tone(report, originals, place)
                if tone is not None:
                    drawn = Drawn(tracked=one, evidence=evidence, place=place)
                    found.setdefault(Group(place.image.series_uid, tone), []).append(drawn)
    return found


def _tone(report: Report, originals: Originals, place: Place) -> Tone | None:
    """How an image's values become grey levels, None with a line in the log where no grey state can tell."""
    header = originals.images.get(place.image.sop_uid)
    reason = None
    if header is None:
        reason = "its header was not read: there are too many key images"
    elif text(header, "PhotometricInterpretation") not in GREY:
        reason = "the image is in colour"
    elif place.tiled:
        reason = "the image is a tile of a larger one"
    else:
        tone = tone_of(header, place.frame or 1)
        if tone is not None:
            return tone
        reason = "its values need a table"
    log.info("no presentation state for a box", study=report.study.ref, reason=reason)
    return None


def _object(report: Report, originals: Originals, group: Group, drawn: list[Drawn], *, number: int) -> Dataset:
    sop_class = GrayscaleSoftcopyPresentationStateStorage
    made = headers.headers_of(report, originals, Kind.GSPS, sop_class_uid=sop_class, modality="PR", number=number)
    images = {one.place.image.sop_uid: one.place.image for one in drawn}
    _identification(made, report)
    _body_part(made, [originals.images[uid] for uid in images])
    series = Dataset()
    series.SeriesInstanceUID = group.series_uid
    series.ReferencedImageSequence = Sequence([pointer(one, _frames(one, drawn)) for one in images.values()])
    made.ReferencedSeriesSequence = Sequence([series])
    made.DisplayedAreaSelectionSequence = Sequence(
        [displayed_area(originals.images[one.sop_uid], pointer(one, _frames(one, drawn))) for one in images.values()]
    )
    made.update(gsps_graphics.annotations(report, drawn))
    if group.tone.rescale is not None:
        made.RescaleIntercept, made.RescaleSlope, made.RescaleType = group.tone.rescale
    windows = tuple(_windows(report, originals, drawn))
    if windows:
        made.SoftcopyVOILUTSequence = Sequence([one.item() for one in windows])
    made.PresentationLUTShape = "INVERSE" if group.tone.inverse else "IDENTITY"
    return made


def _identification(made: Dataset, report: Report) -> None:
    """Presentation State Identification (PS3.3 C.11.10). It has a creation date in place of a content date."""
    made.PresentationCreationDate, made.PresentationCreationTime = made.ContentDate, made.ContentTime
    del made.ContentDate, made.ContentTime
    made.ContentLabel = f"AI_{labels.mark(report).upper()}"
    made.ContentDescription = headers.SERIES_DESCRIPTIONS[report.status]
    made.ContentCreatorName = f"{headers.MANUFACTURER}^AI"
    made.ContributingEquipmentSequence = air.contributing(report)
    for one in made.ContributingEquipmentSequence:  # in the object's own time zone: dcmtk's checker refuses "+0000"
        one.ContributionDateTime = made.PresentationCreationDate + made.PresentationCreationTime


def _body_part(made: Dataset, images: list[Dataset]) -> None:
    """Body part and side of the images, where they agree."""
    parts = {clean.code_string(image, "BodyPartExamined") for image in images}
    sides = {clean.chosen(image, "Laterality", ("L", "R")) for image in images}
    part, side = (found.pop() if len(found) == 1 else "" for found in (parts, sides))
    if part:
        made.BodyPartExamined = part
    if side or part not in _unpaired():
        made.Laterality = side


@cache
def _unpaired() -> frozenset[str]:
    """Body parts that have no side."""
    return frozenset(tomllib.loads(shipped("unpaired.toml"))["parts"])


def _frames(image: Known, drawn: Iterable[Drawn]) -> tuple[int, ...]:
    """The frames of a multi-frame image that have boxes, nothing for a single one."""
    frames = {one.place.frame for one in drawn if one.place.image.sop_uid == image.sop_uid and one.place.frame}
    return tuple(sorted(frames))


def _windows(report: Report, originals: Originals, drawn: Iterable[Drawn]) -> Iterator[Windowed]:
    """The window that each image was shown to the readers in, else its header's own."""
    by_window: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for image, frame in dict.fromkeys((one.place.image.sop_uid, one.place.frame) for one in drawn):
        values = window_of(report, originals.images[image], image, frame or 1)
        if values is not None:
            by_window.setdefault((image, values), []).extend([frame] if frame else [])
    images = {one.place.image.sop_uid: one.place.image for one in drawn}
    for (uid, values), frames in by_window.items():
        yield Windowed(image=pointer(images[uid], tuple(frames)), values=values)
