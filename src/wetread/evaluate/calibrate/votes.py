"""Votes learnt from counts: how often each reader's word was right, how common findings are, how alike readers err."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from wetread.evaluate.calibrate.subjects import Subject
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.table import Column, column_of

RARE = "rare"
"""The group of findings that have too few cases each; they are counted together."""
LEAST_ERRORS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One reader on one finding or group: decisions against truth. Uncertain counts as "not present"."""

    reader: str
    fingerprint: str
    group: str
    tp: int
    fn: int
    fp: int
    tn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What `weights.toml` says. `pairs` is how many pairs of error rows the correlation is the mean of."""

    counts: tuple[Count, ...]
    groups: Mapping[str, tuple[str, ...]]
    prevalence: Mapping[str, float]
    correlation: float
    pairs: int


def votes_of(
    subjects: Sequence[Subject], labels: Sequence[Label], cases: Sequence[Case], policy: EvaluationPolicy
) -> Votes:
    """Counts on the calibration cases that each reader judged. Findings with too few cases make one group.

    "Absent" from a reader that says "uncertain" of the ill is then worth less than it might be: the safe side.
    """
    columns = {one.name: [column_of(label, cases, one.answers) for label in labels] for one in subjects}
    common = [n for n, label in enumerate(labels) if _enough(sum(label.code in c.codes for c in cases), cases, policy)]
    rare = [n for n in range(len(labels)) if n not in common]
    counts = []
    for one in subjects:
        mine = columns[one.name]
        counts += [_count(one, labels[n].code, [mine[n]]) for n in common]
        counts += [_count(one, RARE, [mine[n] for n in rare])] if rare else []
    correlation, pairs = _correlation([columns[one.name] for one in subjects])
    return Votes(
        counts=tuple(one for one in counts if one.tp + one.fn + one.fp + one.tn),
        groups={RARE: tuple(labels[n].code for n in rare)} if rare else {},
        prevalence=dict(_prevalence(labels, cases, common, rare)),
        correlation=correlation,
        pairs=pairs,
    )


def _enough(ill: int, cases: Sequence[Case], policy: EvaluationPolicy) -> bool:
    return policy.least.are_in(ill, len(cases))


def _count(subject: Subject, group: str, columns: Sequence[Column]) -> Count:
    said = np.concatenate([column.said for column in columns])
    truth = np.concatenate([column.truth for column in columns])
    known = ~np.isnan(said)
    true, told = truth[known] > 0.5, said[known] > 0.5
    return Count(
        reader=subject.name,
        fingerprint=subject.fingerprint,
        group=group,
        tp=int((true & told).sum()),
        fn=int((true & ~told).sum()),
        fp=int((~true & told).sum()),
        tn=int((~true & ~told).sum()),
    )


def _prevalence(
    labels: Sequence[Label], cases: Sequence[Case], common: Sequence[int], rare: Sequence[int]
) -> Iterator[tuple[str, float]]:
    """How common findings are among these cases; one that nobody has is not told, for nothing is impossible."""
    for n in common:
        yield labels[n].code, sum(labels[n].code in case.codes for case in cases) / len(cases)
    ill = sum(labels[n].code in case.codes for n in rare for case in cases)
    if ill:
        yield RARE, ill / (len(rare) * len(cases))


def _correlation(columns: Sequence[Sequence[Column]]) -> tuple[float, int]:
    """The mean correlation of two readers' errors, 0 to 1, among the ill and among the well of each finding.

    Apart, for all readers err more on the ill: taken together that alone would look like correlation. Where nothing
    could be counted for two or more readers it is 1: no second vote adds anything then.
    """
    told: list[tuple[float, int]] = []
    for first, second in combinations(columns, 2):
        for one, other in zip(first, second, strict=True):
            for ill in (True, False):
                told += _phi(one, other, ill=ill)
    if not told:
        return (1.0 if len(columns) > 1 else 0.0), 0
    mean = sum(phi * n for phi, n in told) / sum(n for _, n in told)
    return min(1.0, max(0.0, mean)), len(told)


def _phi(one: Column, other: Column, *, ill: bool) -> list[tuple[float, int]]:
    both: NDArray[np.bool_] = ~np.isnan(one.said) & ~np.isnan(other.said) & ((one.truth > 0.5) == ill)
    wrong, too = (column.said[both] != column.truth[both] for column in (one, other))
    n = int(both.sum())
    if n < LEAST_ERRORS or wrong.all() or too.all() or not wrong.any() or not too.any():
        return []
    return [(float(np.corrcoef(wrong, too)[0, 1]), n)]
