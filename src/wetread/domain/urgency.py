"""How soon a human must act: P1 (critical) to P5 (minimal), and UNREAD where nobody read."""

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """Urgency, most urgent first. UNREAD is sorted with P2 and never means "nothing found"."""

    P1 = "P1"
    P2 = "P2"
    UNREAD = "UNREAD"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"

    @property
    def rank(self) -> int:
        """Smaller is more urgent; UNREAD ranks with P2."""
        return {"P1": 1, "P2": 2, "UNREAD": 2, "P3": 3, "P4": 4, "P5": 5}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a priority was given.

    `source` is one of rule, model, order, consensus, quality, system, human; `rule_id` names the
    policy's line; `finding` the code it rests on.
    """

    source: str
    priority: Priority
    rule_id: str
    text: str
    finding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """A priority, the minutes within which a human should act, and every reason, strongest first."""

    priority: Priority
    target_min: int
    reasons: tuple[Reason, ...]
    policy_version: str
