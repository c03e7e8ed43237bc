"""How soon a human must act: the most urgent of findings, claims, order and state. Nothing here lowers anything."""

from collections.abc import Collection, Iterator, Sequence

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.study import Study
from wetread.domain.urgency import Priority, Urgency
from wetread.domain.vocabulary import Vocabulary
from wetread.panel.escalation import from_panel
from wetread.panel.ground import Ground, ground
from wetread.panel.read_rules import from_read

NOTHING_RAISED = "state.nothing_raised"


def assess(
    answers: tuple[Answer, ...],
    order: Order,
    *,
    study: Study | None,
    vocabulary: Vocabulary,
    policy: UrgencyPolicy,
    discounted: Collection[str] = (),
) -> Urgency:
    """The study's urgency with every reason, strongest first. Display thresholds play no part.

    `discounted` are readers whose votes local figures took away: they still raise, but are no valid read.
    """
    reads = [answer for answer in answers if isinstance(answer, Read)]
    answered = [read for read in reads if read.answered]
    grounds = [
        *_from_state(answers, answered, policy),
        *_from_order(order, policy),
        *_from_flags(study, policy),
        *(ground for read in reads for ground in from_read(read, reads, vocabulary=vocabulary, policy=policy)),
        *from_panel(answers, discounted=discounted, vocabulary=vocabulary, policy=policy),
    ]
    ranked = sorted(set(grounds), key=_strength)
    strongest = ranked[0].reason.priority
    level = [ground for ground in ranked if ground.reason.priority.rank == strongest.rank]
    alone = ranked[0].reason.rule_id == NOTHING_RAISED
    told = [ground for ground in ranked if alone or ground.reason.rule_id != NOTHING_RAISED]
    unread = not answered and strongest.rank == Priority.UNREAD.rank
    return Urgency(
        priority=Priority.UNREAD if unread else strongest,
        target_min=min(ground.target_min for ground in level),
        reasons=tuple(dict.fromkeys(ground.reason for ground in told)),
        policy_version=policy.version,
    )


def sort_key(urgency: Urgency) -> tuple[int, int]:
    """Worklist order: rank, then the minutes that are left. P2 and UNREAD stand together."""
    return urgency.priority.rank, urgency.target_min


def _strength(ground: Ground) -> tuple[int, int, str, str, str]:
    reason = ground.reason
    return reason.priority.rank, ground.target_min, reason.rule_id, reason.finding or "", reason.text


def _from_state(answers: Sequence[Answer], answered: Sequence[Read], policy: UrgencyPolicy) -> Iterator[Ground]:
    """Nobody read: UNREAD. Else routine, at least."""
    if answered:
        nothing, text = policy.state["nothing_raised"], "no rule asks for more"
        yield ground(nothing, policy, source="rule", rule_id=NOTHING_RAISED, text=text)
        return
    told = "; ".join(
        f"{a.reader.name}: {a.reason if isinstance(a, Abstention) else 'it answered on no finding'}" for a in answers
    )
    text = f"AI did not read this ({told or 'no reader was asked'})"
    yield ground(Priority.UNREAD, policy, source="system", rule_id="state.unread", text=text)


def _from_order(order: Order, policy: UrgencyPolicy) -> Iterator[Ground]:
    if order.priority is not None:
        told = order.priority.value
        yield ground(policy.order[told], policy, source="order", rule_id=f"order.{told}", text=f"the order is {told}")


def _from_flags(study: Study | None, policy: UrgencyPolicy) -> Iterator[Ground]:
    if study is None:
        return
    flags = (*study.flags, *(flag for instance in study.instances for flag in instance.flags))
    for flag in flags:
        if flag.code in policy.state:
            text = f"a human must look: {flag.text}"
            rule_id = f"state.{flag.code}"
            yield ground(policy.state[flag.code], policy, source="quality", rule_id=rule_id, text=text)
