"""The product in one breath: study → views → answers → consensus → urgency → report."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.consensus import NOT_ASKED, Consensus
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Answer, ReadRequest
from wetread.domain.report import Provenance, Report
from wetread.domain.study import Study
from wetread.domain.view import Preparation, View, ViewPlan
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import NobodyRead
from wetread.panel import Cascade, Weights, assess, consolidate, convene, escalations, readers_of
from wetread.ports import Reader, plan_of, plans_of
from wetread.reporting import Rest, compose

Prepare = Callable[[Study, ViewPlan], Preparation]


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a study passes on its way to a report, chosen by `wiring`.

    `picture_plan` asks for further views that only the report's own pages show; `today` (UTC) tells whether a site's
    figures, in `weights` and in cascades, are still valid.
    """

    readers: tuple[Reader | Cascade, ...]
    prepare: Prepare
    vocabulary: Vocabulary
    policy: UrgencyPolicy
    provenance: Provenance
    votes: Mapping[str, float] = field(default_factory=dict)
    weights: Weights | None = None
    read_timeout_s: float = 120.0
    picture_plan: ViewPlan | None = None
    today: Callable[[], date] = _today


async def read_study(study: Study, order: Order, desk: Desk) -> Report:
    """One study's preliminary report; a study that nobody could read is reported as UNREAD."""
    prepared, today = await _prepare(study, desk), desk.today()
    answers = await convene(
        desk.readers,
        lambda reader: request(
            study, order, prepared[plan_of(reader)], {p: prepared[p].views for p in plans_of(reader)}
        ),
        timeout_s=desk.read_timeout_s,
        today=today,
    )
    joined = _consensus(answers, desk, today)
    urgency = assess(
        answers,
        order,
        study=study,
        vocabulary=desk.vocabulary,
        policy=desk.policy,
        discounted=joined.discounted if joined else (),
    )
    consensus = replace(joined, escalated=escalations(urgency)) if joined else None
    sent = [prepared[plan] for plan in dict.fromkeys(map(plan_of, _asked(answers, desk)))]
    rest = Rest(
        urgency=urgency,
        vocabulary=desk.vocabulary,
        policy=desk.policy,
        provenance=desk.provenance,
        views=tuple(view.told() for preparation in sent for view in preparation.views),
        pictures=prepared[desk.picture_plan].views if desk.picture_plan else (),
        limitations=tuple(dict.fromkeys(limit for preparation in sent for limit in preparation.limitations)),
        failures=tuple(dict.fromkeys(failure for part in prepared.values() for failure in part.failures)),
    )
    return compose(study, order, answers, consensus, rest=rest)


def request(
    study: Study, order: Order, prepared: Preparation, substitutes: Mapping[ViewPlan, tuple[View, ...]] | None = None
) -> ReadRequest:
    """What a reader is told: pictures, age and sex, the order. Never who the patient is."""
    age = order.age_years if order.age_years is not None else study.patient.age_years
    sex = order.sex or study.patient.sex
    return ReadRequest(
        study_ref=study.ref,
        views=prepared.views,
        order=order,
        age_years=age,
        sex=sex,
        substitutes=substitutes if substitutes and len(substitutes) > 1 else {},
    )


async def _prepare(study: Study, desk: Desk) -> dict[ViewPlan, Preparation]:
    """Every plan once; pixels are touched in a thread, so that the loop stays free."""
    plans = [plan for reader in readers_of(desk.readers) for plan in plans_of(reader)]
    plans += [desk.picture_plan] if desk.picture_plan else []
    return {plan: await asyncio.to_thread(desk.prepare, study, plan) for plan in dict.fromkeys(plans)}


def _views(plans: tuple[ViewPlan, ...], prepared: Mapping[ViewPlan, Preparation]) -> dict[ViewPlan, tuple[View, ...]]:
    return {plan: prepared[plan].views for plan in plans}


def _asked(answers: tuple[Answer, ...], desk: Desk) -> tuple[Reader, ...]:
    """The readers that were sent anything: not those that a cascade left out."""
    left_out = {a for a in answers if isinstance(a, Abstention) and a.code == NOT_ASKED}
    names = {a.reader.name for a in left_out} - {a.reader.name for a in answers if a not in left_out}
    return tuple(reader for reader in readers_of(desk.readers) if reader.name not in names)


def _consensus(answers: tuple[Answer, ...], desk: Desk, today: date) -> Consensus | None:
    try:
        return consolidate(answers, desk.votes, weights=desk.weights, today=today)
    except NobodyRead:
        return None
