"""The figures as tables for a terminal. What rests on too few cases says so."""

from collections.abc import Iterator, Sequence

from wetread.evaluate.answering import answering_text
from wetread.evaluate.beside import about_text, published_text
from wetread.evaluate.conformal import conformal_text
from wetread.evaluate.degenerate import degenerate_text
from wetread.evaluate.frontier_words import frontier_text
from wetread.evaluate.metrics import Comparison, ControlFigures, FindingFigures, Metrics, ReaderFigures
from wetread.evaluate.queue_text import queue_text
from wetread.evaluate.reports.told import reports_text
from wetread.evaluate.shortcuts import WHOLE
from wetread.evaluate.trials_told import localisation_text, stress_text
from wetread.evaluate.words import NONE, TOO_FEW, enough, figure, table
from wetread.evaluate.words import number as _number

HEAD = ("finding", "n", "positive", "AUROC [95 %]", "AUPRC [95 %]", "Brier", "ECE raw → calibrated")
POINT = ("finding", "threshold", "sensitivity", "specificity", "PPV", "flagged")


def as_text(metrics: Metrics) -> str:
    """Everything, table by table."""
    parts = [_data(metrics)]
    for reader in metrics.readers:
        parts += [_reader(reader), *_tables(reader)]
    if metrics.reports:
        parts.append(reports_text(metrics.reports))
    if metrics.shortcuts:
        parts.append(_shortcuts(metrics))
    if metrics.frontier is not None:
        parts.append(frontier_text(metrics.frontier))
    if metrics.comparisons:
        parts.append(_compared(metrics.comparisons))
    if metrics.published:
        parts.append(published_text(metrics.published))
    parts.append("Research use only. Figures hold for these cases; intervals are over resampled patients.")
    return "\n\n".join(parts) + "\n"


def _data(metrics: Metrics) -> str:
    data = metrics.data
    lines = [
        f"{data['test']} test cases of {data['patients']} patients, {data['abnormal']} abnormal; "
        f"{data['calib']} calibration cases; {data['draws']} resamples, seed {data['seed']}"
    ]
    about = data.get("about")
    if isinstance(about, dict):
        lines.append(about_text(about))
    return "\n".join([*lines, *(f"note: {remark}" for remark in metrics.remarks)])


def _reader(reader: ReaderFigures) -> str:
    latency, cost = reader.latency_ms, reader.cost
    spent = "cost unknown" if cost.per_100_usd is None else f"$ {cost.per_100_usd:.2f} per 100"
    took = NONE if latency.p50 is None else f"p50 {latency.p50:.0f}, p95 {latency.p95:.0f}, p99 {latency.p99:.0f} ms"
    urgency = reader.urgency
    return "\n".join(
        [
            f"== {reader.name} {reader.version} ({reader.fingerprint[:12]})",
            f"{reader.n} cases: {reader.n_read} read, {reader.n_abstained} abstained, {reader.n_failed} failed; "
            f"{took}; {spent}; macro-F1 {figure(reader.macro_f1)}",
            *answering_text(reader.answering),
            f"urgency: quadratic kappa {figure(urgency.kappa)}, under-triage {figure(urgency.under_triage)}, "
            f"over-triage {figure(urgency.over_triage)}, critical told {figure(urgency.critical_sensitivity)}",
        ]
    )


def _tables(reader: ReaderFigures) -> Iterator[str]:
    rows = (*reader.findings, reader.any_finding)
    yield table(HEAD, [_quality(one) for one in rows])
    yield table(POINT, [_point(one) for one in rows])
    if reader.urgency.conformal is not None:
        yield conformal_text(reader.urgency.conformal)
    if reader.degenerate:
        yield degenerate_text(reader.name, reader.degenerate)
    if reader.controls:
        asked = ("the same reader on", "read", "positive", "AUROC of any finding")
        yield table(asked, [_control(one) for one in reader.controls])
    if reader.stress:
        yield stress_text(reader.stress)
    if reader.localisation:
        yield localisation_text(reader.localisation)
    if reader.subgroups:
        head = ("any finding by", "group", "n", "positive", "AUROC [95 %]", "gap to the others")
        yield table(
            head, [(g.by, g.group, str(g.n), str(g.n_pos), enough(g.auroc), enough(g.gap)) for g in reader.subgroups]
        )
    yield "what following it does to waits: " + (TOO_FEW if reader.queue is None else queue_text(reader.queue))


def _control(one: ControlFigures) -> tuple[str, ...]:
    told = one.any_finding
    return one.disturbance, str(one.n_read), str(told.n_pos), TOO_FEW if told.why else figure(told.auroc)


def _quality(one: FindingFigures) -> tuple[str, ...]:
    if one.why is not None:
        return one.label, str(one.n), str(one.n_pos), TOO_FEW, TOO_FEW, NONE, NONE
    errors = f"{_number(one.ece_raw)} → {_number(one.ece_calibrated)}"
    return one.label, str(one.n), str(one.n_pos), figure(one.auroc), figure(one.auprc), figure(one.brier), errors


def _point(one: FindingFigures) -> tuple[str, ...]:
    threshold = "its own" if one.threshold is None else f"{one.threshold:.3f}"
    shares = (one.sensitivity, one.specificity, one.ppv, one.flag_rate)
    return one.label, threshold, *(enough(share) for share in shares)


def _compared(rows: Sequence[Comparison]) -> str:
    head = ("finding", "first - second", "n", "difference [95 %]", "p", "p (Holm)")
    return "== paired comparison of AUROCs (DeLong)\n" + table(
        head,
        [
            (
                row.label,
                f"{row.first} - {row.second}",
                str(row.n),
                TOO_FEW if row.difference is None else f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]",
                _number(row.p, ".4f"),
                _number(row.p_holm, ".4f"),
            )
            for row in rows
        ],
    )


def _shortcuts(metrics: Metrics) -> str:
    rows = [(row.looks_at, str(row.n), str(row.n_pos), figure(row.auroc), f"{row.p:.3f}") for row in metrics.shortcuts]
    told = table(("a plain classifier that sees", "n", "positive", "AUROC of any finding", "p"), rows)
    blind = [row.looks_at for row in metrics.shortcuts if row.tells and row.looks_at != WHOLE]
    warning = (
        f"WARNING: {' and '.join(blind)} alone tell these cases' classes apart. They come from different sources; "
        "no reader's figure on them says what it sees."
    )
    return "== can the labels be told without looking at the organ?\n" + told + (f"\n{warning}" if blind else "")
