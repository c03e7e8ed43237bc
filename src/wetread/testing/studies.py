"""Studies, reads and clinical data with known answers, for tests of what comes after the pictures."""

from pathlib import Path

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Abstention, Read, ReaderIdentity
from wetread.domain.study import Flag, Instance, InstanceKind, Patient, Series, Study


def identity(name: str = "one") -> ReaderIdentity:
    """A reader's identity."""
    return ReaderIdentity(name=name, version="1", fingerprint=f"fingerprint-{name}")


def finding(code: str, presence: str = "present", probability: float | None = None, **facts: object) -> Finding:
    """A finding; a probability gets a calibrator of its own."""
    calibrator = None if probability is None else f"test/{code}"
    fields = {"calibrator_id": calibrator, **facts}
    return Finding(code=code, presence=Presence(presence), probability=probability, **fields)  # type: ignore[arg-type] # facts are Finding's fields


def read(*findings: Finding, name: str = "one", **facts: object) -> Read:
    """A reader's answer."""
    return Read(reader=identity(name), findings=findings, **facts)  # type: ignore[arg-type] # facts are Read's fields


def abstention(reason: str = "not my examination", *, name: str = "one", failed: bool = False) -> Abstention:
    """A reader that did not answer."""
    return Abstention(reader=identity(name), reason=reason, failed=failed)


def film_study(*flags: Flag, patient: Patient | None = None, modality: str = "DX", body_part: str = "CHEST") -> Study:
    """A study of one chest film."""
    instance = Instance(
        file="film.dcm",
        path=Path("film.dcm"),
        sha256="0" * 64,
        size_bytes=1,
        kind=InstanceKind.DICOM_IMAGE,
        sop_instance_uid="1.2.3",
        modality=modality,
        body_part=body_part,
        projection="PA",
        rows=512,
        columns=512,
    )
    series = Series(series_uid="1.2", modality=modality, body_part=body_part, instances=(instance,))
    return Study(ref="st-test", study_uid="1", patient=patient or Patient(), series=(series,), flags=flags)
