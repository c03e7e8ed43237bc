"""The product in one breath: study → views → answers → consensus → urgency → report."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.consensus import Consensus
from wetread.domain.order import Order
from wetread.domain.read import Answer, ReadRequest
from wetread.domain.report import Provenance, Report
from wetread.domain.study import Study
from wetread.domain.view import Preparation, ViewPlan
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import NobodyRead
from wetread.panel import assess, consolidate, convene
from wetread.ports import Reader, plan_of
from wetread.reporting import Rest, compose

Prepare = Callable[[Study, ViewPlan], Preparation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a study passes on its way to a report, chosen by `wiring`.

    `picture_plan` asks for further views that only the report's own pages show.
    """

    readers: tuple[Reader, ...]
    prepare: Prepare
    vocabulary: Vocabulary
    policy: UrgencyPolicy
    provenance: Provenance
    votes: Mapping[str, float] = field(default_factory=dict)
    read_timeout_s: float = 120.0
    picture_plan: ViewPlan | None = None


async def read_study(study: Study, order: Order, desk: Desk) -> Report:
    """One study's preliminary report; a study that nobody could read is reported as UNREAD."""
    prepared = await _prepare(study, desk)
    answers = await convene(
        desk.readers, lambda reader: request(study, order, prepared[plan_of(reader)]), timeout_s=desk.read_timeout_s
    )
    sent = [prepared[plan] for plan in dict.fromkeys(map(plan_of, desk.readers))]
    rest = Rest(
        urgency=assess(answers, order, study=study, vocabulary=desk.vocabulary, policy=desk.policy),
        vocabulary=desk.vocabulary,
        policy=desk.policy,
        provenance=desk.provenance,
        views=tuple(view for preparation in sent for view in preparation.views),
        pictures=prepared[desk.picture_plan].views if desk.picture_plan else (),
        limitations=tuple(dict.fromkeys(limit for preparation in sent for limit in preparation.limitations)),
        failures=tuple(dict.fromkeys(failure for part in prepared.values() for failure in part.failures)),
    )
    return compose(study, order, answers, _consensus(answers, desk), rest=rest)


def request(study: Study, order: Order, prepared: Preparation) -> ReadRequest:
    """What a reader is told: pictures, age and sex, the order. Never who the patient is."""
    age = order.age_years if order.age_years is not None else study.patient.age_years
    sex = order.sex or study.patient.sex
    return ReadRequest(study_ref=study.ref, views=prepared.views, order=order, age_years=age, sex=sex)


async def _prepare(study: Study, desk: Desk) -> dict[ViewPlan, Preparation]:
    """Every plan once; pixels are touched in a thread, so that the loop stays free."""
    plans = [plan_of(reader) for reader in desk.readers] + ([desk.picture_plan] if desk.picture_plan else [])
    return {plan: await asyncio.to_thread(desk.prepare, study, plan) for plan in dict.fromkeys(plans)}


def _consensus(answers: tuple[Answer, ...], desk: Desk) -> Consensus | None:
    try:
        return consolidate(answers, desk.votes)
    except NobodyRead:
        return None
