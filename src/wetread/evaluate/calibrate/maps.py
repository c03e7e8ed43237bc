"""Maps and operating points of one reader, fixed on the calibration split and judged on the test split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import TypeAdapter

from wetread.domain.finding import Presence
from wetread.evaluate.calibrate.subjects import Subject, told_number
from wetread.evaluate.cases import Case
from wetread.evaluate.degenerate import why_numbers
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Told
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.score import NOTHING, Splits, operating_point, threshold_of
from wetread.evaluate.statistics import Interval, expected_calibration_error, fit_calibrator
from wetread.evaluate.statistics.calibration import Fitted, logits
from wetread.evaluate.statistics.curves import Floats
from wetread.evaluate.table import Column
from wetread.evaluate.words import TOO_FEW
from wetread.readers.calibrator import Calibrator

MAPS: TypeAdapter[Calibrator] = TypeAdapter(Calibrator)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMap:
    """One finding of one reader: what was fitted on `n` calibration cases, and how it does on the test split.

    `threshold` is on the number that the reader states. `why` says why there is no map.
    """

    code: str
    label: str
    n: int
    n_pos: int
    fitted: Fitted | None
    threshold: float | None
    why: str
    n_test: int
    sensitivity: Interval
    specificity: Interval
    ece_stated: float | None
    ece_mapped: float | None


def maps_of(
    subject: Subject, labels: Sequence[Label], splits: Splits, policy: EvaluationPolicy
) -> tuple[FindingMap, ...]:
    """Every finding that the reader gave numbers for."""
    return tuple(_map(subject, label, splits, policy) for label in labels)


def stated_column(label: Label, cases: Sequence[Case], subject: Subject) -> Column:
    """The numbers that a map of exactly this code starts from; NaN where the reader gave none."""
    told = [_told(label, case, subject) for case in cases]
    numbers = [None if one is None else told_number(one) for one in told]
    return Column(
        code=label.code,
        label=label.word,
        truth=np.array([label.code in case.codes for case in cases], dtype=np.float64),
        score=np.array([np.nan if one is None else one for one in numbers], dtype=np.float64),
        said=np.array(
            [np.nan if one is None else float(one.presence is Presence.PRESENT) for one in told], dtype=np.float64
        ),
        is_probability=True,
    )


def _told(label: Label, case: Case, subject: Subject) -> Told | None:
    answer = subject.answers.get(case.case_id)
    return answer.findings.get(label.code) if answer is not None and answer.is_read else None


def _map(subject: Subject, label: Label, splits: Splits, policy: EvaluationPolicy) -> FindingMap:
    calib, test = (stated_column(label, cases, subject) for cases in (splits.calib, splits.test))
    truth, stated = calib.among(np.arange(len(calib.truth)))
    n, n_pos = len(truth), int(truth.sum())
    why, kind = _why_none(calib, policy), policy.calibration.map_for(min(n_pos, n - n_pos))
    fitted = None if why or kind is None else fit_calibrator(truth, logits(stated), kind)
    threshold = None if why else threshold_of(calib, policy)
    point = _judged(test, threshold)
    true, numbers = test.among(np.arange(len(test.truth)))
    ill = int(true.sum())
    enough = policy.least.are_in(ill, len(true))
    return FindingMap(
        code=label.code,
        label=label.word,
        n=n,
        n_pos=n_pos,
        fitted=fitted,
        threshold=threshold,
        why=why,
        n_test=len(true),
        sensitivity=point["sensitivity"],
        specificity=point["specificity"],
        ece_stated=expected_calibration_error(true, numbers, policy.calibration.bins) if enough else None,
        ece_mapped=expected_calibration_error(true, _apply(fitted, numbers), policy.calibration.bins)
        if enough and fitted is not None
        else None,
    )


def _why_none(calib: Column, policy: EvaluationPolicy) -> str:
    """Why no map is fitted; empty where one can be, or where the policy asks for more positives."""
    truth, stated = calib.among(np.arange(len(calib.truth)))
    n_pos = int(truth.sum())
    if not len(stated):
        return "it states no number"
    if min(n_pos, len(truth) - n_pos) < min(policy.calibration.fewest, policy.operating_point.positives):
        return TOO_FEW
    return why_numbers(calib)


def _judged(test: Column, threshold: float | None) -> Mapping[str, Interval]:
    if threshold is None:
        return {"sensitivity": NOTHING, "specificity": NOTHING}
    flagged = np.where(test.judged, (test.score >= threshold).astype(float), np.nan)
    return operating_point(test.truth, flagged)


def _apply(fitted: Fitted, numbers: Floats) -> Floats:
    apply = MAPS.validate_python({"id": "fitted", "kind": fitted.kind, **fitted.numbers})
    return np.array([apply(float(x)) for x in logits(numbers)])
