"""The report as a structured report: Comprehensive 3D SR by TID 1500, preliminary until a human signs it."""

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import Comprehensive3DSRStorage

from wetread.delivery.made import Kind, Made, instance_uid, series_uid
from wetread.delivery.objects import clean, codes, evidence, headers
from wetread.delivery.objects.air import contributing
from wetread.delivery.objects.codes import Code
from wetread.delivery.objects.sr_content import tree
from wetread.delivery.objects.sr_findings import Ground
from wetread.delivery.originals import Originals
from wetread.domain.report import Report
from wetread.errors import InputError

MODALITY = "SR"
ORGANISATION_UNKNOWN = "organization not stated"
LONGEST_LO = 64
LONGEST_SH = 16
REFERENCES = "give the study's objects with their SOP class and series UIDs"


def make_sr(report: Report, originals: Originals) -> Made:
    """The report's structured report: the same bytes for the same report.

    A changed report gives a new document, which cites the one it takes the place of.

    Raises: InputError where the study's headers leave nothing that a document could refer to.
    """
    made = headers.headers_of(report, originals, Kind.SR, sop_class_uid=Comprehensive3DSRStorage, modality=MODALITY)
    known = evidence.known_images(report, originals)
    if not known:
        raise InputError(f"study {report.study.ref}", "none of its images can be referred to", REFERENCES)
    made.ReferencedPerformedProcedureStepSequence = Sequence([])
    made.CodingSchemeIdentificationSequence = Sequence([codes.own_scheme()])
    made.ContributingEquipmentSequence = contributing(report)
    _flags(made, report, originals)
    _request(made, report)
    _predecessor(made, report)
    study_uid = str(made.StudyInstanceUID)
    made.CurrentRequestedProcedureEvidenceSequence = evidence.references(study_uid, evidence.read_images(report, known))
    made.PerformedProcedureCodeSequence = Sequence([])
    made.update(tree(Ground(report=report, originals=originals, known=known), procedure_of(report, originals)))
    return headers.as_file(made, Kind.SR)


def procedure_of(report: Report, originals: Originals) -> Code:
    """The examination, as the order codes it, else as the images do, else that it is an imaging procedure."""
    asked = report.request.procedure if report.request else None
    if asked and asked.code and asked.system and len(asked.system) <= LONGEST_SH:
        return Code(asked.code, asked.system, asked.text)
    coded = clean.codes(originals.study, "ProcedureCodeSequence")
    if coded:
        first = coded[0]
        return Code(str(first.CodeValue), str(first.CodingSchemeDesignator), str(first.CodeMeaning))
    return codes.concept("imaging_procedure")


def _flags(made: Dataset, report: Report, originals: Originals) -> None:
    """SR Document General (PS3.3 C.17.2): verified only where a human signed."""
    signature = report.signature
    made.CompletionFlag = "COMPLETE"
    made.VerificationFlag = "UNVERIFIED" if signature is None else "VERIFIED"
    made.PreliminaryFlag = "PRELIMINARY" if signature is None else "FINAL"
    if signature is None:
        return
    observer = Dataset()
    observer.VerifyingObserverName = clean.person_name(signature.by)
    observer.VerifyingObserverIdentificationCodeSequence = Sequence([])
    place = clean.words(originals.study, "InstitutionName", LONGEST_LO)
    observer.VerifyingOrganization = place or ORGANISATION_UNKNOWN
    observer.VerificationDateTime = headers.date_time(signature.at)
    made.VerifyingObserverSequence = Sequence([observer])


def _request(made: Dataset, report: Report) -> None:
    """The order this answers (PS3.3 C.17.2, Referenced Request Sequence); what is too long for its place is left."""
    request = report.request
    if request is None:
        return
    item = Dataset()
    item.StudyInstanceUID = report.study.study_uid
    item.ReferencedStudySequence = Sequence([])
    item.AccessionNumber = _identifier(request.accession_number, LONGEST_SH)
    item.PlacerOrderNumberImagingServiceRequest = _identifier(request.placer_number, LONGEST_LO)
    item.FillerOrderNumberImagingServiceRequest = _identifier(request.filler_number, LONGEST_LO)
    item.RequestedProcedureID = _identifier(request.procedure_id, LONGEST_SH)
    procedure = request.procedure
    item.RequestedProcedureDescription = clean.printable(procedure.text, LONGEST_LO) if procedure else ""
    item.RequestedProcedureCodeSequence = Sequence([])
    if procedure and procedure.code and procedure.system and len(procedure.system) <= LONGEST_SH:
        item.RequestedProcedureCodeSequence = codes.items(Code(procedure.code, procedure.system, procedure.text))
    if request.reason:
        item.ReasonForTheRequestedProcedure = clean.printable(request.reason, LONGEST_LO)
    made.ReferencedRequestSequence = Sequence([item])


def _identifier(value: str | None, longest: int) -> str:
    whole = value or ""
    return whole if len(whole) <= longest and whole.isprintable() and "\\" not in whole else ""


def _predecessor(made: Dataset, report: Report) -> None:
    """The document that this one takes the place of, which stays in the archive as it is."""
    before = report.supersedes
    if before is None:
        return
    reference = Dataset()
    reference.ReferencedSOPClassUID = Comprehensive3DSRStorage
    reference.ReferencedSOPInstanceUID = instance_uid(before.report_id, Kind.SR)
    purpose = codes.listed("predecessors", before.status.value)
    if purpose is not None:
        reference.PurposeOfReferenceCodeSequence = codes.items(purpose)
    made.PredecessorDocumentsSequence = evidence.hierarchy(
        str(made.StudyInstanceUID), {series_uid(before.report_id, Kind.SR): [reference]}
    )
