"""Boxes and words that a presentation state lays over images, on a layer of their own (PS3.3 C.10.5, C.10.7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.delivery.objects import headers, labels
from wetread.delivery.objects.clean import printable
from wetread.delivery.objects.evidence import Known, Place, reference
from wetread.delivery.objects.tracking import Tracked
from wetread.domain.finding import Evidence
from wetread.domain.report import Report

LAYER = "AI"
LONGEST_TEXT = 1024  # of Unformatted Text Value, an ST
BANNER_HEIGHT = 0.05  # of the displayed area


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A finding's box on an image."""

    tracked: Tracked
    evidence: Evidence
    place: Place


def annotations(report: Report, drawn: Iterable[Drawn]) -> Dataset:
    """The Graphic Annotation and Graphic Layer modules: the banner over all images, then each box with its label."""
    by_frame: dict[tuple[str, int | None], list[Drawn]] = {}
    for one in drawn:
        by_frame.setdefault((one.place.image.sop_uid, one.place.frame), []).append(one)
    made = Dataset()
    boxes = (_frame(report, found) for found in by_frame.values())
    made.GraphicAnnotationSequence = Sequence([_banner(report), *boxes])
    layer = Dataset()
    layer.GraphicLayer = LAYER
    layer.GraphicLayerOrder = 1
    layer.GraphicLayerDescription = headers.SERIES_DESCRIPTIONS[report.status]
    made.GraphicLayerSequence = Sequence([layer])
    return made


def pointer(image: Known, frames: tuple[int, ...]) -> Dataset:
    """An image, or frames of it, as an item of a Referenced Image Sequence."""
    made = reference(image)
    if frames:
        made.ReferencedFrameNumber = list(frames)
    return made


def _banner(report: Report) -> Dataset:
    words = Dataset()
    words.UnformattedTextValue = printable(f"{labels.headline(report)}. {report.banner}", LONGEST_TEXT)
    words.BoundingBoxAnnotationUnits = "DISPLAY"
    words.BoundingBoxTopLeftHandCorner = [0.0, 0.0]
    words.BoundingBoxBottomRightHandCorner = [1.0, BANNER_HEIGHT]
    words.BoundingBoxTextHorizontalJustification = "LEFT"
    made = Dataset()
    made.GraphicLayer = LAYER
    made.TextObjectSequence = Sequence([words])
    return made


def _frame(report: Report, drawn: list[Drawn]) -> Dataset:
    place = drawn[0].place
    made = Dataset()
    made.ReferencedImageSequence = Sequence([pointer(place.image, (place.frame,) if place.frame else ())])
    made.GraphicLayer = LAYER
    made.TextObjectSequence = Sequence([_label(report, one) for one in drawn])
    made.GraphicObjectSequence = Sequence([_box(one) for one in drawn])
    return made


def _label(report: Report, one: Drawn) -> Dataset:
    """The finding's name at its box's upper left corner."""
    x0, y0, _, _ = one.place.corners
    made = _tracking(one)
    made.UnformattedTextValue = printable(labels.label(report, one.tracked, one.evidence), LONGEST_TEXT)
    made.AnchorPointAnnotationUnits = "PIXEL"
    made.AnchorPoint = [x0, y0]
    made.AnchorPointVisibility = "N"
    return made


def _box(one: Drawn) -> Dataset:
    """A closed line; (0, 0) is the outer corner of the image's first pixel (PS3.3 C.10.5.1.2)."""
    x0, y0, x1, y1 = one.place.corners
    made = _tracking(one)
    made.GraphicAnnotationUnits = "PIXEL"
    made.GraphicDimensions = 2
    made.NumberOfGraphicPoints = 5
    made.GraphicData = [x0, y0, x1, y0, x1, y1, x0, y1, x0, y0]
    made.GraphicType = "POLYLINE"
    made.GraphicFilled = "N"
    return made


def _tracking(one: Drawn) -> Dataset:
    made = Dataset()
    made.TrackingID = one.tracked.identifier
    made.TrackingUID = one.tracked.uid
    return made
