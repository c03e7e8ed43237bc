"""A site's own arrivals as traffic: what is known is kept, what is not known is drawn by a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np

from wetread.domain.clinical_data import UrgencyPolicy, WorklistPolicy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.evaluate.queue.policy import queue_policy
from wetread.evaluate.queue.traffic import NEVER, Flags, Floats, Mix, Span, Traffic

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One study of a site. `priority` is what AI told at `told_at`, `critical` what the signed report makes of it.

    None is unknown, for `priority` and `told_at`: AI never told.
    """

    arrived_at: datetime
    opened_at: datetime | None = None
    signed_at: datetime | None = None
    told_at: datetime | None = None
    priority: Priority | None = None
    target_min: int | None = None
    order: OrderPriority | None = None
    patient_class: PatientClass = PatientClass.UNKNOWN
    critical: bool | None = None

    def __post_init__(self) -> None:
        for moment in (self.arrived_at, self.opened_at, self.signed_at, self.told_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"{moment.isoformat()} names no time zone")
        if (self.priority is None) != (self.told_at is None):
            raise ValueError("a priority and the moment it was told at are known together or not at all")

    @property
    def read_min(self) -> float | None:
        """Minutes from opening to signature; None where unknown, or too long for reading all the while."""
        if self.opened_at is None or self.signed_at is None:
            return None
        minutes = (self.signed_at - self.opened_at) / MINUTE
        return minutes if 0 < minutes <= queue_policy().site.longest_read_min else None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a site's traffic rests on besides its rows: minutes of its policies, the zone whose hours the staff keeps.

    `mix` is how AI flags there: it tells how likely a study of unknown truth is critical. `reading` stands in where too
    few reading times are known.
    """

    policy: UrgencyPolicy
    waiting: WorklistPolicy
    zone: tzinfo
    mix: Mix | None = None
    reading: Span | None = None


def from_site(arrivals: Sequence[Arrival], house: House, seed: int) -> Traffic:
    """The site's studies in the order of arrival.

    Unknown truth is drawn given AI's flag, unknown reading times from the known ones: the same seed draws the same.
    Raises: ValueError where there is nothing to draw from.
    """
    if not arrivals:
        raise ValueError("no arrivals: name a period in which studies came")
    rows, dice = sorted(arrivals, key=lambda row: row.arrived_at), np.random.default_rng(seed)
    midnight = rows[0].arrived_at.astimezone(house.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    arrives = np.array([(row.arrived_at - midnight) / MINUTE for row in rows])
    # an order that asks for P1 itself is critical from the start; what AI leaves counts from then on too
    at_once = np.array([_ordered(row, house) is Priority.P1 for row in rows])
    told = np.array([NEVER if row.told_at is None else (row.told_at - midnight) / MINUTE for row in rows])
    rank = np.where(at_once, Priority.P1.rank, [(row.priority or Priority.P4).rank for row in rows])
    critical = _truth(rows, rank == Priority.P1.rank, house.mix, dice)
    left = {priority: _left(house.policy, priority) for priority in (None, *Priority)}
    return Traffic(
        arrives_min=arrives,
        takes_min=_reading(rows, house.reading, dice),
        critical=critical,
        rank=rank,
        told_min=np.where(at_once, arrives, np.maximum(told, arrives)),
        left_min=np.array([_told_left(left, row) for row in rows]),
        ordered_min=np.array([left[_ordered(row, house)] for row in rows]),
        target_min=np.where(critical, left[Priority.P1], NEVER),
        cap_min=np.array([house.waiting.cap_min[row.patient_class] for row in rows], dtype=np.float64),
        lift_share=house.waiting.lift_share,
        seed=seed,
    )


def _ordered(row: Arrival, house: House) -> Priority | None:
    return None if row.order is None else house.policy.order[row.order.value]


def _told_left(left: Mapping[Priority | None, float], row: Arrival) -> float:
    """Minutes that AI's word leaves: its own, else the policy's; where it failed to read, nobody named any."""
    own_min = None if row.priority in {None, Priority.UNREAD} else row.target_min
    return float(own_min) if own_min else left[row.priority]


def _left(policy: UrgencyPolicy, priority: Priority | None) -> float:
    """The least that the policy leaves to a priority or anything less urgent."""
    if priority is None:
        return NEVER
    known = [left for other, left in policy.target_min.items() if other.rank >= priority.rank and left]
    return float(min(known, default=NEVER))


def _truth(rows: Sequence[Arrival], flagged: Flags, mix: Mix | None, dice: np.random.Generator) -> Flags:
    unknown = np.array([row.critical is None for row in rows])
    if unknown.any() and mix is None:
        raise ValueError(f"{unknown.sum()} of {len(rows)} studies have no signed truth: name the mix to draw it from")
    drawn = dice.random(len(rows))  # drawn for all, so that a truth learnt later moves no other study's
    guess = drawn < mix.critical_given(flagged) if mix is not None else np.zeros(len(rows), np.bool_)
    return np.where(unknown, guess, np.array([row.critical is True for row in rows]))


def _reading(rows: Sequence[Arrival], span: Span | None, dice: np.random.Generator) -> Floats:
    told = np.array([np.nan if row.read_min is None else row.read_min for row in rows])
    known = told[np.isfinite(told)]
    least = queue_policy().site.least_read_times
    if len(known) >= least:
        drawn = dice.choice(known, size=len(rows))
    elif span is not None:
        drawn = span.draw(len(rows), dice)
    elif len(known) < len(rows):
        raise ValueError(f"{len(known)} reading times are known, {least} are needed: name how long a reading takes")
    else:
        return told
    return np.where(np.isfinite(told), told, drawn)
