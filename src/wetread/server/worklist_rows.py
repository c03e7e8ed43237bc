"""One row of the worklist, as the API tells it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from wetread.domain.urgency import Priority
from wetread.domain.waiting import ON_ITS_WAY, AiState, Lane, PatientClass, StudyStatus


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
    `disputed`: readers disagree on a finding. `blinded`: drawn by chance to be read before AI's answer is shown.
    `priors` are other studies of the same patient, 100 at most.
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
    disputed: bool
    blinded: bool
    readers: list[str]
    problem: str | None
    cost_usd: float | None
    series: int
    images: int
    priors: int
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


def told_row(row: Mapping[str, Any], now: datetime, *, priors: int) -> dict[str, Any]:
    """The fields of a `WorklistRow` from the store's row and how many priors there are."""
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
        "disputed": bool(row["disputed"]),
        "blinded": bool(row["blinded"]),
        "priors": priors,
        "series": row["series_count"],
        "images": row["instance_count"],
        "etag": f'"{row["etag"]}"',
    }


def row_views(rows: Iterable[Mapping[str, Any]], now: datetime, priors: Mapping[str, int]) -> list[WorklistRow]:
    """Rows of the store as the API tells them; `priors` says of each study how many it has."""
    return [WorklistRow(**told_row(row, now, priors=priors.get(row["study_id"], 0))) for row in rows]


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
