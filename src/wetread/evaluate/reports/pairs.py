"""Reports beside the reports that they are held against: two texts, or their codes, of one case."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wetread.domain.finding import Presence
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import InputError
from wetread.evaluate.labels import SEPARATOR, Labels, labels_of
from wetread.evaluate.reports.labeller import LOUD, Labeller, labeller_for, louder
from wetread.evaluate.reports.phrases import family_of

LARGEST_BYTES = 256 * 1024 * 1024
MOST_ROWS = 20_000
SIDES = ("candidate", "reference")
CANDIDATE = "candidate"
EXPLAIN = (
    "a row is case, candidate or candidate_codes, reference or reference_codes, and if need be patient_id and by; "
    "codes are joined by |, and 'No Finding' says that there is nothing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one report says: a presence for each finding, its size aside, and its text where there is one."""

    findings: Mapping[str, Presence]
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPair:
    """A candidate report and the reference for the same case; `by` names who wrote the candidate."""

    case: str
    patient_id: str
    by: str
    candidate: Side
    reference: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The pairs of one file, its fingerprint, and what had to be said of it."""

    pairs: tuple[ReportPair, ...]
    sha256: str
    remarks: tuple[str, ...] = ()


def read_pairs(path: Path, vocabulary: Vocabulary, labeller: Labeller | None = None) -> Pairs:
    """The pairs of a CSV or JSON lines file, their texts labelled: as those of chest films, or by the labeller given.

    Raises: InputError naming the line.
    """
    raw = path.read_bytes()
    if len(raw) > LARGEST_BYTES:
        raise InputError(path.name, f"is larger than {LARGEST_BYTES} bytes", "split it")
    rows = list(_rows(path, raw))
    if not rows:
        raise InputError(path.name, "holds no report", EXPLAIN)
    if len(rows) > MOST_ROWS:
        raise InputError(path.name, f"holds more than {MOST_ROWS} reports", "split it")
    labels = labels_of({word for _, row in rows for side in SIDES for word in _words(row, side)}, vocabulary)
    understood = _Understood(labels=labels, labeller=labeller or labeller_for(vocabulary))
    pairs = tuple(understood.pair(f"{path.name}, line {line}", row) for line, row in rows)
    _check(path, pairs)
    return Pairs(pairs=pairs, sha256=hashlib.sha256(raw).hexdigest(), remarks=tuple(_remarks(pairs, labels)))


def grouped(findings: Iterable[tuple[str, Presence]]) -> dict[str, Presence]:
    """The loudest presence of each finding, its size aside; a denied size ("no large effusion") denies nothing."""
    told: dict[str, Presence] = {}
    for code, presence in findings:
        head = family_of(code)
        if head == code or presence in LOUD:
            told[head] = louder(told.get(head), presence)
    return told


def _rows(path: Path, raw: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(path.name, "is not UTF-8 text", EXPLAIN) from None
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield number, _object(f"{path.name}, line {number}", line)
        return
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        yield from ((reader.line_num, row) for row in reader)
    except csv.Error:
        raise InputError(f"{path.name}, line {reader.line_num}", "is no row of a CSV", EXPLAIN) from None


def _object(where: str, line: str) -> Mapping[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InputError(where, "is no JSON object", EXPLAIN)
    return told


def _words(row: Mapping[str, Any], side: str) -> list[str]:
    """The codes or labels that a side is written in; an empty list where it is a text."""
    told = row.get(f"{side}_codes")
    parts = list(told) if isinstance(told, list | dict) else str(told or "").split(SEPARATOR)
    return [str(part) if isinstance(told, dict) else str(part).strip() for part in parts if str(part).strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Understood:
    """What the words of a file stand for, and who labels its texts."""

    labels: Labels
    labeller: Labeller

    def pair(self, where: str, row: Mapping[str, Any]) -> ReportPair:
        """The pair of one row."""
        case = _string(row.get("case"))
        if case is None:
            raise InputError(where, "names no case", EXPLAIN)
        return ReportPair(
            case=case,
            patient_id=_string(row.get("patient_id")) or case,
            by=_string(row.get("by")) or CANDIDATE,
            candidate=self.told(where, row, SIDES[0]),
            reference=self.told(where, row, SIDES[1]),
        )

    def told(self, where: str, row: Mapping[str, Any], side: str) -> Side:
        """One side of it: its codes where they are given, else what its text says."""
        text = _text(where, row.get(side))
        if _words(row, side):
            return Side(findings=grouped(self._coded(where, row, side)), text=text)
        if text is None:
            raise InputError(where, f"has no {side}", EXPLAIN)
        return Side(findings=grouped((said.code, said.presence) for said in self.labeller.label(text)), text=text)

    def _coded(self, where: str, row: Mapping[str, Any], side: str) -> Iterator[tuple[str, Presence]]:
        codes = row.get(f"{side}_codes")
        for word in _words(row, side):
            said = codes.get(word, Presence.PRESENT) if isinstance(codes, dict) else Presence.PRESENT
            if said not in set(Presence):
                raise InputError(where, f"has the presence {said!r}", f"presences are {', '.join(Presence)}")
            if word in self.labels.known:
                yield self.labels.known[word].code, Presence(said)


def _text(where: str, told: object) -> str | None:
    """A report as one text; its sections where it is an object of them."""
    if isinstance(told, dict):
        told = "\n\n".join(f"{name}: {part}" for name, part in told.items() if part)
    if told is not None and not isinstance(told, str):
        raise InputError(where, "has a report that is no text", EXPLAIN)
    return told if told and told.strip() else None


def _string(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _check(path: Path, pairs: tuple[ReportPair, ...]) -> None:
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        if (pair.by, pair.case) in seen:
            raise InputError(path.name, f"holds {pair.case} by {pair.by} more than once", "leave one of them out")
        seen.add((pair.by, pair.case))


def _remarks(pairs: tuple[ReportPair, ...], labels: Labels) -> Iterator[str]:
    if labels.unknown:
        yield f"codes that the vocabulary does not know are left out: {', '.join(labels.unknown)}"
    silent = sum(pair.candidate.text is not None and not pair.candidate.findings for pair in pairs)
    if silent:
        yield f"{silent} candidate texts say nothing of any finding that the labeller knows"
    if all(pair.patient_id == pair.case for pair in pairs):
        yield "no patient_id is given: every case counts as a patient of its own"
