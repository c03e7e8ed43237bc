"""Readers asked on cases whose truth is known: what was answered goes to the log, one line an answer."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from wetread import __version__
from wetread.domain.clinical_data import load_policy, load_vocabulary, load_worklist_policy
from wetread.domain.read import Abstention, Answer, Read, ReaderIdentity
from wetread.domain.report import Report
from wetread.domain.study import Study
from wetread.domain.view import Failure, ViewPlan
from wetread.errors import BudgetSpent, ConfigurationError, InputError
from wetread.evaluate.answering import AGAIN
from wetread.evaluate.cases import Case, Cases, read_cases
from wetread.evaluate.figures import Rules, metrics_of
from wetread.evaluate.gallery import seen_in
from wetread.evaluate.log import JOINED, Answered, Log, LogWriter, Manifest, answered, read_log
from wetread.evaluate.metrics import Metrics
from wetread.evaluate.plots import Plot, plot_of
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.predictions import read_predictions
from wetread.evaluate.shortcuts import Glance, Shortcut, shortcuts
from wetread.imaging.glance import EDGE_PX, file_facts, small_picture
from wetread.pipeline import read_study
from wetread.settings import Settings
from wetread.wiring.desk import LIBRARIES, make_desk
from wetread.wiring.equipment import Equipment, without_caches
from wetread.wiring.evaluating_trials import (
    ALONE,
    Beside,
    Knowing,
    Question,
    TimedDesk,
    change_of,
    questions,
    remembered,
)
from wetread.wiring.preparing import imaging_guard, prepare_guarded
from wetread.wiring.sources import declare, open_source

LOG, GLANCES = "log.jsonl", "glances.npz"
SPLITS = ("calib", "test")
GLANCE = ViewPlan(max_edge_px=128, max_images=1, grey_only=True)
CONTROLS = ("border_only", "centre_only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What bare pictures are, where their case does not say."""

    modality: str | None = None
    body_part: str | None = None
    projection: str | None = None


@dataclass(slots=True)
class Outcome:
    """What became of a run. `stopped` says why it ended before all was asked; run it again to go on."""

    asked: int = 0
    kept: int = 0
    failures: list[Failure] = field(default_factory=list)
    stopped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A case file, where its images lie, and the folder that its log and figures go to."""

    settings: Settings
    cases: Cases
    images: Path
    out: Path
    seed: int
    draws: int
    command: str
    beside: Beside = ALONE
    run: str = field(default_factory=lambda: secrets.token_hex(8))  # what one ceiling of costs holds for

    @property
    def log_file(self) -> Path:
        """The log."""
        return self.out / LOG


def open_evaluation(
    settings: Settings,
    path: Path,
    *,
    images: Path | None,
    out: Path,
    seed: int | None,
    draws: int | None,
    command: str,
    beside: Beside = ALONE,
) -> Evaluation:
    """An evaluation, begun or gone on with.

    Raises: InputError for a case file that is none; ConfigurationError where `out` holds another evaluation's log.
    """
    policy = load_evaluation_policy()
    cases = read_cases(path, load_vocabulary(settings.vocabulary_file), boxes=beside.boxes)
    made = Evaluation(
        settings=settings,
        cases=cases,
        images=images or path.parent,
        out=out,
        seed=policy.intervals.seed if seed is None else seed,
        draws=policy.intervals.draws if draws is None else draws,
        command=command,
        beside=beside,
    )
    known = read_log(made.log_file) if made.log_file.is_file() else Log()
    made = replace(made, cases=remembered(cases, known.cases))
    if known.manifest is not None and known.manifest.cases_sha256 != cases.sha256:
        raise ConfigurationError(f"{out} holds the log of another case file; name another folder with --out")
    with LogWriter(made.log_file) as log:
        if known.manifest is None:
            log.add(_manifest(made))
        for case in made.cases.cases:
            if known.cases.get(case.case_id) != case:  # boxes may have been drawn since
                log.add(case)
    return made


def ask(
    evaluation: Evaluation,
    reader: str,
    *,
    declared: Declaration,
    budget_usd: float | None = None,
    disturbance: str | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Outcome:
    """One reader, panel or cascade on every case that it has not answered yet.

    With a `disturbance` it sees test cases changed on purpose, and is logged as `reader+disturbance`.
    Raises: UnknownPlugin, CardInvalid, ConfigurationError.
    """
    settings = evaluation.settings
    if budget_usd is not None:
        known = settings.budget_usd_per_run
        settings = settings.model_copy(update={"budget_usd_per_run": min(budget_usd, known or budget_usd)})
    if disturbance == AGAIN:
        settings = without_caches(settings)
    equipment = Equipment(settings, run=evaluation.run)
    name = f"{reader}+{disturbance}" if disturbance else reader
    done = _begun(evaluation).of(name)
    asked = [case for case in evaluation.cases.cases if case.split in (("test",) if disturbance else SPLITS)]
    waiting = [case for case in asked if not _final(done, case)]
    outcome = Outcome(kept=len(asked) - len(waiting))
    for _ in range(outcome.kept):
        tick()
    if not waiting:
        return outcome
    with imaging_guard(settings) as isolation, LogWriter(evaluation.log_file) as log:
        desk = make_desk(settings, readers=(reader,), output="json", isolation=isolation, equipment=equipment)
        find = partial(_studies, settings, evaluation.images, declared=declared, outcome=outcome)
        put = questions(disturbance, waiting, asked, find=find, orders=evaluation.beside.orders)
        with asyncio.Runner() as runner:
            for chunk in _chunks(put, settings.studies_at_once):
                timed = TimedDesk(desk=desk, change=change_of(disturbance))
                told = runner.run(_read(chunk, timed, name, equipment.knowing))
                for one in told:
                    log.add(one)
                    outcome.asked += 1
                    tick()
                if any(one.reason == BudgetSpent.code for one in told):
                    outcome.stopped = f"the budget is spent ({reader}); run it again with more to go on"
                    break
    return outcome


def _begun(evaluation: Evaluation) -> Log:
    """The log, if its answers were given with the same clinical text."""
    log = read_log(evaluation.log_file)
    if log.manifest is not None and log.manifest.context_sha256 != evaluation.beside.context_sha256:
        raise ConfigurationError(
            f"{evaluation.out} was begun with another --context, or with none; go on with that, or name another --out"
        )
    return log


async def _read(chunk: Sequence[Question], timed: TimedDesk, reader: str, knowing: Knowing) -> list[Answered]:
    watched = replace(timed.desk, prepare=timed.prepare)

    async def one(put: Question) -> Answered:
        with put.known(knowing):
            start = time.perf_counter()
            report = await read_study(put.study, put.order, watched)
            spent = time.perf_counter() - start - timed.seconds.get(put.study.ref, 0.0)
        told = answered(put.case, joined(report, reader), latency_s=max(0.0, spent), priority=report.urgency.priority)
        return replace(seen_in(told, put.study), swapped_with=put.swapped_with)

    return list(await asyncio.gather(*map(one, chunk)))


def joined(report: Report, name: str) -> Answer:
    """What one reader answered, or what a panel joined, under the name that it was asked by."""
    if len(report.answers) == 1:
        only = report.answers[0]
        return replace(only, reader=replace(only.reader, name=name))
    marks = "\0".join(sorted(one.reader.fingerprint for one in report.answers))
    panel = ReaderIdentity(name=name, version=JOINED, fingerprint=hashlib.sha256(marks.encode()).hexdigest()[:16])
    if report.consensus is None:
        failed = any(isinstance(one, Abstention) and one.failed for one in report.answers)
        return Abstention(reader=panel, reason="nobody read", code="nobody_read", failed=failed)
    costs = [one.cost_usd for one in report.answers if isinstance(one, Read)]
    known = [cost for cost in costs if cost is not None]
    return Read(
        reader=panel,
        findings=tuple(one.finding for one in report.consensus.findings),
        abnormal_probability=report.consensus.abnormal_probability,
        cost_usd=sum(known) if len(known) == len(costs) else None,
    )


def add_predictions(evaluation: Evaluation, name: str, path: Path) -> None:
    """A file of probabilities as a reader of this name.

    Raises: InputError where the file is none.
    """
    cases = [case for case in evaluation.cases.cases if case.split != "train"]
    told = read_predictions(name, path, cases, evaluation.cases.labels)
    with LogWriter(evaluation.log_file) as log:
        for one in told:
            log.add(one)


def glance(evaluation: Evaluation, *, declared: Declaration, tick: Callable[[], None] = lambda: None) -> None:
    """Keep what shortcuts may look at, of every case that has not been glanced at before."""
    path = evaluation.out / GLANCES
    known = _glances(path)
    waiting = [case for case in evaluation.cases.cases if case.case_id not in known]
    with imaging_guard(evaluation.settings) as isolation:
        for case, study in _studies(
            evaluation.settings, evaluation.images, waiting, declared=declared, outcome=Outcome()
        ):
            views = prepare_guarded(study, GLANCE, isolation).views
            if views:
                size = sum(instance.size_bytes for instance in study.instances)
                known[case.case_id] = Glance(file_facts=file_facts(views[0], size), small=small_picture(views[0]))
            tick()
    packed = {name: np.concatenate([one.file_facts, one.small.ravel()]) for name, one in known.items()}
    np.savez_compressed(path, ids=np.array(list(packed)), values=np.array(list(packed.values())))


def controls(evaluation: Evaluation) -> tuple[Shortcut, ...]:
    """How well the cases can be told without looking at the organ, of all splits."""
    return shortcuts(
        evaluation.cases.cases, _glances(evaluation.out / GLANCES), draws=evaluation.draws, seed=evaluation.seed
    )


def _glances(path: Path) -> dict[str, Glance]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as kept:
        rows = zip(kept["ids"].tolist(), kept["values"], strict=True)
        edge = EDGE_PX * EDGE_PX
        return {
            name: Glance(file_facts=tuple(row[:-edge].tolist()), small=row[-edge:].reshape(EDGE_PX, EDGE_PX))
            for name, row in rows
        }


def readers_in(evaluation: Evaluation, asked: Sequence[str]) -> tuple[str, ...]:
    """The readers to tell figures of: those that were asked for, else all that the log knows.

    Raises: ConfigurationError where there is none.
    """
    known = read_log(evaluation.log_file).readers()
    names = tuple(name for name in dict.fromkeys(asked) if name in known) if asked else known
    if not names:
        raise ConfigurationError("nobody has answered anything yet; name a reader with --reader")
    return names


def figures(evaluation: Evaluation, readers: Sequence[str], *, tick: Callable[[], None] = lambda: None) -> Metrics:
    """The figures of what the log holds of these readers; nobody is asked anything."""
    settings, policy = evaluation.settings, load_evaluation_policy()
    log = read_log(evaluation.log_file)
    log.cases = {case.case_id: case for case in evaluation.cases.cases}
    log.answers = {(name, case): told for (name, case), told in log.answers.items() if name in readers}
    rules = Rules(
        vocabulary=load_vocabulary(settings.vocabulary_file),
        urgency=load_policy(settings.policy_file),
        policy=policy,
        today=datetime.now(UTC).date(),
        seed=evaluation.seed,
        draws=evaluation.draws,
        waiting=load_worklist_policy(settings.worklist_file),
    )
    told = metrics_of(log, tuple(evaluation.cases.labels), rules, remarks=evaluation.cases.remarks, tick=tick)
    manifest = {
        **_told(_manifest(evaluation)),
        "context_sha256": log.manifest.context_sha256 if log.manifest else None,
        "evaluation_policy": policy.version,
        "log_sha256": hashlib.sha256(evaluation.log_file.read_bytes()).hexdigest(),
        "draws": evaluation.draws,
    }
    data = {**told.data, "about": asdict(evaluation.cases.about)}
    return replace(told, manifest=manifest, data=data, shortcuts=controls(evaluation))


def plots(evaluation: Evaluation, readers: Sequence[str]) -> dict[str, Sequence[Plot]]:
    """The curves of each reader: any finding, then every finding."""
    policy = load_evaluation_policy()
    log = read_log(evaluation.log_file)
    test = [case for case in evaluation.cases.cases if case.split == "test"]
    asked = (None, *evaluation.cases.labels)
    return {name: [plot_of(label, test, log.of(name), policy) for label in asked] for name in readers}


def _told(manifest: Manifest) -> dict[str, object]:
    return {name: getattr(manifest, name) for name in Manifest.__dataclass_fields__}


def _manifest(evaluation: Evaluation) -> Manifest:
    settings = evaluation.settings
    vocabulary, policy = load_vocabulary(settings.vocabulary_file), load_policy(settings.policy_file)
    return Manifest(
        cases_sha256=evaluation.cases.sha256,
        software=f"wetread {__version__}",
        vocabulary=f"{vocabulary.version} {vocabulary.sha256}",
        policy=f"{policy.version} {policy.sha256}",
        command=evaluation.command,
        seed=evaluation.seed,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        context_sha256=evaluation.beside.context_sha256,
        libraries={name: version(name) for name in LIBRARIES},
    )


def _final(done: Mapping[str, Answered], case: Case) -> bool:
    """Whether asking again would change nothing: it read, or said that this is not its examination."""
    return case.case_id in done and done[case.case_id].status != "failed"


def _studies(
    settings: Settings, images: Path, cases: Sequence[Case], *, declared: Declaration, outcome: Outcome
) -> Iterator[tuple[Case, Study]]:
    """Each case's study; a case without one is named and left out."""
    kinds: dict[tuple[str | None, str | None], list[Case]] = {}
    for case in cases:
        kinds.setdefault((case.modality or declared.modality, case.view or declared.projection), []).append(case)
    for (modality, projection), members in kinds.items():
        what = declare(modality=modality, body_part=declared.body_part, projection=projection)
        with open_source(settings, what) as source:
            yield from _found(partial(_in_source, source.studies), images, members, outcome)


def _in_source(studies: Callable[[tuple[Path, ...]], Iterator[Study | Failure]], path: Path) -> list[Study | Failure]:
    return list(studies((path,)))


def _found(
    look: Callable[[Path], list[Study | Failure]], images: Path, cases: Sequence[Case], outcome: Outcome
) -> Iterator[tuple[Case, Study]]:
    by_uid: dict[str, Study] | None = None
    for case in cases:
        if case.file is not None:
            told = look(images / case.file) if (images / case.file).exists() else []
            study = next((one for one in told if isinstance(one, Study)), None)
            outcome.failures += [one for one in told if isinstance(one, Failure)]
        else:
            if by_uid is None:
                by_uid = {one.study_uid: one for one in look(images) if isinstance(one, Study) and one.study_uid}
            told, study = [], by_uid.get(case.study_uid or "")
        if study is not None:
            yield case, study
        elif not told:
            where = InputError(case.case_id, f"is not in {images.name}", "say where the images lie with --images")
            outcome.failures.append(Failure(file=case.case_id, problem=where.problem, remedy=where.remedy))


def _chunks(found: Iterator[Question], size: int) -> Iterator[list[Question]]:
    chunk: list[Question] = []
    for one in found:
        chunk.append(one)
        if len(chunk) >= max(1, size):
            yield chunk
            chunk = []
    if chunk:
        yield chunk
