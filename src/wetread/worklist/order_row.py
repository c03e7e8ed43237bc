"""A study's row and its place: what of the row counts, and the columns that say where it stands."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from wetread.domain.clinical_data import UrgencyPolicy, WorklistPolicy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority, Urgency
from wetread.domain.waiting import Override, PatientClass, Standing, StudyStatus
from wetread.store.records import from_record, to_record
from wetread.worklist.order import place
from wetread.worklist.order_case import Case

Row = Mapping[str, Any]
UNHEARD = (StudyStatus.FAILED, StudyStatus.HELD)


class Policies(Protocol):
    """What places rest on: the urgency policy and the waiting caps."""

    @property
    def urgency(self) -> UrgencyPolicy:
        """How soon what was said is due."""
        ...

    @property
    def waiting(self) -> WorklistPolicy:
        """How long anything may wait."""
        ...


def case_of(row: Row, policies: Policies, *, urgency: Urgency | None, failed: str | None, heard_at: datetime) -> Case:
    """What is known of a study: its row, and the urgency of its report (None where it is not read)."""
    order = row["order_priority"]
    floor = row["floor"]
    return Case(
        priority=urgency.priority if urgency else None,
        target_min=urgency.target_min if urgency else None,
        reasons=urgency.reasons if urgency else (),
        order_priority=OrderPriority(order) if order else None,
        patient_class=PatientClass(row["patient_class"]),
        arrived_at=row["arrived_at"],
        policy=policies.urgency,
        waiting=policies.waiting,
        override=override_of(row),
        failed=failed,
        floor=Priority(floor) if floor else None,
        floor_target_min=row["floor_target_min"],
        heard_at=heard_at,
    )


def waiting_columns(
    row: Row, policies: Policies, *, now: datetime, floor: Priority | None = None, failed: str | None = None
) -> dict[str, Any]:
    """The columns of a study that waits to be read: complete, with the `floor` that the rules ask for.

    `failed` says why no reader is asked (on hold, by a rule).
    """
    raised = _floor(row, floor, None)
    case = case_of({**row, **raised}, policies, urgency=None, failed=failed, heard_at=row["last_arrival_at"])
    return {**raised, **columns_of(place(case, now))}


def reported_columns(
    row: Row, policies: Policies, urgency: Urgency, *, now: datetime, failed: str | None = None
) -> dict[str, Any]:
    """The columns of a study whose report was made now. What it says is the floor of whatever comes later.

    `failed` says why AI did not read it; that nobody read is no floor of a later read.
    """
    said = None if urgency.priority is Priority.UNREAD else urgency.priority
    raised = _floor(row, said, urgency.target_min)
    case = case_of({**row, **raised}, policies, urgency=urgency, failed=failed, heard_at=now)
    return {**raised, **columns_of(place(case, now))}


def columns_of(standing: Standing) -> dict[str, Any]:
    """A place as columns of `studies`."""
    return {
        "priority": standing.priority.value if standing.priority else None,
        "target_min": standing.target_min,
        "lane": int(standing.lane),
        "deadline": standing.deadline,
        "lift_at": standing.lift_at,
        "why": list(standing.why),
    }


def override_of(row: Row) -> Override | None:
    """The human's word that the row keeps.

    Raises: RecordInvalid.
    """
    if row["override"] is None:
        return None
    override: Override = from_record(Override, json.dumps(row["override"]))
    return override


def override_column(override: Override) -> dict[str, Any]:
    """The human's word as the row keeps it."""
    kept: dict[str, Any] = json.loads(to_record(Override, override))
    return kept


def _floor(row: Row, said: Priority | None, target_min: int | None) -> dict[str, Any]:
    """The floor with what is said now: it only rises, and keeps the fewer minutes of two that rank alike."""
    if said is None:
        return {}
    before = Priority(row["floor"]) if row["floor"] else None
    if before is not None and before.rank < said.rank:
        return {}
    left = target_min or None
    if before is not None and before.rank == said.rank and row["floor_target_min"]:
        left = min(left or row["floor_target_min"], row["floor_target_min"])
    return {"floor": said.value, "floor_target_min": left}
