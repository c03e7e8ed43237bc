"""Every case that a reader got wrong, one line a case and finding, with what finds its study again: `errors.jsonl`.

A case that the reader did not judge is neither missed nor falsely told: it is counted as not read elsewhere.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.study import Study
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.figures import CONTROL
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered, Log
from wetread.evaluate.metrics import Metrics, ReaderFigures
from wetread.evaluate.table import Column, column_for
from wetread.evaluate.triage import due, told

MISSED, FALSE = "missed", "false"
MOST_HASHES = 8  # one is enough to find a study; a thousand slices would swell the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One finding of one case that a reader missed or told though it is not there.

    `threshold` is None where the reader's own decision counted; `sha256s` are those of the first objects read.
    """

    case_id: str
    reader: str
    code: str
    label: str
    kind: str
    score: float
    threshold: float | None
    study_uid: str | None
    sha256s: tuple[str, ...]
    priority_due: Priority
    priority_told: Priority


def seen_in(answer: Answered, study: Study) -> Answered:
    """The answer with what finds the study that was read again: its UID and the SHA-256 of its first objects."""
    hashes = tuple(instance.sha256 for instance in study.instances[:MOST_HASHES])
    return replace(answer, study_uid=study.study_uid, sha256s=hashes)


def wrong_in(
    log: Log, metrics: Metrics, labels: Sequence[Label], *, vocabulary: Vocabulary, policy: UrgencyPolicy
) -> tuple[Wrong, ...]:
    """What each reader of the metrics got wrong on the test split, by the thresholds that the metrics name.

    The most urgent come first, missed before falsely told, the surest error first.
    """
    test = [case for case in log.cases.values() if case.split == "test"]
    places = _places(log)
    wanted = {case.case_id: due(case.codes, vocabulary, policy) for case in test}
    made: list[Wrong] = []
    for reader in metrics.readers:
        answers = log.of(reader.name)
        urgency = {case.case_id: told(answers.get(case.case_id), vocabulary, policy) for case in test}
        for label, threshold in _asked(reader, labels):
            column = column_for(label, test, answers)
            for at, kind in _errors(column, threshold):
                case = test[at]
                study_uid, hashes = places.get(case.case_id, (None, ()))
                made.append(
                    Wrong(
                        case_id=case.case_id,
                        reader=reader.name,
                        code=column.code,
                        label=column.label,
                        kind=kind,
                        score=float(column.score[at]),
                        threshold=threshold,
                        study_uid=study_uid or case.study_uid,
                        sha256s=hashes,
                        priority_due=wanted[case.case_id],
                        priority_told=urgency[case.case_id],
                    )
                )
    return tuple(sorted(made, key=_weight))


def as_lines(rows: Iterable[Wrong]) -> str:
    """The rows as JSON lines."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def _asked(reader: ReaderFigures, labels: Sequence[Label]) -> Iterator[tuple[Label | None, float | None]]:
    """Each label with the reader's threshold for it, and at last "any finding"."""
    thresholds: Mapping[str, float | None] = {one.code: one.threshold for one in reader.findings}
    for label in labels:
        yield label, thresholds.get(label.code)
    yield None, reader.any_finding.threshold


def _errors(column: Column, threshold: float | None) -> Iterator[tuple[int, str]]:
    """The places of the cases that were judged wrongly, and which way."""
    flagged = column.said if threshold is None else np.where(column.judged, column.score >= threshold, np.nan)
    for at in np.flatnonzero(column.judged & ~np.isnan(flagged)):
        true, says = column.truth[at] > 0.5, flagged[at] > 0.5
        if true != says:
            yield int(at), MISSED if true else FALSE


def _places(log: Log) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """Where each case can be found, by whoever read it: a file of probabilities knows no study of its own.

    Answers to cases that were changed on purpose are left out: their picture may be another case's.
    """
    plain = [one for (reader, _), one in log.answers.items() if CONTROL not in reader]
    return {one.case_id: (one.study_uid, one.sha256s) for one in plain if one.study_uid or one.sha256s}


def _weight(row: Wrong) -> tuple[int, bool, float, str, str, str]:
    edge = 0.5 if row.threshold is None else row.threshold
    return row.priority_due.rank, row.kind == FALSE, -abs(row.score - edge), row.case_id, row.reader, row.code


__all__ = ["Wrong", "as_lines", "seen_in", "wrong_in"]
