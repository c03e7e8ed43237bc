"""One finding of one reader: threshold and map are fixed on the calibration split, figures told on the test split."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.metrics import FindingFigures
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.statistics import (
    Interval,
    Resampled,
    auroc,
    average_precision,
    brier,
    expected_calibration_error,
    fit_calibrator,
    roc_curve,
    wilson,
)
from wetread.evaluate.statistics.calibration import logits
from wetread.evaluate.statistics.curves import Floats
from wetread.evaluate.table import Column, column_for
from wetread.evaluate.words import TOO_FEW
from wetread.readers.calibrator import Calibrator

MAPS: TypeAdapter[Calibrator] = TypeAdapter(Calibrator)
NOTHING = Interval(value=None, low=None, high=None, n=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The cases on which things are fixed, those on which figures are told, and the resamples of the latter."""

    calib: tuple[Case, ...]
    test: tuple[Case, ...]
    draws: Resampled


def finding_figures(
    label: Label | None, splits: Splits, answers: Mapping[str, Answered], policy: EvaluationPolicy, *, today: date
) -> FindingFigures:
    """One finding of one reader; `label` None is "any finding"."""
    test, calib = (column_for(label, cases, answers) for cases in (splits.test, splits.calib))
    n, n_pos = int(test.judged.sum()), int(test.truth[test.judged].sum())
    enough = policy.least.are_in(n_pos, n)
    threshold = threshold_of(calib, policy)
    flagged = test.said if threshold is None else np.where(test.judged, (test.score >= threshold).astype(float), np.nan)
    mapped, calibration = _calibrated(calib, test, policy, today)
    every = np.flatnonzero(test.judged)
    truth, score = test.among(np.arange(len(test.truth)))
    return FindingFigures(
        code=test.code,
        label=test.label,
        n=n,
        n_pos=n_pos,
        auroc=_resampled(auroc, test, splits.draws) if enough else NOTHING,
        auprc=_resampled(average_precision, test, splits.draws) if enough else NOTHING,
        brier=_resampled(brier, test, splits.draws) if enough and test.is_probability else NOTHING,
        ece_raw=_ece(truth, score if enough and test.is_probability else None, policy),
        ece_calibrated=_ece(truth, mapped if enough else None, policy),
        **_told(operating_point(test.truth[every], flagged[every]), policy),
        threshold=threshold,
        calibration=calibration,
        why=None if enough else TOO_FEW,
    )


def operating_point(truth: NDArray[np.float64], flagged: NDArray[np.float64]) -> dict[str, Interval]:
    """Sensitivity, specificity, PPV and flag rate with Wilson's intervals; cases without a decision are left out."""
    known = ~np.isnan(flagged)
    true, told = truth[known] > 0.5, flagged[known] > 0.5
    hits = int((true & told).sum())
    return {
        "sensitivity": wilson(hits, int(true.sum())),
        "specificity": wilson(int((~true & ~told).sum()), int((~true).sum())),
        "ppv": wilson(hits, int(told.sum())),
        "flag_rate": wilson(int(told.sum()), len(told)),
    }


def _told(shares: Mapping[str, Interval], policy: EvaluationPolicy) -> dict[str, Interval]:
    """The shares that rest on enough cases: positives for sensitivity, negatives for specificity, flagged for PPV."""
    least = {"specificity": policy.least.negatives}
    return {
        name: share
        if share.n >= least.get(name, policy.least.positives)
        else replace(share, value=None, low=None, high=None)
        for name, share in shares.items()
    }


def _ece(truth: Floats, probabilities: Floats | None, policy: EvaluationPolicy) -> float | None:
    return None if probabilities is None else expected_calibration_error(truth, probabilities, policy.calibration.bins)


def _resampled(measure: Callable[[Floats, Floats], float], column: Column, draws: Resampled) -> Interval:
    told = draws.interval(lambda which: float(measure(*column.among(which))), len(column.truth))
    return Interval(value=told.value, low=told.low, high=told.high, n=int(column.judged.sum()))


def threshold_of(calib: Column, policy: EvaluationPolicy) -> float | None:
    """The score of largest sensitivity + specificity on the calibration split; None: the reader's own decision."""
    truth, score = calib.among(np.arange(len(calib.truth)))
    n_pos = int(truth.sum())
    if n_pos < policy.operating_point.positives or len(truth) - n_pos < policy.operating_point.positives:
        return None
    false, true, thresholds = roc_curve(truth, score)
    best = int(np.argmax(true - false))
    return float(thresholds[best]) if math.isfinite(thresholds[best]) else None


def _calibrated(
    calib: Column, test: Column, policy: EvaluationPolicy, today: date
) -> tuple[NDArray[np.float64] | None, Mapping[str, object] | None]:
    """The test split's scores through the map that the calibration split carries, and what the map is."""
    truth, score = calib.among(np.arange(len(calib.truth)))
    kind = policy.calibration.map_for(int(truth.sum()))
    if kind is None or not calib.is_probability or not test.is_probability or truth.sum() == len(truth):
        return None, None
    fitted = fit_calibrator(truth, logits(score), kind)
    told = {"id": f"local/{today.isoformat()}", "kind": fitted.kind, **fitted.numbers}
    apply = MAPS.validate_python(told)
    _, mine = test.among(np.arange(len(test.truth)))
    until = today + timedelta(days=policy.calibration.valid_days)
    said = told | {"n": len(truth), "n_pos": int(truth.sum()), "valid_until": until.isoformat()}
    return np.array([apply(float(x)) for x in logits(mine)]), said
