"""What every object made of a report shares: patient and study of the originals, our own series and equipment."""

import hashlib
import io
from datetime import datetime, timedelta, timezone

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from wetread.delivery.made import SERIES_NUMBERS, Kind, Made, instance_uid, series_uid, uid_of
from wetread.delivery.objects import clean
from wetread.delivery.originals import Originals
from wetread.dicom import items, text
from wetread.domain.report import Report, ReportStatus
from wetread.errors import InputError

IMPLEMENTATION_UID = "2.25.180188705127337963234769839931745501147"  # this product's, wherever it names itself
IMPLEMENTATION_VERSION = "WETREAD"
MANUFACTURER = "wetread"
PRODUCT = "wetread preliminary reads"  # Manufacturer's Model Name (0008,1090)
SERIES_DESCRIPTIONS = {
    ReportStatus.PRELIMINARY: "AI PRELIMINARY - NOT VERIFIED",
    ReportStatus.FINAL: "AI READ - SIGNED BY A HUMAN",
    ReportStatus.AMENDED: "AI READ - AMENDED BY A HUMAN",
    ReportStatus.REJECTED: "AI PRELIMINARY - WITHDRAWN",
}


def headers_of(
    report: Report, originals: Originals, kind: Kind, *, sop_class_uid: str, modality: str, number: int = 0
) -> Dataset:
    """A new object with its Patient, Study, Patient Study, Series, Equipment and SOP Common modules (PS3.3 C.7, C.12).

    Text is UTF-8. `number` counts the objects of one kind. What is type 2 and not known is empty. Another object takes
    them over with `other.update(headers_of(...))`.

    Raises: InputError where the study has no UID that an object could carry.
    """
    study_uid = report.study.study_uid
    if not clean.is_uid(study_uid):
        raise InputError(f"study {report.study.ref}", "its study UID is malformed", "correct the objects' headers")
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    _patient(made, originals.study)
    _study(made, originals.study)
    made.StudyInstanceUID = study_uid
    _series(made, report, kind, modality)
    equipment(made, report)
    made.SOPClassUID = sop_class_uid
    made.SOPInstanceUID = instance_uid(report.report_id, kind, number)
    made.InstanceNumber = number + 1
    _moments(made, report, originals.study)
    return made


def as_file(made: Dataset, kind: Kind) -> Made:
    """The object as a file (PS3.10) in explicit VR little endian: the same bytes each time."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    plain = Dataset()
    plain.update(made)
    plain.file_meta = meta
    plain.preamble = b"\0" * 128
    file = io.BytesIO()
    dcmwrite(file, plain, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return Made(
        kind=kind,
        sop_class_uid=str(made.SOPClassUID),
        sop_instance_uid=str(made.SOPInstanceUID),
        series_uid=str(made.SeriesInstanceUID),
        transfer_syntax_uid=str(ExplicitVRLittleEndian),
        data=file.getvalue(),
    )


def made_at(report: Report) -> datetime:
    """When the report was made.

    Raises: ValueError where nobody has said: objects never take the time from the clock.
    """
    if report.made_at is None or report.made_at.tzinfo is None:
        raise ValueError("a report that leaves the house says when it was made: set made_at, with its time zone")
    return report.made_at


def local_time(moment: datetime, study: Dataset) -> datetime:
    """The moment in the time zone that the study's own dates and times are told in, else in its own."""
    offset = text(study, "TimezoneOffsetFromUTC") or ""
    if not clean.OFFSET.fullmatch(offset):
        return moment
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return moment.astimezone(timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)))


def date_time(moment: datetime) -> str:
    """A moment as a DT value with its offset (PS3.5 table 6.2-1)."""
    return moment.strftime("%Y%m%d%H%M%S.%f%z")


def equipment(made: Dataset, report: Report) -> None:
    """General Equipment: this software. The serial number names what its words and priorities rest on."""
    trace = report.provenance
    made.Manufacturer = MANUFACTURER
    made.ManufacturerModelName = PRODUCT
    made.SoftwareVersions = clean.printable(trace.software, 64)
    made.DeviceSerialNumber = serial_number(report)


def serial_number(report: Report) -> str:
    """Which configuration of the software it was: another one where vocabulary or policy are others."""
    trace = report.provenance
    return hashlib.sha256(f"{trace.vocabulary_sha256}\n{trace.policy_sha256}".encode()).hexdigest()[:16]


def device_uid(report: Report) -> str:
    """The device that this software in this configuration is."""
    return uid_of("device", report.provenance.software, serial_number(report))


def _patient(made: Dataset, source: Dataset) -> None:
    made.PatientName = clean.person(source, "PatientName")
    made.PatientID = clean.identifier(source, "PatientID", 64)
    made.PatientBirthDate = clean.day(source, "PatientBirthDate")
    made.PatientSex = clean.chosen(source, "PatientSex", ("M", "F", "O"))
    if issuer := clean.identifier(source, "IssuerOfPatientID", 64):
        made.IssuerOfPatientID = issuer
    others = [other for other in map(_other_id, items(source, "OtherPatientIDsSequence")) if other is not None]
    if others:
        made.OtherPatientIDsSequence = Sequence(others)
    if clean.chosen(source, "PatientIdentityRemoved", ("YES", "NO")) == "YES":
        made.PatientIdentityRemoved = "YES"
        methods = clean.codes(source, "DeidentificationMethodCodeSequence")
        if methods:
            made.DeidentificationMethodCodeSequence = methods
        told = clean.words(source, "DeidentificationMethod", 64)
        if told or not methods:
            made.DeidentificationMethod = told or "not told by the source"


def _other_id(item: Dataset) -> Dataset | None:
    made = Dataset()
    made.PatientID = clean.identifier(item, "PatientID", 64)
    if issuer := clean.identifier(item, "IssuerOfPatientID", 64):
        made.IssuerOfPatientID = issuer
    made.TypeOfPatientID = clean.chosen(item, "TypeOfPatientID", ("TEXT", "RFID", "BARCODE")) or "TEXT"
    return made if made.PatientID else None


def _study(made: Dataset, source: Dataset) -> None:
    made.StudyDate = clean.day(source, "StudyDate")
    made.StudyTime = clean.clock_time(source, "StudyTime")
    made.ReferringPhysicianName = clean.person(source, "ReferringPhysicianName")
    made.StudyID = clean.identifier(source, "StudyID", 16)
    made.AccessionNumber = clean.identifier(source, "AccessionNumber", 16)
    if made.AccessionNumber and (issuers := clean.issuers(source, "IssuerOfAccessionNumberSequence")):
        made.IssuerOfAccessionNumberSequence = issuers[:1]
    if described := clean.words(source, "StudyDescription", 64):
        made.StudyDescription = described
    if procedures := clean.codes(source, "ProcedureCodeSequence"):
        made.ProcedureCodeSequence = procedures
    age = text(source, "PatientAge") or ""
    if clean.AGE.fullmatch(age):
        made.PatientAge = age


def _series(made: Dataset, report: Report, kind: Kind, modality: str) -> None:
    made.Modality = modality
    made.SeriesInstanceUID = series_uid(report.report_id, kind)
    made.SeriesNumber = SERIES_NUMBERS[kind.value]
    made.SeriesDescription = SERIES_DESCRIPTIONS[report.status]


def _moments(made: Dataset, report: Report, source: Dataset) -> None:
    moment = local_time(made_at(report), source)
    made.TimezoneOffsetFromUTC = moment.strftime("%z")[:5]
    for name in ("InstanceCreation", "Series", "Content"):
        setattr(made, f"{name}Date", moment.strftime("%Y%m%d"))
        setattr(made, f"{name}Time", moment.strftime("%H%M%S.%f"))
