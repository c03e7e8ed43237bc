"""What a look at drift says: measures with their limits, and the alarms among them."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DriftKind(StrEnum):
    """What may have moved."""

    METADATA = "metadata"  # what headers say of the studies
    PICTURES = "pictures"  # what the pictures look like
    PREVALENCE = "prevalence"  # how often AI sees a finding
    AGREEMENT = "agreement"  # how often AI and the signed report say the same
    LATENCY = "latency"
    TOKENS = "tokens"  # billed over predicted
    FINGERPRINT = "fingerprint"  # who answers at all
    SENTINEL = "sentinel"  # what is said of the fixed cases


class Level(StrEnum):
    """How far. TOO_FEW says nothing, neither quiet nor moved."""

    TOO_FEW = "too_few"
    QUIET = "quiet"
    WARN = "warn"
    ALARM = "alarm"

    @property
    def raised(self) -> bool:
        """Whether somebody should hear of it."""
        return self in {Level.WARN, Level.ALARM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of one look, for the chart: `value` against `limit` (and `low`, where falling counts too).

    `value` is None where too few cases give none; `n` are the cases it rests on, `text` says more in words.
    """

    kind: DriftKind
    what: str
    level: Level
    value: float | None
    limit: float | None
    n: int
    low: float | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if any(figure is not None and not math.isfinite(figure) for figure in (self.value, self.limit, self.low)):
            raise ValueError(f"{self.kind} of {self.what}: a figure that does not exist is None")

    @property
    def key(self) -> str:
        """What it is a measure of, the same in every look."""
        return f"{self.kind.value}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A measure that moved: how far, of what, since which look's end, resting on how many cases."""

    kind: DriftKind
    level: Level
    what: str
    value: float | None
    limit: float | None
    since: datetime
    n: int
    text: str = ""


def too_few(kind: DriftKind, what: str, n: int, least: int) -> Measure:
    """A measure that says nothing yet."""
    return Measure(
        kind=kind,
        what=what,
        level=Level.TOO_FEW,
        value=None,
        limit=None,
        n=n,
        text=f"too few: {n} of the {least} needed",
    )
