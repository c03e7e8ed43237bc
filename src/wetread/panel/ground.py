"""A reason for a priority together with the minutes it asks for."""

from dataclasses import dataclass, replace

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.urgency import Priority, Reason


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason with the minutes it asks for."""

    reason: Reason
    target_min: int

    def about(self, code: str) -> "Ground":
        """The ground with the code it rests on."""
        return replace(self, reason=replace(self.reason, finding=code))


def ground(priority: Priority, policy: UrgencyPolicy, *, source: str, rule_id: str, text: str) -> Ground:
    """A ground at the policy's minutes for its priority."""
    return Ground(Reason(source=source, priority=priority, rule_id=rule_id, text=text), policy.target_min[priority])
