"""A day of a worklist on a clock that jumps from event to event: who opens what when, by which order.

Humans open studies one after the other. A study is known from its arrival on, AI tells its urgency some minutes later,
and it may be lifted; at each of these moments its place is worked out anew, by the product's own `standing`.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.worklist.order import standing

START = datetime(2026, 11, 21, tzinfo=UTC)
DAY_MIN = 1440
POLICY, WAITING = load_policy(), load_worklist_policy()
# Arrivals by hour of the day, in relation to each other; priorities as AI gives them; UNREAD is AI failed.
BY_HOUR = (3, 2.5, 2, 2, 2.5, 4, 8, 14, 20, 22, 22, 21, 17, 18, 19, 18, 16, 13, 11, 9, 8, 7, 5, 4)
PRIORITIES = {"P1": 0.03, "P2": 0.10, "UNREAD": 0.05, "P3": 0.25, "P4": 0.52, "P5": 0.05}
ORDERS = {OrderPriority.STAT: 0.08, OrderPriority.URGENT: 0.07, OrderPriority.ROUTINE: 0.6, None: 0.25}
ARRIVING = {PatientClass.EMERGENCY: 0.25, PatientClass.INPATIENT: 0.25, PatientClass.OUTPATIENT: 0.5}
QUEUED = {PatientClass.EMERGENCY: 0.03, PatientClass.INPATIENT: 0.27, PatientClass.OUTPATIENT: 0.7}
MEAN_MIN, SPREAD = 5.0, 0.7  # how long a human looks at a study: lognormal, mean and coefficient of variation
NIGHT, NIGHT_SHARE = (0, 7), 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One study: when it comes, when AI has told its priority, how long a human will take."""

    arrives_min: float
    read_min: float
    takes_min: float
    priority: Priority
    order: OrderPriority | None
    patient_class: PatientClass

    @property
    def cap_min(self) -> int:
        """How long it may wait."""
        return WAITING.cap_min[self.patient_class]

    @property
    def lift_min(self) -> float:
        """When it is lifted."""
        return self.arrives_min + self.cap_min * WAITING.lift_share

    def priority_at(self, minute: float) -> Priority | None:
        """What is known of its urgency."""
        return self.priority if minute >= self.read_min else None


Key = tuple[float, ...]
Discipline = Callable[[Patient, float], Key]


def ours(patient: Patient, minute: float) -> Key:
    """The product's own order."""
    priority = patient.priority_at(minute)
    failed = "no reader answered" if priority is Priority.UNREAD else None
    place = standing(
        priority=None if failed else priority,
        target_min=POLICY.target_min[priority] if priority else None,
        order_priority=patient.order,
        patient_class=patient.patient_class,
        arrived_at=START + timedelta(minutes=patient.arrives_min),
        now=START + timedelta(minutes=minute),
        policy=POLICY,
        waiting=WAITING,
        failed=failed,
    )
    return float(place.lane), (place.deadline - START).total_seconds()


def first_come(patient: Patient, minute: float) -> Key:  # noqa: ARG001 - a discipline
    """Whoever came first."""
    return (patient.arrives_min,)


def urgency_only(patient: Patient, minute: float) -> Key:
    """The most urgent, then whoever came first; what nobody read yet stands with P3."""
    priority = patient.priority_at(minute)
    return (priority or Priority.P3).rank, patient.arrives_min


def cap_only(patient: Patient, minute: float) -> Key:  # noqa: ARG001 - a discipline
    """The earliest cap: if this order breaks one, none of the others can keep them all."""
    return (patient.arrives_min + patient.cap_min,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a day was like."""

    late: int
    worst_share: float
    critical_mean_min: float
    critical_worst_min: float
    overtaken: int
    worst_wait_min: float


def patients(*, queued: int, arriving: int, seed: int) -> list[Patient]:
    """So many that wait at midnight, having all come at once, and so many that come over the day."""
    rng = np.random.default_rng(seed)
    weights = np.array(BY_HOUR) / sum(BY_HOUR)
    hours = rng.choice(24, size=arriving, p=weights)
    came = np.concatenate([np.zeros(queued), np.sort(hours * 60 + rng.random(arriving) * 60)])
    told = came + np.concatenate([rng.random(queued) * 240, rng.exponential(10, arriving)])
    sigma = np.sqrt(np.log(1 + SPREAD**2))
    takes = rng.lognormal(np.log(MEAN_MIN) - sigma**2 / 2, sigma, len(came))
    names, orders = list(PRIORITIES), list(ORDERS)
    found = rng.choice(len(names), size=len(came), p=list(PRIORITIES.values()))
    asked = rng.choice(len(orders), size=len(came), p=list(ORDERS.values()))
    classes = [*_classes(rng, QUEUED, queued), *_classes(rng, ARRIVING, arriving)]
    return [
        Patient(
            arrives_min=float(came[n]),
            read_min=float(told[n]),
            takes_min=float(takes[n]),
            priority=Priority(names[found[n]]),
            order=orders[asked[n]],
            patient_class=classes[n],
        )
        for n in range(len(came))
    ]


def _classes(rng: np.random.Generator, shares: Mapping[PatientClass, float], count: int) -> list[PatientClass]:
    names = list(shares)
    return [names[n] for n in rng.choice(len(names), size=count, p=list(shares.values()))]


def staffed_min(humans: int) -> float:
    """Minutes of work that so many humans give in a day."""
    night = (NIGHT[1] - NIGHT[0]) * 60
    return humans * (DAY_MIN - night) + round(humans * NIGHT_SHARE) * night


def load(people: list[Patient], humans: int) -> float:
    """The work of the day over what the humans can give."""
    return sum(one.takes_min for one in people) / staffed_min(humans)


def simulate(people: list[Patient], humans: int, discipline: Discipline) -> Outcome:
    """Open every study and tell how long they waited."""
    events = sorted((at, n) for n, one in enumerate(people) for at in {one.arrives_min, one.read_min, one.lift_min})
    free = [(0.0, human) for human in range(humans)]
    heapq.heapify(free)
    ready: list[tuple[Key, int, int]] = []
    version, opened = [0] * len(people), [-1.0] * len(people)
    left, next_event = len(people), 0
    while left:
        now, human = heapq.heappop(free)
        if (on := _on_duty(human, now, humans)) > now:
            heapq.heappush(free, (on, human))
            continue
        while next_event < len(events) and events[next_event][0] <= now:
            at, n = events[next_event]
            next_event += 1
            if opened[n] < 0:
                version[n] += 1
                heapq.heappush(ready, (discipline(people[n], at), n, version[n]))
        while ready and (opened[ready[0][1]] >= 0 or ready[0][2] != version[ready[0][1]]):
            heapq.heappop(ready)
        if not ready:
            heapq.heappush(free, (events[next_event][0], human))
            continue
        n = heapq.heappop(ready)[1]
        opened[n] = now
        left -= 1
        heapq.heappush(free, (now + people[n].takes_min, human))
    return _outcome(people, opened)


def _on_duty(human: int, now: float, humans: int) -> float:
    """When the human works next."""
    minute = now % DAY_MIN
    at_night = NIGHT[0] * 60 <= minute < NIGHT[1] * 60
    return now - minute + NIGHT[1] * 60 if at_night and human >= round(humans * NIGHT_SHARE) else now


def _outcome(people: list[Patient], opened: list[float]) -> Outcome:
    waits = np.array([at - one.arrives_min for at, one in zip(opened, people, strict=True)])
    shares = waits / np.array([one.cap_min for one in people])
    critical = [n for n, one in enumerate(people) if one.priority is Priority.P1]
    known = np.array([max(0.0, opened[n] - people[n].read_min) for n in critical])
    return Outcome(
        late=int((shares > 1).sum()),
        worst_share=float(shares.max()),
        critical_mean_min=float(waits[critical].mean()),
        critical_worst_min=float(known.max()),
        overtaken=_overtaken(people, opened),
        worst_wait_min=float(waits.max()),
    )


def _overtaken(people: list[Patient], opened: list[float]) -> int:
    """How often something that is not critical was opened while a study known to be critical waited."""
    known = list(zip(people, opened, strict=True))
    others = np.sort([at for one, at in known if one.priority is not Priority.P1])
    waiting = [(one.read_min, at) for one, at in known if one.priority is Priority.P1 and at > one.read_min]
    return int(sum(np.searchsorted(others, end) - np.searchsorted(others, told, "right") for told, end in waiting))


def fewest_humans(people: list[Patient], discipline: Discipline, *, start: int) -> int:
    """The smallest staff with which nothing waits longer than its cap."""
    low, high = 1, start
    while simulate(people, high, discipline).late:
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if not simulate(people, middle, discipline).late else (middle + 1, high)
    return high
