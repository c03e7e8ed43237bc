"""What a routing rule can ask of a study, and how the answer is told."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from typing import Protocol

from wetread.domain.arrival import Way
from wetread.domain.order import OrderPriority
from wetread.domain.waiting import PatientClass

SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingFacts:
    """What rules may look at. Nothing here says who the patient is; unknown is None or empty."""

    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    instances: int = 0
    study_date: date | None = None
    age_years: float | None = None
    patient_class: PatientClass = PatientClass.UNKNOWN
    order_priority: OrderPriority | None = None
    ways: tuple[Way, ...] = ()
    calling: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a condition holds, and why, in words."""

    met: bool
    text: str


class Condition(Protocol):
    """One thing that a rule asks for. `now` is local to the site."""

    def judge(self, facts: RoutingFacts, now: datetime) -> Verdict:
        """Whether it holds; what is unknown never does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Condition):
    """One of the study's words matches one of the patterns: `*` and `?` stand for anything, case counts not."""

    key: str
    patterns: tuple[str, ...]

    def judge(self, facts: RoutingFacts, now: datetime) -> Verdict:  # noqa: ARG002 - the door's signature
        """Whether one word matches."""
        words = words_of(facts, self.key)
        wanted = " or ".join(self.patterns)
        if not words:
            return Verdict(met=False, text=f"{self.key} is unknown, wanted {wanted}")
        for word in words:
            if any(fnmatchcase(word.casefold(), pattern.casefold()) for pattern in self.patterns):
                return Verdict(met=True, text=f"{self.key} is {word}")
        return Verdict(met=False, text=f"{self.key} is {', '.join(words)}, wanted {wanted}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Condition):
    """A number or date of the study against the rule's."""

    key: str
    sign: str
    wanted: float | date

    def judge(self, facts: RoutingFacts, now: datetime) -> Verdict:
        """Whether the comparison holds."""
        value = amount_of(facts, self.key, now.date())
        if value is None:
            return Verdict(met=False, text=f"{self.key} is unknown, wanted {self.sign} {_told(self.wanted)}")
        if SIGNS[self.sign](_number(value), _number(self.wanted)):
            return Verdict(met=True, text=f"{self.key} is {_told(value)}")
        return Verdict(met=False, text=f"{self.key} is {_told(value)}, wanted {self.sign} {_told(self.wanted)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(Condition):
    """The time of day lies from `start` on and before `end`, over midnight where `end` is the earlier."""

    start: time
    end: time

    def judge(self, facts: RoutingFacts, now: datetime) -> Verdict:  # noqa: ARG002 - the door's signature
        """Whether it is that time."""
        at = now.time()
        inside = self.start <= at < self.end if self.start < self.end else at >= self.start or at < self.end
        told = f"it is {at:%H:%M}"
        return Verdict(met=inside, text=told if inside else f"{told}, wanted {self.start:%H:%M}-{self.end:%H:%M}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekdays(Condition):
    """The day of the week is one of these."""

    days: tuple[str, ...]

    def judge(self, facts: RoutingFacts, now: datetime) -> Verdict:  # noqa: ARG002 - the door's signature
        """Whether it is such a day."""
        today = DAYS[now.weekday()]
        told = f"it is {today}"
        return Verdict(met=today in self.days, text=told if today in self.days else f"{told}, wanted {_or(self.days)}")


def words_of(facts: RoutingFacts, key: str) -> tuple[str, ...]:
    """The study's words under a key of `when`."""
    words: Mapping[str, tuple[str, ...]] = {
        "modality": facts.modalities,
        "body_part": facts.body_parts,
        "description": facts.descriptions,
        "patient_class": (facts.patient_class.value,),
        "order_priority": (facts.order_priority.value,) if facts.order_priority else (),
        "way": tuple(way.value for way in facts.ways),
        "calling_ae": facts.calling,
        "called_ae": facts.called,
        "address": facts.addresses,
    }
    return words[key]


def amount_of(facts: RoutingFacts, key: str, today: date) -> float | date | None:
    """The study's number or date under a key of `when`."""
    if key == "study_age_days":
        return None if facts.study_date is None else float((today - facts.study_date).days)
    amounts: Mapping[str, float | date | None] = {
        "instances": float(facts.instances),
        "study_date": facts.study_date,
        "age_years": facts.age_years,
    }
    return amounts[key]


def _number(value: float | date) -> float:
    return float(value.toordinal()) if isinstance(value, date) else value


def _told(value: float | date) -> str:
    return value.isoformat() if isinstance(value, date) else f"{value:g}"


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(words)
