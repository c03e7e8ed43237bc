"""Who is opened next: lanes and keys by discipline, told in minutes.

The product's own rule (`worklist.order`) is stated here again on minutes, because evaluation and worklist never import
each other; a test holds both together on random studies.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from wetread.domain.urgency import Priority
from wetread.domain.waiting import Lane
from wetread.evaluate.queue.traffic import Floats, Numbers, Traffic


class Discipline(StrEnum):
    """In which order humans open what waits."""

    FIRST_COME = "first_come"
    AI = "ai"  # by the priority that AI told, inside one first come; what it has not told of yet stands with routine
    AI_CAP = "ai_cap"  # the product's rule: critical, lifted, due, each by deadline
    ORACLE = "oracle"  # what is really critical first, at once: nobody can do better


LABELS = {
    Discipline.FIRST_COME: "first come",
    Discipline.AI: "AI order",
    Discipline.AI_CAP: "AI order + cap",
    Discipline.ORACLE: "oracle",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """From `at_min` on a study stands in that lane (1 is first) by that key; (moves,) each, in the order of time."""

    at_min: Floats = field(repr=False)
    study: Numbers = field(repr=False)
    lane: Numbers = field(repr=False)
    key: Floats = field(repr=False)


def moves(traffic: Traffic, discipline: Discipline) -> Moves:
    """Every moment at which a study takes its place or another one."""
    count = len(traffic)
    everyone = np.arange(count)
    came = traffic.arrives_min
    study, at = everyone, came
    if discipline is Discipline.FIRST_COME:
        lane, key = np.full(count, Lane.DUE), came
    elif discipline is Discipline.ORACLE:
        lane, key = np.where(traffic.critical, Lane.CRITICAL, Lane.DUE), came
    elif discipline is Discipline.AI:
        told = _told_later(traffic)
        study, at = np.concatenate([everyone, told]), np.concatenate([came, traffic.told_min[told]])
        lane = np.where(traffic.told_min[study] <= at, traffic.rank[study], Priority.P4.rank)
        key = came[study]
    else:
        told = _told_later(traffic)
        lifted = np.flatnonzero(np.isfinite(traffic.cap_min))
        study = np.concatenate([everyone, told, lifted])
        at = np.concatenate([came, traffic.told_min[told], lift_min(traffic)[lifted]])
        lane, key = stand(traffic, study, at)
    order = np.argsort(at, kind="stable")
    return Moves(at_min=at[order], study=study[order], lane=lane[order].astype(np.int64), key=key[order])


def stand(traffic: Traffic, study: Numbers, at_min: Floats) -> tuple[Numbers, Floats]:
    """Lane and deadline (minutes) of these studies at these moments, by the product's rule.

    Critical is what AI flagged, once it has told so; lifted is what has waited `lift_share` of its cap; the deadline is
    the arrival and the least of what order, AI (once it has told) and cap leave.
    """
    told = traffic.told_min[study] <= at_min
    left = np.minimum(traffic.ordered_min[study], traffic.cap_min[study])
    left = np.where(told, np.minimum(left, traffic.left_min[study]), left)
    waiting = np.where(at_min >= lift_min(traffic)[study], Lane.LIFTED, Lane.DUE)
    lane = np.where(told & traffic.flagged[study], Lane.CRITICAL, waiting).astype(np.int64)
    return lane, _deadlines(traffic.arrives_min[study], left)


def lift_min(traffic: Traffic) -> Floats:
    """When each study is lifted, minutes; inf where it has no cap."""
    return traffic.arrives_min + traffic.cap_min * traffic.lift_share


def _told_later(traffic: Traffic) -> Numbers:
    return np.flatnonzero((traffic.told_min > traffic.arrives_min) & np.isfinite(traffic.told_min))


def _deadlines(arrives: Floats, left: Floats) -> Floats:
    """Deadlines; where nothing sets one, after all others and by arrival (two infinite ones would be equal)."""
    endless = 1e12  # minutes: two million years
    return arrives + np.where(np.isfinite(left), left, endless)
