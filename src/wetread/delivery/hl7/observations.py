"""What is observed, as OBX segments (chapter 7.4.2): what stands now, and what was told before and no longer does."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from wetread.delivery.hl7.escaping import escaped
from wetread.delivery.hl7.segments import coded
from wetread.delivery.objects.codes import OWN_SCHEME, Code, code_of, concept, listed, own
from wetread.delivery.objects.tracking import Tracked, tracked
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.consensus import Consensus, JoinedFinding
from wetread.domain.finding import Presence
from wetread.domain.report import Report, ReportStatus
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Term, Vocabulary

FINDINGS = Code("59776-5", "LN", "Procedure findings")  # LOINC 2.77
VERY_ABNORMAL, ABNORMAL = "AA", "A"  # table 0078
DELETED = "D"  # table 0085: the receiver takes the observation away
CRITICAL = 1  # ACR actionable category
SUB_ID_LENGTH = 12
LONGEST_NAMES = 90  # two lists of names fit into OBX-17 (250)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One OBX: `value` and `units` are encoded. What it is and its sub-id say which earlier one it replaces."""

    kind: str
    what: Code
    value: str
    sub_id: str = ""
    units: str = ""
    flag: str = ""
    probability: str = ""
    method: str = ""
    deleted: bool = False


def findings(report: Report) -> list[Observation]:
    """Every finding that is or may be there, then what the earlier report said and this one does not say."""
    stand = list(_told(report))
    kept = {(one.what, one.sub_id) for one in stand}
    fallen = [one for one in _told(_before(report)) if (one.what, one.sub_id) not in kept]
    return [*stand, *(replace(one, flag="", probability="", method="", deleted=True) for one in fallen)]


def urgency(report: Report) -> Observation:
    """How soon a human should read; a withdrawal takes that back too."""
    priority, gone = report.urgency.priority, report.status is ReportStatus.REJECTED
    return Observation(
        kind="CWE",
        what=own("urgency"),
        value=coded(priority.value, report.urgency_label or priority.value, OWN_SCHEME),
        flag=VERY_ABNORMAL if priority is Priority.P1 and not gone else "",
        deleted=gone,
    )


def _before(report: Report) -> Report:
    """The earlier report of the study that this destination was given, as far as it told findings."""
    earlier = report.supersedes.findings if report.supersedes else ()
    said = Consensus(findings=earlier, readers=(), abnormal_probability=None, weighting="as it was")
    return replace(report, status=ReportStatus.PRELIMINARY, signature=None, consensus=said)


def _told(report: Report) -> Iterator[Observation]:
    return chain.from_iterable(_group(report, one) for one in tracked(report))


@cache
def _shipped() -> Vocabulary:
    return load_vocabulary()


def _term(report: Report, code: str) -> Term | None:
    """What is known of a code; a report that takes others back brings no terms of theirs."""
    return report.terms.get(code) or _shipped().terms.get(code)


def _group(report: Report, one: Tracked) -> Iterator[Observation]:
    """One finding: all of it has the same sub-id, which stays its own in the reports that follow."""
    joined = one.joined
    finding, term = joined.finding, _term(report, joined.finding.code)
    sub_id = hashlib.sha256(one.uid.encode()).hexdigest()[:SUB_ID_LENGTH].upper()
    present = finding.presence is Presence.PRESENT
    critical = present and term is not None and term.acr_category == CRITICAL
    probability = joined.finding.stated_probability
    main = code_of(term, finding.code)
    named = (finding.code, term.label if term else finding.code, OWN_SCHEME) if main.scheme != OWN_SCHEME else None
    yield Observation(
        kind="CWE",
        what=FINDINGS,
        sub_id=sub_id,
        value=coded(main.value, main.meaning, main.scheme, named),
        flag=VERY_ABNORMAL if critical else ABNORMAL,
        probability="" if probability is None else _number(probability),
        method=_method(report, joined),
    )
    presence = concept("present") if present else own("uncertain")
    yield Observation(kind="CWE", what=own("presence"), sub_id=sub_id, value=_value(presence))
    if probability is not None:
        yield _certainty(probability, sub_id)
    if finding.laterality and (side := listed("laterality", finding.laterality.value)):
        yield Observation(kind="CWE", what=concept("laterality"), sub_id=sub_id, value=_value(side))
    category = listed("actionable", str(term.acr_category)) if term else None
    if category or term is None:  # a site's own word whose category nobody knows any more: an earlier one falls too
        told = _value(category) if category else coded("UNKNOWN", "unknown", OWN_SCHEME)
        yield Observation(kind="CWE", what=own("actionable"), sub_id=sub_id, value=told)
    yield Observation(kind="ST", what=concept("tracking_unique_identifier"), sub_id=sub_id, value=escaped(one.uid))


def _certainty(probability: float, sub_id: str) -> Observation:
    value, percent = _number(100 * probability), concept("percent")
    units = coded(percent.value, percent.meaning, percent.scheme)
    return Observation(kind="NM", what=concept("certainty"), sub_id=sub_id, value=value, units=units)


def _number(value: float) -> str:
    """A decimal number without an exponent (NM, chapter 2A.47)."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _method(report: Report, joined: JoinedFinding) -> str:
    """Who says so: readers, humans, or both. Where it is not known (an earlier report's) it counts as readers'."""
    said = joined.present_by if joined.finding.presence is Presence.PRESENT else joined.uncertain_by
    asked = {answer.reader.name for answer in report.answers}
    people = [name for name in said if name not in asked] if report.signature else []
    readers = [name for name in said if name not in people]
    if people and readers:
        return _by("AI+HUMAN", f"AI reading by {_all(readers)}, human reading by {_all(people)}")
    if people:
        return _by("HUMAN", f"Human reading by {_all(people)}")
    return _by("AI", f"AI reading by {_all(readers)}" if readers else "AI reading")


def _all(names: list[str]) -> str:
    """The names; how many where they are too long for the field (the narrative names each)."""
    told = ", ".join(names)
    return told if len(escaped(told)) <= LONGEST_NAMES else f"{len(names)} readers"


def _by(code: str, meaning: str) -> str:
    return coded(code, meaning, OWN_SCHEME)


def _value(code: Code) -> str:
    return coded(code.value, code.meaning, code.scheme)
