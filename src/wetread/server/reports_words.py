"""How the API tells a report: findings with who said what and what the human decided, the draft, the history."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from wetread.domain.consensus import JoinedFinding
from wetread.domain.finding import Evidence, Finding, Laterality, Presence
from wetread.domain.report import Addendum, Report, ReportStatus, Signature
from wetread.domain.review import SAID, Decision, Verdict, findings_of, latest, undecided
from wetread.domain.urgency import Priority
from wetread.domain.view import Failure, Limitation
from wetread.server.problems import Problem
from wetread.server.words import Line, Name, Prose, Storable
from wetread.store.review import Draft, StoredReport

Code = Annotated[str, Field(pattern=r"^wr:[a-z0-9_.:-]{1,100}$", description="a code of the vocabulary")]
Box = tuple[float, float, float, float]


class DecisionView(BaseModel):
    """The decision that counts."""

    decision: Verdict
    by: str
    at: datetime
    told: Finding | None


class FindingView(BaseModel):
    """One finding of the report. `needs_decision`: a human must accept, edit or reject it before the signature."""

    finding_id: str
    finding: Finding
    label: str | None
    acr_category: int | None
    priority_floor: Priority | None
    disputed: bool
    present_by: list[str]
    absent_by: list[str]
    uncertain_by: list[str]
    places: list[str]
    needs_decision: bool
    decision: DecisionView | None


class DraftView(BaseModel):
    """The human's words so far; `revision` is what `If-Match` of the next save names, 0 where there is no draft."""

    text: str
    revision: int
    by: str | None
    at: datetime | None


class DraftProblem(Problem):
    """Why a draft was not kept, with the one that stands: who wrote meanwhile is offered both texts."""

    draft: DraftView


class PastReport(BaseModel):
    """A report of this study, earlier or standing."""

    report_id: str
    version: int
    status: ReportStatus
    priority: Priority
    predecessor: str | None
    superseded_at: datetime | None
    at: datetime


class ReportView(BaseModel):
    """The report that stands. `report_id` is what a signature names; `outdated`: images came since it was made."""

    study_id: str
    report_id: str
    status: ReportStatus
    version: int
    outdated: bool
    at: datetime | None
    banner: str
    priority: Priority
    priority_label: str
    target_min: int
    impression: str
    findings: list[FindingView]
    added: list[FindingView]
    undecided: list[str]
    checked: list[str]
    not_assessed: list[str]
    labels: dict[str, str]
    limitations: list[Limitation]
    failures: list[Failure]
    signature: Signature | None
    addenda: list[Addendum]
    draft: DraftView
    history: list[PastReport]


class HumanBox(BaseModel):
    """Where a human sees a finding: a box as fractions 0-1 of the frame of one picture."""

    sop_instance_uid: Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")]
    frame: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    box: tuple[
        Annotated[float, Field(ge=0, le=1)],
        Annotated[float, Field(ge=0, le=1)],
        Annotated[float, Field(ge=0, le=1)],
        Annotated[float, Field(ge=0, le=1)],
    ]

    @model_validator(mode="after")
    def _has_an_inside(self) -> "HumanBox":
        x0, y0, x1, y1 = self.box
        if not (x0 < x1 and y0 < y1):
            raise ValueError("a box is x0 < x1, y0 < y1")
        return self


class Told(BaseModel):
    """A finding as a human tells it: what is left out stays as it was, null empties it. No probability is a human's."""

    presence: Presence | None = None
    laterality: Laterality | None = None
    location: Line | None = None
    severity: Line | None = None
    rationale: Line | None = None
    evidence: Annotated[list[HumanBox], Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _is_told(self) -> "Told":
        if "presence" in self.model_fields_set and self.presence is None:
            raise ValueError("a presence can't be emptied: say present, absent, uncertain or not_assessable")
        return self


class NewDecision(BaseModel):
    """Accept, reject, or edit (then `told` says how)."""

    decision: Verdict
    told: Told | None = None

    @model_validator(mode="after")
    def _fits(self) -> "NewDecision":
        if self.decision is Verdict.ADD:
            raise ValueError("a new finding is added by POST /studies/{study_id}/findings")
        if (self.decision is Verdict.EDIT) != (self.told is not None):
            raise ValueError("an edit says in `told` how it is; accept and reject say nothing more")
        return self


class NewFinding(Told):
    """A finding that no reader told."""

    code: Code
    presence: Presence = Presence.PRESENT


class DecisionMade(BaseModel):
    """A decision that was written down."""

    decision_id: int
    finding_id: str
    undecided: list[str]


class NewDraft(BaseModel):
    """The impression in the human's words."""

    text: Annotated[str, Field(max_length=100_000), Storable]


class NewSignature(BaseModel):
    """Make the report final. `report_id` is the report that was looked at; `text` else the draft, else its own."""

    report_id: Name
    text: Prose | None = None


class NewWithdrawal(BaseModel):
    """Which report is taken back, and why."""

    report_id: Name
    reason: Line


class NewDelivery(BaseModel):
    """Where the report is to go."""

    destination: Name


class Promised(BaseModel):
    """What is on its way where."""

    study_id: str
    report_id: str
    destination: str


class DeliveryView(BaseModel):
    """One report at one destination. `state`: waiting, sending, delivered, failed, void (superseded before it left)."""

    report_id: str
    status: ReportStatus
    destination: str
    state: str
    attempts: int
    next_at: datetime | None
    reference: str | None
    problem: str | None
    at: datetime


class NewAddendum(BaseModel):
    """Words added after the signature."""

    text: Prose


class Signed(BaseModel):
    """The report that stands now."""

    report_id: str
    status: ReportStatus
    study_id: str


def finding_views(report: Report, decisions: tuple[Decision, ...]) -> tuple[list[FindingView], list[FindingView]]:
    """The report's findings, and those that humans added and did not take back."""
    counted = latest(decisions)
    own = findings_of(report)
    told = [_finding(report, name, joined, counted.get(name)) for name, joined in own.items()]
    added = [
        _finding(report, name, JoinedFinding(finding=decision.told, present_by=(decision.by,)), decision)
        for name, decision in counted.items()
        if name not in own and decision.told is not None
    ]
    return told, added


def report_view(
    study_id: str,
    report: Report,
    stored: StoredReport | None,
    decisions: tuple[Decision, ...],
    *,
    draft: Draft,
    history: list[PastReport],
    version: int,
) -> ReportView:
    """Everything about the report that stands; `stored` is None where nobody was asked."""
    told, added = finding_views(report, decisions)
    return ReportView(
        study_id=study_id,
        report_id=report.report_id,
        status=report.status,
        version=stored.version if stored else version,
        outdated=stored is not None and stored.version != version,
        at=stored.at if stored else None,
        banner=report.banner,
        priority=report.urgency.priority,
        priority_label=report.urgency_label,
        target_min=report.urgency.target_min,
        impression=report.impression,
        findings=told,
        added=added,
        undecided=list(undecided(report, decisions)) if report.signature is None else [],
        checked=list(report.checked),
        not_assessed=list(report.not_assessed),
        labels={code: term.label for code, term in report.terms.items()},
        limitations=list(report.limitations),
        failures=list(report.failures),
        signature=report.signature,
        addenda=list(report.addenda),
        draft=draft_view(draft),
        history=history,
    )


def draft_view(draft: Draft) -> DraftView:
    """A draft as the API tells it."""
    return DraftView(text=draft.text, revision=draft.revision, by=draft.by, at=draft.at)


def evidence_of(boxes: list[HumanBox] | None) -> tuple[Evidence, ...]:
    """What a human drew."""
    return tuple(
        Evidence(
            file="", sop_instance_uid=one.sop_instance_uid, frame=one.frame, box=one.box, origin="human", verified=True
        )
        for one in boxes or ()
    )


def _finding(report: Report, name: str, joined: JoinedFinding, decision: Decision | None) -> FindingView:
    term = report.terms.get(joined.finding.code)
    counts = (
        DecisionView(decision=decision.verdict, by=decision.by, at=decision.at, told=decision.told)
        if decision
        else None
    )
    return FindingView(
        finding_id=name,
        finding=joined.finding,
        label=term.label if term else None,
        acr_category=term.acr_category if term else None,
        priority_floor=term.floor if term else None,
        disputed=joined.disputed,
        present_by=list(joined.present_by),
        absent_by=list(joined.absent_by),
        uncertain_by=list(joined.uncertain_by),
        places=list(joined.places),
        needs_decision=report.signature is None and joined.finding.presence in SAID,
        decision=counts,
    )
