"""From the log of an evaluation to the files a site reads with: measured, written, read back, and only then there."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import ConfigurationError, InputError
from wetread.evaluate.calibrate import (
    ScreenFigures,
    Subject,
    Votes,
    mapped,
    maps_of,
    screen_figures,
    subjects_of,
    votes_of,
)
from wetread.evaluate.calibrate.files import Calibrated, Header, calibration_toml, cascade_toml, weights_toml
from wetread.evaluate.calibrate.words import calibration_text
from wetread.evaluate.conformal import Levels, Sets, fit_sets, likely
from wetread.evaluate.degenerate import degenerate
from wetread.evaluate.labels import Label, labels_of
from wetread.evaluate.log import Log, read_log
from wetread.evaluate.policy import EvaluationPolicy, load_evaluation_policy
from wetread.evaluate.score import Splits
from wetread.evaluate.statistics import Resampled
from wetread.panel import load_figures, load_weights
from wetread.readers.site_calibration import Calibration, load_calibration
from wetread.settings import Settings
from wetread.wiring.evaluating import LOG

CALIBRATION, WEIGHTS, CASCADE = "calibration.toml", "weights.toml", "cascade.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeAsked:
    """A screen, the reader after it, and the probability from which a study goes on."""

    first: str
    then: str
    uncertain_from: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The files that were written, what was measured in words, and what had to be said of what was not."""

    files: tuple[Path, ...]
    text: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What one calibration rests on."""

    labels: tuple[Label, ...]
    splits: Splits
    levels: Levels
    policy: EvaluationPolicy
    header: Header


def calibrate(
    settings: Settings,
    folder: Path,
    out: Path,
    *,
    readers: Sequence[str] = (),
    cascade: CascadeAsked | None = None,
    today: date | None = None,
) -> Made:
    """The site's files from the log in `folder`, written to `out`; nobody is asked anything.

    Raises: InputError where the log is none, has no calibration split or is too old; ConfigurationError where a file
    of that name is there already.
    """
    log = _log(folder)
    bench = _bench(settings, log, today or datetime.now(UTC).date())
    subjects, remarks = subjects_of(log, readers)
    if not subjects:
        raise InputError(folder.name, "holds no reader that can be calibrated", "; ".join(remarks))
    measured = [_measured(one, bench) for one in subjects]
    votes = votes_of(subjects, bench.labels, bench.splits.calib, bench.policy)
    with _writing(out, cascade is not None) as write:
        path = write(CALIBRATION, calibration_toml(bench.header, measured))
        calibration = load_calibration(path)
        notes = [*remarks, *_weights(votes, bench, write)]
        if cascade is not None:
            figures = _cascade(cascade, subjects, bench, calibration)
            load_figures(write(CASCADE, cascade_toml(bench.header, figures)))
    files = tuple(out / name for name in (CALIBRATION, WEIGHTS, CASCADE) if (out / name).exists())
    shown = votes if (out / WEIGHTS).exists() else None
    return Made(files=files, text=calibration_text(bench.header, measured, shown), remarks=tuple(notes))


def _log(folder: Path) -> Log:
    path = folder / LOG
    if not path.is_file():
        raise InputError(folder.name, f"holds no {LOG}", "name the --out folder of wetread evaluate")
    return read_log(path)


def _bench(settings: Settings, log: Log, today: date) -> _Bench:
    vocabulary, policy = load_vocabulary(settings.vocabulary_file), load_evaluation_policy()
    cases = tuple(log.cases.values())
    calib = tuple(case for case in cases if case.split == "calib")
    if log.manifest is None or not calib:
        raise InputError("the log", "has no calibration split", "give cases the split calib (or val), by patient")
    measured = datetime.fromisoformat(log.manifest.started_at).date()
    until = measured + timedelta(days=policy.calibration.valid_days)
    if until < today:
        remedy = (
            f"what was measured counts for {policy.calibration.valid_days} days: ask the readers again in a new folder"
        )
        raise InputError("the log", f"was begun on {measured.isoformat()}", remedy)
    test = tuple(case for case in cases if case.split == "test")
    labels = _labels({code for case in cases for code in case.codes}, vocabulary)
    patients = len({case.patient_id for case in calib})
    return _Bench(
        labels=labels,
        splits=Splits(calib=calib, test=test, draws=Resampled(draws=(), seed=0)),
        levels=Levels.of(labels, vocabulary, load_policy(settings.policy_file)),
        policy=policy,
        header=Header(
            measured_on=f"{len(calib)} calibration cases of {patients} patients",
            measured=measured,
            valid_until=until,
            cases_sha256=log.manifest.cases_sha256,
        ),
    )


def _labels(codes: set[str], vocabulary: Vocabulary) -> tuple[Label, ...]:
    """The labels of a log's cases, named as the vocabulary names them."""
    found = labels_of(sorted(codes), vocabulary)
    if found.unknown:
        remedy = "use the vocabulary that the log was made with"
        raise InputError("the log", f"holds codes that the vocabulary lacks: {', '.join(found.unknown)}", remedy)
    return tuple(replace(label, word=vocabulary.term(label.code).label) for label in found)


def _measured(subject: Subject, bench: _Bench) -> Calibrated:
    told = likely(bench.levels, bench.splits.calib, subject.answers)
    sets: Sets | None = fit_sets(bench.levels, told, bench.policy.conformal.alpha)
    if sets is not None and all(limit is None for limit in sets.limits):
        sets = None
    return Calibrated(
        subject=subject,
        maps=maps_of(subject, bench.labels, bench.splits, bench.policy),
        degenerate=degenerate(bench.labels, replace(bench.splits, test=()), subject.answers, bench.policy),
        sets=sets,
    )


Write = Callable[[str, str], Path]


def _weights(votes: Votes, bench: _Bench, write: Write) -> Iterator[str]:
    least = bench.policy.least.positives, bench.policy.least.negatives
    if not any(one.tp + one.fn >= least[0] and one.fp + one.tn >= least[1] for one in votes.counts):
        yield f"no {WEIGHTS}: no finding has {least[0]} diseased and {least[1]} healthy calibration cases"
        return
    load_weights(write(WEIGHTS, weights_toml(bench.header, votes)))


def _cascade(
    asked: CascadeAsked, subjects: Sequence[Subject], bench: _Bench, calibration: Calibration
) -> ScreenFigures:
    by_name = {one.name: one for one in subjects}
    for name in (asked.first, asked.then):
        if name not in by_name:
            raise InputError(name, "is not among the calibrated readers", f"calibrated: {', '.join(by_name)}")
    return screen_figures(
        mapped(by_name[asked.first], calibration),
        by_name[asked.then],
        bench.splits.calib,
        uncertain_from=asked.uncertain_from,
        calibration=calibration,
    )


@contextmanager
def _writing(out: Path, cascade: bool) -> Iterator[Write]:
    """Files that are read back where nobody looks, and stand in `out` all at once or not at all."""
    for name in (CALIBRATION, WEIGHTS, *((CASCADE,) if cascade else ())):
        if (out / name).exists():
            raise ConfigurationError(f"{out / name} is there already; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".calibrate-") as hidden:

        def write(name: str, text: str) -> Path:
            path = Path(hidden) / name
            path.write_text(text, encoding="utf-8")
            return path

        yield write
        for path in sorted(Path(hidden).iterdir()):
            path.replace(out / path.name)


def cascade_summary(path: Path) -> str:
    """What a cascade saves and loses, in one sentence."""
    return load_figures(path).summary()
