"""When a panel asks for a human first: readers contradict each other, lie far apart, or too few of them answered."""

from collections.abc import Collection, Iterator, Sequence

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.consensus import NOT_ASKED
from wetread.domain.finding import Finding, Laterality, Presence
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.urgency import Urgency
from wetread.domain.vocabulary import Vocabulary
from wetread.panel.ground import Ground, ground
from wetread.panel.read_rules import from_read
from wetread.panel.rulebook import rulebook

SOURCE = "consensus"


def escalations(urgency: Urgency) -> tuple[str, ...]:
    """The reasons of an urgency for which the panel asks a human first."""
    return tuple(reason.text for reason in urgency.reasons if reason.source == SOURCE)


def from_panel(
    answers: Sequence[Answer], *, discounted: Collection[str], vocabulary: Vocabulary, policy: UrgencyPolicy
) -> Iterator[Ground]:
    """Every ground that only several answers together give. `discounted` readers answered, but have no vote."""
    reads = [answer for answer in answers if isinstance(answer, Read)]
    answered = [read for read in reads if read.answered]
    if answered:
        yield from _from_count(answers, answered, discounted, policy)
    yield from _from_disputes(reads, vocabulary, policy)
    yield from _from_gap(answered, vocabulary, policy)


def _from_count(
    answers: Sequence[Answer], answered: Sequence[Read], discounted: Collection[str], policy: UrgencyPolicy
) -> Iterator[Ground]:
    """Fewer than two valid reads of three or more, or none that the local figures let count: a human first.

    Who was not asked, because a screen was sure, is not missing.
    """
    book, human = rulebook(), policy.state["human_first"]
    asked = {answer.reader.name for answer in answers if not is_not_asked(answer)}
    valid = {read.reader.name for read in answered} - set(discounted)
    if not valid:
        text = f"local figures take the vote from every reader that answered ({', '.join(sorted(discounted))})"
        yield ground(human, policy, source=SOURCE, rule_id="state.no_valid_read", text=f"{text}: a human first")
    elif len(asked) >= book.least_asked and len(valid) < book.least_reads:
        text = f"only {len(valid)} of {len(asked)} readers answered: a human first"
        yield ground(human, policy, source=SOURCE, rule_id="state.human_first", text=text)


def is_not_asked(answer: Answer) -> bool:
    """True for a reader that a cascade did not need."""
    return isinstance(answer, Abstention) and answer.code == NOT_ASKED


def _from_disputes(reads: Sequence[Read], vocabulary: Vocabulary, policy: UrgencyPolicy) -> Iterator[Ground]:
    """Readers who contradict each other on a critical finding, however exactly each of them tells it."""
    told = [(read.reader.name, finding) for read in reads for finding in read.findings]
    absences = [(name, finding) for name, finding in told if finding.presence is Presence.ABSENT]
    for code in sorted({finding.code for _, finding in told if finding.presence is Presence.PRESENT}):
        term = vocabulary.terms.get(code)
        if term is None or term.acr_category != 1:
            continue
        present: set[str] = set()
        absent: set[str] = set()
        for name, seen in told:
            if seen.code == code and seen.presence is Presence.PRESENT:
                deniers = {who for who, denied in absences if who != name and _contradicts(denied, seen)}
                present |= {name} if deniers else set()
                absent |= deniers
        if present:
            text = f"readers disagree on {term.label} ({_both(present, absent)})"
            human = policy.state["human_first"]
            yield ground(human, policy, source=SOURCE, rule_id="state.disagreement", text=text).about(code)


def _both(present: set[str], absent: set[str]) -> str:
    return f"present: {', '.join(sorted(present))}; absent: {', '.join(sorted(absent))}"


def _contradicts(absent: Finding, present: Finding) -> bool:
    """True where an absence speaks of the disease and side that are called present."""
    one_thing = absent.code == present.code or rulebook().is_under(present.code, absent.code)
    sides = {absent.laterality, present.laterality}
    return one_thing and (len(sides) == 1 or bool(sides & {None, Laterality.BILATERAL}))


def _from_gap(answered: Sequence[Read], vocabulary: Vocabulary, policy: UrgencyPolicy) -> Iterator[Ground]:
    """Readers whose own urgencies lie two steps apart; who judged no finding and claims nothing has none."""
    ranks: dict[str, int] = {}
    for read in answered:
        judged = any(finding.presence is not Presence.NOT_ASSESSABLE for finding in read.findings)
        if judged or read.priority_claim is not None:
            grounds = from_read(read, [read], vocabulary=vocabulary, policy=policy)
            own = [policy.state["nothing_raised"].rank, *(one.reason.priority.rank for one in grounds)]
            ranks[read.reader.name] = min(*own, ranks.get(read.reader.name, own[0]))
    if ranks and max(ranks.values()) - min(ranks.values()) >= rulebook().gap_steps:
        told = ", ".join(f"{name} P{rank}" for name, rank in sorted(ranks.items(), key=lambda one: (one[1], one[0])))
        text = f"readers are far apart in urgency ({told}): a human first"
        yield ground(policy.state["human_first"], policy, source=SOURCE, rule_id="state.urgency_gap", text=text)
