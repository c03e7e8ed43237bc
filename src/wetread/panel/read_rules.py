"""What one reader's answer asks for: floors of its findings, its own claims, the quality it saw."""

from collections.abc import Iterator, Sequence

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read
from wetread.domain.urgency import Priority, Reason
from wetread.domain.vocabulary import Term, Vocabulary
from wetread.panel.ballots import NON_DIAGNOSTIC, SEEN
from wetread.panel.ground import Ground, ground
from wetread.panel.rulebook import rulebook

AGREED = 2


def from_read(read: Read, reads: Sequence[Read], *, vocabulary: Vocabulary, policy: UrgencyPolicy) -> Iterator[Ground]:
    """Every ground of a read; `reads` are all of the panel, for what two of them agree on."""
    name = read.reader.name
    if read.quality is not None and read.quality.grade == NON_DIAGNOSTIC:
        text = f"{name} calls the images non-diagnostic: repeat them"
        yield ground(
            policy.state["non_diagnostic"], policy, source="quality", rule_id="state.non_diagnostic", text=text
        )
    if read.priority_claim is not None and read.priority_claim is not Priority.UNREAD:
        text = f"{name} itself says {read.priority_claim.value}"
        yield ground(read.priority_claim, policy, source="model", rule_id="reader.claim", text=text)
    for finding in read.findings:
        term = vocabulary.terms.get(finding.code)
        yield from _from_finding(finding, term, name, policy)
        if term is not None:
            yield from _from_uncertainty(finding, term, reads, policy)


def _from_finding(finding: Finding, term: Term | None, reader: str, policy: UrgencyPolicy) -> Iterator[Ground]:
    """A critical claim is honoured with or without a code; a present code stands at its floor."""
    label = term.label if term else finding.code
    if finding.claims_critical:
        text = f"{reader} calls {label} critical"
        claim = policy.state["reader_critical_claim"]
        yield ground(claim, policy, source="model", rule_id="reader.critical", text=text).about(finding.code)
    if finding.code in policy.code and finding.presence is Presence.UNCERTAIN:
        text = f"{reader} can't exclude: {label}; a human must look"
        rule_id = f"code.{finding.code}"
        yield ground(policy.code[finding.code], policy, source="quality", rule_id=rule_id, text=text).about(
            finding.code
        )
    if finding.presence is Presence.PRESENT:
        yield from _from_presence(finding, term, reader, policy)


def _from_presence(finding: Finding, term: Term | None, reader: str, policy: UrgencyPolicy) -> Iterator[Ground]:
    if term is None:
        text = f"{reader} reports {finding.code}, which the vocabulary does not know: a human must look"
        human = policy.state["human_first"]
        yield ground(human, policy, source="rule", rule_id="present.unknown_code", text=text).about(finding.code)
        return
    if finding.code in policy.code:
        text = f"{reader} reports: {term.label}; a human must look"
        rule_id = f"code.{finding.code}"
        yield ground(policy.code[finding.code], policy, source="quality", rule_id=rule_id, text=text).about(
            finding.code
        )
    if _faint(finding, term, policy):
        return
    text = f"{term.label} present ({reader})"
    rule_id = f"present.category_{term.acr_category}"
    reason = Reason(source="rule", priority=term.floor, rule_id=rule_id, text=text, finding=finding.code)
    yield Ground(reason, term.target_min or policy.target_min[term.floor])


def _from_uncertainty(finding: Finding, term: Term, reads: Sequence[Read], policy: UrgencyPolicy) -> Iterator[Ground]:
    """An uncertain critical finding stands at P2, at P1 where two readers see it; others one step below present.

    Present with a probability too small for the floor is uncertain: to call it present never counts for less.
    """
    if finding.presence is not Presence.UNCERTAIN and not _faint(finding, term, policy):
        return
    seeing = sorted({read.reader.name for read in reads if _sees(read, finding.code)})
    text = f"{term.label} uncertain ({', '.join(seeing)})"
    rule_id = f"uncertain.category_{term.acr_category}"
    priority = policy.uncertain[term.acr_category]
    if term.acr_category == 1 and len(seeing) >= AGREED:
        priority, rule_id = policy.uncertain_agreed, "uncertain.category_1_agreed"
    yield ground(priority, policy, source="rule", rule_id=rule_id, text=text).about(finding.code)


def _faint(finding: Finding, term: Term, policy: UrgencyPolicy) -> bool:
    """Present, but with a probability below the policy's for this category."""
    present, probability = finding.presence is Presence.PRESENT, finding.probability
    return present and probability is not None and probability < policy.present_from[term.acr_category]


def _sees(read: Read, code: str) -> bool:
    """True where a reader sees the finding, or the same disease told more exactly."""
    book = rulebook()
    return any(
        finding.presence in SEEN and (finding.code == code or book.is_under(finding.code, code))
        for finding in read.findings
    )
