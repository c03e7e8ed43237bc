"""What objects show of a report in a few words: how sure anybody is of it, and of each finding."""

from datetime import UTC, datetime

from wetread.delivery.objects.tracking import Tracked
from wetread.domain.finding import Evidence, Finding, Presence
from wetread.domain.report import Report, ReportStatus

PRELIMINARY = "AI PRELIMINARY - NOT VERIFIED"
UNREAD = "AI PRELIMINARY - UNREAD"


def headline(report: Report) -> str:
    """Who stands behind the report: nobody yet, the human who signed it, or the one who took it back."""
    signature = report.signature
    if signature is None:
        return PRELIMINARY if report.consensus else UNREAD
    if report.status is ReportStatus.REJECTED:
        return f"WITHDRAWN by {signature.by}, {moment(signature.at)}"
    signed = f"signed by {signature.by}, {moment(signature.at)}"
    if report.status is ReportStatus.AMENDED and report.addenda:
        last = report.addenda[-1]
        return f"AMENDED by {last.by}, {moment(last.at)}; {signed}"
    return f"FINAL, {signed}"


def mark(report: Report) -> str:
    """The report's status in a word: preliminary, signed or withdrawn."""
    if report.signature is None:
        return "preliminary"
    return "withdrawn" if report.status is ReportStatus.REJECTED else "signed"


def label(report: Report, one: Tracked, evidence: Evidence | None = None) -> str:
    """A finding in a few words, with who says so: "AI Pneumothorax 83 % (preliminary)"."""
    source = "" if evidence is not None and evidence.origin == "human" else "AI "
    return f"{source}{named(report, one.joined.finding)} ({mark(report)})"


def named(report: Report, finding: Finding) -> str:
    """The finding with its side, its percentage where a calibrator stands behind it, and whether it is uncertain."""
    term = report.terms.get(finding.code)
    side = f"{finding.laterality.value} " if finding.laterality else ""
    doubt = " uncertain" if finding.presence is Presence.UNCERTAIN else ""
    return f"{side}{term.label if term else finding.code}{doubt}{percent(finding)}"


def percent(finding: Finding) -> str:
    """The calibrated probability; nothing where no calibrator of its own stands behind it."""
    stated = finding.stated_probability
    return "" if stated is None else f" {100 * stated:.0f} %"


def within(minutes: int) -> str:
    """How soon a human should act; 0 means in turn."""
    return f"within {minutes} min" if minutes > 0 else "in turn"


def moment(at: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
