"""How soon a human must act: the most urgent of findings, claims, order and state. Nothing here lowers anything."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.study import Study
from wetread.domain.urgency import Priority, Reason, Urgency
from wetread.domain.vocabulary import Term, Vocabulary
from wetread.panel.consolidate import NON_DIAGNOSTIC

TWO_STEPS = 2
NOTHING_RAISED = "state.nothing_raised"


@dataclass(frozen=True, slots=True)
class _Ground:
    """A reason with the minutes it asks for."""

    reason: Reason
    target_min: int


def assess(
    answers: tuple[Answer, ...], order: Order, *, study: Study | None, vocabulary: Vocabulary, policy: UrgencyPolicy
) -> Urgency:
    """The study's urgency with every reason, strongest first. Display thresholds play no part."""
    reads = [answer for answer in answers if isinstance(answer, Read)]
    answered = [read for read in reads if read.answered]
    grounds = [
        *_from_state(answers, answered, policy),
        *_from_order(order, policy),
        *_from_flags(study, policy),
        *(ground for read in reads for ground in _from_read(read, reads, vocabulary=vocabulary, policy=policy)),
        *_from_disputes(reads, vocabulary, policy),
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


def _strength(ground: _Ground) -> tuple[int, int, str, str, str]:
    reason = ground.reason
    return reason.priority.rank, ground.target_min, reason.rule_id, reason.finding or "", reason.text


def _ground(priority: Priority, policy: UrgencyPolicy, source: str, rule_id: str, text: str) -> _Ground:  # noqa: PLR0917 - a row of a table
    return _Ground(Reason(source=source, priority=priority, rule_id=rule_id, text=text), policy.target_min[priority])


def _from_state(answers: tuple[Answer, ...], reads: list[Read], policy: UrgencyPolicy) -> Iterator[_Ground]:
    """Nobody read: UNREAD. Fewer than two valid reads of three or more: a human first. Else routine, at least."""
    if not reads:
        told = "; ".join(
            f"{a.reader.name}: {a.reason if isinstance(a, Abstention) else 'it answered on no finding'}"
            for a in answers
        )
        text = f"AI did not read this ({told or 'no reader was asked'})"
        yield _ground(Priority.UNREAD, policy, "system", "state.unread", text)
        return
    yield _ground(policy.state["nothing_raised"], policy, "rule", NOTHING_RAISED, "no rule asks for more")
    asked, said = ({answer.reader.name for answer in part} for part in (answers, reads))
    if len(asked) > TWO_STEPS and len(said) < TWO_STEPS:
        text = f"only {len(said)} of {len(asked)} readers answered: a human first"
        yield _ground(policy.state["human_first"], policy, "consensus", "state.human_first", text)


def _from_order(order: Order, policy: UrgencyPolicy) -> Iterator[_Ground]:
    if order.priority is not None:
        text = f"the order is {order.priority.value}"
        yield _ground(policy.order[order.priority.value], policy, "order", f"order.{order.priority.value}", text)


def _from_flags(study: Study | None, policy: UrgencyPolicy) -> Iterator[_Ground]:
    if study is None:
        return
    flags = (*study.flags, *(flag for instance in study.instances for flag in instance.flags))
    for flag in flags:
        if flag.code in policy.state:
            text = f"a human must look: {flag.text}"
            yield _ground(policy.state[flag.code], policy, "quality", f"state.{flag.code}", text)


def _from_read(read: Read, reads: list[Read], *, vocabulary: Vocabulary, policy: UrgencyPolicy) -> Iterator[_Ground]:
    name = read.reader.name
    if read.quality is not None and read.quality.grade == NON_DIAGNOSTIC:
        text = f"{name} calls the images non-diagnostic: repeat them"
        yield _ground(policy.state["non_diagnostic"], policy, "quality", "state.non_diagnostic", text)
    if read.priority_claim is not None and read.priority_claim is not Priority.UNREAD:
        text = f"{name} itself says {read.priority_claim.value}"
        yield _ground(read.priority_claim, policy, "model", "reader.claim", text)
    for finding in read.findings:
        term = vocabulary.terms.get(finding.code)
        yield from _from_finding(finding, term, name, policy)
        if term is not None:
            yield from _from_uncertainty(finding, term, reads, policy)


def _from_finding(finding: Finding, term: Term | None, reader: str, policy: UrgencyPolicy) -> Iterator[_Ground]:
    """A critical claim is honoured with or without a code; a present code stands at its floor."""
    label = term.label if term else finding.code
    if finding.claims_critical:
        text = f"{reader} calls {label} critical"
        yield _named(
            _ground(policy.state["reader_critical_claim"], policy, "model", "reader.critical", text), finding.code
        )
    if finding.code in policy.code and finding.presence is Presence.UNCERTAIN:
        text = f"{reader} can't exclude: {label}; a human must look"
        yield _named(_ground(policy.code[finding.code], policy, "quality", f"code.{finding.code}", text), finding.code)
    if finding.presence is not Presence.PRESENT:
        return
    if term is None:
        text = f"{reader} reports {finding.code}, which the vocabulary does not know: a human must look"
        yield _named(_ground(policy.state["human_first"], policy, "rule", "present.unknown_code", text), finding.code)
        return
    if finding.code in policy.code:
        text = f"{reader} reports: {label}; a human must look"
        yield _named(_ground(policy.code[finding.code], policy, "quality", f"code.{finding.code}", text), finding.code)
    if _faint(finding, term, policy):
        return
    text = f"{label} present ({reader})"
    rule_id = f"present.category_{term.acr_category}"
    reason = Reason(source="rule", priority=term.floor, rule_id=rule_id, text=text, finding=finding.code)
    yield _Ground(reason, term.target_min or policy.target_min[term.floor])


def _from_uncertainty(finding: Finding, term: Term, reads: list[Read], policy: UrgencyPolicy) -> Iterator[_Ground]:
    """An uncertain critical finding stands at P2, at P1 where two readers see it; others one step below present.

    Present with a probability too small for the floor is uncertain: to call it present never counts for less.
    """
    if finding.presence is not Presence.UNCERTAIN and not _faint(finding, term, policy):
        return
    seeing = sorted({read.reader.name for read in reads if _sees(read, finding.code)})
    text = f"{term.label} uncertain ({', '.join(seeing)})"
    rule_id = f"uncertain.category_{term.acr_category}"
    priority = policy.uncertain[term.acr_category]
    if term.acr_category == 1 and len(seeing) >= TWO_STEPS:
        priority, rule_id = policy.uncertain_agreed, "uncertain.category_1_agreed"
    yield _named(_ground(priority, policy, "rule", rule_id, text), finding.code)


def _faint(finding: Finding, term: Term, policy: UrgencyPolicy) -> bool:
    """Present, but with a probability below the policy's for this category."""
    present, probability = finding.presence is Presence.PRESENT, finding.probability
    return present and probability is not None and probability < policy.present_from[term.acr_category]


def _from_disputes(reads: list[Read], vocabulary: Vocabulary, policy: UrgencyPolicy) -> Iterator[_Ground]:
    """Readers who contradict each other on a critical finding: a human first."""
    for code in sorted({finding.code for read in reads for finding in read.findings}):
        term = vocabulary.terms.get(code)
        present, absent = (
            sorted({r.reader.name for r in reads for f in r.findings if f.code == code and f.presence is presence})
            for presence in (Presence.PRESENT, Presence.ABSENT)
        )
        if term is not None and term.acr_category == 1 and present and absent and present != absent:
            text = f"readers disagree on {term.label} (present: {', '.join(present)}; absent: {', '.join(absent)})"
            yield _named(_ground(policy.state["human_first"], policy, "consensus", "state.disagreement", text), code)


def _sees(read: Read, code: str) -> bool:
    seen = (Presence.PRESENT, Presence.UNCERTAIN)
    return any(finding.code == code and finding.presence in seen for finding in read.findings)


def _named(ground: _Ground, code: str) -> _Ground:
    """The ground with the code it rests on."""
    return replace(ground, reason=replace(ground.reason, finding=code))
