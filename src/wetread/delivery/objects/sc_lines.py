"""What the text pages of a secondary capture say. No patient, no file names: pixels can't be taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from wetread.delivery.objects import labels
from wetread.delivery.objects.tracking import tracked
from wetread.domain.report import Report, ReportStatus


class Style(Enum):
    """How large a line is written, in pixels."""

    LEADING = 30
    HEADING = 24
    PLAIN = 21
    SMALL = 17


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph before it is wrapped."""

    text: str
    style: Style = Style.PLAIN


def lines(report: Report, pictures: int, left_out: int) -> Iterator[Line]:
    """The paragraphs of a report, most urgent first; `pictures` follow, `left_out` do not."""
    if report.status is ReportStatus.REJECTED:
        yield from _withdrawal(report)
    else:
        yield from _reading(report)
        yield from _about_pictures(pictures, left_out)
    yield Line("")
    yield Line(f"{report.report_id}, {report.provenance.software}{_made(report)}", Style.SMALL)


def _withdrawal(report: Report) -> Iterator[Line]:
    yield Line("This report is withdrawn", Style.LEADING)
    signature, before = report.signature, report.supersedes
    if signature is not None:
        yield Line(f"By {signature.by}, {labels.moment(signature.at)}.")
        yield Line(f"Reason: {signature.reason or 'none given'}")
    if before is not None:
        yield Line(f"It takes back the {before.status.value} report of {labels.moment(before.made_at)}.")
    yield Line("Nothing that was said of this study before counts. This page says nothing of the study itself.")


def _reading(report: Report) -> Iterator[Line]:
    urgency = report.urgency
    words = f"{urgency.priority.value} {report.urgency_label}".strip()
    yield Line(f"{words}, {labels.within(urgency.target_min)}", Style.LEADING)
    if report.consensus is None and report.signature is None:
        yield Line("Nobody has read this study: that is no negative result.", Style.HEADING)
    findings = tracked(report)
    if findings:
        yield Line(f"Findings ({labels.mark(report)})", Style.HEADING)
    for number, one in enumerate(findings, start=1):
        disputed = "; readers disagree" if one.joined.disputed else ""
        yield Line(f"{number}. {labels.named(report, one.joined.finding)}{disputed}")
    if report.impression:
        yield Line("Impression" if report.signature else "Impression (preliminary)", Style.HEADING)
        yield from (Line(words) for words in report.impression.splitlines())
    for added in report.addenda:
        yield Line(f"Addendum by {added.by}, {labels.moment(added.at)}", Style.HEADING)
        yield from (Line(words) for words in added.text.splitlines())


def _about_pictures(pictures: int, left_out: int) -> Iterator[Line]:
    if pictures:
        yield Line("")
        yield Line("Boxes carry the numbers of the findings; dashed ones are approximate.", Style.SMALL)
    if left_out:
        yield Line(f"{left_out} more pictures are not shown here.", Style.SMALL)


def _made(report: Report) -> str:
    return f", made {labels.moment(report.made_at)}" if report.made_at else ""
