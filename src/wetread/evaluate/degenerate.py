"""Readers that tell nothing: the same of every case, or no better than a coin. Told with the figures that say so."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.metrics import Degenerate
from wetread.evaluate.page import html_table
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.score import Splits
from wetread.evaluate.statistics import cohen_kappa, delong
from wetread.evaluate.statistics.agreement import confusion
from wetread.evaluate.statistics.intervals import Z_95
from wetread.evaluate.table import Column, column_for
from wetread.panel.odds import wilson

NUMBERS, DECISIONS = "numbers", "decisions"


def degenerate(
    labels: Sequence[Label | None], splits: Splits, answers: Mapping[str, Answered], policy: EvaluationPolicy
) -> tuple[Degenerate, ...]:
    """What a reader does not tell, by the calibration split, or the test split where the former is too small.

    A finding with too few cases is not judged: nothing is shown for it either way.
    """
    found = []
    for label in labels:
        for split, cases in (("calib", splits.calib), ("test", splits.test)):
            column = column_for(label, cases, answers)
            n, n_pos = int(column.judged.sum()), int(column.truth[column.judged].sum())
            if not policy.least.are_in(n_pos, n):
                continue
            told = ((NUMBERS, why_numbers(column)), (DECISIONS, why_decisions(column)))
            found += [
                Degenerate(
                    code=column.code, label=column.label, what=what, split=split, n=n, n_pos=n_pos, reason=reason
                )
                for what, reason in told
                if reason
            ]
            break
    return tuple(found)


def why_numbers(column: Column) -> str:
    """Why its numbers tell nothing: one number for all, or an AUROC whose interval (DeLong) reaches 0.5."""
    truth, score = column.among(np.arange(len(column.truth)))
    if len(np.unique(score)) == 1:
        return f"the same number for all {len(score)} cases"
    area, error = delong(truth, score)
    low, high = area - Z_95 * error, area + Z_95 * error
    if not low > 0.5:
        return f"AUROC {area:.3f} [{low:.3f}, {min(1.0, high):.3f}] of {len(score)} cases is not shown to be above 0.5"
    return ""


def why_decisions(column: Column) -> str:
    """Why its decisions tell nothing: the same for all, or kappa about 0 (Se + Sp - 1 reaches 0 by its interval).

    Cohen's kappa has the sign of Se + Sp - 1; the interval is Newcombe's (method 10), as the panel takes votes away.
    """
    known = ~np.isnan(column.said)
    truth, said = column.truth[known] > 0.5, column.said[known] > 0.5
    if said.all() or not said.any():
        return f"the same decision for all {len(said)} cases"
    hits, ill = int((truth & said).sum()), int(truth.sum())
    cleared, well = int((~truth & ~said).sum()), int((~truth).sum())
    if not ill or not well:
        return ""
    sensitivity, specificity = hits / ill, cleared / well
    below = np.hypot(sensitivity - wilson(hits, ill, Z_95)[0], specificity - wilson(cleared, well, Z_95)[0])
    if sensitivity + specificity - 1 - below > 0:
        return ""
    kappa = cohen_kappa(confusion(truth.astype(np.int64), said.astype(np.int64), 2))
    return f"sensitivity {hits}/{ill}, specificity {cleared}/{well}, kappa {kappa:.2f}: not shown to be above chance"


def degenerate_text(name: str, rows: Sequence[Degenerate]) -> str:
    """One line a finding."""
    said = [f"note: {name}, {one.label}, its {one.what}: {one.reason} ({one.split} split)" for one in rows]
    return "\n".join(said)


def degenerate_card(rows: Sequence[Degenerate]) -> Iterator[str]:
    """The same for the page."""
    if rows:
        told = [(one.label, one.what, str(one.n), str(one.n_pos), one.split, one.reason) for one in rows]
        head = ("finding", "its", "n", "positive", "split", "why")
        yield html_table("Not shown to be better than chance", head, told)
