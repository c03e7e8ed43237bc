"""What is known of a study's urgency, and what counts of it: the strongest voice, or a human's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from wetread.domain.clinical_data import UrgencyPolicy, WorklistPolicy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority, Reason
from wetread.domain.waiting import Override, PatientClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What one source says: a priority and the minutes it leaves, None where only the cap counts."""

    priority: Priority
    left_min: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a study's place rests on; `worklist.order.standing` says what each part is."""

    priority: Priority | None
    target_min: int | None
    order_priority: OrderPriority | None
    patient_class: PatientClass
    arrived_at: datetime
    policy: UrgencyPolicy
    waiting: WorklistPolicy
    override: Override | None = None
    reasons: tuple[Reason, ...] = ()
    failed: str | None = None
    floor: Priority | None = None
    floor_target_min: int | None = None
    heard_at: datetime | None = None

    @property
    def cap_min(self) -> int:
        """Minutes after which nobody may wait longer."""
        return self.waiting.cap_min[self.patient_class]

    @property
    def ordered(self) -> Priority | None:
        """What the order alone asks for."""
        return None if self.order_priority is None else self.policy.order[self.order_priority.value]

    @property
    def unheard(self) -> bool:
        """True where neither a reader nor a failure has spoken of the pictures yet."""
        return self.priority is None and self.failed is None


def said(case: Case) -> Voice | None:
    """The strongest of what readers, order, rules and failure say; None where nobody said anything."""
    reasons = [reason.priority for reason in case.reasons]
    if case.priority is not None:  # its grounds have left their minutes in it; only stronger ones may add
        reasons = [priority for priority in reasons if priority.rank < case.priority.rank]
    voices = [
        *_voice(case, Priority.UNREAD if case.failed is not None else None),  # first: it wins ties with P2
        *_voice(case, case.priority, case.target_min),
        *_voice(case, case.floor, case.floor_target_min),
        *_voice(case, case.ordered),
        *(voice for priority in reasons for voice in _voice(case, priority)),
    ]
    if not voices:
        return None
    strongest = min(voices, key=lambda voice: voice.priority.rank)
    return Voice(priority=strongest.priority, left_min=_least(voice.left_min for voice in voices))


def overrules(case: Case, machine: Voice | None) -> bool:
    """Whether the human's word counts: raising always, lowering only what was said before it was spoken."""
    human = case.override
    if human is None:
        return False
    if machine is None or human.priority.rank <= machine.priority.rank:
        return True
    return case.heard_at is None or human.at >= case.heard_at


def counting(case: Case, machine: Voice | None) -> Voice | None:
    """What counts in the end."""
    human = case.override
    if human is None or not overrules(case, machine):
        return machine
    own = Voice(priority=human.priority, left_min=default_min(case.policy, human.priority))
    if machine is None or human.priority.rank > machine.priority.rank:
        return own
    return Voice(priority=own.priority, left_min=_least((own.left_min, machine.left_min)))


def default_min(policy: UrgencyPolicy, priority: Priority) -> int | None:
    """Minutes the policy leaves where nobody named any; never more than it leaves to something less urgent."""
    return _least(left for other, left in policy.target_min.items() if other.rank >= priority.rank)


def _voice(case: Case, priority: Priority | None, left_min: int | None = None) -> list[Voice]:
    if priority is None:
        return []
    return [Voice(priority=priority, left_min=left_min or default_min(case.policy, priority))]


def _least(minutes: Iterable[int | None]) -> int | None:
    return min((left for left in minutes if left), default=None)
