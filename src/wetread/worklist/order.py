"""Where a study stands in the worklist, and why: lanes, deadlines, the cap on waiting. Pure; time is an argument."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wetread.domain.clinical_data import UrgencyPolicy, WorklistPolicy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority, Reason
from wetread.domain.waiting import Lane, Override, PatientClass, Standing
from wetread.worklist.order_case import Case, Voice, counting, overrules, said
from wetread.worklist.order_words import sentences

# Queue numbers have 31 bits: each lane has a third of them, one for each second from here on, which lasts until 2048.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LANE_WIDTH_S = (2**31 - 1) // len(Lane)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SortKey:
    """The one order of the list and of the reading queue; `study_id` makes it total."""

    lane: Lane
    deadline: datetime
    study_id: str


def standing(  # noqa: PLR0913 - everything that a place rests on, by name
    *,
    priority: Priority | None,
    target_min: int | None,
    order_priority: OrderPriority | None,
    patient_class: PatientClass,
    arrived_at: datetime,
    now: datetime,
    policy: UrgencyPolicy,
    waiting: WorklistPolicy,
    override: Override | None = None,
    reasons: tuple[Reason, ...] = (),
    failed: str | None = None,
    floor: Priority | None = None,
    floor_target_min: int | None = None,
    heard_at: datetime | None = None,
) -> Standing:
    """A study's place now. Whatever is said raises it; only a human's override lowers it, and only what it knew of.

    `priority`, `target_min` and `reasons` are the panel's (None while it is not read), `failed` says why AI did not
    read it, `floor` is what an earlier version or a routing rule asks for. `heard_at` is when the last image came or
    the last report was made: an override from before it still raises, but lowers no more.
    """
    case = Case(
        priority=priority,
        target_min=target_min,
        order_priority=order_priority,
        patient_class=patient_class,
        arrived_at=arrived_at,
        policy=policy,
        waiting=waiting,
        override=override,
        reasons=reasons,
        failed=failed,
        floor=floor,
        floor_target_min=floor_target_min,
        heard_at=heard_at,
    )
    return place(case, now)


def place(case: Case, now: datetime) -> Standing:
    """The place of a case, as `standing` promises it."""
    machine = said(case)
    counts = counting(case, machine)
    lift_at = case.arrived_at + timedelta(minutes=case.cap_min * case.waiting.lift_share)
    lane = _lane(counts, lift_at, now)
    left_min = case.cap_min if counts is None or counts.left_min is None else min(counts.left_min, case.cap_min)
    deadline = case.arrived_at + timedelta(minutes=left_min)
    shown = None if _is_silent(case, machine, counts) else counts
    return Standing(
        lane=lane,
        deadline=deadline,
        lift_at=lift_at,
        why=sentences(case, machine, lane, deadline),
        priority=shown.priority if shown else None,
        target_min=shown.left_min if shown else None,
    )


def queue_priority(lane: Lane, deadline: datetime, epoch: datetime = EPOCH) -> int:
    """A number from 1 to 2**31 - 1 that sorts like (lane, deadline), to the second, for 22 years from `epoch` on.

    Deadlines before and after those years share their lane's first and last number.
    """
    second = (deadline - epoch) // SECOND
    return 1 + (lane - 1) * LANE_WIDTH_S + min(max(second, 0), LANE_WIDTH_S - 1)


def _lane(counts: Voice | None, lift_at: datetime, now: datetime) -> Lane:
    if counts is not None and counts.priority is Priority.P1:
        return Lane.CRITICAL
    return Lane.LIFTED if now >= lift_at else Lane.DUE


def _is_silent(case: Case, machine: Voice | None, counts: Voice | None) -> bool:
    """Before anyone looked, a routine order is no word on the pictures: no priority is shown."""
    if counts is None:
        return True
    return case.unheard and not overrules(case, machine) and counts.priority.rank > Priority.P3.rank
