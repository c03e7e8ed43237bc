"""A log becomes metrics: every reader, every finding, subgroups, comparisons. The same seed gives the same figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations

import numpy as np

from wetread.domain.clinical_data import UrgencyPolicy, WorklistPolicy, load_worklist_policy
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.answering import AGAIN, answering
from wetread.evaluate.beside import published
from wetread.evaluate.cases import Case
from wetread.evaluate.compare import compare
from wetread.evaluate.conformal import Levels, conformal_figures, likely
from wetread.evaluate.conformal_figures import ConformalFigures
from wetread.evaluate.degenerate import degenerate
from wetread.evaluate.frontier import frontier
from wetread.evaluate.labels import Label
from wetread.evaluate.localise import box_labels, localisation
from wetread.evaluate.log import Answered, Log
from wetread.evaluate.metrics import ControlFigures, CostFigures, LatencyFigures, Metrics, ReaderFigures
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.queue import Policies
from wetread.evaluate.queue_measured import queue_of
from wetread.evaluate.score import NOTHING, Splits, finding_figures
from wetread.evaluate.statistics import Interval, Resampled, macro_f1, resample
from wetread.evaluate.stress import Ground, stress_figures
from wetread.evaluate.stress_policy import TRIALS, stress_policy
from wetread.evaluate.subgroups import subgroups
from wetread.evaluate.table import column_of
from wetread.evaluate.triage import percentile_ms, urgency_figures

CONTROL = "+"
"""Between a reader's name and the disturbance under which it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What figures are told by: the vocabulary, the urgency policy, the evaluation policy, the day and the seed."""

    vocabulary: Vocabulary
    urgency: UrgencyPolicy
    policy: EvaluationPolicy
    today: date
    seed: int
    draws: int
    waiting: WorklistPolicy = field(default_factory=load_worklist_policy)


def metrics_of(
    log: Log,
    labels: Sequence[Label],
    rules: Rules,
    *,
    remarks: Sequence[str] = (),
    tick: Callable[[], None] = lambda: None,
) -> Metrics:
    """All figures of a log. `tick` is called for each finding of each reader."""
    cases = tuple(log.cases.values())
    test = tuple(case for case in cases if case.split == "test")
    splits = Splits(
        calib=tuple(case for case in cases if case.split == "calib"),
        test=test,
        draws=resample([case.patient_id for case in test], draws=rules.draws, seed=rules.seed),
    )
    answers = {name: log.of(name) for name in log.readers()}
    pairs = combinations([(name, told) for name, told in answers.items() if CONTROL not in name], 2)
    asked = {name: told for name, told in answers.items() if CONTROL not in name}
    compared = [compare(a, b, labels=[*labels, None], splits=splits, policy=rules.policy) for a, b in pairs]
    return Metrics(
        readers=tuple(
            _beside(_reader(name, told, labels, splits, rules, tick), answers, labels, splits, rules)
            for name, told in answers.items()
            if CONTROL not in name
        ),
        comparisons=tuple(row for rows in compared for row in rows),
        frontier=frontier(asked, splits, rules.policy) if asked else None,
        published=published(labels),
        data=_data(cases, splits, labels),
        remarks=tuple(remarks),
    )


def _reader(  # noqa: PLR0917 - one call, of this module's own
    name: str,
    answers: Mapping[str, Answered],
    labels: Sequence[Label],
    splits: Splits,
    rules: Rules,
    tick: Callable[[], None],
) -> ReaderFigures:
    given = [answers[case.case_id] for case in splits.test if case.case_id in answers]
    last = list(answers.values())[-1]
    urgency = urgency_figures(
        splits.test, answers, vocabulary=rules.vocabulary, policy=rules.urgency, draws=splits.draws
    )
    findings = []
    for label in labels:
        findings.append(finding_figures(label, splits, answers, rules.policy, today=rules.today))
        tick()
    return ReaderFigures(
        name=name,
        version=last.version,
        fingerprint=last.fingerprint,
        model_id=last.model_id,
        n=len(splits.test),
        n_read=sum(one.status == "read" for one in given),
        n_abstained=sum(one.status == "abstained" for one in given),
        n_failed=sum(one.status == "failed" for one in given),
        findings=tuple(findings),
        any_finding=finding_figures(None, splits, answers, rules.policy, today=rules.today),
        macro_f1=_macro_f1(labels, splits.test, answers, splits.draws),
        urgency=replace(urgency, conformal=_conformal(labels, splits, answers, rules)),
        degenerate=degenerate([*labels, None], splits, answers, rules.policy),
        queue=queue_of(urgency, Policies(urgency=rules.urgency, waiting=rules.waiting), seed=rules.seed),
        cost=_cost(given),
        latency_ms=_latency(given),
        subgroups=subgroups(splits, answers, rules.policy),
    )


def _beside(  # noqa: PLR0917 - one call, of this module's own
    reader: ReaderFigures,
    answers: Mapping[str, Mapping[str, Answered]],
    labels: Sequence[Label],
    splits: Splits,
    rules: Rules,
) -> ReaderFigures:
    """What is told beside a reader's own figures: shortcut controls, changed cases, where it points."""
    start = reader.name + CONTROL
    changed = {name.removeprefix(start): told for name, told in answers.items() if name.startswith(start)}
    ground = Ground(
        cases=splits.test,
        labels=labels,
        draws=splits.draws,
        plain=answers[reader.name],
        threshold=reader.any_finding.threshold,
        policy=rules.policy,
        limits=stress_policy(),
    )
    pointed = box_labels(splits.test, labels, rules.vocabulary)
    return replace(
        reader,
        answering=answering(
            splits.test,
            labels,
            answers[reader.name],
            changed.pop(AGAIN, {}),
            draws=splits.draws,
            policy=rules.policy,
        ),
        controls=_controls({kind: told for kind, told in changed.items() if kind not in TRIALS}, splits, rules),
        stress=stress_figures(ground, {kind: told for kind, told in changed.items() if kind in TRIALS}),
        localisation=localisation(pointed, splits.test, answers[reader.name], draws=splits.draws, policy=rules.policy),
    )


def _conformal(
    labels: Sequence[Label], splits: Splits, answers: Mapping[str, Answered], rules: Rules
) -> ConformalFigures:
    levels = Levels.of(labels, rules.vocabulary, rules.urgency)
    calib, test = (likely(levels, cases, answers) for cases in (splits.calib, splits.test))
    return conformal_figures(levels, calib, test, splits.draws, alpha=rules.policy.conformal.alpha)


def _controls(
    changed: Mapping[str, Mapping[str, Answered]], splits: Splits, rules: Rules
) -> tuple[ControlFigures, ...]:
    """The same reader on cases that were disturbed on purpose."""
    return tuple(
        ControlFigures(
            disturbance=kind,
            n_read=sum(told[case.case_id].is_read for case in splits.test if case.case_id in told),
            any_finding=finding_figures(None, splits, told, rules.policy, today=rules.today),
        )
        for kind, told in changed.items()
    )


def _macro_f1(
    labels: Sequence[Label], cases: Sequence[Case], answers: Mapping[str, Answered], draws: Resampled
) -> Interval:
    """By the reader's own decisions; a case that it did not read counts as nothing told."""
    columns = [column_of(label, cases, answers) for label in labels]
    if not columns or not cases:
        return NOTHING
    truth = np.stack([column.truth > 0.5 for column in columns], axis=1)
    said = np.stack([column.said == 1.0 for column in columns], axis=1)
    return draws.interval(lambda which: macro_f1(truth[which], said[which]), len(cases))


def _cost(given: Sequence[Answered]) -> CostFigures:
    read = [one for one in given if one.is_read]
    costs = [one.cost_usd for one in read if one.cost_usd is not None]
    known = len(costs) == len(read) and bool(read)
    total = sum(costs) if known else None
    return CostFigures(
        total_usd=total,
        per_100_usd=None if total is None else 100 * total / len(read),
        unpriced=len(read) - len(costs),
        input_tokens=_sum([one.input_tokens for one in read]),
        output_tokens=_sum([one.output_tokens for one in read]),
    )


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if numbers and len(known) == len(numbers) else None


def _latency(given: Sequence[Answered]) -> LatencyFigures:
    seconds = [one.latency_s for one in given if one.is_read and one.latency_s is not None and not one.cached]
    p50, p95, p99 = (percentile_ms(seconds, share) for share in (0.50, 0.95, 0.99))
    return LatencyFigures(p50=p50, p95=p95, p99=p99, n=len(seconds))


def _data(cases: Sequence[Case], splits: Splits, labels: Sequence[Label]) -> dict[str, object]:
    """The data card's numbers (T1)."""
    test = splits.test
    return {
        "cases": len(cases),
        "test": len(test),
        "calib": len(splits.calib),
        "patients": len({case.patient_id for case in test}),
        "abnormal": sum(case.abnormal for case in test),
        "prevalence": {label.code: sum(label.code in case.codes for case in test) for label in labels},
        "draws": len(splits.draws.draws),
        "seed": splits.draws.seed,
    }
