"""A site's signed studies as cases: what humans signed is the truth, what readers said in service is the log.

The folder holds cases.csv, log.jsonl and, if wanted, the pictures as they are stored. Names of files and patients are
stand-ins; the pictures themselves still name whom they show.
"""

import csv
import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Presence
from wetread.domain.read import Answer, Read
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import ConfigurationError, InputError, NotFound
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import NOTHING, SEPARATOR
from wetread.evaluate.log import Answered, LogWriter, answered
from wetread.evaluate.reports import labeller_for
from wetread.evaluate.triage import due
from wetread.intake.found import Found
from wetread.privacy.deidentify.pseudonyms import Pseudonyms
from wetread.store.flow import founds_of
from wetread.store.reading import StoredRead, reads_of
from wetread.store.records import from_record
from wetread.store.signed import Signed, preliminary_of, signed_of, signed_studies
from wetread.wiring.evaluating import joined, open_evaluation
from wetread.wiring.service import Service

CASES, PICTURES = "cases.csv", "pictures"
REPORT = "report"  # what the readers told together: the preliminary report that a human was shown
COLUMNS = ("file", "patient_id", "labels", "split", "age", "sex", "view", "modality")
OLDEST_TOLD_YEARS = 90  # whoever is older is as old as that: so few are, that an age tells who (45 CFR 164.514(b)(2))
SHORTEST_NAME, LONG_NAME = 3, 5
WORD = re.compile(r"[^\W_]+")
FILMS = ("CR", "DX")
PICTURE_MARKS = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png"}
SHARES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which studies: signed from `since` until before `until`. With pictures or without them.

    `calib_share` is the share of patients whose cases go to the calibration split.
    """

    since: datetime | None = None
    until: datetime | None = None
    pictures: bool = True
    calib_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of it: `without_truth` studies were left out, of cases `without_pictures` only the log knows."""

    cases: int
    answers: int
    readers: tuple[str, ...]
    without_pictures: int
    without_truth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Study:
    """One signed study on its way out."""

    row: Mapping[str, Any] = field(repr=False)
    signed: Signed
    case: Case


def write_cases(service: Service, wish: Wish, out: Path, *, secret: bytes, command: str) -> Written:
    """The folder, whole or not at all. Stand-ins for names follow from the `secret`.

    Raises: ConfigurationError where `out` holds something; InputError where nobody signed anything then, or where the
    folder is named after a patient whose study would go there.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out} holds files already; name a new folder")
    vocabulary = load_vocabulary(service.settings.vocabulary_file)
    with service.database.read() as connection:
        rows = signed_studies(connection, since=wish.since, until=wish.until)
        truths = signed_of(connection, [row["study_id"] for row in rows])
    _check_name(out, rows)
    pairs = [(row, truths.get(row["study_id"])) for row in rows]
    studies = list(_studies(pairs, vocabulary, Pseudonyms(secret), wish))
    if not studies:
        raise InputError("the period", f"holds no signed truth ({len(rows)} studies were signed)", "name another")
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".cases-", dir=out.parent))  # for its owner's eyes only
    try:
        written = _write(service, studies, part, pictures=wish.pictures, command=command)
        if out.exists():
            out.rmdir()
        part.rename(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return replace(written, without_truth=len(rows) - len(studies))


def _write(service: Service, studies: Sequence[_Study], folder: Path, *, pictures: bool, command: str) -> Written:
    told: list[Answered] = []
    cases: list[Case] = []
    without = 0
    for study in studies:
        view, kept = _keep_pictures(service, study, folder if pictures else None)
        cases.append(replace(study.case, view=view))
        without += not kept
        told += _answers(service, study)
    (folder / CASES).write_bytes(_csv(cases))
    work = open_evaluation(
        service.settings, folder / CASES, images=None, out=folder, seed=None, draws=None, command=command
    )
    answers = list(_by_fingerprint(told))
    with LogWriter(work.log_file, is_durable=False) as log:
        for one in answers:
            log.add(one)
    readers = tuple(dict.fromkeys(one.reader for one in answers))
    return Written(cases=len(cases), answers=len(answers), readers=readers, without_pictures=without)


def _studies(
    signed_by_study: Sequence[tuple[Mapping[str, Any], Signed | None]],
    vocabulary: Vocabulary,
    pseudonyms: Pseudonyms,
    wish: Wish,
) -> Iterator[_Study]:
    for row, signed in signed_by_study:
        codes = None if signed is None else _truth(row, signed, vocabulary)
        if signed is None or codes is None:
            continue
        patient = pseudonyms.patient_id(row["patient_id"] or row["study_id"])
        place = int(hashlib.sha256(patient.encode()).hexdigest()[:12], 16) % SHARES
        age = row["age_years"]
        case = Case(
            case_id=f"{PICTURES}/{row['ref']}",
            patient_id=patient,
            codes=codes,
            file=f"{PICTURES}/{row['ref']}",
            split="calib" if place < wish.calib_share * SHARES else "test",
            age_years=None if age is None else min(float(int(age)), float(OLDEST_TOLD_YEARS)),
            sex=row["patient_sex"],
            modality=next((name for name in row["modalities"].split("\\") if name), None),
        )
        yield _Study(row=row, signed=signed, case=case)


def _truth(row: Mapping[str, Any], signed: Signed, vocabulary: Vocabulary) -> frozenset[str] | None:
    """The codes that were signed as present; of a chest film's report in words alone, those that its words say."""
    if signed.codes is not None:
        return signed.codes & vocabulary.terms.keys()
    is_film = "\\CHEST\\" in row["body_parts"] and any(f"\\{film}\\" in row["modalities"] for film in FILMS)
    told = labeller_for(vocabulary).label(signed.words) if is_film else ()
    return frozenset(one.code for one in told if one.presence is Presence.PRESENT) if told else None


def _check_name(out: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """No part of the way to the folder may name somebody whose study goes there. The message does not either."""
    way = " ".join(out.absolute().parts[-3:]).casefold()
    parts = set(WORD.findall(way))
    for row in rows:
        told = " ".join(filter(None, (row["patient_id"], row["accession_number"], row["patient_name"]))).casefold()
        for word in WORD.findall(told):
            # a short word may stand in any other; a long one is a name wherever it stands
            if (len(word) >= SHORTEST_NAME and word in parts) or (len(word) >= LONG_NAME and word in way):
                raise InputError("the folder", "is named after a patient whose study goes there", "name it otherwise")


def _keep_pictures(service: Service, study: _Study, folder: Path | None) -> tuple[str | None, int]:
    """The study's pictures, under numbers: their projection, where all say the same, and how many lie in the folder."""
    projections = set()
    kept = 0
    for number, (blob, record) in enumerate(founds_of(service.database, study.row["study_id"]), 1):
        found: Found = from_record(Found, record)
        if not found.instance.is_image:
            continue
        projections.add(found.instance.projection)
        if folder is None:
            continue
        try:
            source = service.blobs.local_path(blob)
        except NotFound:  # retention took it; the log still knows the answers
            continue
        target = folder / PICTURES / study.row["ref"] / f"{number:05d}{_suffix(source)}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        kept += 1
    return projections.pop() if len(projections) == 1 else None, kept


def _suffix(path: Path) -> str:
    """How such a file is called: a blob has no name."""
    with path.open("rb") as file:
        head = file.read(4)
    return next((suffix for mark, suffix in PICTURE_MARKS.items() if head.startswith(mark)), ".dcm")


def _answers(service: Service, study: _Study) -> Iterator[Answered]:
    """What each reader said of the version that was signed, and what the report said that the human was shown."""
    settings = service.settings
    vocabulary, policy = load_vocabulary(settings.vocabulary_file), load_policy(settings.policy_file)
    with service.database.read() as connection:
        reads = reads_of(connection, study.row["study_id"], version=study.signed.version)
        shown = preliminary_of(connection, study.row["study_id"], study.signed.version)
    hashes = tuple(blob for blob, _ in founds_of(service.database, study.row["study_id"]))

    def of(answer: Answer, read: StoredRead | None, priority: Priority | None) -> Answered:
        latency_s = None if read is None else read.latency_s
        return replace(answered(study.case, answer, latency_s=latency_s, priority=priority), sha256s=hashes[:8])

    for read in sorted(reads, key=lambda one: (one.reader, one.at)):
        claim = read.answer.priority_claim if isinstance(read.answer, Read) else None
        if claim is not None and isinstance(read.answer, Read):
            present = [one.code for one in read.answer.findings if one.presence is Presence.PRESENT]
            claim = min(claim, due([c for c in present if c in vocabulary.terms], vocabulary, policy), key=_rank)
        yield of(read.answer, read, claim)
    if shown is not None and shown.answers:
        yield of(joined(shown, REPORT), None, shown.urgency.priority)


def _rank(priority: Priority) -> int:
    return priority.rank


def _by_fingerprint(told: Sequence[Answered]) -> Iterator[Answered]:
    """One reader is one fingerprint: what an earlier one of the same name said stands under its own name."""
    last = {one.reader: one.fingerprint for one in told}
    for one in told:
        joint = one.reader == REPORT or one.fingerprint == last[one.reader]
        yield one if joint else replace(one, reader=f"{one.reader}@{one.fingerprint[:8]}")


def _csv(cases: Sequence[Case]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for case in cases:
        labels = SEPARATOR.join(sorted(case.codes)) or NOTHING
        age = "" if case.age_years is None else f"{case.age_years:g}"
        writer.writerow(
            (case.file, case.patient_id, labels, case.split, age, case.sex or "", case.view or "", case.modality or "")
        )
    return text.getvalue().encode()
