"""The queue simulator on a worklist that somebody names, or on the site's own arrivals out of the store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from wetread.domain.clinical_data import load_policy, load_vocabulary, load_worklist_policy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.domain.waiting import PatientClass
from wetread.errors import InputError
from wetread.evaluate.queue import (
    Arrival,
    Given,
    House,
    Mix,
    Own,
    Policies,
    QueueFigures,
    Shape,
    Span,
    Staff,
    ask_given,
    ask_site,
    assumed,
    queue_policy,
)
from wetread.evaluate.triage import due
from wetread.ports import Clock
from wetread.settings import Settings
from wetread.store.database import Database
from wetread.store.signed import Signed
from wetread.store.traffic import Passage, traffic_of
from wetread.wiring.routing import open_rules

T = TypeVar("T")
PERIOD = timedelta(days=28)
SEEN_FIRST = "what the signed reports say counts as the truth; who signed them had seen AI's answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody says of a worklist; None leaves it to the policy, for a site's own days to what its store knows.

    Shares from 0 to 1, minutes, studies an hour; `by_hour` are 24 numbers of radiologists on duty, midnight first.
    """

    rate_per_hour: float | None = None
    critical: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    raised: float | None = None
    radiologists: int | None = None
    by_hour: tuple[int, ...] | None = None
    service_min: float | None = None
    shape: Shape | None = None
    variation: float | None = None
    ai_delay_min: float | None = None
    days: int | None = None
    replications: int | None = None
    seed: int | None = None

    def resampled(self, times: int) -> "Wanted":
        """The same with so many resamples of a site's days."""
        return replace(self, replications=times)


class Days(Protocol):
    """What the site's own days are taken from; a service is one."""

    @property
    def settings(self) -> Settings:
        """The site's settings."""
        ...

    @property
    def database(self) -> Database:
        """The store's tables."""
        ...

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        ...

    @property
    def rules_file(self) -> Path | None:
        """The routing rules, which name the site's time zone; None where there are none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Studies that came from `since` until before `until`; None: four weeks, until now. At most `limit`, the newest."""

    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20_000


def queue_given(settings: Settings, wanted: Wanted, *, most_studies: int | None = None) -> QueueFigures:
    """The waits of a named worklist under every discipline.

    Raises: InputError where sensitivity or specificity are not named, or where the numbers make no sense.
    """
    try:
        given = _given(wanted)
        if most_studies is not None and given.studies > most_studies:
            raise ValueError(f"{given.studies:,} studies are more than {most_studies:,}: fewer days or replications")
        return ask_given(given, _policies(settings))
    except ValueError as problem:
        raise InputError("the worklist", str(problem), "change the number that it names") from None


def queue_of_site(service: Days, wanted: Wanted, period: Period) -> QueueFigures:
    """The waits of the site's own days under every discipline, by what its store knows of them.

    Raises: InputError where nothing came then, or something is neither known nor named; StoreUnavailable.
    """
    until = period.until or service.clock.now()
    since = period.since or until - PERIOD
    if since >= until:
        raise InputError("the period", "ends before it begins", "name a later end")
    longest = timedelta(minutes=queue_policy().site.longest_read_min)
    passages, cut = traffic_of(service.database, since=since, until=until, longest_read=longest, limit=period.limit)
    if not passages:
        raise InputError("the period", f"from {since:%Y-%m-%d} to {until:%Y-%m-%d} brought no study", "name another")
    remarks = [SEEN_FIRST, *([f"more studies came: the newest {period.limit:,} count"] if cut else [])]
    try:
        return ask_site(_own(service, wanted, passages, tuple(remarks)))
    except ValueError as problem:
        raise InputError("the site's days", str(problem), "name it, or a longer period") from None


def _given(wanted: Wanted) -> Given:
    told = assumed(wanted.seed)
    if wanted.sensitivity is None or wanted.specificity is None:
        raise InputError("the worklist", "sensitivity and specificity of AI's critical flag are not known", "name both")
    return replace(
        told,
        mix=_mix(wanted, told.mix),
        rate_per_hour=_or(wanted.rate_per_hour, told.rate_per_hour),
        reading=_reading(wanted, told.reading),
        staff=_staff(wanted) or told.staff,
        ai_delay_min=_or(wanted.ai_delay_min, told.ai_delay_min),
        days=_or(wanted.days, told.days),
        replications=_or(wanted.replications, told.replications),
    )


def _own(service: Days, wanted: Wanted, passages: Sequence[Passage], remarks: tuple[str, ...]) -> Own:
    settings, runs = service.settings, queue_policy().runs
    policies = _policies(settings)
    staff = _staff(wanted)
    if staff is None:
        raise InputError("the site's days", "nobody said how many radiologists read", "name their number")
    vocabulary = load_vocabulary(settings.vocabulary_file)
    rows = [_arrival(one, _critical(one.signed, vocabulary, policies)) for one in passages]
    unknown = sum(row.critical is None for row in rows)
    own_mix = _known_mix(rows)
    mix = _mix(wanted, own_mix) if own_mix or None not in {wanted.sensitivity, wanted.specificity} else None
    drawn = (f"{unknown} studies have no signed truth: it is drawn given AI's flag",) if unknown and mix else ()
    first = _or(wanted.seed, runs.seed)
    return Own(
        rows=rows,
        house=House(
            policy=policies.urgency,
            waiting=policies.waiting,
            zone=open_rules(settings, service.rules_file).zone,
            mix=mix,
            reading=None if wanted.service_min is None else _reading(wanted, assumed().reading),
        ),
        staff=staff,
        seeds=tuple(range(first, first + 1 + _or(wanted.replications, runs.resamples))),
        remarks=(*remarks, *drawn),
    )


def _arrival(one: Passage, critical: bool | None) -> Arrival:
    known = one.told_at is not None and one.priority is not None
    return Arrival(
        arrived_at=one.arrived_at,
        opened_at=one.opened_at,
        signed_at=one.signed_at,
        told_at=one.told_at if known else None,
        priority=Priority(one.priority) if known and one.priority else None,
        order=OrderPriority(one.order_priority) if one.order_priority else None,
        patient_class=PatientClass(one.patient_class),
        critical=critical,
    )


def _critical(signed: Signed | None, vocabulary: Vocabulary, policies: Policies) -> bool | None:
    """Whether what was signed asks for P1; None where nothing coded was signed."""
    codes = None if signed is None else signed.codes
    if codes is None:
        return None
    return due(codes & vocabulary.terms.keys(), vocabulary, policies.urgency) is Priority.P1


def _known_mix(rows: Sequence[Arrival]) -> Mix | None:
    """How AI flags here, by the studies whose truth is known; None where they are too few."""
    critical = [row.priority is Priority.P1 for row in rows if row.critical is True]
    others = [row.priority is Priority.P1 for row in rows if row.critical is False]
    if min(len(critical), len(others)) < queue_policy().outcome.least_studies:
        return None
    return Mix(
        critical=len(critical) / (len(critical) + len(others)),
        sensitivity=sum(critical) / len(critical),
        false_positive_rate=sum(others) / len(others),
    )


def _mix(wanted: Wanted, otherwise: Mix | None) -> Mix:
    told = otherwise or assumed().mix
    return Mix(
        critical=_or(wanted.critical, told.critical),
        sensitivity=_or(wanted.sensitivity, told.sensitivity),
        false_positive_rate=told.false_positive_rate if wanted.specificity is None else 1 - wanted.specificity,
        raised=_or(wanted.raised, told.raised),
    )


def _reading(wanted: Wanted, otherwise: Span) -> Span:
    return Span(
        mean_min=_or(wanted.service_min, otherwise.mean_min),
        shape=_or(wanted.shape, otherwise.shape),
        variation=_or(wanted.variation, otherwise.variation),
    )


def _staff(wanted: Wanted) -> Staff | None:
    if wanted.by_hour is not None:
        return Staff(by_hour=wanted.by_hour)
    return None if wanted.radiologists is None else Staff.always(wanted.radiologists)


def _policies(settings: Settings) -> Policies:
    return Policies(urgency=load_policy(settings.policy_file), waiting=load_worklist_policy(settings.worklist_file))


def _or(told: T | None, otherwise: T) -> T:
    return otherwise if told is None else told
