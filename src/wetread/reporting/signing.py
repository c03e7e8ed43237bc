"""What a human added to a report: the signature and the addenda. A preliminary report has neither."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from wetread.domain.report import Report, ReportStatus

TITLES = {
    ReportStatus.PRELIMINARY: "Preliminary report",
    ReportStatus.FINAL: "Final report",
    ReportStatus.AMENDED: "Final report, amended",
    ReportStatus.REJECTED: "Withdrawn report",
}


def title(report: Report) -> str:
    """What the report is, as a heading."""
    return TITLES[report.status]


def impression_title(report: Report) -> str:
    """The impression's heading: who vouches for it."""
    if report.status is ReportStatus.REJECTED:
        return "WITHDRAWN"
    return "Impression" if report.signature else "Impression (preliminary)"


def signing_lines(report: Report) -> Iterator[str]:
    """Who signed and when, and what was added later; nothing for a preliminary report."""
    if report.signature is None:
        return
    signature = report.signature
    if report.status is ReportStatus.REJECTED:
        yield f"withdrawn by {signature.by}, {_moment(signature.at)}: {signature.reason}"
        yield f"it takes back {signature.preliminary_id}"
        return
    yield f"signed by {signature.by}, {_moment(signature.at)}; it replaces {signature.preliminary_id}"
    yield from (f"addendum by {one.by}, {_moment(one.at)}: {one.text}" for one in report.addenda)


def signing_document(report: Report) -> dict[str, Any]:
    """The same as keys of the JSON report; none for a preliminary one."""
    if report.signature is None:
        return {}
    signature = report.signature
    told = {"by": signature.by, "at": signature.at.isoformat(), "preliminary_id": signature.preliminary_id}
    return {
        "signature": told | ({"reason": signature.reason} if signature.reason else {}),
        "addenda": [{"text": one.text, "by": one.by, "at": one.at.isoformat()} for one in report.addenda],
    }


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
