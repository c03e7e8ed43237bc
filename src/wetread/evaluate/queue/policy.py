"""How the simulator counts (clinical/queue.toml), parsed once and strictly."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import with_config

from wetread.domain.clinical_data import shipped
from wetread.domain.waiting import PatientClass
from wetread.evaluate.queue.traffic import Shape
from wetread.evaluate.strict_toml import STRICT, parsed


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Fewer studies than `least_studies` say nothing; `cdf_min` are the minutes of the wait curve."""

    least_studies: int
    cdf_min: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.least_studies < 1 or list(self.cdf_min) != sorted({*self.cdf_min}):
            raise ValueError("least_studies is 1 or more, cdf_min rises")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTimes:
    """Which of a site's own reading times count, and how many it takes."""

    longest_read_min: float
    least_read_times: int

    def __post_init__(self) -> None:
        if self.longest_read_min <= 0 or self.least_read_times < 1:
            raise ValueError("longest_read_min is more than 0, least_read_times is 1 or more")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """A worklist where nobody named one: shares from 0 to 1, studies an hour, minutes."""

    rate_per_hour: float
    service_min: float
    shape: Shape
    variation: float
    radiologists: int
    critical: float
    raised: float
    ai_delay_min: float
    classes: Mapping[PatientClass, float]

    def __post_init__(self) -> None:
        if min(self.rate_per_hour, self.service_min, self.variation, self.radiologists) <= 0 or self.ai_delay_min < 0:
            raise ValueError("rate, minutes, variation and radiologists are more than 0, AI's delay is from 0 on")
        if not (0 < self.critical < 1 and 0 <= self.raised <= 1 and math.isclose(sum(self.classes.values()), 1)):
            raise ValueError("shares lie between 0 and 1, those of the classes sum to 1")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """How long and how often is simulated; `resamples` are of a site's own days."""

    days: int
    warm_days: int
    replications: int
    resamples: int
    seed: int

    def __post_init__(self) -> None:
        if not (0 <= self.warm_days < self.days and self.replications > 1 and self.resamples > 1 and self.seed >= 0):
            raise ValueError("warm_days is less than days, replications and resamples are 2 or more")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Report turnaround from the literature, minutes: printed beside ours, as a shape."""

    name: str
    reference: str
    first_come_mean_min: float
    ai_mean_min: float
    first_come_max_min: float
    ai_max_min: float
    ai_cap_max_min: float


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """Every number of the simulator by name. `signed_off_by` is empty until a clinician signed."""

    version: str
    date: str
    note: str
    reference: str
    signed_off_by: str
    outcome: Counting
    site: SiteTimes
    assumed: Assumed
    runs: Runs
    published: tuple[Published, ...]


@cache
def queue_policy() -> QueuePolicy:
    """The shipped policy."""
    return parse_queue_policy(shipped("queue.toml"))


def parse_queue_policy(text: str) -> QueuePolicy:
    """A policy from its TOML.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parsed("queue.toml", text, QueuePolicy)
