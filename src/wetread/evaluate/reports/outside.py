"""Scores of the package `radeval` beside ours, where it is installed (`pip install 'wetread[radeval]'`).

Only scores that are computed on this machine are offered: those that send report texts to a service are not. Some fetch
their weights from a public hub at first use. Its figures are told as they come; nothing here vouches for them.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from wetread.errors import ConfigurationError, MissingExtra
from wetread.evaluate.reports.pairs import ReportPair
from wetread.evaluate.reports.score import Resampling
from wetread.evaluate.reports.scored import OutsideFigure, ReportFigures
from wetread.evaluate.statistics import Interval, resample
from wetread.evaluate.statistics.curves import Floats

PACKAGE = "radeval"
ON_THIS_MACHINE = (
    "bleu",
    "rouge",
    "bertscore",
    "radeval_bertscore",
    "f1chexbert",
    "radgraph",
    "ratescore",
    "srrbert",
    "temporal",
)
NEEDED = "scores of RadEval need a further package: pip install 'wetread[radeval]'"
Scorer = Callable[..., Mapping[str, Any]]


def with_outside(
    figures: Sequence[ReportFigures], pairs: Sequence[ReportPair], names: Sequence[str], resampling: Resampling
) -> tuple[ReportFigures, ...]:
    """The figures with RadEval's scores of these names, over the pairs that are texts on both sides.

    Raises: MissingExtra where it is not installed; ConfigurationError for a score that is not offered or fails.
    """
    if not names:
        return tuple(figures)
    scorer = _scorer(names)
    return tuple(
        replace(one, outside=_scored(scorer, [pair for pair in pairs if pair.by == one.by], names, resampling))
        for one in figures
    )


def _scorer(names: Sequence[str]) -> Scorer:
    wrong = next((name for name in names if name not in ON_THIS_MACHINE), None)
    if wrong is not None:
        raise ConfigurationError(f"RadEval's {wrong!r} is not offered; offered are {', '.join(ON_THIS_MACHINE)}")
    try:
        from radeval import RadEval
    except ImportError as problem:
        raise MissingExtra(f"{NEEDED} ({problem})") from None
    try:
        with warnings.catch_warnings():  # it silences all warnings of the process
            made: Scorer = RadEval(metrics=list(names), per_sample=True, show_progress=False)
    except (ImportError, OSError, RuntimeError, ValueError, LookupError) as problem:
        raise ConfigurationError(_failed(names, problem)) from None
    return made


def _scored(
    scorer: Scorer, pairs: Sequence[ReportPair], names: Sequence[str], resampling: Resampling
) -> tuple[OutsideFigure, ...]:
    texts = [pair for pair in pairs if pair.candidate.text and pair.reference.text]
    if not texts:
        return ()
    try:
        told = scorer(refs=[pair.reference.text for pair in texts], hyps=[pair.candidate.text for pair in texts])
    except (ImportError, OSError, RuntimeError, ValueError, LookupError) as problem:
        raise ConfigurationError(_failed(names, problem)) from None
    lists = {name: values for name, values in told.items() if isinstance(values, list) and len(values) == len(texts)}
    patients, package = [pair.patient_id for pair in texts], _package()
    return tuple(
        OutsideFigure(
            package=package, name=name, value=_mean(np.asarray(values, dtype=np.float64), patients, resampling)
        )
        for name, values in lists.items()
    )


def _mean(scores: Floats, patients: Sequence[str], resampling: Resampling) -> Interval:
    """The mean of the scores that exist, with its interval over patients; none where too few exist."""
    known = np.flatnonzero(np.isfinite(scores))
    if len(known) < resampling.least:
        return Interval(value=None, low=None, high=None, n=len(known))
    drawn = resample([patients[at] for at in known.tolist()], draws=resampling.draws, seed=resampling.seed)
    return drawn.interval(lambda which: float(scores[known][which].mean()), len(known))


def _failed(names: Sequence[str], problem: Exception) -> str:
    return f"RadEval can't score {', '.join(names)} here ({type(problem).__name__}: {problem}); leave it out"


def _package() -> str:
    try:
        return f"{PACKAGE} {version(PACKAGE)}"
    except PackageNotFoundError:
        return PACKAGE
