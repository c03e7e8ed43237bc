"""The report as one self-contained page: no scripts, no network, every foreign character escaped."""

import base64
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from importlib.resources import files

from wetread.domain.consensus import spending_of
from wetread.domain.finding import Presence
from wetread.domain.report import Report
from wetread.domain.urgency import Priority
from wetread.reporting.claims import claims
from wetread.reporting.figures import Box, Figure, figures, left_out
from wetread.reporting.panel import answer_words, joined_words, limitation_lines, panel_lines
from wetread.reporting.signing import signing_lines, title
from wetread.reporting.spending import cost_words, latency_words, prompt_of, sum_line, token_words, way_lines
from wetread.reporting.words import inert, notice, percent, sentence, within

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SHAPES = {Priority.P1: "▲", Priority.P2: "◆", Priority.UNREAD: "◆"}
OTHER_SHAPE = "●"
MOST_FILES = 40


def as_html(report: Report) -> bytes:
    """A whole page, UTF-8."""
    label = "AI preliminary" if report.signature is None else title(report)
    head = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(report.urgency.priority.value)} {text(report.study.ref)} ({text(label)})</title>\n"
        f"<style>\n{_style()}</style>\n</head>\n"
    )
    banner = f'<div class="banner" role="note">{text(report.banner)}</div>'
    body = "\n".join(_sections(report))
    page = f"{head}<body>\n{banner}\n<main>\n{body}\n</main>\n{banner}\n</body>\n</html>\n"
    return page.encode("utf-8", "replace")


def text(foreign: str) -> str:
    """Foreign text as HTML text: inert and escaped, quotes too."""
    return escape(inert(foreign), quote=True)


@cache
def _style() -> str:
    return files("wetread.reporting").joinpath("report.css").read_text(encoding="utf-8")


def _sections(report: Report) -> Iterator[str]:
    urgency = report.urgency
    shape = SHAPES.get(urgency.priority, OTHER_SHAPE)
    yield f"<h1>{title(report)}</h1>"
    yield (
        f'<p class="urgency {urgency.priority.value}"><span aria-hidden="true">{shape}</span> {urgency.priority.value} '
        f"{text(report.urgency_label)}, {within(urgency.target_min)}</p>"
    )
    yield _facts(report)
    said = "<br>".join(map(text, report.impression.splitlines()))
    yield _section("Impression", f'<p class="impression">{said}</p>')
    if report.signature is not None:
        yield _section("Signature", _list(signing_lines(report)))
    yield _findings(report)
    yield _pictures(report)
    yield _section("Why it stands here", _list(f"{r.priority.value}: {r.text} [{r.rule_id}]" for r in urgency.reasons))
    yield _section("Panel", _list(panel_lines(report)))
    yield _claims(report)
    yield _readers(report)
    yield _section("Limitations", _list(limitation_lines(report)))
    yield _section("Could not be used", _list(f"{f.file}: {f.problem}. {f.remedy}" for f in report.failures))
    yield _trace(report)


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>" if content else ""


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table whose cells are foreign text."""
    top = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>" if body else ""


def _facts(report: Report) -> str:
    study, patient, order = report.study, report.study.patient, report.order
    listed = [instance.file for instance in study.instances]
    more = f" and {len(listed) - MOST_FILES} more" if len(listed) > MOST_FILES else ""
    age = order.age_years if order.age_years is not None else patient.age_years
    facts = (
        ("Patient", " · ".join(part for part in (patient.name, patient.patient_id) if part)),
        (
            "Age, sex",
            " · ".join(part for part in ("" if age is None else f"{age:g} years", order.sex or patient.sex) if part),
        ),
        ("Study", f"{study.ref}{f' · {study.study_uid}' if study.study_uid else ''}"),
        ("Accession", study.accession_number or order.accession_number or ""),
        ("Study date", study.study_date or ""),
        ("Modality", ", ".join(study.modalities) or "unknown"),
        ("Images", ", ".join(listed[:MOST_FILES]) + more),
        ("Order", order.priority.value if order.priority else ""),
        ("Clinical question", order.clinical_question or ""),
        ("To notice", "; ".join(flag.text for flag in study.flags)),
    )
    return "<dl>" + "".join(f"<dt>{word}</dt><dd>{text(value)}</dd>" for word, value in facts if value) + "</dl>"


def _findings(report: Report) -> str:
    if report.consensus is None:
        return ""
    rows = []
    for joined in report.consensus.findings:
        finding, term = joined.finding, report.terms.get(joined.finding.code)
        floor = term.floor.value if term and finding.presence in (Presence.PRESENT, Presence.UNCERTAIN) else ""
        by = ", ".join(f"{name} (disagrees)" for name in joined.absent_by) if joined.disputed else ""
        said = ", ".join((*joined.present_by, *joined.uncertain_by))
        probability = percent(finding.probability, finding.calibrator_id)
        rows.append(
            (
                joined_words(report, joined),
                finding.presence.value,
                probability,
                floor,
                ", ".join(filter(None, (said, by))),
            )
        )
    return _section("Findings", _table(("Finding", "Presence", "Probability", "Floor if present", "Said by"), rows))


def _pictures(report: Report) -> str:
    shown = figures(report)
    if not shown:
        return ""
    note = f'<p class="soft">{text(sentence("notice", "boxes"))}</p>' if any(f.boxes for f in shown) else ""
    more = left_out(report)
    rest = f'<p class="soft">{more} further pictures are not shown here.</p>' if more else ""
    return _section("Images", f'<div class="figures">{"".join(map(_figure, shown))}</div>{note}{rest}')


def _figure(figure: Figure) -> str:
    view = figure.view
    data = base64.b64encode(view.picture).decode("ascii")
    legend = f"<br>{text(figure.legend)}" if figure.boxes else ""
    label = text(f"{figure.caption}{f'. Approximate boxes: {figure.legend}' if figure.boxes else ''}")
    boxes = "".join(_box(box, view.width) for box in figure.boxes)
    return (
        f'<figure><svg viewBox="0 0 {view.width} {view.height}" role="img" aria-label="{label}">'
        f'<image href="data:{view.media_type};base64,{data}" width="{view.width}" height="{view.height}"/>{boxes}</svg>'
        f"<figcaption>{text(figure.caption)}{legend}</figcaption></figure>"
    )


def _box(box: Box, width: int) -> str:
    """Colour over a black halo, dashed unless a human drew it."""
    unit = width / 512
    place = f'x="{box.x0:.1f}" y="{box.y0:.1f}" width="{box.x1 - box.x0:.1f}" height="{box.y1 - box.y0:.1f}"'
    dashes = "" if not box.approximate else f' stroke-dasharray="{8 * unit:.1f} {5 * unit:.1f}"'
    caption, label = text(box.caption), text(box.label)
    return (
        f'<g><title>{caption}</title><rect class="halo" {place} stroke-width="{4 * unit:.1f}"/>'
        f'<rect class="edge" {place} stroke-width="{2 * unit:.1f}"{dashes}/>'
        f'<text x="{box.x0 + 5 * unit:.1f}" y="{box.y0 + 17 * unit:.1f}" font-size="{15 * unit:.1f}" font-weight="700" '
        f'fill="#ffd166" stroke="#000000" stroke-width="{3 * unit:.1f}" paint-order="stroke">{label}</text></g>'
    )


def _claims(report: Report) -> str:
    """Per reader what it claims beyond coded findings."""
    parts = "".join(f"<h3>{text(one.reader)}</h3>{_list(one.lines)}" for one in claims(report))
    return _section("What the readers say (their claims)", parts)


def _readers(report: Report) -> str:
    """Answer, cost, tokens and time of each, then the sum and the ways the answers took."""
    rows = [
        (
            answer.reader.name,
            answer.reader.version,
            answer_words(answer),
            cost_words(s),
            token_words(s),
            latency_words(s),
        )
        for answer, s in zip(report.answers, spending_of(report.answers).readers, strict=True)
    ]
    table = _table(("Reader", "Version", "Answer", "Cost", "Tokens", "Time"), rows)
    total = sum_line(report)
    ways = _list(f"{answer.reader.name}: {line}" for answer in report.answers for line in way_lines(answer))
    return _section("Readers", f"{table}{f'<p>{text(total)}</p>' if total else ''}{ways}")


def _trace(report: Report) -> str:
    trace = report.provenance
    lines = [
        f"report {report.report_id}, status {report.status.value}, {trace.software}",
        f"vocabulary {trace.vocabulary_version} {trace.vocabulary_sha256[:16]}",
        f"policy {trace.policy_version} {trace.policy_sha256[:16]}",
        ", ".join(f"{name} {version}" for name, version in trace.libraries),
        ", ".join(f"{reader} stands in the slot {slot}" for slot, reader in trace.lineup),
        *(
            f"reader {a.reader.name} {a.reader.version} {a.reader.fingerprint[:16]}{prompt_of(a)}"
            for a in report.answers
        ),
        *(f"image {i.file} {i.sha256[:16]}" for i in report.study.instances[:MOST_FILES]),
        *(f"view {v.pixel_sha256[:16]}: {'; '.join(v.recipe)}" for v in report.views[:MOST_FILES]),
    ]
    items = "".join(f"<li><code>{text(line)}</code></li>" for line in lines if line)
    return f'<footer><h2>Trace</h2><p class="soft">{text(notice(report))}</p><ul>{items}</ul></footer>'
