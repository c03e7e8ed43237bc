"""The cases of an evaluation: a file or a study each, whose patient, and what is true of it."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wetread.domain.vocabulary import Vocabulary
from wetread.errors import InputError
from wetread.evaluate.beside import About, read_about
from wetread.evaluate.boxes import Drawn, TrueBox, drawn_in, labels_of_boxes, placed, read_boxes
from wetread.evaluate.labels import NOTHING, SEPARATOR, Labels, labels_of, plain

LARGEST_BYTES = 256 * 1024 * 1024
SPLITS = {"train": "train", "val": "calib", "valid": "calib", "validation": "calib", "calib": "calib", "test": "test"}
SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "o": "O"}
EXPLAIN = "a case file is CSV or JSON lines with file or study_uid, patient_id and labels joined by |"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. `codes` are the labels that are true of it; every other label of the file is not.

    `split` is calib (thresholds and maps are fixed on it), test (figures are told on it) or train (left out).
    `boxes` say where findings lie; their codes need not be labels of the file.
    """

    case_id: str
    patient_id: str
    codes: frozenset[str]
    file: str | None = None
    study_uid: str | None = None
    split: str = "test"
    age_years: float | None = None
    sex: str | None = None
    view: str | None = None
    modality: str | None = None
    site: str | None = None
    boxes: tuple[TrueBox, ...] = ()

    @property
    def abnormal(self) -> bool:
        """Whether anything is true of it."""
        return bool(self.codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The cases of one file, its labels, its fingerprint, and what had to be said of it."""

    cases: tuple[Case, ...]
    labels: Labels
    sha256: str
    remarks: tuple[str, ...] = field(default=())
    about: About = field(default_factory=About)


def read_cases(path: Path, vocabulary: Vocabulary, *, boxes: Path | None = None) -> Cases:
    """The cases of a CSV or JSON lines file; `boxes` is a CSV of where findings lie, beside the file's own.

    Raises: InputError naming the line where a case can't be one, or a patient is in the calibration and the test split.
    """
    raw = path.read_bytes()
    if len(raw) > LARGEST_BYTES:
        raise InputError(path.name, f"is larger than {LARGEST_BYTES} bytes", "split it")
    rows = list(_rows(path, raw))
    if not rows:
        raise InputError(path.name, "holds no case", EXPLAIN)
    words = {word for _, row in rows for word in _words(row)}
    labels = labels_of(words, vocabulary)
    cases = tuple(_case(path, line, row, labels) for line, row in rows)
    _check(path, cases)
    drawn = {case.case_id: drawn_in(row, f"{path.name}, line {n}") for case, (n, row) in zip(cases, rows, strict=True)}
    beside = read_boxes(boxes) if boxes is not None else {}
    box_labels = labels_of_boxes((one for part in (*drawn.values(), *beside.values()) for one in part), vocabulary)
    every = {name: (*own, *beside.get(name, ())) for name, own in drawn.items()}
    return Cases(
        cases=tuple(replace(case, boxes=tuple(placed(every[case.case_id], box_labels))) for case in cases),
        labels=labels,
        sha256=hashlib.sha256(raw).hexdigest(),
        remarks=(*_remarks(cases, labels), *_box_remarks(drawn, beside, box_labels)),
        about=read_about(path),
    )


def _box_remarks(cases: Container[str], beside: Mapping[str, Sequence[Drawn]], labels: Labels) -> Iterator[str]:
    if labels.unknown:
        yield f"boxes whose label the vocabulary does not know are left out: {', '.join(labels.unknown)}"
    strangers = sum(len(boxes) for case, boxes in beside.items() if case not in cases)
    if strangers:
        yield f"boxes that belong to no case of this file are left out: {strangers}"


def _rows(path: Path, raw: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(path.name, "is not UTF-8 text", EXPLAIN) from None
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield number, _object(path, number, line)
        return
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in ("patient_id", "labels") if name not in (reader.fieldnames or ())]
    if missing or not {"file", "study_uid"} & set(reader.fieldnames or ()):
        raise InputError(path.name, f"lacks the column {(missing or ['file or study_uid'])[0]}", EXPLAIN)
    for row in reader:
        yield reader.line_num, row


def _object(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise InputError(f"{path.name}, line {number}", "is no JSON object", EXPLAIN)
    return told


def _words(row: Mapping[str, Any]) -> list[str]:
    told = row.get("labels")
    parts = told if isinstance(told, list) else str(told or "").split(SEPARATOR)
    return [str(part).strip() for part in parts if str(part).strip()]


def _case(path: Path, line: int, row: Mapping[str, Any], labels: Labels) -> Case:
    where = f"{path.name}, line {line}"
    file, study_uid, patient = (_text(row.get(name)) for name in ("file", "study_uid", "patient_id"))
    if (file or study_uid) is None or patient is None:
        raise InputError(where, "names no file or study_uid, or no patient_id", EXPLAIN)
    split = SPLITS.get((_text(row.get("split")) or "test").casefold())
    if split is None:
        raise InputError(where, f"split is {row.get('split')!r}", "splits are train, calib (or val) and test")
    age = _text(row.get("age"))
    try:
        years = None if age is None else float(age)
    except ValueError:
        raise InputError(where, f"age is {age!r}", "give years as a number") from None
    return Case(
        case_id=file or study_uid or "",
        patient_id=patient,
        codes=frozenset(labels.known[word].code for word in _words(row) if word in labels.known),
        file=file,
        study_uid=study_uid,
        split=split,
        age_years=years,
        sex=SEXES.get((_text(row.get("sex")) or "").casefold()),
        view=_text(row.get("view")),
        modality=_text(row.get("modality")),
        site=_text(row.get("site")),
    )


def _text(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _check(path: Path, cases: tuple[Case, ...]) -> None:
    twice = [name for name, n in Counter(case.case_id for case in cases).items() if n > 1]
    if twice:
        raise InputError(path.name, f"holds {twice[0]} more than once", "leave one of them out")
    both = {c.patient_id for c in cases if c.split == "calib"} & {c.patient_id for c in cases if c.split == "test"}
    if both:
        raise InputError(
            path.name,
            f"has {len(both)} patients in the calibration and in the test split",
            "split by patient: films of one patient know each other",
        )


def _remarks(cases: tuple[Case, ...], labels: Labels) -> Iterator[str]:
    if labels.unknown:
        yield f"labels that the vocabulary does not know are left out: {', '.join(labels.unknown)}"
    train = sum(case.split == "train" for case in cases)
    if train:
        yield f"{train} cases of the training split are left out"
    if not any(case.split == "calib" for case in cases):
        yield "there is no calibration split: no map is fitted and no threshold chosen here"


def says_nothing(word: str) -> bool:
    """Whether a label says that nothing was found."""
    return plain(word) == NOTHING
