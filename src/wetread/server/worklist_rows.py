"""One row of the worklist, as the API tells it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from wetread.domain.urgency import Priority
from wetread.domain.waiting import Lane, PatientClass, StudyStatus


class AiState(StrEnum):
    """How far AI is. FAILED (it broke) and UNREAD (it abstained) are not "nothing found": nobody read the images."""

    PENDING = "pending"
    READING = "reading"
    READ = "read"
    FAILED = "failed"
    UNREAD = "unread"
    NOT_ASKED = "not_asked"


class PatientView(BaseModel):
    """Who was examined, for those who may see it."""

    name: str | None
    patient_id: str | None
    birth_date: str | None
    sex: str | None
    age_years: float | None


class WorklistRow(BaseModel):
    """A study with its place: `why` says in words why it stands there, strongest first.

    `deadline` is when a human should have acted; `overdue` is true once that has passed and the study is still open.
    """

    study_id: str
    study_uid: str | None
    ref: str
    status: StudyStatus
    open: bool
    priority: Priority | None
    lane: Lane
    deadline: datetime
    overdue: bool
    waiting_s: float
    why: list[str]
    patient: PatientView
    accession_number: str | None
    study_date: str | None
    modalities: list[str]
    body_parts: list[str]
    description: str | None
    indication: str | None
    order_priority: str | None
    patient_class: PatientClass
    ai: AiState
    top_finding: str | None
    probability: float | None
    abnormal_probability: float | None
    agreement: float | None
    readers: list[str]
    problem: str | None
    cost_usd: float | None
    series: int
    images: int
    version: int
    assignee: str | None
    source: str | None
    arrived_at: datetime
    completed_at: datetime | None
    reported_at: datetime | None
    signed_at: datetime | None
    etag: str


SAME = (
    "study_id",
    "study_uid",
    "ref",
    "open",
    "deadline",
    "why",
    "accession_number",
    "study_date",
    "description",
    "indication",
    "order_priority",
    "top_finding",
    "abnormal_probability",
    "agreement",
    "readers",
    "problem",
    "cost_usd",
    "version",
    "assignee",
    "source",
    "arrived_at",
    "completed_at",
    "reported_at",
    "signed_at",
)
ON_ITS_WAY = {
    StudyStatus.RECEIVING: AiState.PENDING,
    StudyStatus.QUEUED: AiState.PENDING,
    StudyStatus.READING: AiState.READING,
    StudyStatus.FAILED: AiState.FAILED,
    StudyStatus.HELD: AiState.NOT_ASKED,
}


def told_row(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The fields of a `WorklistRow` from the store's row."""
    return {
        **{name: row[name] for name in SAME},
        "status": StudyStatus(row["status"]),
        "priority": Priority(row["priority"]) if row["priority"] else None,
        "lane": Lane(row["lane"]),
        "overdue": bool(row["open"]) and row["deadline"] < now,
        "waiting_s": max(
            0.0, ((row["signed_at"] if not row["open"] else None) or now).timestamp() - row["arrived_at"].timestamp()
        ),
        "patient": PatientView(
            name=row["patient_name"],
            patient_id=row["patient_id"],
            birth_date=row["patient_birth_date"],
            sex=row["patient_sex"],
            age_years=row["age_years"],
        ),
        "modalities": _listed(row["modalities"]),
        "body_parts": _listed(row["body_parts"]),
        "patient_class": PatientClass(row["patient_class"]),
        "ai": ai_state(row),
        "probability": row["top_probability"],
        "series": row["series_count"],
        "images": row["instance_count"],
        "etag": f'"{row["etag"]}"',
    }


def row_view(row: Mapping[str, Any], now: datetime) -> WorklistRow:
    """A row of the store as the API tells it."""
    return WorklistRow(**told_row(row, now))


def ai_state(row: Mapping[str, Any]) -> AiState:
    """How far AI is with a study; what a human signed keeps what AI had done."""
    status = StudyStatus(row["status"])
    if status in ON_ITS_WAY:
        return ON_ITS_WAY[status]
    if row["priority"] == Priority.UNREAD or row["problem"]:
        return AiState.UNREAD
    return AiState.READ if row["reported_at"] else AiState.NOT_ASKED


def _listed(text: str) -> list[str]:
    """The parts of a text that sets a backslash before, between and behind them."""
    return [part for part in (text or "").split("\\") if part]
