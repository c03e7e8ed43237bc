"""An alert: a service level that is missed."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How soon somebody should look: CRITICAL now, WARNING today."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One missed level. `name` stays the same as long as it is missed; `text` says what to do and names no patient."""

    name: str
    severity: Severity
    text: str
    value: float
    threshold: float
