"""The report as PDF, with the banner on every page. Needs the extra `pdf`; the same report gives the same bytes."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from wetread.domain.consensus import spending_of
from wetread.domain.report import Report
from wetread.errors import MissingExtra
from wetread.reporting.claims import claim_lines
from wetread.reporting.figures import Figure, figures
from wetread.reporting.panel import answer_words, joined_words, limitation_lines, panel_lines
from wetread.reporting.pdf_text import marked
from wetread.reporting.signing import signing_lines, title
from wetread.reporting.spending import prompt_of, spend_line, sum_line, way_lines
from wetread.reporting.words import notice, percent, sentence, within

try:
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.pdfgen import canvas as pdfgen
    from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

COLOURS = {"P1": "#c62828", "P2": "#ffb000", "UNREAD": "#ffb000"}
DARK_ON = {"P2", "UNREAD"}
MARGIN_MM, BAR_MM, WIDTH_MM, PICTURE_MM = 18, 9, 174, 84


def as_pdf(report: Report) -> bytes:
    """A PDF document.

    Raises: MissingExtra where reportlab is not installed.
    """
    if not INSTALLED:
        raise MissingExtra("PDF reports need reportlab: pip install 'wetread[pdf]'")
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=f"{report.study.ref} (AI preliminary)",
        author=report.provenance.software,
        invariant=1,
        leftMargin=MARGIN_MM * mm,
        rightMargin=MARGIN_MM * mm,
        topMargin=(MARGIN_MM + BAR_MM) * mm,
        bottomMargin=MARGIN_MM * mm,
    )
    frame = _page(report)
    document.build(list(_story(report)), onFirstPage=frame, onLaterPages=frame)
    return out.getvalue()


def _page(report: Report) -> Callable[["pdfgen.Canvas", Any], None]:
    """Banner above and page number below, on every page."""

    def draw(page: "pdfgen.Canvas", document: Any) -> None:  # noqa: ANN401 - reportlab ships no types
        width, height = A4
        page.saveState()
        page.setFillColor(colors.HexColor("#0b0e12"))
        page.rect(0, height - BAR_MM * mm, width, BAR_MM * mm, stroke=0, fill=1)
        page.setFillColor(colors.HexColor("#ffd166"))
        page.setFont("Helvetica-Bold", 10)
        page.drawCentredString(width / 2, height - (BAR_MM - 3) * mm, report.banner)
        page.setFillColor(colors.HexColor("#4a5866"))
        page.setFont("Helvetica", 8)
        page.drawString(MARGIN_MM * mm, 9 * mm, f"{report.report_id} · {report.study.ref} · {report.status.value}")
        page.drawRightString(width - MARGIN_MM * mm, 9 * mm, f"page {document.page}")
        page.restoreState()

    return draw


def _style(size: float, *, bold: bool = False, colour: str = "#16202b", before: float = 0) -> "ParagraphStyle":
    return ParagraphStyle(
        f"s{size}{bold}{colour}",
        fontName="Helvetica-Bold" if bold else "Helvetica",
        fontSize=size,
        leading=size * 1.35,
        textColor=colors.HexColor(colour),
        spaceBefore=before,
        spaceAfter=2,
        splitLongWords=1,
    )


def _paragraph(foreign: str, style: "ParagraphStyle") -> "Paragraph":
    return Paragraph(marked(foreign), style)


def _story(report: Report) -> Iterator["Flowable"]:
    body = _style(9.5)
    yield _paragraph(title(report), _style(17, bold=True))
    yield _urgency(report)
    yield Spacer(1, 6)
    yield _grid(([word, value] for word, value in _facts(report)), (30, WIDTH_MM - 30))
    yield from _heading("Impression")
    yield from (_paragraph(line, _style(11)) for line in report.impression.splitlines())
    rows = list(_finding_rows(report))
    if rows:
        yield from _heading("Findings")
        yield _grid([["Finding", "Presence", "Probability", "Floor"], *rows], (88, 32, 30, 24), head=True)
    yield from _pictures(report)
    reasons = [f"{r.priority.value}: {r.text} [{r.rule_id}]" for r in report.urgency.reasons]
    for head, lines in (
        ("Signature", list(signing_lines(report))),
        ("Why it stands here", reasons),
        ("Panel", list(panel_lines(report))),
        ("What the readers say (their claims)", list(claim_lines(report))),
        ("Readers", list(_readers(report))),
        ("Limitations", list(limitation_lines(report))),
        ("Could not be used", [f"{failure.file}: {failure.problem}" for failure in report.failures]),
        ("Trace", list(_trace(report))),
    ):
        if lines:
            yield from _heading(head)
            yield from (_paragraph(f"• {line}", body) for line in lines)


def _heading(title: str) -> Iterator["Flowable"]:
    style = _style(12, bold=True, before=9)
    style.keepWithNext = 1
    yield _paragraph(title, style)


def _urgency(report: Report) -> "Table":
    priority = report.urgency.priority.value
    ink = "#1a1300" if priority in DARK_ON else "#ffffff"
    words = f"{priority} {report.urgency_label}, {within(report.urgency.target_min)}"
    table = Table([[_paragraph(words, _style(11, bold=True, colour=ink))]], colWidths=[90 * mm], hAlign="LEFT")
    fill = colors.HexColor(COLOURS.get(priority, "#2f6690"))
    table.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), fill), ("BOTTOMPADDING", (0, 0), (-1, -1), 5)]))
    return table


def _grid(rows: Iterable[Iterable[str]], widths_mm: tuple[float, ...], *, head: bool = False) -> "Table":
    """A table of foreign text with thin rules."""
    body, top = _style(9.5), _style(9, bold=True, colour="#4a5866")
    cells = [
        [_paragraph(cell, top if head and number == 0 else body) for cell in row] for number, row in enumerate(rows)
    ]
    widths = [width * mm for width in widths_mm]
    table = Table(cells, colWidths=widths, hAlign="LEFT", repeatRows=int(head), splitInRow=1)
    rule = ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#cfd6de"))
    table.setStyle(TableStyle([rule, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 2)]))
    return table


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    study, patient = report.study, report.study.patient
    listed = [instance.file for instance in study.instances]
    facts = (
        ("Patient", " · ".join(part for part in (patient.name, patient.patient_id, patient.sex) if part)),
        ("Study", " · ".join(part for part in (study.ref, study.study_uid, study.study_date) if part)),
        ("Accession", study.accession_number or ""),
        ("Modality", ", ".join(study.modalities) or "unknown"),
        ("Images", ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")),
        ("Question", report.order.clinical_question or ""),
    )
    return ((word, value) for word, value in facts if value)


def _finding_rows(report: Report) -> Iterator[list[str]]:
    for joined in report.consensus.findings if report.consensus else ():
        finding, term = joined.finding, report.terms.get(joined.finding.code)
        probability = percent(finding.probability, finding.calibrator_id)
        presence = f"{finding.presence.value}{' (disputed)' if joined.disputed else ''}"
        yield [joined_words(report, joined), presence, probability, term.floor.value if term else ""]


def _readers(report: Report) -> Iterator[str]:
    for answer, spend in zip(report.answers, spending_of(report.answers).readers, strict=True):
        yield f"{answer.reader.name} {answer.reader.version}: {answer_words(answer)}; {spend_line(spend)}"
        yield from (f"{answer.reader.name}: {line}" for line in way_lines(answer))
    total = sum_line(report)
    if total:
        yield total


def _pictures(report: Report) -> Iterator["Flowable"]:
    shown = figures(report)
    if not shown:
        return
    yield from _heading("Images")
    for start in range(0, len(shown), 2):
        pair = shown[start : start + 2]
        small = _style(7.5, colour="#4a5866")
        cells = [[_Picture(figure) for figure in pair], [_paragraph(_caption(figure), small) for figure in pair]]
        table = Table(cells, colWidths=[(PICTURE_MM + 3) * mm] * len(pair), hAlign="LEFT")
        table.setStyle(TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        yield table
    if any(figure.boxes for figure in shown):
        yield _paragraph(sentence("notice", "boxes"), _style(8, colour="#4a5866"))


def _caption(figure: Figure) -> str:
    return f"{figure.caption}. {figure.legend}" if figure.boxes else figure.caption


def _trace(report: Report) -> Iterator[str]:
    trace = report.provenance
    yield f"{report.report_id}, {report.status.value}, {trace.software}"
    yield notice(report)
    for answer in report.answers:
        reader = answer.reader
        yield f"reader {reader.name} {reader.version} {reader.fingerprint[:16]}{prompt_of(answer)}"
    for view in report.views[:8]:
        yield f"view {view.pixel_sha256[:16]}: {'; '.join(view.recipe)}"


if INSTALLED:

    class _Picture(Flowable):  # type: ignore[misc] # reportlab ships no types
        """A picture with its boxes, scaled to a column without stretching."""

        def __init__(self, figure: Figure) -> None:
            super().__init__()
            self._figure = figure
            view = figure.view
            self._scale = PICTURE_MM * mm / max(view.width, view.height)
            self.width, self.height = view.width * self._scale, view.height * self._scale

        def wrap(self, *_: float) -> tuple[float, float]:
            """The room it takes, in points."""
            return self.width, self.height

        def draw(self) -> None:
            """Picture, then each box as colour over a halo."""
            from reportlab.lib.utils import ImageReader

            self.canv.drawImage(ImageReader(io.BytesIO(self._figure.view.picture)), 0, 0, self.width, self.height)
            for box in self._figure.boxes:
                x, y = box.x0 * self._scale, self.height - box.y1 * self._scale
                size = ((box.x1 - box.x0) * self._scale, (box.y1 - box.y0) * self._scale)
                for colour, line, dashes in (
                    ("#000000", 2.4, ()),
                    ("#ffd166", 1.2, (4, 2.5) if box.approximate else ()),
                ):
                    self.canv.setStrokeColor(colors.HexColor(colour))
                    self.canv.setLineWidth(line)
                    self.canv.setDash(*dashes) if dashes else self.canv.setDash()
                    self.canv.rect(x, y, *size, stroke=1, fill=0)
                self.canv.setFillColor(colors.HexColor("#ffd166"))
                self.canv.setFont("Helvetica-Bold", 8)
                self.canv.drawString(x + 2, y + size[1] - 9, box.label)
