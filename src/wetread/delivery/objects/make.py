"""All objects of a report that a destination wants, in the order in which they are sent."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from wetread.delivery.made import Kind, Made
from wetread.delivery.objects.encapsulated_pdf import make_pdf
from wetread.delivery.objects.gsps import grouped, make_gsps
from wetread.delivery.objects.ko import make_ko
from wetread.delivery.objects.sc import make_sc
from wetread.delivery.objects.sr import make_sr
from wetread.delivery.originals import Originals, key_instances, read_originals
from wetread.domain.consensus import Consensus
from wetread.domain.report import Report, ReportStatus, Superseded


def make_objects(report: Report, kinds: Iterable[Kind], render: Callable[[Report, str], bytes]) -> tuple[Made, ...]:
    """The objects of these kinds: pictures and pages first, then the structured report, the key objects last.

    A presentation state is made only where there are boxes; a rejected report has key objects only where it takes
    something back. `render(report, "pdf")` is asked only for the document.

    Raises: InputError (no DICOM study they could belong to), FileUnreadable, MissingExtra.
    """
    wanted = frozenset(kinds)
    originals = read_originals(report)
    made: list[Made] = []
    if Kind.SC in wanted:
        made += make_sc(report, originals)
    if Kind.GSPS in wanted:
        made += make_gsps(report, originals)
    if Kind.PDF in wanted:
        made.append(make_pdf(report, originals, render(report, "pdf")))
    if Kind.SR in wanted:
        made.append(make_sr(report, originals))
    if Kind.KO in wanted:
        made += _key_objects(report, originals, wanted)
    return tuple(made)


def _key_objects(report: Report, originals: Originals, wanted: frozenset[Kind]) -> tuple[Made, ...]:
    if report.status is not ReportStatus.REJECTED:
        return (make_ko(report, originals),)
    if report.supersedes is None:
        return ()
    states = presentation_states_of(report, report.supersedes) if Kind.GSPS in wanted else 0
    return (make_ko(report, originals, wanted, states),)


def presentation_states_of(report: Report, before: Superseded) -> int:
    """How many presentation states the superseded report gave: its boxes are looked at again."""
    read = Consensus(findings=before.findings, readers=(), abnormal_probability=None, weighting="")
    stood = replace(
        report, status=ReportStatus.PRELIMINARY, signature=None, supersedes=None, consensus=read, addenda=()
    )
    boxed = any(one.finding.evidence for one in before.findings)
    return len(grouped(stood, read_originals(stood))) if boxed and key_instances(stood) else 0
