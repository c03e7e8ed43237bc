"""What is said of an object, its series and its study when it comes in, and what became of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Table

from wetread.domain.arrival import Arrival
from wetread.domain.waiting import Standing

LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFacts:
    """What an object says of its study. `header` holds further attributes as DICOM JSON."""

    study_id: str
    ref: str
    study_uid: str | None = None
    patient_id: str | None = None
    patient_name: str | None = None
    patient_birth_date: str | None = None
    patient_sex: str | None = None
    age_years: float | None = None
    accession_number: str | None = None
    study_date: str | None = None
    description: str | None = None
    header: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """What an object says of its series."""

    series_uid: str | None = None
    modality: str | None = None
    number: int | None = None
    description: str | None = None
    body_part: str | None = None
    header: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """What an object is. `found` is intake's record of its header, `blob` the SHA-256 of its bytes."""

    blob: str
    size_bytes: int
    kind: str
    found: str
    sop_instance_uid: str | None = None
    sop_class_uid: str | None = None
    transfer_syntax_uid: str | None = None
    number: int | None = None
    frames: int = 1
    rows: int | None = None
    columns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One object on its way into the store.

    `complete_at` is when its study counts as complete if nothing else comes, `standing` its place on the list if it is
    new there. `is_ours`: this house made it of a report and an archive sends it back.
    """

    arrival: Arrival
    study: StudyFacts
    series: SeriesFacts
    instance: InstanceFacts
    complete_at: datetime
    standing: Standing
    is_ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of an object. `version` is its study's, as it was last complete."""

    study_id: str
    is_new: bool  # the study was not known before
    is_duplicate: bool  # the object was there already: nothing changed
    reopened: bool  # its study was complete and waits for more again
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstance:
    """An object of a study as it lies in the store."""

    instance_id: int
    series_id: str
    blob: str
    size_bytes: int
    found: str
    sop_instance_uid: str | None
    arrived_at: datetime


def storable(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as both databases take them. Headers hold anything: text too long or with zeros, absurd numbers."""
    return {name: _storable(table.c[name].type, value) for name, value in values.items()}


def _storable(kind: Any, value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)[: kind.length] if isinstance(kind, String) and kind.length else _text(value)
    if isinstance(value, Mapping | list | float):
        return _finite(value)
    if isinstance(kind, Integer) and not isinstance(kind, BigInteger) and isinstance(value, int):
        return value if -LARGEST <= value <= LARGEST else None
    return value


def _text(value: str) -> str:
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def _finite(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_text(str(key)): _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
