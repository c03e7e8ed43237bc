"""How a presentation state shows an image: its grey levels and its area, as the image itself asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.delivery.objects.clean import printable
from wetread.dicom import integer, items, number, numbers, text
from wetread.domain.report import Report
from wetread.domain.view import View, Window

INVERSE = "MONOCHROME1"
UNSPECIFIED = "US"  # Rescale Type (0028,1054) where the image names none
TABLE = "TABLE"  # how a view names a window that stands for a VOI table
LINEAR = "LINEAR"
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"


@dataclass(frozen=True, slots=True)
class Tone:
    """Modality LUT as (intercept, slope, type), and whether white is the lowest value (MONOCHROME1)."""

    rescale: tuple[str, str, str] | None
    inverse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Windowed:
    """An image, or frames of it, with its window: centre, width, function, as values of the object."""

    image: Dataset
    values: tuple[str, ...]

    def item(self) -> Dataset:
        """As an item of the Softcopy VOI LUT Sequence (PS3.3 C.11.8)."""
        made = Dataset()
        made.ReferencedImageSequence = Sequence([self.image])
        made.WindowCenter, made.WindowWidth = self.values[:2]
        if self.values[2] != LINEAR:
            made.VOILUTFunction = self.values[2]
        return made


def tone_of(header: Dataset, frame: int) -> Tone | None:
    """How a frame's stored values become modality values; None where a table says so."""
    holder = _functional_group(header, "PixelValueTransformationSequence", frame) or header
    if items(holder, "ModalityLUTSequence"):
        return None
    intercept, slope = number(holder, "RescaleIntercept"), number(holder, "RescaleSlope")
    inverse = text(header, "PhotometricInterpretation") == INVERSE
    if intercept is None or not slope:
        return Tone(None, inverse)
    kind = printable(text(holder, "RescaleType") or "", 16)
    return Tone((decimal(intercept), decimal(slope), kind or _kind(header)), inverse)


def _kind(header: Dataset) -> str:
    """Rescale Type where the image has none: a CT's values are HU by definition (PS3.3 C.8.2.1)."""
    return "HU" if text(header, "Modality") == "CT" else UNSPECIFIED


def window_of(report: Report, header: Dataset, sop_uid: str, frame: int) -> tuple[str, ...] | None:
    """Centre, width and function of the window that readers saw the frame in, else its header's first one."""
    seen = next(_seen(report, sop_uid, frame), None)
    if seen is not None:
        function = LINEAR if seen.function == TABLE else seen.function
        return decimal(seen.center), decimal(max(seen.width, 1.0) if function == LINEAR else seen.width), function
    holder = _functional_group(header, "FrameVOILUTSequence", frame) or header
    center, width = number(holder, "WindowCenter"), number(holder, "WindowWidth")
    if center is None or width is None or width < 1:
        return None
    return decimal(center), decimal(width), LINEAR


def _seen(report: Report, sop_uid: str, frame: int) -> Iterator[Window]:
    for view in (*report.views, *report.pictures):
        if view.window is not None and (sop_uid, frame) in _origins(view):
            yield view.window


def _origins(view: View) -> Iterator[tuple[str | None, int]]:
    for origin in (view.origin, *(cell.origin for cell in view.cells)):
        if origin is not None:
            yield origin.sop_instance_uid, origin.frame


def displayed_area(header: Dataset, image: Dataset) -> Dataset:
    """The whole image, fitted to the screen (PS3.3 C.10.4), with pixels of the shape that it says."""
    made = Dataset()
    made.ReferencedImageSequence = Sequence([image])
    made.DisplayedAreaTopLeftHandCorner = [1, 1]
    made.DisplayedAreaBottomRightHandCorner = [integer(header, "Columns") or 1, integer(header, "Rows") or 1]
    made.PresentationSizeMode = "SCALE TO FIT"
    spacing = _spacing(header)
    if spacing is not None:
        made.PresentationPixelSpacing = [decimal(value) for value in spacing]
    else:
        ratio = tuple(int(value) for value in numbers(header, "PixelAspectRatio") if value >= 1)
        made.PresentationPixelAspectRatio = list(ratio) if len(ratio) == 2 else [1, 1]
    return made


def _spacing(header: Dataset) -> tuple[float, float] | None:
    """Row and column spacing in mm, where the image is calibrated."""
    holder = _functional_group(header, "PixelMeasuresSequence", 1) or header
    spacing = numbers(holder, "PixelSpacing")
    return (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None


def _functional_group(header: Dataset, keyword: str, frame: int) -> Dataset | None:
    """The item of a functional group macro that holds for a frame, its own before the shared one."""
    own = items(header, "PerFrameFunctionalGroupsSequence")
    candidates = (*own[frame - 1 : frame], *items(header, "SharedFunctionalGroupsSequence")[:1])
    return next((found[0] for group in candidates if (found := items(group, keyword))), None)


def decimal(value: float) -> str:
    """A number as a DS value of at most 16 characters."""
    return f"{value:.10g}"
