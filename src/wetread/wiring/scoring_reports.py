"""Reports scored by their coded findings: a file of pairs, or what the readers of an evaluation said of its cases."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wetread import __version__
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import InputError
from wetread.evaluate.log import read_log
from wetread.evaluate.metrics import Metrics
from wetread.evaluate.page import html_table, page_of
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.reports import Labeller, labeller_for
from wetread.evaluate.reports.from_log import pairs_of
from wetread.evaluate.reports.outside import with_outside
from wetread.evaluate.reports.pairs import read_pairs
from wetread.evaluate.reports.phrases import report_phrases
from wetread.evaluate.reports.score import Resampling, score_reports
from wetread.evaluate.reports.scored import LABELS, ReportFigures
from wetread.evaluate.reports.told import reports_card, reports_json, reports_text
from wetread.readers.prompts.examinations import regions_of
from wetread.settings import Settings
from wetread.wiring.evaluating import Evaluation

SCHEMA = "wetread.reports/1"
ENDING = (
    "Research use only. Texts are labelled by rules; figures hold for these reports, intervals over their patients."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredReports:
    """The figures of a file of pairs, what had to be said of it, and what they rest on."""

    reports: tuple[ReportFigures, ...]
    remarks: tuple[str, ...]
    manifest: dict[str, object]

    @property
    def text(self) -> str:
        """Tables for a terminal."""
        rests = f"{self.manifest['draws']} resamples of patients, seed {self.manifest['seed']}; labeller phrases "
        notes = [f"note: {remark}" for remark in self.remarks]
        head = "\n".join([rests + str(self.manifest["labeller"]), *notes])
        return "\n\n".join([head, reports_text(self.reports), ENDING]) + "\n"

    @property
    def json(self) -> str:
        """One JSON object."""
        told = {
            "schema": SCHEMA,
            "manifest": self.manifest,
            "remarks": list(self.remarks),
            "reports": reports_json(self.reports),
        }
        return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def card(self) -> str:
        """A self-contained page."""
        rests = html_table("What it rests on", ("", "value"), [(k, str(v)) for k, v in self.manifest.items()])
        return page_of("Reports", "\n".join(["<h1>What reports say</h1>", *reports_card(self.reports), rests]))


def score_file(
    settings: Settings,
    path: Path,
    *,
    seed: int | None = None,
    draws: int | None = None,
    radeval: Sequence[str] = (),
    command: str = "",
    examination: tuple[str, str] | None = None,
) -> ScoredReports:
    """The figures of a file of pairs; with names of RadEval's scores, those beside.

    `examination` is the modality and body part that the reports are of: chest films where it is None.
    Raises: InputError where the file is none, or the vocabulary has no findings for the
    examination; MissingExtra, ConfigurationError where RadEval can't score.
    """
    policy = load_evaluation_policy()
    vocabulary = load_vocabulary(settings.vocabulary_file)
    resampling = Resampling(
        draws=policy.intervals.draws if draws is None else draws,
        seed=policy.intervals.seed if seed is None else seed,
        least=policy.least.positives,
    )
    given = read_pairs(path, vocabulary, _labeller(vocabulary, examination))
    figures = score_reports(given.pairs, vocabulary=vocabulary, resampling=resampling)
    manifest: dict[str, object] = {
        "reports_sha256": given.sha256,
        "software": f"wetread {__version__}",
        "vocabulary": f"{vocabulary.version} {vocabulary.sha256}",
        "labeller": report_phrases().version,
        "evaluation_policy": policy.version,
        "command": command,
        "seed": resampling.seed,
        "draws": resampling.draws,
    }
    told = with_outside(figures, given.pairs, radeval, resampling)
    return ScoredReports(reports=told, remarks=given.remarks, manifest=manifest)


def _labeller(vocabulary: Vocabulary, examination: tuple[str, str] | None) -> Labeller:
    if examination is None:
        return labeller_for(vocabulary)
    modality, part = (word.strip().upper() for word in examination)
    known = {term.region for term in vocabulary if modality in term.modalities}
    region = next(iter(sorted(known & (regions_of(part) | {part}))), None)
    if region is None:
        remedy = f"{modality} has findings of {', '.join(sorted(known)) or 'no region'}"
        raise InputError(f"{modality} {part}", "is no examination that the vocabulary has findings for", remedy)
    return labeller_for(vocabulary, region=region, modalities=(modality,))


def with_reports(
    metrics: Metrics,
    evaluation: Evaluation,
    readers: Sequence[str],
    *,
    file: Path | None = None,
    radeval: Sequence[str] = (),
) -> Metrics:
    """The metrics with T9: each reader's coded findings against the labels, and a file of pairs where one is given.

    Raises: as `score_file`.
    """
    settings, least = evaluation.settings, load_evaluation_policy().least.positives
    resampling = Resampling(draws=evaluation.draws, seed=evaluation.seed, least=least)
    log, labels = read_log(evaluation.log_file), tuple(evaluation.cases.labels)
    test = [case for case in evaluation.cases.cases if case.split == "test"]
    pairs = [pair for name in readers for pair in pairs_of(name, test, labels, log.of(name))]
    told = score_reports(
        pairs,
        vocabulary=load_vocabulary(settings.vocabulary_file),
        resampling=resampling,
        against=LABELS,
    )
    if file is None:
        return replace(metrics, reports=told)
    given = score_file(settings, file, seed=evaluation.seed, draws=evaluation.draws, radeval=radeval)
    remarks = (*metrics.remarks, *(f"{file.name}: {remark}" for remark in given.remarks))
    manifest = {**metrics.manifest, "reports_sha256": given.manifest["reports_sha256"]}
    return replace(metrics, reports=(*told, *given.reports), remarks=remarks, manifest=manifest)
