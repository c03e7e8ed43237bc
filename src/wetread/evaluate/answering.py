"""T4: whether what a reader answers can be used, and whether it answers the same when it is asked the same again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.errors import AnswerUnusable
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.statistics import Interval, Resampled, cohen_kappa, wilson
from wetread.evaluate.table import column_of
from wetread.evaluate.words import figure

AGAIN = "again"
"""The same case, asked anew: no cache answers in the reader's place."""
NOTHING = Interval(value=None, low=None, high=None, n=0)
UNUSABLE = frozenset((AnswerUnusable.code, "said_nothing"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringFigures:
    """`valid`: answers that follow the schema, after repairs or not; `at_once`: without any repair.

    Of cases that were asked twice: `same` is the share in which no decision changed, `kappa` the agreement of the
    decisions (present or not) over all findings. Abstentions and endpoints that broke down are no answers.
    """

    valid: Interval
    at_once: Interval
    n_again: int
    same: Interval
    kappa: Interval


def answering(
    cases: Sequence[Case],
    labels: Sequence[Label],
    answers: Mapping[str, Answered],
    again: Mapping[str, Answered],
    *,
    draws: Resampled,
    policy: EvaluationPolicy,
) -> AnsweringFigures:
    """The figures of one reader on the test cases. Kappa: Cohen J, Educ Psychol Meas 1960; 20: 37-46."""
    given = [answers[case.case_id] for case in cases if case.case_id in answers]
    read = [one for one in given if one.is_read]
    n = len(read) + sum(one.status == "failed" and one.reason in UNUSABLE for one in given)
    first, second = (_decisions(cases, labels, told) for told in (answers, again))
    both = np.asarray((~np.isnan(first) & ~np.isnan(second)).any(axis=1))
    changed = (first != second) & ~np.isnan(first) & ~np.isnan(second)
    return AnsweringFigures(
        valid=wilson(len(read), n),
        at_once=wilson(sum(one.repairs == 0 for one in read), n),
        n_again=int(both.sum()),
        same=wilson(int((both & ~changed.any(axis=1)).sum()), int(both.sum())),
        kappa=_kappa(first, second, both, draws=draws, policy=policy),
    )


def _decisions(cases: Sequence[Case], labels: Sequence[Label], told: Mapping[str, Answered]) -> NDArray[np.float64]:
    """(cases, findings): 1 present, 0 not, NaN where it did not judge."""
    columns = [column_of(label, cases, told).said for label in labels]
    return np.stack(columns, axis=1) if columns else np.empty((len(cases), 0))


def _kappa(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    both: NDArray[np.bool_],
    *,
    draws: Resampled,
    policy: EvaluationPolicy,
) -> Interval:
    judged = ~np.isnan(first) & ~np.isnan(second)
    seen = judged & ((first == 1) | (second == 1))
    if min(int(both.sum()), int(seen.sum())) < policy.least.positives:
        return NOTHING

    def kappa(which: NDArray[np.int64]) -> float:
        kept = judged[which]
        pairs = (2 * first[which][kept] + second[which][kept]).astype(np.int64)
        return cohen_kappa(np.bincount(pairs, minlength=4).reshape(2, 2))

    told = draws.interval(kappa, len(first))
    return Interval(value=told.value, low=told.low, high=told.high, n=int(both.sum()))


def answering_rows(told: AnsweringFigures | None) -> list[tuple[str, str]]:
    """What is told of a reader's answers, a row each."""
    if told is None:
        return []
    rows = [("answers that follow the schema", figure(told.valid)), ("without any repair", figure(told.at_once))]
    if told.n_again:
        rows += [
            (f"asked again on {told.n_again}: no decision changed", figure(told.same)),
            ("asked again: kappa of decisions", figure(told.kappa)),
        ]
    return rows


def answering_text(told: AnsweringFigures | None) -> list[str]:
    """The same in one line."""
    rows = answering_rows(told)
    return ["; ".join(f"{name} {value}" for name, value in rows)] if rows else []
