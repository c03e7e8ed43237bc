"""The arithmetic of honest figures: curves, intervals, paired tests, calibration, agreement. Pure functions."""

from wetread.evaluate.statistics.agreement import cohen_kappa, macro_f1, quadratic_kappa
from wetread.evaluate.statistics.calibration import brier, expected_calibration_error, fit_calibrator
from wetread.evaluate.statistics.curves import auroc, average_precision, pr_curve, roc_curve
from wetread.evaluate.statistics.delong import DeLong, delong, delong_paired
from wetread.evaluate.statistics.intervals import Interval, Resampled, holm, percentile, resample, wilson

__all__ = [
    "DeLong",
    "Interval",
    "Resampled",
    "auroc",
    "average_precision",
    "brier",
    "cohen_kappa",
    "delong",
    "delong_paired",
    "expected_calibration_error",
    "fit_calibrator",
    "holm",
    "macro_f1",
    "percentile",
    "pr_curve",
    "quadratic_kappa",
    "resample",
    "roc_curve",
    "wilson",
]
