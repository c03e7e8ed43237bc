"""T9 as tables for text and card, and as plain values for JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from wetread.evaluate.page import html_table
from wetread.evaluate.reports.scored import CodeFigures, ReportFigures
from wetread.evaluate.statistics import Interval
from wetread.evaluate.words import figure, table

TITLE = "Coded findings of reports (T9)"
FIRST = ("by", "against", "reports", "findings", "precision", "recall", "F1", "macro-F1 (findings)")
SECOND = ("by", "invented a report", "denied yet told", "left out a report", "reports inventing", "critical told")
CODES = ("finding", "in references", "told", "precision", "recall", "F1")
OUTSIDE = ("by", "package", "score", "reports", "mean")
TOO_FEW = "n/a (too few)"
Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def reports_text(reports: Sequence[ReportFigures]) -> str:
    """Every table of T9 for a terminal."""
    return f"== {TITLE}\n" + "\n\n".join(f"{caption}\n{table(head, rows)}" for caption, head, rows in _tables(reports))


def reports_card(reports: Sequence[ReportFigures]) -> Iterator[str]:
    """Every table of T9 as HTML."""
    yield f"<h2>{TITLE}</h2>"
    yield from (html_table(caption, head, rows) for caption, head, rows in _tables(reports))


def reports_json(reports: Sequence[ReportFigures]) -> list[dict[str, Any]]:
    """T9 as it stands in metrics.json."""
    return [asdict(one) for one in reports]


def _tables(reports: Sequence[ReportFigures]) -> Iterator[Table]:
    counted = "present or held possible" if all(one.uncertain_counts for one in reports) else "present"
    caption = f"findings that are {counted}, by the reader's or writer's own decision; intervals over patients"
    yield caption, FIRST, [_first(one) for one in reports]
    yield "what was invented and what was left out", SECOND, [_second(one) for one in reports]
    for one in reports:
        rows = [_code(code) for code in sorted(one.codes, key=lambda code: (-code.n_reference, code.code))]
        if rows:
            yield f"{one.by} against {one.against}, by finding", CODES, rows
    outside: list[tuple[str, ...]] = [
        (one.by, score.package, score.name, str(score.value.n), _known(score.value))
        for one in reports
        for score in one.outside
    ]
    if outside:
        yield "scores of other packages, unchecked here", OUTSIDE, outside


def _first(one: ReportFigures) -> tuple[str, ...]:
    macro = f"{_known(one.macro_f1)} ({one.macro_codes})"
    shares = (_known(one.precision), _known(one.recall), _known(one.f1))
    return one.by, one.against, str(one.n), str(one.n_reference), *shares, macro


def _second(one: ReportFigures) -> tuple[str, ...]:
    means = (one.hallucinations_per_report, one.contradictions_per_report, one.omissions_per_report)
    shares = (one.with_hallucination, one.critical_recall)
    return one.by, *(_known(told) for told in (*means, *shares))


def _code(one: CodeFigures) -> tuple[str, ...]:
    shares = (one.precision, one.recall, one.f1)
    return one.label, str(one.n_reference), str(one.n_candidate), *(_known(share) for share in shares)


def _known(told: Interval) -> str:
    return TOO_FEW if told.value is None else figure(told)
