"""Reports scored by their coded findings: what was said rightly, invented, left out. Intervals are over patients.

A finding counts as told where it is present, and where it is held possible if the phrases say so. The same finding in
another size is the same (`families`). What the reference implies is no invention, what the candidate implies is no
omission (`implies`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wetread.domain.finding import Presence
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.reports.labeller import LOUD
from wetread.evaluate.reports.pairs import ReportPair
from wetread.evaluate.reports.phrases import report_phrases
from wetread.evaluate.reports.scored import REPORTS, CodeFigures, ReportFigures
from wetread.evaluate.statistics import Interval, percentile, resample, wilson
from wetread.evaluate.statistics.curves import Floats

AT_ONCE = 64  # draws that are summed at a time
CRITICAL = 1
NOTHING_SEEN = -math.log(0.025)  # the upper 95 % limit of a count of 0 (Garwood F, Biometrika 1936; 28: 437-442)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How many resamples of patients, from which seed; a figure rests on at least `least` findings or reports."""

    draws: int
    seed: int
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """Arrays of shape (reports, codes), 0 or 1: told rightly, told without ground, denied and told, left out."""

    codes: tuple[str, ...]
    hit: Floats
    invented: Floats
    contradicted: Floats
    omitted: Floats


def score_reports(
    pairs: Sequence[ReportPair],
    *,
    vocabulary: Vocabulary,
    resampling: Resampling,
    against: str = REPORTS,
) -> tuple[ReportFigures, ...]:
    """The figures of each writer, in the order in which they appear."""
    writers: dict[str, list[ReportPair]] = {}
    for pair in pairs:
        writers.setdefault(pair.by, []).append(pair)
    return tuple(
        replace(_figures(name, mine, _Means.of(mine, resampling), vocabulary), against=against)
        for name, mine in writers.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """Figures with their intervals: a measure of column sums over resampled patients."""

    weights: NDArray[np.float32]
    least: int

    @classmethod
    def of(cls, pairs: Sequence[ReportPair], resampling: Resampling) -> "_Means":
        """How often each report stands in each draw: shape (draws, reports)."""
        drawn = resample([pair.patient_id for pair in pairs], draws=resampling.draws, seed=resampling.seed).draws
        weights = np.stack([np.bincount(draw, minlength=len(pairs)) for draw in drawn]).astype(np.float32)
        return cls(weights=weights, least=resampling.least)

    def sums(self, columns: Floats) -> Floats:
        """The sums over all reports, then over each draw: shape (1 + draws, columns)."""
        parts = [columns.sum(axis=0, keepdims=True)]
        parts += [self.weights[at : at + AT_ONCE] @ columns for at in range(0, len(self.weights), AT_ONCE)]
        return np.concatenate(parts)

    def interval(self, values: Floats, n: int) -> Interval:
        """A figure and its interval from its value and its draws, if it rests on enough."""
        if n < self.least or not np.isfinite(values[0]):
            return Interval(value=None, low=None, high=None, n=n)
        low, high = percentile(values[1:].tolist())
        return Interval(value=float(values[0]), low=low, high=high, n=n)

    def share(self, part: Floats, whole: Floats) -> Interval:
        """A share; one of none or all, which no resample of patients can move, has Wilson's interval."""
        n = int(whole[0])
        told = self.interval(_ratio(part, whole), n)
        return wilson(int(part[0]), n) if told.value in {0.0, 1.0} else told

    def f1(self, hit: Floats, invented: Floats, omitted: Floats) -> Interval:
        """F1 over the findings of the references; of 0 or 1 by Wilson's, as F1 rises with hit / (hit + every error)."""
        told = self.interval(_f1(hit, invented, omitted), int((hit + omitted)[0]))
        if told.value not in {0.0, 1.0}:
            return told
        hits = wilson(int(hit[0]), int((hit + invented + omitted)[0]))
        low, high = (None if q is None else 2 * q / (1 + q) for q in (hits.low, hits.high))
        return replace(told, low=low, high=high)

    def rate(self, column: Floats) -> Interval:
        """The mean of a count over the reports; a count of nothing has the exact limit of Poisson's law."""
        told = self.sums(np.stack([column, np.ones_like(column)], axis=1))
        mean = self.interval(_ratio(told[:, 0], told[:, 1]), len(column))
        return replace(mean, high=NOTHING_SEEN / len(column)) if mean.value == 0 else mean

    def reports(self, column: Floats) -> Interval:
        """The share of the reports whose count is not 0."""
        told = self.sums(np.stack([np.minimum(column, 1.0), np.ones_like(column)], axis=1))
        return self.share(told[:, 0], told[:, 1])


def _figures(by: str, pairs: Sequence[ReportPair], means: _Means, vocabulary: Vocabulary) -> ReportFigures:
    counts = _counts(pairs)
    hit, invented, omitted = (means.sums(table) for table in (counts.hit, counts.invented, counts.omitted))
    n_told, n_true = int((hit + invented)[0].sum()), int((hit + omitted)[0].sum())
    enough = (hit + omitted)[0] >= means.least
    critical = np.array([_is_critical(code, vocabulary) for code in counts.codes], dtype=bool)
    macro = _f1(hit[:, enough], invented[:, enough], omitted[:, enough])
    phrases = report_phrases()
    return ReportFigures(
        by=by,
        against=REPORTS,
        n=len(pairs),
        patients=len({pair.patient_id for pair in pairs}),
        n_reference=n_true,
        n_candidate=n_told,
        precision=means.share(hit.sum(1), (hit + invented).sum(1)),
        recall=means.share(hit.sum(1), (hit + omitted).sum(1)),
        f1=means.f1(hit.sum(1), invented.sum(1), omitted.sum(1)),
        macro_f1=_unless_certain(means.interval(_mean(macro), n_true)),
        macro_codes=int(enough.sum()),
        hallucinations_per_report=means.rate(counts.invented.sum(axis=1)),
        contradictions_per_report=means.rate(counts.contradicted.sum(axis=1)),
        omissions_per_report=means.rate(counts.omitted.sum(axis=1)),
        with_hallucination=means.reports(counts.invented.sum(axis=1)),
        with_omission=means.reports(counts.omitted.sum(axis=1)),
        critical_recall=means.share(hit[:, critical].sum(1), (hit + omitted)[:, critical].sum(1)),
        codes=tuple(_by_code(counts.codes, (hit, invented, omitted), means, vocabulary)),
        labeller=phrases.version,
        uncertain_counts=phrases.scoring.uncertain_counts,
    )


def _by_code(
    codes: Sequence[str],
    sums: tuple[Floats, Floats, Floats],
    means: _Means,
    vocabulary: Vocabulary,
) -> Iterator[CodeFigures]:
    hit, invented, omitted = sums
    for at, code in enumerate(codes):
        hits, told, true = hit[:, at], (hit + invented)[:, at], (hit + omitted)[:, at]
        if told[0] or true[0]:
            yield CodeFigures(
                code=code,
                label=vocabulary.terms[code].label if code in vocabulary.terms else code,
                n_reference=int(true[0]),
                n_candidate=int(told[0]),
                hits=int(hits[0]),
                precision=means.share(hits, told),
                recall=means.share(hits, true),
                f1=means.f1(hits, invented[:, at], omitted[:, at]),
            )


def _counts(pairs: Sequence[ReportPair]) -> _Counts:
    told = [_told(pair.candidate.findings) for pair in pairs]
    true = [_told(pair.reference.findings) for pair in pairs]
    codes = tuple(sorted({code for row in (*told, *true) for code in row}))
    denied = [
        {code for code, presence in pair.reference.findings.items() if presence is Presence.ABSENT} for pair in pairs
    ]
    invented = [mine - _with_implied(ours) for mine, ours in zip(told, true, strict=True)]
    return _Counts(
        codes=codes,
        hit=_table([mine & ours for mine, ours in zip(told, true, strict=True)], codes),
        invented=_table(invented, codes),
        contradicted=_table([mine & no for mine, no in zip(invented, denied, strict=True)], codes),
        omitted=_table([ours - _with_implied(mine) for mine, ours in zip(told, true, strict=True)], codes),
    )


def _told(findings: Mapping[str, Presence]) -> set[str]:
    counted = LOUD if report_phrases().scoring.uncertain_counts else {Presence.PRESENT}
    return {code for code, presence in findings.items() if presence in counted}


def _with_implied(codes: set[str]) -> set[str]:
    implies = report_phrases().implies
    return codes.union(*(implies.get(code, ()) for code in codes))


def _table(rows: Sequence[set[str]], codes: Sequence[str]) -> Floats:
    place = {code: at for at, code in enumerate(codes)}
    table = np.zeros((len(rows), len(codes)))
    for at, row in enumerate(rows):
        table[at, [place[code] for code in row]] = 1.0
    return table


def _is_critical(code: str, vocabulary: Vocabulary) -> bool:
    return code in vocabulary.terms and vocabulary.terms[code].acr_category == CRITICAL


def _ratio(part: Floats, whole: Floats) -> Floats:
    """NaN where the whole is nothing."""
    told: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return told


def _f1(hit: Floats, invented: Floats, omitted: Floats) -> Floats:
    return _ratio(2 * hit, 2 * hit + invented + omitted)


def _unless_certain(told: Interval) -> Interval:
    """A mean of none or all, which no resample can move, without an interval."""
    return replace(told, low=None, high=None) if told.value in {0.0, 1.0} else told


def _mean(columns: Floats) -> Floats:
    """The mean over the columns of each row, those that a draw does not have left out; NaN without any."""
    known = np.isfinite(columns)
    return _ratio(np.where(known, columns, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))
