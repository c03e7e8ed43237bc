"""One object with what its header says of its series, study and patient."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID

from wetread.dicom import (
    Limits,
    Opened,
    age_years,
    check_declared_size,
    declared_bytes,
    frame_count,
    integer,
    iso_date,
    items,
    open_dataset,
    position_mm,
    text,
    texts,
)
from wetread.domain.study import Flag, Instance, InstanceKind, Patient
from wetread.errors import FileUnreadable, PixelsUnreadable
from wetread.intake.kinds import FileKind
from wetread.intake.pictures import read_picture
from wetread.intake.terms import body_part_of, projection_of

WANTED_WORDS = """
    SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality
    PatientID PatientName PatientBirthDate PatientSex PatientAge AccessionNumber StudyDate StudyDescription
    SeriesDescription SeriesNumber InstanceNumber ImagePositionPatient ImageOrientationPatient SliceLocation
    SharedFunctionalGroupsSequence Rows Columns NumberOfFrames SamplesPerPixel BitsAllocated
    PhotometricInterpretation BodyPartExamined AnatomicRegionSequence ViewPosition ViewCodeSequence ProtocolName
    AcquisitionDeviceProcessingDescription ImageLaterality Laterality DirectoryRecordSequence
"""
IDENTIFYING_WORDS = """
    PatientName PatientID PatientBirthDate OtherPatientIDs OtherPatientNames PatientBirthName PatientMotherBirthName
    PatientAddress PatientTelephoneNumbers ReferringPhysicianName ReferringPhysicianAddress
    ReferringPhysicianTelephoneNumbers RequestingPhysician PerformingPhysicianName NameOfPhysiciansReadingStudy
    PhysiciansOfRecord OperatorsName InstitutionName InstitutionAddress InstitutionalDepartmentName StationName
    AccessionNumber StudyID
"""  # who a study is of and who made it (PS3.15 Table E.1-1): taken out of whatever leaves the site
IDENTIFYING = tuple(IDENTIFYING_WORDS.split())
WANTED = tuple(dict.fromkeys((*WANTED_WORDS.split(), *IDENTIFYING)))
WELL_FORMED_UID = re.compile(r"[0-9.]{1,64}")
SEXES = ("M", "F", "O")
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
SLIDE_BYTES = 1 << 42  # decoded; a slide is read in parts, so its size costs nothing
UNKNOWN = Patient()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An instance and the facts that place it in a study."""

    instance: Instance
    study_uid: str | None = None
    series_uid: str | None = None
    patient: Patient = UNKNOWN
    accession_number: str | None = None
    study_date: str | None = None
    study_description: str | None = None
    series_description: str | None = None
    series_number: int | None = None
    identifying: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A DICOMDIR: the path components of every file that it lists (PS3.10 section 8)."""

    references: tuple[tuple[str, ...], ...]


def read_found(path: Path, file: str, kind: FileKind, limits: Limits) -> Found | Directory:
    """The facts of one DICOM object or picture; its hash is left empty.

    Raises: FileUnreadable, PixelsUnreadable, TooLarge.
    """
    if kind is not FileKind.DICOM:
        return _picture(path, file, kind, limits)
    opened = open_dataset(path, file, pixels=False, tags=WANTED, limits=limits)
    if records := items(opened.dataset, "DirectoryRecordSequence"):
        return Directory(references=tuple(filter(None, map(_reference, records))))
    if opened.pixel_keyword is None and "DirectoryRecordSequence" in opened.dataset:
        return Directory(references=())
    return _object(opened, path, file, limits)


def _reference(record: Dataset) -> tuple[str, ...]:
    value = record.get("ReferencedFileID")
    parts = [value] if isinstance(value, str) else list(value or ())
    return tuple(str(part).strip(" \0") for part in parts)


def _picture(path: Path, file: str, kind: FileKind, limits: Limits) -> Found:
    picture = read_picture(path, file, kind, limits)
    rows, columns = picture.rows, picture.columns
    flags: tuple[Flag, ...] = ()
    if picture.orientation > 1:
        words = (
            f"The picture is stored turned or mirrored (EXIF orientation {picture.orientation}); it is shown upright."
        )
        flags = (Flag(code="exif_orientation", text=words),)
    if picture.sideways:
        rows, columns = columns, rows
    instance = Instance(
        file=file,
        path=path,
        sha256="",
        size_bytes=path.stat().st_size,
        kind=InstanceKind.PICTURE,
        rows=rows,
        columns=columns,
        frames=picture.frames,
        colour=picture.colour,
        modality="SM" if picture.slide else None,
        flags=flags,
    )
    return Found(instance=instance)


def _object(opened: Opened, path: Path, file: str, limits: Limits) -> Found:
    dataset = opened.dataset
    modality = (text(dataset, "Modality") or "").upper() or None
    sop_uid, study_uid = text(dataset, "SOPInstanceUID"), text(dataset, "StudyInstanceUID")
    instance = Instance(
        file=file,
        path=path,
        sha256="",
        size_bytes=path.stat().st_size,
        kind=InstanceKind.DICOM_IMAGE if opened.pixel_keyword else InstanceKind.DICOM_OTHER,
        sop_instance_uid=sop_uid,
        sop_class_uid=text(dataset, "SOPClassUID"),
        transfer_syntax_uid=opened.transfer_syntax_uid,
        instance_number=integer(dataset, "InstanceNumber"),
        modality=modality,
        body_part=body_part_of(dataset),
        projection=projection_of(dataset, modality),
        laterality=text(dataset, "ImageLaterality") or text(dataset, "Laterality"),
        position_mm=position_mm(dataset),
        flags=(*opened.flags, *_uid_flags(sop_uid, study_uid)),
    )
    return Found(
        instance=_with_pixels(instance, opened, limits) if opened.pixel_keyword else _without_pixels(instance),
        study_uid=study_uid,
        series_uid=text(dataset, "SeriesInstanceUID"),
        patient=_patient(dataset),
        accession_number=text(dataset, "AccessionNumber"),
        study_date=iso_date(dataset, "StudyDate"),
        study_description=text(dataset, "StudyDescription"),
        series_description=text(dataset, "SeriesDescription"),
        series_number=integer(dataset, "SeriesNumber"),
        identifying=tuple(dict.fromkeys(value for word in IDENTIFYING for value in texts(dataset, word))),
    )


def _with_pixels(instance: Instance, opened: Opened, limits: Limits) -> Instance:
    """The instance with its size; what is declared must be possible, what is missing is flagged."""
    dataset, file = opened.dataset, instance.file
    if instance.sop_class_uid == WHOLE_SLIDE:
        limits = replace(limits, max_pixels_bytes=SLIDE_BYTES)
    declared_bytes(dataset, file, limits=limits)
    flags = instance.flags
    try:
        check_declared_size(dataset, file, limits=limits, held_bytes=opened.pixel_bytes)
    except PixelsUnreadable:
        flags += (Flag(code="truncated_pixels", text="The pixel data is shorter than the header declares."),)
    photometric = text(dataset, "PhotometricInterpretation")
    return replace(
        instance,
        rows=integer(dataset, "Rows"),
        columns=integer(dataset, "Columns"),
        frames=frame_count(dataset, file),
        colour=None if photometric is None else not photometric.startswith("MONOCHROME"),
        flags=tuple({flag.code: flag for flag in flags}.values()),
    )


def _without_pixels(instance: Instance) -> Instance:
    """The instance, unless it should be an image and its header broke off before the pixels.

    Raises: FileUnreadable.
    """
    damaged = any(flag.code == "truncated_header" for flag in instance.flags)
    if damaged and "Image Storage" in UID(instance.sop_class_uid or "").name:
        raise FileUnreadable(instance.file, "its header breaks off before the pixels", "ask the sender for it again")
    return instance


def _uid_flags(*uids: str | None) -> tuple[Flag, ...]:
    if all(uid is None or WELL_FORMED_UID.fullmatch(uid) for uid in uids):
        return ()
    return (Flag(code="invalid_uid", text="An identifier of the object is not a valid DICOM UID."),)


def _patient(dataset: Dataset) -> Patient:
    sex = (text(dataset, "PatientSex") or "").upper()
    return Patient(
        patient_id=text(dataset, "PatientID"),
        name=text(dataset, "PatientName"),
        birth_date=iso_date(dataset, "PatientBirthDate"),
        sex=sex if sex in SEXES else None,
        age_years=age_years(dataset),
    )
