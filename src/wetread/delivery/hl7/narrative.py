"""The report in words, as a result message carries it: the banner, who stands behind it, then the text."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from wetread.domain.report import Report, ReportStatus

LINES = re.compile(r"\r\n|\r|\n")
UNVERIFIED = "AI PRELIMINARY - NOT VERIFIED BY A PHYSICIAN"
UNREAD = "UNREAD: AI did not read this study, which says nothing of the pictures. A physician must read it."


def narrative(report: Report, text: str) -> Iterator[str]:
    """The lines, the banner first; `text` is the report in words, whose own banner on top is not said twice."""
    yield report.banner
    yield from _standing(report)
    lines = LINES.split(text.strip("\r\n"))
    yield from lines[1:] if report.banner in lines[0] else lines


def _standing(report: Report) -> Iterator[str]:
    signature, earlier = report.signature, report.supersedes
    if signature is None:
        yield UNVERIFIED
        if report.consensus is None:
            yield UNREAD
        if earlier is not None:
            yield f"It replaces the {earlier.status.value} report of {_told(earlier.made_at)}."
    elif report.status is ReportStatus.REJECTED:
        which = f"{earlier.status.value} report of {_told(earlier.made_at)}" if earlier else "earlier report"
        yield f"WITHDRAWN: the {which} is withdrawn, do not use it. This says nothing of the pictures."
        yield f"Withdrawn by {signature.by}, {_told(signature.at)}: {signature.reason or 'no reason given'}"
    else:
        yield f"{report.status.value.upper()}: signed by {signature.by}, {_told(signature.at)}"
        if earlier is not None:
            yield f"It replaces the {earlier.status.value} report of {_told(earlier.made_at)}."


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
