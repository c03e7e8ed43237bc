"""The report as plain text for a terminal: one screen, no control characters from outside."""

import textwrap
from collections.abc import Iterable, Iterator

from wetread.domain.consensus import spending_of
from wetread.domain.finding import Presence
from wetread.domain.report import Report
from wetread.reporting.claims import claim_lines
from wetread.reporting.panel import answer_words, joined_words, limitation_lines, panel_lines
from wetread.reporting.signing import impression_title, signing_lines, title
from wetread.reporting.spending import spend_line, sum_line, way_lines
from wetread.reporting.words import inert, notice, percent, within

WIDTH = 100
LONGEST_LIST = 8


def as_text(report: Report) -> bytes:
    """UTF-8 text."""
    return ("\n".join(_lines(report)) + "\n").encode("utf-8", "replace")


def _lines(report: Report) -> Iterator[str]:
    urgency = report.urgency
    yield f"*** {report.banner} ***"
    yield f"{urgency.priority.value} {report.urgency_label}, {within(urgency.target_min)}"
    yield from _facts(report)
    yield ""
    yield from _block(impression_title(report), map(inert, report.impression.splitlines()))
    yield from _block(title(report), [inert(line) for line in signing_lines(report)])
    yield from _findings(report)
    yield from _block(
        "Why it stands here", [f"{r.priority.value}: {inert(r.text)} [{r.rule_id}]" for r in urgency.reasons]
    )
    yield from _block("Panel", panel_lines(report))
    yield from _block("What the readers say (their claims)", claim_lines(report))
    yield from _block("Readers", _readers(report))
    yield from _block("Limitations", limitation_lines(report))
    yield from _block("Could not be used", [inert(f"{f.file}: {f.problem}") for f in report.failures])
    yield from _block("Trace", [f"{report.report_id}, {report.provenance.software}", notice(report)])
    yield f"*** {report.banner} ***"


def _facts(report: Report) -> Iterator[str]:
    study = report.study
    patient = study.patient
    files = [inert(instance.file) for instance in study.instances]
    if len(files) > LONGEST_LIST:
        files = [*files[:LONGEST_LIST], f"and {len(files) - LONGEST_LIST} more"]
    facts = (
        ("Study", study.ref),
        ("Patient", ", ".join(inert(part) for part in (patient.name, patient.patient_id, patient.sex) if part)),
        ("Accession", inert(study.accession_number or "")),
        ("Date", inert(study.study_date or "")),
        ("Modality", ", ".join(inert(m) for m in study.modalities) or "unknown"),
        ("Images", ", ".join(files)),
        ("Flags", "; ".join(inert(flag.text) for flag in study.flags)),
        ("Question", inert(report.order.clinical_question or "")),
    )
    for word, value in facts:
        if value:
            yield from textwrap.wrap(f"{word + ':':<11}{value}", WIDTH, subsequent_indent=" " * 11)


def _findings(report: Report) -> Iterator[str]:
    shown = (Presence.PRESENT, Presence.UNCERTAIN, Presence.NOT_ASSESSABLE)
    joined = [one for one in (report.consensus.findings if report.consensus else ()) if one.finding.presence in shown]
    if not joined:
        return
    yield "Findings"
    for one in joined:
        finding = one.finding
        dispute = "  readers disagree" if one.disputed else ""
        probability = percent(finding.probability, finding.calibrator_id)
        line = f"  {finding.presence.value:<15}{probability:>10}  {joined_words(report, one)}{dispute}"
        yield from textwrap.wrap(line, WIDTH, subsequent_indent=" " * 31)
    yield ""


def _readers(report: Report) -> Iterator[str]:
    for answer, spend in zip(report.answers, spending_of(report.answers).readers, strict=True):
        name = f"{inert(answer.reader.name)} {inert(answer.reader.version)}"
        yield f"{name}: {inert(answer_words(answer))}; {spend_line(spend)}"
        yield from (f"  {line}" for line in way_lines(answer))
    total = sum_line(report)
    if total:
        yield total


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    content = list(lines)
    if not content:
        return
    yield title
    for line in content:
        yield from textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""
