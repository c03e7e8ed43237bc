"""Study, series, instance: what was acquired, as far as its headers say. Unknown is `None`."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class InstanceKind(StrEnum):
    """What a stored object is made of."""

    DICOM_IMAGE = "dicom_image"
    DICOM_OTHER = "dicom_other"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something about an object that a human should know, e.g. a repair or a conflict.

    `code` is stable (`duplicate_sop_instance_uid`), `text` is for people and names no patient.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One stored object (one or many frames).

    `file` is how the user knows it (`scan.zip!IM1`), `path` where its bytes are now.
    `position_mm` is the place along the normal of the slice (PS3.3 C.7.6.2), for sorting.
    """

    file: str
    path: Path
    sha256: str
    size_bytes: int
    kind: InstanceKind
    sop_instance_uid: str | None = None
    sop_class_uid: str | None = None
    transfer_syntax_uid: str | None = None
    instance_number: int | None = None
    position_mm: float | None = None
    rows: int | None = None
    columns: int | None = None
    frames: int = 1
    modality: str | None = None
    body_part: str | None = None
    projection: str | None = None
    laterality: str | None = None
    colour: bool | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def is_image(self) -> bool:
        """True where there are pixels to look at."""
        return self.kind is not InstanceKind.DICOM_OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One acquisition: instances in the order of their position, then number, then name."""

    series_uid: str | None
    modality: str | None
    body_part: str | None
    description: str | None = None
    number: int | None = None
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who was examined. Shown on a site's own reports; never sent, logged or used in file names."""

    patient_id: str | None = None
    name: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    age_years: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One examination. `ref` is a short name made from hashes: safe in logs and file names.

    `identifying` are the words of the headers that say who it is of and who made it: they never leave the site.
    """

    ref: str
    study_uid: str | None
    patient: Patient = Patient()
    accession_number: str | None = None
    study_date: str | None = None
    description: str | None = None
    series: tuple[Series, ...]
    flags: tuple[Flag, ...] = ()
    identifying: tuple[str, ...] = field(default=(), repr=False)

    @property
    def instances(self) -> tuple[Instance, ...]:
        """All instances, series by series."""
        return tuple(instance for series in self.series for instance in series.instances)

    @property
    def modalities(self) -> tuple[str, ...]:
        """The distinct modalities that are known, sorted."""
        return tuple(sorted({i.modality for i in self.instances if i.modality}))
