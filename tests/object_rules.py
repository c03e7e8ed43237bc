"""What every KO, GSPS, SC and PDF object of a report must say, read back from its bytes and held against the report."""

import io
from collections.abc import Iterator

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts

from wetread.delivery.made import Kind, Made, instance_uid, series_uid
from wetread.delivery.objects.tracking import tracked
from wetread.domain.report import Report, ReportStatus

MODALITIES = {Kind.KO: "KO", Kind.GSPS: "PR", Kind.SC: "OT", Kind.PDF: "DOC"}
CLASSES = {
    Kind.KO: "1.2.840.10008.5.1.4.1.1.88.59",
    Kind.GSPS: "1.2.840.10008.5.1.4.1.1.11.1",
    Kind.SC: "1.2.840.10008.5.1.4.1.1.7.4",
    Kind.PDF: "1.2.840.10008.5.1.4.1.1.104.1",
}
SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)


def problems(report: Report, kind: Kind, data: bytes) -> list[str]:
    """What is wrong with an object; nothing where all is well."""
    dataset = dcmread(io.BytesIO(data))
    rules = {Kind.KO: _key_object, Kind.GSPS: _presentation, Kind.SC: _capture, Kind.PDF: _document}
    return [*_shared(report, kind, dataset), *_codes(dataset), *rules[kind](report, dataset)]


def read(made: Made) -> Dataset:
    return dcmread(io.BytesIO(made.data))


def _shared(report: Report, kind: Kind, d: Dataset) -> Iterator[str]:
    told = {
        "class": (d.SOPClassUID, CLASSES[kind]),
        "class in the meta": (d.file_meta.MediaStorageSOPClassUID, CLASSES[kind]),
        "modality": (d.Modality, MODALITIES[kind]),
        "study": (d.StudyInstanceUID, report.study.study_uid),
        "series": (d.SeriesInstanceUID, series_uid(report.report_id, kind)),
        "instance": (d.SOPInstanceUID, instance_uid(report.report_id, kind, d.InstanceNumber - 1)),
        "patient": (str(d.PatientID), report.study.patient.patient_id or ""),
        "character set": (d.SpecificCharacterSet, "ISO_IR 192"),
        "algorithms": (len(d.ContributingEquipmentSequence), 1 + len({a.reader for a in report.answers})),
    }
    yield from (f"{name}: {found} is not {wanted}" for name, (found, wanted) in told.items() if found != wanted)
    if (report.signature is None) != ("NOT VERIFIED" in d.SeriesDescription):
        yield "the series description does not say how sure anybody is"


def _codes(d: Dataset) -> Iterator[str]:
    """Codes and meanings that do not belong together by pydicom's dictionary."""
    meanings = {code: dict(by_code)[code][0] for by_code in concepts["DCM"].values() for code in by_code}
    for item in _items(d):
        if item.get("CodingSchemeDesignator") == "DCM" and item.CodeMeaning != meanings.get(item.CodeValue):
            yield f"code {item.CodeValue} does not mean {item.CodeMeaning!r}"


def _items(d: Dataset) -> Iterator[Dataset]:
    for element in d:
        if element.VR == "SQ":
            for item in element.value:
                yield item
                yield from _items(item)


def _key_object(report: Report, d: Dataset) -> Iterator[str]:
    rejected = report.status is ReportStatus.REJECTED
    title = d.ConceptNameCodeSequence[0].CodeValue
    if title != ("113001" if rejected else "113000"):
        yield f"title {title}"
    children = list(d.ContentSequence)
    texts = {c.ConceptNameCodeSequence[0].CodeValue: c.TextValue for c in children if c.ValueType == "TEXT"}
    if report.banner not in texts.get("113012", ""):
        yield "the description lacks the banner"
    if not {"121013", "121014", "121015", "121016"} <= set(texts):
        yield "the device observer is not told"
    pointed = [c for c in children if c.ValueType in ("IMAGE", "COMPOSITE")]
    if any("ConceptNameCodeSequence" in c for c in pointed):
        yield "an image item has a name"
    named = {(c.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for c in pointed}
    evidence = {
        one.ReferencedSOPInstanceUID
        for study in d.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }
    if named != evidence:
        yield "evidence and items name different objects"
    if rejected and report.supersedes:
        allowed = {instance_uid(report.supersedes.report_id, kind) for kind in Kind}
    else:
        allowed = {one.sop_instance_uid for one in report.study.instances}
    if not named or not named <= allowed:
        yield "it names objects that it should not"


def _presentation(report: Report, d: Dataset) -> Iterator[str]:
    by_uid = {one.uid: one for one in tracked(report)}
    layers = [layer.GraphicLayer for layer in d.GraphicLayerSequence]
    referenced = {i.ReferencedSOPInstanceUID for s in d.ReferencedSeriesSequence for i in s.ReferencedImageSequence}
    words = []
    for annotation in d.GraphicAnnotationSequence:
        if annotation.GraphicLayer not in layers:
            yield "an annotation is on no layer"
        words += [text.UnformattedTextValue for text in annotation.TextObjectSequence]
        for box in annotation.get("GraphicObjectSequence", ()):
            yield from _box(report, annotation, box, by_uid)
        images = {i.ReferencedSOPInstanceUID for i in annotation.get("ReferencedImageSequence", ())}
        if not images <= referenced:
            yield "an annotation is on an image that the state does not refer to"
    if not any(report.banner in said for said in words):
        yield "no text shows the banner"
    if any("(preliminary)" in said for said in words) != (report.signature is None):
        yield "the labels don't say how sure anybody is"
    if not all("AI" in said for said in words if report.banner not in said):
        yield "a label does not say that AI found it"
    yield from _shown_as_it_is(report, d, referenced)


def _shown_as_it_is(report: Report, d: Dataset, referenced: set[str]) -> Iterator[str]:
    photometric = {"IDENTITY": "MONOCHROME2", "INVERSE": "MONOCHROME1"}[d.PresentationLUTShape]
    for one in report.study.instances:
        if one.sop_instance_uid not in referenced:
            continue
        header = dcmread(one.path, stop_before_pixels=True)
        if header.PhotometricInterpretation != photometric:
            yield "black and white are the wrong way round"
        area = d.DisplayedAreaSelectionSequence[0].DisplayedAreaBottomRightHandCorner
        if list(area) != [header.Columns, header.Rows]:
            yield "the displayed area is not the image"


def _box(report: Report, annotation: Dataset, box: Dataset, by_uid: dict) -> Iterator[str]:
    one = by_uid.get(box.get("TrackingUID"))
    if one is None or box.TrackingID != one.identifier:
        yield "a box is tracked as no finding"
        return
    image = annotation.ReferencedImageSequence[0]
    instance = next(i for i in report.study.instances if i.sop_instance_uid == image.ReferencedSOPInstanceUID)
    x, y = np.array(box.GraphicData[0::2]) / instance.columns, np.array(box.GraphicData[1::2]) / instance.rows
    corners = (x.min(), y.min(), x.max(), y.max())
    if not any(np.allclose(corners, e.box, atol=1e-5) for e in one.joined.finding.evidence):
        yield f"a box lies at {corners}"


def _capture(report: Report, d: Dataset) -> Iterator[str]:
    if d.get("BurnedInAnnotation") != "YES":
        yield "burned-in annotation is denied"
    if (d.PhotometricInterpretation, d.SamplesPerPixel, d.BitsStored) != ("RGB", 3, 8):
        yield "it is no 8 bit RGB"
    if len(d.PixelData) != d.NumberOfFrames * d.Rows * d.Columns * 3 + (d.NumberOfFrames * d.Rows * d.Columns) % 2:
        yield "the pixels don't fill the frames"
        return
    if d.ConversionType not in ("WSD", "DI"):
        yield f"conversion type {d.ConversionType}"
    sources = {i.ReferencedSOPInstanceUID for i in d.get("SourceImageSequence", ())}
    if not sources <= {i.sop_instance_uid for i in report.study.instances} or bool(sources) != (d.NumberOfFrames > 1):
        yield "its sources are not the study's images"
    frames = np.frombuffer(d.PixelData, np.uint8)[: d.NumberOfFrames * d.Rows * d.Columns * 3]
    frames = frames.reshape(d.NumberOfFrames, d.Rows, d.Columns, 3)
    if not all(_has_banner(frame) for frame in frames):
        yield "a frame has no banner"


def _has_banner(frame: np.ndarray) -> bool:
    """Both strips: a field of one colour with ink on it."""
    strips = frame[:40].reshape(-1, 3), frame[-30:].reshape(-1, 3)
    for strip in strips:
        field = (strip == strip[0]).all(axis=1)
        if strip[0].max() < 150 or not 0.5 < field.mean() < 0.995:
            return False
    return True


def _document(report: Report, d: Dataset) -> Iterator[str]:
    title = d.ConceptNameCodeSequence[0]
    if (title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning) != ("11528-7", "LN", "Radiology Report"):
        yield "the title's code"
    if d.VerificationFlag != ("VERIFIED" if report.status in SIGNED else "UNVERIFIED"):
        yield f"verification flag {d.VerificationFlag}"
    if d.MIMETypeOfEncapsulatedDocument != "application/pdf" or not d.EncapsulatedDocument.startswith(b"%PDF-"):
        yield "it holds no PDF"
    true_length = d.get("EncapsulatedDocumentLength", 0)
    if len(d.EncapsulatedDocument) % 2 or len(d.EncapsulatedDocument) - true_length not in (0, 1):
        yield "the document's length"
    if d.get("BurnedInAnnotation") != "YES":
        yield "burned-in annotation is denied"
    if report.banner not in d.DocumentTitle:
        yield "the title lacks the banner"
    if not {i.ReferencedSOPInstanceUID for i in d.SourceInstanceSequence} <= {
        i.sop_instance_uid for i in report.study.instances
    }:
        yield "its sources are not the study's images"
