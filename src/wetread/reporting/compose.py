"""The panel's answer becomes a report: always preliminary, the same bytes for the same input."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.consensus import Consensus, JoinedFinding
from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.report import Provenance, Report
from wetread.domain.study import Study
from wetread.domain.urgency import Priority, Reason, Urgency
from wetread.domain.view import Failure, Limitation, View
from wetread.domain.vocabulary import Term, Vocabulary
from wetread.reporting.as_json import document
from wetread.reporting.words import inert, percent, region_of, sentence, told, unsayable

EXAMPLES = 3
QUALITY_REGION = "QUALITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Everything a report rests on besides study, order and answers."""

    urgency: Urgency
    vocabulary: Vocabulary
    policy: UrgencyPolicy
    provenance: Provenance
    views: tuple[View, ...] = ()
    pictures: tuple[View, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    failures: tuple[Failure, ...] = ()


def compose(
    study: Study, order: Order, answers: tuple[Answer, ...], consensus: Consensus | None, *, rest: Rest
) -> Report:
    """One study's preliminary report."""
    if not any(isinstance(answer, Read) and answer.answered for answer in answers):
        consensus = None
    if consensus is not None:
        said = [joined for joined in consensus.findings if joined.finding.code not in unsayable()]
        ordered = sorted(said, key=lambda joined: prominence(joined, rest.vocabulary))
        consensus = replace(consensus, findings=tuple(ordered))
    checked = _checked(consensus)
    missing = _not_assessed(study, checked, rest.vocabulary)
    codes = {*checked, *missing, *(j.finding.code for j in (consensus.findings if consensus else ()))}
    codes |= {code for answer in answers if isinstance(answer, Read) for code in _codes_of(answer)}
    report = Report(
        report_id="",
        study=study,
        order=order,
        urgency=replace(rest.urgency, reasons=_sayable(rest.urgency.reasons)),
        urgency_label=rest.policy.label[rest.urgency.priority],
        consensus=consensus,
        answers=answers,
        terms={code: rest.vocabulary.terms[code] for code in sorted(codes) if code in rest.vocabulary.terms},
        checked=checked,
        not_assessed=tuple(term.code for term in missing.values()),
        views=rest.views,
        pictures=rest.pictures,
        limitations=(*rest.limitations, *_limitations(answers)),
        failures=rest.failures,
        provenance=rest.provenance,
    )
    report = replace(report, impression=_impression(report))
    return replace(report, report_id=_identity(report))


def prominence(joined: JoinedFinding, vocabulary: Vocabulary) -> tuple[int, int, int, float, str]:
    """What a human looks at first: present and uncertain by urgency (uncertain one step later), then the rest."""
    finding = joined.finding
    groups = {Presence.PRESENT: 0, Presence.UNCERTAIN: 0, Presence.NOT_ASSESSABLE: 1, Presence.ABSENT: 2}
    term = vocabulary.terms.get(finding.code)
    floor, minutes = (term.floor.rank, term.target_min) if term else (0, 0)
    floor += finding.presence is Presence.UNCERTAIN
    return groups[finding.presence], floor, minutes, -(finding.probability or 0.0), finding.code


def _identity(report: Report) -> str:
    """A name made from everything the report says."""
    told_all = json.dumps(document(report), sort_keys=True, ensure_ascii=False)
    return "wr-" + hashlib.sha256(told_all.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _sayable(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Without those that only repeat a claim which no report prints; they are routine and raise nothing."""
    return tuple(r for r in reasons if r.finding not in unsayable() or r.priority.rank <= Priority.P3.rank)


def _codes_of(read: Read) -> set[str]:
    """Every code a read speaks of, in its findings and its claims."""
    told = {finding.code for finding in read.findings} | {code for item in read.impression for code in item.cites}
    return told | {code for one in read.differential for code in (*one.supports, *one.against)}


def _checked(consensus: Consensus | None) -> tuple[str, ...]:
    """Codes that at least one reader judged on pictures that let it."""
    joined = consensus.findings if consensus else ()
    judged = [one for one in joined if one.finding.presence is not Presence.NOT_ASSESSABLE]
    return tuple(sorted({code for one in judged for code in _all_codes(one)}))


def _not_assessed(study: Study, checked: tuple[str, ...], vocabulary: Vocabulary) -> dict[str, Term]:
    """The vocabulary's further codes of this examination, most urgent first."""
    modalities = set(study.modalities)
    regions = {region_of(instance.body_part) for instance in study.instances if instance.is_image}
    terms = [
        term
        for term in vocabulary
        if term.code not in checked
        and term.code not in unsayable()
        and modalities & set(term.modalities)
        and term.region != QUALITY_REGION
        and (None in regions or term.region in regions)
    ]
    terms.sort(key=lambda term: (term.floor.rank, term.target_min, term.code))
    return {term.code: term for term in terms}


def _limitations(answers: Iterable[Answer]) -> tuple[Limitation, ...]:
    return tuple(limit for answer in answers if isinstance(answer, Read) for limit in answer.limitations)


def _impression(report: Report) -> str:
    if report.consensus is None:
        reasons = " ".join(
            sentence("impression", "unread_reason", reader=inert(a.reader.name), reason=inert(_why_unread(a)))
            for a in report.answers
        )
        return sentence("impression", "unread", reasons=reasons or sentence("impression", "nobody_asked"))
    parts = []
    listed: set[str] = set()
    for key, presence in (("present", Presence.PRESENT), ("uncertain", Presence.UNCERTAIN)):
        seen = [joined for joined in report.consensus.findings if joined.finding.presence is presence]
        found = [joined.finding for joined in seen]
        listed |= {code for joined in seen for code in _all_codes(joined)}
        if found:
            words = (told(report, f) + _share(f) for f in found)
            parts.append(sentence("impression", key, findings="; ".join(words)))
    left = len(set(report.checked) - listed)
    if left or not listed:
        parts.append(sentence("impression", "none_else" if listed else "none_detected", checked=left))
    return " ".join((*parts, _gap(report)))


def _all_codes(joined: JoinedFinding) -> set[str]:
    """The code a finding stands under, and those of readers who told it less exactly."""
    return {joined.finding.code, *(code for _, code in joined.told_as)}


def _why_unread(answer: Answer) -> str:
    """An abstention's reason; a read that answered on nothing says so."""
    return answer.reason if isinstance(answer, Abstention) else sentence("impression", "empty_read")


def _share(finding: Finding) -> str:
    """(42 %) behind a finding, nothing where no percentage may be shown."""
    stated = percent(finding.probability, finding.calibrator_id)
    return "" if stated == sentence("probability", "not_stated") else f" ({stated})"


def _gap(report: Report) -> str:
    """What nobody looked for: a list of absences is only as good as its limits."""
    if not report.not_assessed:
        return sentence("impression", "not_assessed_unknown")
    terms = [report.terms[code] for code in report.not_assessed]
    critical = [term for term in terms if term.acr_category == 1]
    named = "; ".join(term.label for term in critical[:EXAMPLES])
    examples = f", such as {named}" if named else ""
    return sentence("impression", "not_assessed", count=len(terms), critical=len(critical), examples=examples)
