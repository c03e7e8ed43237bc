"""What is told of conformal sets for urgency; see `conformal`."""

from dataclasses import dataclass

from wetread.domain.urgency import Priority
from wetread.evaluate.statistics.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityFigures:
    """The cases to which one priority is due. `ruled_out` tells whether anything could rule it out at all."""

    priority: Priority
    n_calib: int
    n: int
    coverage: Interval
    mean_size: Interval
    can_be_ruled_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformalFigures:
    """Conformal sets on the test split: how often they hold the due priority, how many priorities they hold.

    `why` says why there are none; `levels` is how many priorities a set that says nothing would hold.
    """

    alpha: float
    levels: int
    n_calib: int
    n: int
    coverage: Interval
    mean_size: Interval
    by_priority: tuple[PriorityFigures, ...] = ()
    why: str | None = None
