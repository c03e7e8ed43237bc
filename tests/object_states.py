"""A report in all its states, as a destination is given them, of a real image that comes with pydicom or its copies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from reported import MADE_AT, report_of, studies_of, three_findings
from wetread.domain.report import Report, ReportStatus, Superseded
from wetread.domain.review import Decision, Verdict, amended, findings_of, signed, withdrawn

AT = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
SIGNER = "Dr A. Signer"
STATES = ("preliminary", "final", "amended", "rejected", "unread")


def image(folder: Path, change: Callable[[Dataset], None] = lambda _: None, name: str = "one.dcm") -> Path:
    """A CT image of 128 by 128 pixels, changed."""
    dataset = dcmread(get_testdata_file("CT_small.dcm", download=False))
    change(dataset)
    dataset.save_as(folder / name)
    return folder / name


def preliminary(*paths: Path, script=three_findings) -> Report:
    """The preliminary report of the first study in these files, with its pictures."""
    return report_of(studies_of(*paths)[0], script, pictures=True)


def in_state(report: Report, state: str) -> Report:
    """What becomes of a preliminary report."""
    if state == "preliminary":
        return report
    if state == "unread":
        return replace(report, consensus=None, answers=(), impression="AI did not read this. scripted: it is down.")
    decisions = [Decision(finding_id=f, verdict=Verdict.ACCEPT, by=SIGNER, at=AT) for f in findings_of(report)]
    final = signed(report, decisions, text=None, by=SIGNER, at=AT, terms={})
    before = superseded(report)
    if state == "final":
        return replace(final, supersedes=before)
    if state == "amended":
        later = amended(final, text="Compared with the earlier film.", by="Dr B", at=AT)
        return replace(later, supersedes=replace(before, report_id=final.report_id, status=ReportStatus.FINAL))
    taken_back = withdrawn(report, reason="wrong patient", text="This report is withdrawn.", by="Dr C", at=AT)
    return replace(taken_back, supersedes=before)


def superseded(report: Report) -> Superseded:
    """The report as one that the destination had before."""
    found = report.consensus.findings if report.consensus else ()
    return Superseded(report_id=report.report_id, status=report.status, made_at=MADE_AT, findings=found)
