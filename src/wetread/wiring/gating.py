"""The gate is held: both readers on the same frozen cases, the difference told check by check, the run kept."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from wetread import __version__
from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.errors import ClinicalDataInvalid, ConfigurationError
from wetread.evaluate.compare import compare
from wetread.evaluate.gate import (
    Check,
    GatePolicy,
    Outcome,
    Verdict,
    critical_pairs,
    decision_pairs,
    judge,
    load_gate_policy,
)
from wetread.evaluate.log import Answered, read_log
from wetread.evaluate.metrics import Metrics, ReaderFigures
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.score import Splits
from wetread.evaluate.statistics import resample
from wetread.settings import Settings
from wetread.store.gate import GateRun
from wetread.store.records import to_record
from wetread.wiring import evaluating
from wetread.wiring.lineup import Kept, Standing, standing

FROZEN = "frozen.json"
ONE_READER = "one reader"
Tick = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Two readers before the same cases. A name in `predictions` is a file of probabilities instead of a reader.

    `other` is the same set under other settings (prompt, threshold, vocabulary): then the candidate is asked there.
    """

    evaluation: evaluating.Evaluation
    present: str
    candidate: str
    other: evaluating.Evaluation | None = None
    declared: evaluating.Declaration
    predictions: Mapping[str, Path] = field(default_factory=dict)
    budget_usd: float | None = None

    @property
    def settings(self) -> Settings:
        """The site's settings."""
        return self.evaluation.settings

    @property
    def theirs(self) -> evaluating.Evaluation:
        """Where the candidate is asked."""
        return self.other or self.evaluation

    @property
    def asked(self) -> tuple[tuple[evaluating.Evaluation, str], ...]:
        """Who is asked where; once where both are the same: a reader may be held against itself to be known."""
        both = ((self.evaluation, self.present), (self.theirs, self.candidate))
        return both[:1] if self.other is None and self.present == self.candidate else both


def gate_policy(settings: Settings) -> GatePolicy:
    """The site's margins, or those that ship.

    Raises: ClinicalDataInvalid.
    """
    path = settings.service.gate.policy_file
    if path is None:
        return load_gate_policy()
    try:
        return load_gate_policy(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ClinicalDataInvalid(f"{path}: can't be read ({problem}); name a UTF-8 file that exists") from None


def freeze(gate: Gate) -> str:
    """The hash over the pictures of all cases; the same folder never holds the run of other pictures.

    Raises: ConfigurationError where the pictures have changed since the run began.
    """
    told = {"cases_sha256": gate.evaluation.cases.sha256, "pictures_sha256": _pictures(gate.evaluation)}
    path = gate.evaluation.out / FROZEN
    if path.is_file():
        if json.loads(path.read_text(encoding="utf-8")) != told:
            raise ConfigurationError(
                f"{gate.evaluation.out} holds a gate run of other pictures; a frozen set does not change: "
                "name another folder with --out"
            )
    else:
        path.write_text(json.dumps(told), encoding="utf-8")
    return told["pictures_sha256"]


def ask_both(gate: Gate, tick: Tick = lambda: None) -> list[evaluating.Outcome]:
    """Both readers on every case that they have not answered yet; what became of each.

    Raises: UnknownPlugin, CardInvalid; ConfigurationError where the log holds answers of the same name by another one.
    """
    outcomes = []
    for where, name in gate.asked:
        if name in gate.predictions:
            evaluating.add_predictions(where, name, gate.predictions[name])
            continue
        _check_same(where, name, standing(where.settings, name))
        outcomes.append(evaluating.ask(where, name, declared=gate.declared, budget_usd=gate.budget_usd, tick=tick))
    return outcomes


def hold(gate: Gate, pictures_sha256: str, *, now: datetime, tick: Tick = lambda: None) -> tuple[Verdict, GateRun]:
    """The verdict over what the log holds of both, and the run as it can be kept; nobody is asked anything.

    Raises: ConfigurationError where one of them has not answered anything.
    """
    evaluation, theirs = gate.evaluation, gate.theirs
    told = {where.out: evaluating.figures(where, _names(gate, where), tick=tick) for where in (evaluation, theirs)}
    present = _figures_of(told[evaluation.out], gate.present)
    candidate = _figures_of(told[theirs.out], gate.candidate)
    logs = read_log(evaluation.log_file).of(gate.present), read_log(theirs.log_file).of(gate.candidate)
    verdict = _verdict(gate, (present, candidate), logs)
    kept = Kept(
        verdict=verdict,
        present_fingerprint=present.fingerprint,
        mark=None if gate.candidate in gate.predictions else standing(theirs.settings, gate.candidate).mark,
        manifest={
            "software": f"wetread {__version__}",
            "pictures_sha256": pictures_sha256,
            "log_sha256": hashlib.sha256(theirs.log_file.read_bytes()).hexdigest(),
            "vocabulary": str(told[theirs.out].manifest.get("vocabulary")),
            "policy": str(told[theirs.out].manifest.get("policy")),
            "seed": evaluation.seed,
            "draws": evaluation.draws,
            "test_cases": sum(case.split == "test" for case in evaluation.cases.cases),
        },
    )
    run = GateRun(
        run_id=secrets.token_hex(16),
        at=now,
        present=gate.present,
        candidate=gate.candidate,
        fingerprint=candidate.fingerprint,
        cases_sha256=evaluation.cases.sha256,
        lets_through=verdict.lets_through,
        body=to_record(Kept, kept),
    )
    return verdict, run


Answers = Mapping[str, Answered]


def _names(gate: Gate, where: evaluating.Evaluation) -> tuple[str, ...]:
    return tuple(name for place, name in gate.asked if place is where)


def _figures_of(metrics: Metrics, name: str) -> ReaderFigures:
    for one in metrics.readers:
        if one.name == name:
            return one
    raise ConfigurationError(f"{name} has not answered anything; see the lines above")


def _verdict(gate: Gate, figures: tuple[ReaderFigures, ReaderFigures], logs: tuple[Answers, Answers]) -> Verdict:
    """The candidate by its own vocabulary and policy, the truth by the site's as it is now."""
    evaluation, settings, (present, candidate) = gate.evaluation, gate.theirs.settings, logs
    test = tuple(case for case in evaluation.cases.cases if case.split == "test")
    splits = Splits(calib=(), test=test, draws=resample([case.patient_id for case in test], draws=1, seed=0))
    told = judge(
        *figures,
        compared=compare(
            (gate.present, present),
            (gate.candidate, candidate),
            labels=[*evaluation.cases.labels, None],
            splits=splits,
            policy=load_evaluation_policy(),
        ),
        decided=decision_pairs(test, present, candidate),
        critical=critical_pairs(
            test,
            present,
            candidate,
            vocabulary=load_vocabulary(settings.vocabulary_file),
            policy=load_policy(settings.policy_file),
        ),
        policy=gate_policy(gate.settings),
    )
    return replace(told, checks=(_one_reader(candidate), *told.checks))


def _one_reader(candidate: Mapping[str, Answered]) -> Check:
    """Every answer came from one and the same: a stand-in's answers say nothing of whom it stood in for."""
    kinds = {one.fingerprint for one in candidate.values()}
    return Check(
        name=ONE_READER,
        outcome=Outcome.PASSED if len(kinds) == 1 else Outcome.STOPPED,
        value=len(kinds),
        limit=1,
        says="every answer came from one reader" if len(kinds) == 1 else f"answers came from {len(kinds)} readers",
    )


def _check_same(where: evaluating.Evaluation, name: str, now: Standing) -> None:
    known = {one.fingerprint for one in read_log(where.log_file).of(name).values() if one.is_read}
    if others := known - {now.fingerprint}:
        raise ConfigurationError(
            f"{where.out} holds answers of another {name} ({min(others)[:12]}, it is {now.fingerprint[:12]} "
            "now); name another folder with --out"
        )


def _pictures(evaluation: evaluating.Evaluation) -> str:
    told = hashlib.sha256()
    for name, path in _files(evaluation):
        told.update(name.encode() + b"\0")
        with path.open("rb") as file:
            told.update(hashlib.file_digest(file, "sha256").digest())
    return told.hexdigest()


def _files(evaluation: evaluating.Evaluation) -> Iterator[tuple[str, Path]]:
    """Every file of the cases by its name; all of the folder where a case names only a study."""
    cases = [case for case in evaluation.cases.cases if case.split != "train"]
    names = {case.file for case in cases if case.file is not None}
    roots = [evaluation.images / name for name in sorted(names)]
    if any(case.file is None for case in cases):
        roots = [evaluation.images]
    for root in roots:
        inside = sorted(root.rglob("*")) if root.is_dir() else [root]
        for path in inside:
            if path.is_file() and evaluation.out not in path.parents:
                inner = path.is_relative_to(evaluation.images)
                yield path.relative_to(evaluation.images).as_posix() if inner else path.name, path
