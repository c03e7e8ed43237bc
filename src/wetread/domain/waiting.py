"""What waits for a human, and where it stands: the words of the worklist."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from wetread.domain.urgency import Priority


class StudyStatus(StrEnum):
    """Where a study is on its way. FAILED means AI did not read it, never that nothing was found."""

    RECEIVING = "receiving"
    QUEUED = "queued"
    READING = "reading"
    REPORTED = "reported"
    FAILED = "failed"
    HELD = "held"  # by rule: no reader is asked; a human reads it
    SIGNED = "signed"


class AiState(StrEnum):
    """How far AI is. FAILED (it broke) and UNREAD (it abstained) are not "nothing found": nobody read the images."""

    PENDING = "pending"
    READING = "reading"
    READ = "read"
    FAILED = "failed"
    UNREAD = "unread"
    NOT_ASKED = "not_asked"


# What a status says of AI by itself; in any other status it follows from what AI left behind.
ON_ITS_WAY = {
    StudyStatus.RECEIVING: AiState.PENDING,
    StudyStatus.QUEUED: AiState.PENDING,
    StudyStatus.READING: AiState.READING,
    StudyStatus.FAILED: AiState.FAILED,
    StudyStatus.HELD: AiState.NOT_ASKED,
}


class PatientClass(StrEnum):
    """Where the patient is (HL7 PV1-2, FHIR Encounter.class); it chooses the waiting cap."""

    EMERGENCY = "emergency"
    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    UNKNOWN = "unknown"


class Lane(IntEnum):
    """Lanes of the worklist, first lane first; inside a lane the earliest deadline is first."""

    CRITICAL = 1
    LIFTED = 2
    DUE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A human's word on the priority; the only thing that lowers it.

    `instead_of` is what counted until then (None: nobody had said anything), within `instead_of_min` minutes.
    """

    priority: Priority
    reason: str
    by: str
    at: datetime
    instead_of: Priority | None = None
    instead_of_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A study's place: its lane, the moment that orders it inside, when it will be lifted, and why, in words.

    `priority` and `target_min` are what counts after the order's floor and a human's word; None while nobody said more
    than routine.
    """

    lane: Lane
    deadline: datetime
    lift_at: datetime
    why: tuple[str, ...]
    priority: Priority | None = None
    target_min: int | None = None
