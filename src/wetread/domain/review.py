"""A human's work on a preliminary report: a decision on each finding, the signature, addenda."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from wetread.domain.consensus import Consensus, JoinedFinding
from wetread.domain.finding import Finding, Presence
from wetread.domain.report import Addendum, Report, ReportStatus, Signature
from wetread.domain.urgency import Priority, Reason
from wetread.domain.vocabulary import Term

SAID = (Presence.PRESENT, Presence.UNCERTAIN)
WEIGHTING = "a human's reading"


UNREAD = "wr-unread-"
STUDY_ID_LENGTH = 32


class Verdict(StrEnum):
    """What a human said of a finding."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"
    ADD = "add"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One act on one finding; the last one on a finding counts. `told` is the finding as the human tells it."""

    finding_id: str
    verdict: Verdict
    by: str
    at: datetime
    told: Finding | None = None

    def __post_init__(self) -> None:
        if (self.verdict in {Verdict.EDIT, Verdict.ADD}) != (self.told is not None):
            raise ValueError(f"{self.verdict.value} and the finding as told do not go together")


def findings_of(report: Report) -> dict[str, JoinedFinding]:
    """The report's findings by their id, which names the report too: another report's decision can't meet it."""
    joined = report.consensus.findings if report.consensus else ()
    return {f"{report.report_id}.{number}": one for number, one in enumerate(joined)}


def unread_id(study_id: str, version: int) -> str:
    """The name of what a human signs where no reader was asked."""
    return f"{UNREAD}{study_id}-{version}"


def study_of_unread(report_id: str) -> str | None:
    """The study that such a name speaks of, None for any other report's."""
    return report_id.removeprefix(UNREAD)[:STUDY_ID_LENGTH] if report_id.startswith(UNREAD) else None


def latest(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """What counts of each finding; `decisions` are in the order they were made."""
    return {decision.finding_id: decision for decision in decisions}


def undecided(report: Report, decisions: Iterable[Decision]) -> tuple[str, ...]:
    """The findings that a report says are or may be there and that no human has spoken on."""
    decided = latest(decisions)
    return tuple(
        name for name, one in findings_of(report).items() if one.finding.presence in SAID and name not in decided
    )


def changes_words(decisions: Iterable[Decision]) -> bool:
    """Whether the report's own impression no longer follows from its findings."""
    return any(decision.verdict is not Verdict.ACCEPT for decision in latest(decisions).values())


def signed(
    report: Report,
    decisions: Iterable[Decision],
    *,
    text: str | None,
    by: str,
    at: datetime,
    terms: Mapping[str, Term],
) -> Report:
    """The final report: the findings as the human left them, the impression in the human's words where there are any.

    Raises: ValueError where a finding is undecided.
    """
    made = tuple(decisions)
    if undecided(report, made):
        raise ValueError("a report is signed once each of its findings is decided on")
    consensus = _consensus(report, latest(made), by)
    told = {one.finding.code for one in consensus.findings} if consensus else set()
    return replace(
        report,
        report_id=_identity(report.report_id, by, at),
        status=ReportStatus.FINAL,
        consensus=consensus,
        impression=report.impression if text is None else text,
        terms={**report.terms, **{code: terms[code] for code in told if code in terms}},
        signature=Signature(by=by, at=at, preliminary_id=report.report_id),
    )


def amended(report: Report, *, text: str, by: str, at: datetime) -> Report:
    """The signed report with one addendum more; what was signed stays as it was.

    Raises: ValueError where nobody has signed it.
    """
    if report.signature is None:
        raise ValueError("only a signed report takes an addendum")
    return replace(
        report,
        report_id=_identity(report.report_id, by, at),
        status=ReportStatus.AMENDED,
        addenda=(*report.addenda, Addendum(text=text, by=by, at=at)),
    )


def withdrawn(report: Report, *, reason: str, text: str, by: str, at: datetime) -> Report:
    """The report that takes a report back: it says so (`text`), why and by whom, and nothing of the study.

    Raises: ValueError where it is withdrawn already or no reason is given.
    """
    if report.status is ReportStatus.REJECTED:
        raise ValueError("the report is withdrawn already")
    if not reason.strip():
        raise ValueError("a report is withdrawn for a reason")
    return replace(
        report,
        report_id=_identity(report.report_id, by, at),
        status=ReportStatus.REJECTED,
        urgency=replace(report.urgency, reasons=(_kept(report.urgency.priority),)),
        consensus=None,
        answers=(),
        terms={},
        checked=(),
        not_assessed=(),
        impression=text,
        pictures=(),
        addenda=(),
        signature=Signature(by=by, at=at, preliminary_id=report.report_id, reason=reason.strip()),
    )


def _kept(priority: Priority) -> Reason:
    text = "the report it came from is withdrawn; it stands until a human lowers it"
    return Reason(source="human", priority=priority, rule_id="review.withdrawn", text=text)


def _identity(before: str, by: str, at: datetime) -> str:
    told = f"{before}\n{by}\n{at.isoformat()}"
    return "wr-" + hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _consensus(report: Report, decided: Mapping[str, Decision], by: str) -> Consensus | None:
    standing = findings_of(report)
    kept = tuple(_after(one, decided.get(name)) for name, one in standing.items())
    added = tuple(
        JoinedFinding(finding=decision.told, present_by=(decision.by,))
        for name, decision in decided.items()
        if name not in standing and decision.told is not None and decision.verdict is not Verdict.REJECT
    )
    if report.consensus is not None:
        return replace(report.consensus, findings=(*kept, *added))
    if not added:
        return None
    return Consensus(findings=added, readers=(by,), abnormal_probability=None, weighting=WEIGHTING)


def _after(joined: JoinedFinding, decision: Decision | None) -> JoinedFinding:
    """The finding with the human among those who spoke; what the readers said stays beside it."""
    if decision is None:
        return joined
    finding = joined.finding
    if decision.verdict is Verdict.REJECT:
        finding = replace(finding, presence=Presence.ABSENT, probability=None, calibrator_id=None)
    elif decision.told is not None:
        finding = decision.told
    said = finding.presence
    return replace(
        joined,
        finding=finding,
        present_by=_with(joined.present_by, decision.by, said is Presence.PRESENT),
        uncertain_by=_with(joined.uncertain_by, decision.by, said is Presence.UNCERTAIN),
        absent_by=_with(joined.absent_by, decision.by, said is Presence.ABSENT),
    )


def _with(names: tuple[str, ...], name: str, so: bool) -> tuple[str, ...]:
    return (*names, name) if so else names
