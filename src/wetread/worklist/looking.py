"""One object as the store wants it: whose it is, what it is, what searches ask for. `look` runs in the guard."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from wetread.dicom import PARSE_ERRORS, Limits, open_dataset
from wetread.intake.found import Directory, Found, read_found
from wetread.intake.grouping import study_ref
from wetread.intake.kinds import FileKind
from wetread.store.facts import InstanceFacts, SeriesFacts, StudyFacts
from wetread.store.records import to_record

STUDY_WORDS = """
    StudyTime ReferringPhysicianName StudyID IssuerOfPatientID TimezoneOffsetFromUTC PatientAge PatientSize
    PatientWeight InstitutionName OtherPatientIDs
"""
SERIES_WORDS = """
    SeriesDate SeriesTime PerformedProcedureStepStartDate PerformedProcedureStepStartTime RequestAttributesSequence
    ProtocolName Laterality Manufacturer ManufacturerModelName StationName SoftwareVersions OperatorsName
    FrameOfReferenceUID
"""
STUDY, SERIES = tuple(STUDY_WORDS.split()), tuple(SERIES_WORDS.split())
INLINE_BYTES = 1024
Header = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What an object's header says; its hash and size are not known yet."""

    found: Found
    study_header: Header
    series_header: Header


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An object as the store's tables want it."""

    study: StudyFacts
    series: SeriesFacts
    instance: InstanceFacts


def look(path: Path, file: str, kind: FileKind, limits: Limits) -> Looked | Directory:
    """What one DICOM object or picture says of itself.

    Raises: FileUnreadable, PixelsUnreadable, TooLarge.
    """
    found = read_found(path, file, kind, limits)
    if isinstance(found, Directory):
        return found
    if kind is not FileKind.DICOM:
        return Looked(found=found, study_header={}, series_header={})
    wanted = ("SpecificCharacterSet", *STUDY, *SERIES)
    dataset = open_dataset(path, file, pixels=False, tags=wanted, limits=limits).dataset
    return Looked(found=found, study_header=_told(dataset, STUDY), series_header=_told(dataset, SERIES))


def facts_about(looked: Looked, *, blob: str, size_bytes: int) -> Facts:
    """The object's facts once its bytes are kept under the name `blob`."""
    found = looked.found
    instance = replace(found.instance, sha256=blob, size_bytes=size_bytes, path=Path(blob))
    found = replace(found, instance=instance)
    identity = found.study_uid or f"file:{blob}"
    patient = found.patient
    return Facts(
        study=StudyFacts(
            study_id=study_id_of(identity),
            ref=study_ref(identity),
            study_uid=found.study_uid,
            patient_id=patient.patient_id,
            patient_name=patient.name,
            patient_birth_date=patient.birth_date,
            patient_sex=patient.sex,
            age_years=patient.age_years,
            accession_number=found.accession_number,
            study_date=found.study_date,
            description=found.study_description,
            header=looked.study_header,
        ),
        series=SeriesFacts(
            series_uid=found.series_uid,
            modality=instance.modality,
            number=found.series_number,
            description=found.series_description,
            body_part=instance.body_part,
            header=looked.series_header,
        ),
        instance=InstanceFacts(
            blob=blob,
            size_bytes=size_bytes,
            kind=instance.kind.value,
            found=to_record(Found, found),
            sop_instance_uid=instance.sop_instance_uid,
            sop_class_uid=instance.sop_class_uid,
            transfer_syntax_uid=instance.transfer_syntax_uid,
            number=instance.instance_number,
            frames=instance.frames,
            rows=instance.rows,
            columns=instance.columns,
        ),
    )


def study_id_of(identity: str) -> str:
    """The id of a study in the store: 128 bits of a hash of its UID, or of `file:` and the picture's hash."""
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _told(dataset: Dataset, words: Iterable[str]) -> Header:
    """The elements as DICOM JSON; what can't be said is left out."""
    header: Header = {}
    for word in words:
        try:
            if word not in dataset:
                continue
            element = dataset[word]
            told = element.to_json_dict(None, INLINE_BYTES)
        except PARSE_ERRORS:
            continue
        if "Value" in told:
            header[f"{int(element.tag):08X}"] = told
    return header
