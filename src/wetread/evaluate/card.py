"""The evaluation as one self-contained page: every table of the text, curves as drawings, no scripts, no network."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from wetread.evaluate.answering import answering_rows
from wetread.evaluate.beside import about_card, published_card
from wetread.evaluate.conformal import conformal_card
from wetread.evaluate.degenerate import degenerate_card
from wetread.evaluate.frontier_words import frontier_card
from wetread.evaluate.metrics import Comparison, FindingFigures, Metrics, ReaderFigures
from wetread.evaluate.page import html_table as _table
from wetread.evaluate.page import page_of
from wetread.evaluate.plots import Plot, Points
from wetread.evaluate.queue_card import queue_card
from wetread.evaluate.reports.told import reports_card
from wetread.evaluate.trials_told import localisation_card, stress_card
from wetread.evaluate.words import TOO_FEW, enough, figure

EDGE, PAD = 200, 28
KINDS = (
    ("roc", "ROC", "false positive rate", "sensitivity"),
    ("pr", "Precision and recall", "recall", "precision"),
    ("reliability", "Reliability", "probability told", "how often it was so"),
    ("risk_coverage", "Risk against coverage", "share answered", "share wrong"),
)


def as_card(metrics: Metrics, plots: dict[str, Sequence[Plot]]) -> str:
    """A whole page; `plots` by reader, the first of each is drawn."""
    return page_of("Evaluation", "\n".join(_sections(metrics, plots)))


def _sections(metrics: Metrics, plots: dict[str, Sequence[Plot]]) -> Iterator[str]:
    data = metrics.data
    yield "<h1>How well readers read</h1>"
    yield (
        f"<p>{data['test']} test cases of {data['patients']} patients, {data['abnormal']} abnormal; {data['calib']} "
        f"calibration cases. 95 % intervals over {data['draws']} resamples of patients, seed {data['seed']}; "
        f"proportions by Wilson.</p>"
    )
    about = data.get("about")
    if isinstance(about, dict):
        yield about_card(about)
    yield from (f'<p class="dim">{escape(remark)}</p>' for remark in metrics.remarks)
    yield from _shortcuts(metrics)
    for reader in metrics.readers:
        yield from _reader(reader, plots.get(reader.name, ()))
    if metrics.frontier is not None:
        yield from frontier_card(metrics.frontier)
    yield from reports_card(metrics.reports) if metrics.reports else ()
    if metrics.comparisons:
        yield "<h2>Readers compared on the same cases</h2>"
        yield _compared(metrics.comparisons)
    yield from published_card(metrics.published)
    yield "<h2>What it rests on</h2>"
    yield _table("", ("", "value"), [(name, str(value)) for name, value in metrics.manifest.items()])


def _shortcuts(metrics: Metrics) -> Iterator[str]:
    if not metrics.shortcuts:
        return
    rows = [(row.looks_at, str(row.n), str(row.n_pos), figure(row.auroc), f"{row.p:.3f}") for row in metrics.shortcuts]
    yield "<h2>Can the labels be told without looking at the organ?</h2>"
    yield _table("", ("a plain classifier that sees", "n", "positive", "AUROC of any finding", "p"), rows)
    if any(row.tells for row in metrics.shortcuts[:-1]):
        yield (
            '<p class="warning">The classes of these cases can be told from where the films come from. '
            "Figures on them flatter.</p>"
        )


def _reader(reader: ReaderFigures, plots: Sequence[Plot]) -> Iterator[str]:
    urgency, cost, latency = reader.urgency, reader.cost, reader.latency_ms
    yield f"<h2>{escape(reader.name)}</h2>"
    yield f'<p class="dim">version {escape(reader.version)}, fingerprint {escape(reader.fingerprint)}</p>'
    facts = [
        ("cases", f"{reader.n_read} read, {reader.n_abstained} abstained, {reader.n_failed} failed of {reader.n}"),
        ("macro-F1", figure(reader.macro_f1)),
        *answering_rows(reader.answering),
        ("urgency, quadratic kappa", figure(urgency.kappa)),
        ("under-triage", figure(urgency.under_triage)),
        ("over-triage", figure(urgency.over_triage)),
        ("critical told critical", figure(urgency.critical_sensitivity)),
        ("false P1 per 100", _plain(urgency.false_p1_per_100)),
        ("not read", figure(urgency.unread_share)),
        ("dollars per 100", _plain(cost.per_100_usd)),
        ("milliseconds p50 / p95 / p99", " / ".join(_plain(x, ".0f") for x in (latency.p50, latency.p95, latency.p99))),
    ]
    yield _table("Overall", ("", "figure"), facts)
    yield from conformal_card(urgency.conformal)
    yield from degenerate_card(reader.degenerate)
    rows = (*reader.findings, reader.any_finding)
    head = ("finding", "n", "positive", "AUROC", "AUPRC", "Brier", "ECE told", "ECE mapped")
    yield _table("Findings", head, [_quality(one) for one in rows])
    points = ("finding", "threshold", "sensitivity", "specificity", "PPV", "flagged")
    yield _table("Operating points", points, [_point(one) for one in rows])
    if reader.controls:
        rows_ = [(c.disturbance, str(c.n_read), enough(c.any_finding.auroc)) for c in reader.controls]
        yield _table("The same reader on disturbed films", ("shown", "read", "AUROC of any finding"), rows_)
    yield from stress_card(reader.stress) if reader.stress else ()
    yield from localisation_card(reader.localisation) if reader.localisation else ()
    if reader.subgroups:
        told = [(g.by, g.group, str(g.n), str(g.n_pos), enough(g.auroc), enough(g.gap)) for g in reader.subgroups]
        yield _table("Subgroups", ("any finding by", "group", "n", "positive", "AUROC", "gap to the others"), told)
    yield from _drawings(plots)
    yield "<h3>What following it does to waits</h3>"
    yield from queue_card(reader.queue) if reader.queue is not None else (f"<p>{TOO_FEW}</p>",)


def _drawings(plots: Sequence[Plot]) -> Iterator[str]:
    for plot in plots:
        drawn = [_drawing(plot, kind) for kind in KINDS if getattr(plot, kind[0])]
        if drawn:
            yield f"<h3>{escape(plot.label)} (n {plot.n}, {plot.n_pos} positive)</h3>"
            yield f'<div class="plots">{"".join(drawn)}</div>'


def _drawing(plot: Plot, kind: tuple[str, str, str, str]) -> str:
    name, title, x, y = kind
    points: Points = getattr(plot, name)
    line = " ".join(f"{PAD + px * EDGE:.1f},{PAD / 2 + (1 - py) * EDGE:.1f}" for px, py in points)
    size = EDGE + 2 * PAD
    marks = ""
    if name == "reliability":
        marks = "".join(
            f'<circle cx="{PAD + px * EDGE:.1f}" cy="{PAD / 2 + (1 - py) * EDGE:.1f}" r="3" fill="#0b5cad"/>'
            for px, py in points
        )
    diagonal = f'<path d="M{PAD} {PAD / 2 + EDGE}L{PAD + EDGE} {PAD / 2}" stroke="#b8c2cc" fill="none"/>'
    return (
        f'<figure><svg width="{size}" height="{size}" role="img" aria-label="{title} of {escape(plot.label)}">'
        f'<rect x="{PAD}" y="{PAD / 2}" width="{EDGE}" height="{EDGE}" fill="none" stroke="#52606d"/>'
        f"{diagonal if name in {'roc', 'reliability'} else ''}"
        f'<polyline points="{line}" fill="none" stroke="#0b5cad" stroke-width="2"/>{marks}'
        f'<text x="{PAD + EDGE / 2}" y="{size - PAD / 2}" font-size="11" text-anchor="middle">{x}</text>'
        f'<text x="12" y="{PAD / 2 + EDGE / 2}" font-size="11" text-anchor="middle" '
        f'transform="rotate(-90 12 {PAD / 2 + EDGE / 2})">{y}</text></svg>'
        f"<figcaption>{title}</figcaption></figure>"
    )


def _quality(one: FindingFigures) -> tuple[str, ...]:
    if one.why is not None:
        return one.label, str(one.n), str(one.n_pos), TOO_FEW, TOO_FEW, "-", "-", "-"
    shown = (figure(one.auroc), figure(one.auprc), figure(one.brier))
    return one.label, str(one.n), str(one.n_pos), *shown, _plain(one.ece_raw), _plain(one.ece_calibrated)


def _point(one: FindingFigures) -> tuple[str, ...]:
    threshold = "its own" if one.threshold is None else f"{one.threshold:.3f}"
    return one.label, threshold, *(enough(x) for x in (one.sensitivity, one.specificity, one.ppv, one.flag_rate))


def _compared(rows: Iterable[Comparison]) -> str:
    head = ("finding", "first - second", "n", "difference of AUROC", "p (DeLong)", "p (Holm)")
    told = [
        (
            row.label,
            f"{row.first} - {row.second}",
            str(row.n),
            TOO_FEW if row.difference is None else f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]",
            _plain(row.p, ".4f"),
            _plain(row.p_holm, ".4f"),
        )
        for row in rows
    ]
    return _table("", head, told)


def _plain(value: float | None, shape: str = ".3f") -> str:
    return "-" if value is None else format(value, shape)
