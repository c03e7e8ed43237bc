"""The order: why the study was made, how soon it is wanted, and what is known of the patient."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OrderPriority(StrEnum):
    """Priority given with the order (HL7 ORC-7/TQ1-9, DICOM Requested Procedure Priority)."""

    STAT = "stat"
    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """One laboratory value as it was reported."""

    name: str
    value: str
    unit: str | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorReport:
    """An earlier report: its date (ISO 8601) and text."""

    date: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Clinical context of one study; every part may be unknown."""

    priority: OrderPriority | None = None
    accession_number: str | None = None
    age_years: float | None = None
    sex: str | None = None
    clinical_question: str | None = None
    chief_complaint: str | None = None
    symptoms: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    laboratory: tuple[Laboratory, ...] = ()
    priors: tuple[PriorReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """The examination that was asked for, as its coding system names it."""

    text: str
    code: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The order under the names that the ordering systems know it by; it goes back with the result, never to a reader.

    Sources: HL7 ORC-2, ORC-3, OBR-4, OBR-16; DICOM Referenced Request Sequence (0040,A370).
    `provider` is the ordering person as (identifier, family name, given name), empty where unknown.
    """

    accession_number: str | None = None
    placer_number: str | None = None
    filler_number: str | None = None
    procedure_id: str | None = None
    procedure: Procedure | None = None
    reason: str | None = None
    provider: tuple[str, str, str] | None = None
    requested_at: datetime | None = None
