"""What a report's status means in FHIR, and in a line for people."""

from datetime import datetime

from wetread.delivery.fhir.parts import PEOPLE, Json, one_line
from wetread.domain.report import Report, ReportStatus, Signature

SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)


def report_status(report: Report) -> str:
    """DiagnosticReport.status. What was never sent can't be in error there: its withdrawal is a cancellation."""
    if report.status is ReportStatus.REJECTED:
        return "entered-in-error" if report.supersedes else "cancelled"
    return _status(report)


def observation_status(report: Report) -> str:
    """Observation.status of what stands. An addendum changes no finding."""
    return "final" if report.status is ReportStatus.AMENDED else _status(report)


def _status(report: Report) -> str:
    if report.status is ReportStatus.FINAL:
        again = report.supersedes is not None and report.supersedes.status in SIGNED
        return "corrected" if again else "final"
    return "amended" if report.status is ReportStatus.AMENDED else "preliminary"


def standing(report: Report) -> str:
    """Who stands behind it."""
    by = report.signature
    if by is None:
        if report.consensus is None:
            return "Unread: AI did not read this study, which says nothing of the pictures. A human must read it."
        return "Preliminary: read by AI, not reviewed by a human."
    name, day = one_line(by.by) or "?", by.at.date().isoformat()
    if report.status is ReportStatus.REJECTED:
        return f"Withdrawn by {name}, {day}: {one_line(by.reason) or 'no reason given'}"
    return f"Signed by {name}, {day}."


def made_at(report: Report) -> datetime:
    """When the report was made.

    Raises: ValueError where it was never told.
    """
    if report.made_at is None:
        raise ValueError(f"report {report.report_id} does not say when it was made; set made_at")
    return report.made_at


def person(signature: Signature) -> Json:
    """The human, by the name they have here: the server's own practitioners are not known to us."""
    name = one_line(signature.by) or "?"
    return {"type": "Practitioner", "identifier": {"system": PEOPLE, "value": name}, "display": name}
