"""Secondary Capture: what somebody sees who sees nothing else of a report (Multi-frame True Color, PS3.3 A.8.5)."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID

from wetread.delivery.made import Kind, Made
from wetread.delivery.objects import air, codes, headers, sc_pages
from wetread.delivery.objects.evidence import Known, known_images, reference
from wetread.delivery.objects.sc_text import Pixels
from wetread.delivery.originals import Originals
from wetread.dicom import numbers, texts
from wetread.domain.report import Report
from wetread.domain.view import View

SOP_CLASS = UID("1.2.840.10008.5.1.4.1.1.7.4")  # Multi-frame True Color Secondary Capture Image Storage
PAGE_NUMBER_VECTOR = Tag(0x0018, 0x2001)
LOSSY = "01"
JPEG, JPEG_METHOD = "image/jpeg", "ISO_10918_1"


def make_sc(report: Report, originals: Originals) -> tuple[Made, ...]:
    """One object with a page a frame: the findings in words, then each picture with its boxes, all with the banner.

    It is always the multi-frame class, so that what withdraws it can name it without its pictures.

    Raises: InputError where the study's UID is malformed.
    """
    made = headers.headers_of(report, originals, Kind.SC, sop_class_uid=SOP_CLASS, modality="OT")
    pages, shown = sc_pages.pages(report)
    made.ContributingEquipmentSequence = air.contributing(report)
    made.ConversionType = "WSD"
    made.SecondaryCaptureDeviceManufacturer = headers.MANUFACTURER
    made.SecondaryCaptureDeviceManufacturerModelName = headers.PRODUCT
    made.SecondaryCaptureDeviceSoftwareVersions = made.SoftwareVersions
    made.DateOfSecondaryCapture, made.TimeOfSecondaryCapture = made.ContentDate, made.ContentTime
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.PatientOrientation = made.Laterality = ""  # of several images, and of pages of text
    made.BurnedInAnnotation = "YES"
    made.DerivationDescription = "Pages of an AI report: text, and copies of source images with boxes drawn on them"
    _sources(made, report, originals, shown)
    _lossy(made, originals, shown)
    _pixels(made, pages)
    return (headers.as_file(made, Kind.SC),)


def _sources(made: Dataset, report: Report, originals: Originals, shown: tuple[View, ...]) -> None:
    """The images that the pages show, by frame."""
    known = known_images(report, originals)
    frames: dict[str, set[int]] = {}
    for view in shown:
        for origin in (view.origin, *(cell.origin for cell in view.cells)):
            if origin is not None and origin.sop_instance_uid in known:
                frames.setdefault(origin.sop_instance_uid, set()).add(origin.frame)
    items = [_source(known[uid], sorted(numbered)) for uid, numbered in frames.items()]
    if items:
        made.SourceImageSequence = Sequence(items)


def _source(image: Known, frames: list[int]) -> Dataset:
    made = reference(image)
    if image.instance.frames > 1:
        made.ReferencedFrameNumber = frames
    made.PurposeOfReferenceCodeSequence = codes.items(codes.concept("source_image"))
    return made


def _lossy(made: Dataset, originals: Originals, shown: tuple[View, ...]) -> None:
    """Whether anything shown was ever compressed with loss, and how (PS3.3 C.7.6.1.1.5)."""
    shown_uids = {view.origin.sop_instance_uid for view in shown if view.origin}
    ratios, methods = [], []
    for uid, header in originals.images.items():
        if uid in shown_uids and LOSSY in texts(header, "LossyImageCompression"):
            ratios += [f"{ratio:.4g}" for ratio in numbers(header, "LossyImageCompressionRatio")]
            methods += list(texts(header, "LossyImageCompressionMethod"))
            made.LossyImageCompression = LOSSY
    for view in shown:
        if view.media_type == JPEG:
            bytes_before = view.width * view.height * (3 if view.colour else 1)
            ratios.append(f"{bytes_before / len(view.picture):.4g}")
            methods.append(JPEG_METHOD)
            made.LossyImageCompression = LOSSY
    if ratios and len(ratios) == len(methods):
        made.LossyImageCompressionRatio, made.LossyImageCompressionMethod = ratios[:1], methods[:1]


def _pixels(made: Dataset, pages: tuple[Pixels, ...]) -> None:
    """The pages as uncompressed RGB. pages: each (rows, columns, 3) uint8, all of one size."""
    frames = np.stack(pages)
    made.SamplesPerPixel = 3
    made.PhotometricInterpretation = "RGB"
    made.PlanarConfiguration = 0
    made.NumberOfFrames, made.Rows, made.Columns = frames.shape[:3]
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit = 7
    made.PixelRepresentation = 0
    if len(pages) > 1:
        made.FrameIncrementPointer = PAGE_NUMBER_VECTOR
        made.PageNumberVector = list(range(1, len(pages) + 1))
    data = frames.tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
