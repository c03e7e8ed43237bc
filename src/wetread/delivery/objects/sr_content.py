"""The content tree of a report's structured report (PS3.16 TID 1500): who tells it, of what, and what it says."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydicom.dataset import Dataset

from wetread.delivery.objects import codes, content
from wetread.delivery.objects.clean import person_name
from wetread.delivery.objects.codes import Code
from wetread.delivery.objects.labels import headline, moment, within
from wetread.delivery.objects.observer import device_observer
from wetread.delivery.objects.sr_findings import Ground, groups
from wetread.domain.report import Report, ReportStatus

UNREAD = "AI did not read this study. That nothing is listed here never means that nothing is there."
NEW_LINE = "\n"


def tree(ground: Ground, procedure: Code) -> Dataset:
    """The root container with everything in it; findings only where somebody read and nothing is withdrawn."""
    found = groups(ground)
    children = [
        content.code(content.MODIFIER, codes.concept("language"), codes.concept("english")),
        *device_observer(ground.report),
        *_person(ground.report),
        content.code(content.MODIFIER, codes.concept("procedure_reported"), procedure),
    ]
    if found:
        children.append(content.container(codes.concept("imaging_measurements"), found))
    children.append(content.container(codes.concept("qualitative_evaluations"), _said(ground.report)))
    return content.root(codes.concept("imaging_measurement_report"), children, template="1500")


def _person(report: Report) -> Iterator[Dataset]:
    """Person observer, TID 1003: only the one who signed or took back."""
    if report.signature is None:
        return
    yield content.code(content.CONTEXT, codes.concept("observer_type"), codes.concept("person"))
    yield content.person(content.CONTEXT, codes.concept("person_observer_name"), person_name(report.signature.by))


def _said(report: Report) -> Iterator[Dataset]:
    """What holds for the whole study: the banner first."""
    yield content.text(content.CONTAINS, codes.own("banner"), banner(report))
    withdrawn = report.status is ReportStatus.REJECTED
    if withdrawn:
        yield content.code(content.CONTAINS, codes.own("review_state"), codes.own("withdrawn"))
    else:
        state = "reviewed" if report.signature else "unreviewed"
        yield content.code(content.CONTAINS, codes.own("review_state"), codes.own(state))
        read = codes.own("unread" if report.consensus is None else "read")
        yield content.code(content.CONTAINS, codes.own("read_state"), read)
        yield content.text(content.CONTAINS, codes.own("urgency"), _urgency(report))
    yield content.text(content.CONTAINS, codes.concept("impression"), narrative(report))
    for limit in () if withdrawn else report.limitations:
        yield content.text(content.CONTAINS, codes.concept("comment"), limit.text)


def banner(report: Report) -> str:
    """What the document is, in a line."""
    return f"{report.banner}. {headline(report)}"


def narrative(report: Report) -> str:
    """The report in words, the banner first, then what stands, who vouches for it, what was added or taken back."""
    lines = [banner(report), *_standing(report)]
    signature = report.signature
    if signature is not None and report.status is not ReportStatus.REJECTED:
        lines.append(f"Signed by {signature.by}, {moment(signature.at)}; it replaces {signature.preliminary_id}.")
    lines += [f"Addendum by {one.by}, {moment(one.at)}: {one.text}" for one in report.addenda]
    if report.supersedes is not None:
        before = report.supersedes
        lines.append(f"Takes the place of {before.report_id} ({before.status.value}, {_at(before.made_at)}).")
    return NEW_LINE.join((*lines, f"Report {report.report_id}"))


def _standing(report: Report) -> Iterator[str]:
    signature = report.signature
    if report.status is ReportStatus.REJECTED and signature is not None:
        yield f"WITHDRAWN by {signature.by}, {moment(signature.at)}: {signature.reason or 'no reason given'}"
        yield f"It takes back {signature.preliminary_id}."
    elif report.consensus is None:
        yield UNREAD
    if report.impression:
        yield report.impression


def _urgency(report: Report) -> str:
    label = f" {report.urgency_label}" if report.urgency_label else ""
    return f"{report.urgency.priority.value}{label}, {within(report.urgency.target_min)}"


def _at(when: datetime) -> str:
    return moment(when.astimezone(UTC))
