"""Two readers on the same cases, finding by finding, corrected for asking so often."""

import math
from collections.abc import Iterable, Mapping

from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.metrics import Comparison
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.score import Splits
from wetread.evaluate.statistics import delong_paired, holm
from wetread.evaluate.statistics.intervals import Z_95
from wetread.evaluate.table import column_for


def compare(
    first: tuple[str, Mapping[str, Answered]],
    second: tuple[str, Mapping[str, Answered]],
    *,
    labels: Iterable[Label | None],
    splits: Splits,
    policy: EvaluationPolicy,
) -> tuple[Comparison, ...]:
    """Two readers, finding by finding, on the cases that both judged."""
    rows = []
    for label in labels:
        one, other = (column_for(label, splits.test, answers) for _, answers in (first, second))
        both = one.judged & other.judged
        truth = one.truth[both]
        n_pos = int(truth.sum())
        enough = policy.least.are_in(n_pos, len(truth))
        told = delong_paired(truth, one.score[both], other.score[both]) if enough else None
        rows.append((one, len(truth), n_pos, told))
    corrected = holm([told.p if told else math.nan for *_, told in rows])
    return tuple(
        Comparison(
            first=first[0],
            second=second[0],
            code=column.code,
            label=column.label,
            n=n,
            n_pos=n_pos,
            difference=told.difference if told else None,
            low=told.difference - Z_95 * told.standard_error if told else None,
            high=told.difference + Z_95 * told.standard_error if told else None,
            p=told.p if told else None,
            p_holm=p if told else None,
        )
        for (column, n, n_pos, told), p in zip(rows, corrected, strict=True)
    )
