"""A reader that is a file: probabilities that somebody else computed, one row a case, one column a label."""

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wetread.domain.finding import Presence
from wetread.errors import InputError
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Labels, plain
from wetread.evaluate.log import Answered, Told

PREFIX = "prob_"
ABNORMAL = "abnormal"


def read_predictions(name: str, path: Path, cases: Iterable[Case], labels: Labels) -> tuple[Answered, ...]:
    """The file's answers to the cases, by `file` (or `study_uid`). A case without a row is an abstention.

    Without a column `prob_abnormal` the probability of any finding is that of at least one, taken as independent.
    Raises: InputError where the file has no such columns or holds something that is no probability.
    """
    raw = path.read_bytes()
    rows, columns = _table(path, labels)
    fingerprint = hashlib.sha256(raw).hexdigest()[:16]

    def answer(case: Case) -> Answered:
        row = rows.get(case.case_id)
        same: dict[str, Any] = {
            "case_id": case.case_id,
            "reader": name,
            "version": path.name,
            "fingerprint": fingerprint,
        }
        if row is None:
            return Answered(**same, status="abstained", reason="no_row")
        told = {code: _probability(path, case, row, column) for code, column in columns.items()}
        any_ = told.pop(ABNORMAL, None)
        return Answered(
            **same,
            status="read",
            abnormal_probability=1 - math.prod(1 - p for p in told.values()) if any_ is None else any_,
            findings={code: Told(presence=_presence(p), probability=p) for code, p in told.items()},
        )

    return tuple(answer(case) for case in cases)


def _table(path: Path, labels: Labels) -> tuple[dict[str, Mapping[str, str]], dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or ())
        key = next((name for name in ("file", "study_uid") if name in names), None)
        words = {plain(word): label.code for word, label in labels.known.items()} | {ABNORMAL: ABNORMAL}
        columns = {words[plain(n.removeprefix(PREFIX))]: n for n in names if plain(n.removeprefix(PREFIX)) in words}
        if key is None or not columns:
            raise InputError(
                path.name, "has no column file, or none named as a label of the cases", f"e.g. {PREFIX}Mass"
            )
        return {row[key]: row for row in reader}, columns


def _probability(path: Path, case: Case, row: Mapping[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value <= 1:
        raise InputError(path.name, f"{column} of {case.case_id} is no probability", "give numbers from 0 to 1")
    return value


def _presence(probability: float) -> Presence:
    """Its own decision, for want of a threshold of its own, at even odds."""
    return Presence.PRESENT if probability >= 0.5 else Presence.ABSENT
