"""Encapsulated PDF: the report's own pages as a document of the study (PS3.3 A.45.1, C.24.2)."""

from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage

from wetread.delivery.made import Kind, Made
from wetread.delivery.objects import air, codes, headers, labels
from wetread.delivery.objects.clean import printable
from wetread.delivery.objects.evidence import known_images, read_images, reference
from wetread.delivery.originals import Originals
from wetread.domain.report import Report, ReportStatus

MIME_TYPE = "application/pdf"
MAGIC = b"%PDF-"
LONGEST_TITLE = 1024
SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)


def make_pdf(report: Report, originals: Originals, pdf: bytes) -> Made:
    """The document with its true length; where that is odd, a byte is added after it (PS3.3 C.24.2.2).

    Raises: ValueError where the bytes are no PDF, InputError where the study's UID is malformed.
    """
    if not pdf.startswith(MAGIC):
        raise ValueError(f"the report was rendered to something that is no PDF: it starts with {pdf[:5]!r}")
    made = headers.headers_of(report, originals, Kind.PDF, sop_class_uid=EncapsulatedPDFStorage, modality="DOC")
    made.ContributingEquipmentSequence = air.contributing(report)
    made.ConversionType = "WSD"
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.DocumentTitle = printable(f"{labels.headline(report)}. {report.banner}", LONGEST_TITLE)
    made.ConceptNameCodeSequence = codes.items(codes.concept("radiology_report"))
    made.VerificationFlag = "VERIFIED" if report.status in SIGNED else "UNVERIFIED"
    images = read_images(report, known_images(report, originals))
    if images:
        made.SourceInstanceSequence = Sequence([reference(image) for image in images])
    made.MIMETypeOfEncapsulatedDocument = MIME_TYPE
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    return headers.as_file(made, Kind.PDF)
