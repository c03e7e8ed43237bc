"""Which objects a report rests on, as other objects refer to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.delivery.objects.clean import is_uid
from wetread.delivery.originals import Originals, told_findings
from wetread.dicom import integer, text
from wetread.domain.finding import Evidence
from wetread.domain.report import Report
from wetread.domain.study import Instance, InstanceKind
from wetread.domain.view import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An image that can be referred to: it says of which class, series and study it is."""

    instance: Instance
    sop_uid: str
    sop_class_uid: str
    series_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A finding's box in pixels (x0, y0, x1, y1) of a frame; `whole` where they are of a tiled image's whole."""

    image: Known
    frame: int | None
    corners: tuple[float, float, float, float]
    tiled: bool
    whole: bool


def known_images(report: Report, originals: Originals) -> dict[str, Known]:
    """Every image of the study that can be referred to, by SOP Instance UID; the first of those that share one."""
    found: dict[str, Known] = {}
    for series in report.study.series:
        for one in series.instances:
            uid = one.sop_instance_uid
            header = originals.images.get(uid or "")
            sop_class = one.sop_class_uid or (text(header, "SOPClassUID") if header is not None else None)
            if one.kind is not InstanceKind.DICOM_IMAGE or uid in found:
                continue
            if uid and sop_class and series.series_uid and all(map(is_uid, (uid, sop_class, series.series_uid))):
                found[uid] = Known(instance=one, sop_uid=uid, sop_class_uid=sop_class, series_uid=series.series_uid)
    return found


def read_images(report: Report, known: dict[str, Known]) -> tuple[Known, ...]:
    """The images that the report was read from, those with evidence, and all of them where nothing tells."""
    used = {origin.sop_instance_uid for origin in _origins(report)}
    used |= {e.sop_instance_uid for one in told_findings(report) for e in one.finding.evidence}
    return tuple(image for uid, image in known.items() if uid in used) or tuple(known.values())


def references(study_uid: str, images: Iterable[Known]) -> Sequence:
    """The images by study and series (PS3.3 table C.17-3); nothing where there are none."""
    by_series: dict[str, list[Dataset]] = {}
    for image in images:
        by_series.setdefault(image.series_uid, []).append(reference(image))
    return hierarchy(study_uid, by_series)


def hierarchy(study_uid: str, by_series: dict[str, list[Dataset]]) -> Sequence:
    """References to objects of one study, by series."""
    if not by_series:
        return Sequence([])
    study = Dataset()
    study.StudyInstanceUID = study_uid
    made = []
    for uid, objects in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID = uid
        series.ReferencedSOPSequence = Sequence(objects)
        made.append(series)
    study.ReferencedSeriesSequence = Sequence(made)
    return Sequence([study])


def reference(image: Known, frame: int | None = None) -> Dataset:
    """An image as an item of a Referenced SOP Sequence; `frame` counts from 1."""
    made = Dataset()
    made.ReferencedSOPClassUID = image.sop_class_uid
    made.ReferencedSOPInstanceUID = image.sop_uid
    if frame is not None:
        made.ReferencedFrameNumber = frame
    return made


def places(
    evidence: Iterable[Evidence], report: Report, originals: Originals, known: dict[str, Known]
) -> Iterator[Place]:
    """Where a finding was seen, for the boxes whose image can be referred to and says how large it is."""
    sizes = {o.sop_instance_uid: (o.source_width, o.source_height) for o in _origins(report)}
    for one in evidence:
        image = known.get(one.sop_instance_uid or "")
        if image is None:
            continue
        header = originals.images.get(image.sop_uid)
        total = _total(header)
        shown = sizes.get(image.sop_uid)
        whole = total is not None and (shown is None or shown == total)
        size = total if whole else _size(image.instance, header)
        if size is None:
            continue
        frames = image.instance.frames
        yield Place(
            image=image,
            frame=min(one.frame, frames) if frames > 1 and not whole else None,
            corners=_corners(one, size),
            tiled=total is not None,
            whole=whole,
        )


def _corners(one: Evidence, size: tuple[int, int]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = one.box
    return x0 * size[0], y0 * size[1], x1 * size[0], y1 * size[1]


def _size(instance: Instance, header: Dataset | None) -> tuple[int, int] | None:
    """(columns, rows) of a frame."""
    columns = instance.columns or (integer(header, "Columns") if header is not None else None)
    rows = instance.rows or (integer(header, "Rows") if header is not None else None)
    return (columns, rows) if columns and rows and columns > 0 and rows > 0 else None


def _total(header: Dataset | None) -> tuple[int, int] | None:
    """(columns, rows) of the whole of a tiled image (PS3.3 C.8.12.4.1)."""
    if header is None:
        return None
    columns, rows = integer(header, "TotalPixelMatrixColumns"), integer(header, "TotalPixelMatrixRows")
    return (columns, rows) if columns and rows and columns > 0 and rows > 0 else None


def _origins(report: Report) -> Iterator[Origin]:
    for view in report.views:
        if view.origin:
            yield view.origin
        yield from (cell.origin for cell in view.cells)
