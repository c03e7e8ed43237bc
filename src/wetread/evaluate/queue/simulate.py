"""A worklist on a clock that jumps from event to event: who is opened when. Nobody who reads is interrupted."""

from dataclasses import dataclass

import numpy as np

from wetread.evaluate.queue.disciplines import Discipline, moves
from wetread.evaluate.queue.traffic import HOUR_MIN, HOURS, Floats, Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Radiologists on duty in each hour of the day, midnight first. Whoever goes finishes what is open."""

    by_hour: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.by_hour) != HOURS or min(self.by_hour) < 0 or not max(self.by_hour):
            raise ValueError(f"staff is {HOURS} numbers from 0 on, one of them above 0, got {self.by_hour}")

    @classmethod
    def always(cls, radiologists: int) -> "Staff":
        """The same number day and night."""
        return cls(by_hour=(radiologists,) * HOURS)

    @property
    def work_min_per_day(self) -> float:
        """Minutes of work they give in a day."""
        return float(sum(self.by_hour) * HOUR_MIN)


def simulate(traffic: Traffic, discipline: Discipline, staff: Staff) -> Floats:
    """How long each study waits until a human opens it: (studies,) float64, minutes from its arrival."""
    from wetread.evaluate.queue.engine import opened  # numba takes its time; whoever only names figures needs none

    told = moves(traffic, discipline)
    duty = np.array(staff.by_hour, dtype=np.int64)
    began: Floats = opened(told.at_min, (told.study, told.lane - 1, told.key), traffic.takes_min, duty)
    return began - traffic.arrives_min
