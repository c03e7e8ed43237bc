"""The log of an evaluation: everything that was asked and answered, so that it can be scored again without any reader.

JSON lines: one manifest, then a line a case, then a line an answer as it came. A run that was cut off goes on from it.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from wetread.domain.finding import Finding, Laterality, Presence
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.urgency import Priority
from wetread.errors import InputError
from wetread.evaluate.cases import Case

SCHEMA = "wetread.evaluation/1"
JOINED = "panel"
"""The version that stands for what a panel or a cascade joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBox:
    """Where a reader saw something: fractions 0-1 of a source frame (x0, y0, x1, y1), and who drew it (cam, vlm)."""

    box: tuple[float, float, float, float]
    origin: str
    sop_instance_uid: str | None = None
    frame: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a reader said of one code: its probability is calibrated or null, `stated` is whatever number it gave.

    `laterality` is the side that it told, both sides being bilateral; `boxes` are in the order in which it told them.
    """

    presence: Presence
    probability: float | None = None
    stated: float | None = None
    kind: str | None = None  # of the stated number: score, verbal, stated
    calibrator: str | None = None  # what stands behind the probability
    laterality: Laterality | None = None
    boxes: tuple[ToldBox, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One reader's answer to one case. `status` is read, abstained (not its examination) or failed (it broke).

    `swapped_with` names the case whose picture, or whose clinical text, it was given on purpose.
    """

    case_id: str
    reader: str
    version: str
    fingerprint: str
    status: str
    model_id: str | None = None
    reason: str | None = None
    abnormal_probability: float | None = None
    findings: Mapping[str, Told] = field(default_factory=dict)
    priority: Priority | None = None
    latency_s: float | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached: bool = False
    repairs: int = 0
    study_uid: str | None = None  # with the hashes, what finds the study again
    sha256s: tuple[str, ...] = ()
    swapped_with: str | None = None

    @property
    def is_read(self) -> bool:
        """Whether it says anything of the case."""
        return self.status == "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an evaluation rests on; part of every log and of metrics.json."""

    cases_sha256: str
    software: str
    vocabulary: str
    policy: str
    command: str
    seed: int
    started_at: str
    context_sha256: str | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)
    schema: str = SCHEMA


@dataclass(slots=True)
class Log:
    """A log as it was read."""

    manifest: Manifest | None = None
    cases: dict[str, Case] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answered] = field(default_factory=dict)  # by reader and case; the last one counts

    def readers(self) -> tuple[str, ...]:
        """The readers, in the order in which they first answered."""
        return tuple(dict.fromkeys(reader for reader, _ in self.answers))

    def of(self, reader: str) -> dict[str, Answered]:
        """A reader's answers by case."""
        return {case: answer for (name, case), answer in self.answers.items() if name == reader}


def answered(case: Case, answer: Answer, *, latency_s: float | None, priority: Priority | None) -> Answered:
    """An answer as the log keeps it: numbers and codes, no words of the patient's."""
    who = answer.reader
    same: dict[str, Any] = {
        "case_id": case.case_id,
        "reader": who.name,
        "version": who.version,
        "fingerprint": who.fingerprint,
        "model_id": who.model_id,
        "latency_s": latency_s,
    }
    if isinstance(answer, Abstention):
        return Answered(**same, status="failed" if answer.failed else "abstained", reason=answer.code)
    if not answer.answered:
        return Answered(**same, status="failed", reason="said_nothing")
    usage, trace = answer.usage, answer.trace
    return Answered(
        **same,
        status="read",
        abnormal_probability=answer.abnormal_probability,
        findings=_told(answer),
        priority=priority,
        cost_usd=answer.cost_usd,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cached=trace.cached if trace else False,
        repairs=trace.repairs if trace else 0,
    )


def _told(read: Read) -> dict[str, Told]:
    """By code; where a code is told of both sides, the one that counts more, with both sides and all boxes."""
    by_code: dict[str, list[Finding]] = {}
    for finding in read.findings:
        by_code.setdefault(finding.code, []).append(finding)
    return {code: _joined(sorted(told, key=_weight, reverse=True)) for code, told in by_code.items()}


def _joined(told: Sequence[Finding]) -> Told:
    """Of one code, the finding that counts most first."""
    seen = [one for one in told if one.presence in {Presence.PRESENT, Presence.UNCERTAIN}]
    sides = {one.laterality for one in seen if one.laterality is not None and one.presence is told[0].presence}
    both = Laterality.BILATERAL if Laterality.MIDLINE not in sides else None
    return Told(
        presence=told[0].presence,
        probability=told[0].probability,
        stated=told[0].confidence_raw,
        kind=told[0].confidence_kind,
        calibrator=told[0].calibrator_id,
        laterality=both if len(sides) > 1 else next(iter(sides), None),
        boxes=tuple(
            ToldBox(box=one.box, origin=one.origin, sop_instance_uid=one.sop_instance_uid, frame=one.frame)
            for finding in seen
            for one in finding.evidence
        ),
    )


ORDER = {Presence.NOT_ASSESSABLE: 0, Presence.ABSENT: 1, Presence.UNCERTAIN: 2, Presence.PRESENT: 3}


def _weight(told: Finding) -> tuple[int, float]:
    return ORDER[told.presence], told.probability or 0.0


CASE, ANSWER, MANIFEST = TypeAdapter(Case), TypeAdapter(Answered), TypeAdapter(Manifest)
KINDS: Mapping[str, TypeAdapter[Any]] = {"manifest": MANIFEST, "case": CASE, "answer": ANSWER}


def read_log(path: Path) -> Log:
    """A log as far as it goes: a last line that was cut off by a crash is left out.

    Raises: InputError naming the line that is no line of a log.
    """
    log = Log()
    for kind, told in _lines(path):
        if isinstance(told, Manifest):
            log.manifest = log.manifest or told
        elif isinstance(told, Case):
            log.cases[told.case_id] = told
        else:
            assert isinstance(told, Answered), kind
            log.answers[told.reader, told.case_id] = told
    return log


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                told = json.loads(line)
                kind = told.pop("kind")
                yield kind, KINDS[kind].validate_python(told)
            except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
                raise InputError(f"{path.name}, line {number}", f"is no line of a {SCHEMA} log") from None


class LogWriter:
    """Adds lines to a log; each one is on the disk before the next is asked for. Use it as a context manager.

    Not `is_durable`: on the disk once it is closed, for a log that is written from what is kept elsewhere.
    """

    def __init__(self, path: Path, *, is_durable: bool = True) -> None:
        self._is_durable = is_durable
        path.parent.mkdir(parents=True, exist_ok=True)
        cut = _cut_off(path)
        self._file: IO[bytes] = path.open("ab")
        if cut is not None:
            self._file.truncate(cut)

    def __enter__(self) -> "LogWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._keep()
        self._file.close()

    def add(self, told: Manifest | Case | Answered) -> None:
        """One line more."""
        kind = {Manifest: "manifest", Case: "case", Answered: "answer"}[type(told)]
        line = json.dumps({"kind": kind, **_plain(told)}, ensure_ascii=False, separators=(",", ":"))
        self._file.write(line.encode() + b"\n")
        if self._is_durable:
            self._keep()

    def _keep(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


def _plain(told: Manifest | Case | Answered) -> dict[str, Any]:
    made: dict[str, Any] = KINDS[{Manifest: "manifest", Case: "case", Answered: "answer"}[type(told)]].dump_python(
        told, mode="json"
    )
    short = {name: _short(value) for name, value in made.items() if value is not None and value != []}
    return short | {"codes": sorted(told.codes)} if isinstance(told, Case) else short


def _short(value: object) -> object:
    """Without what nobody said: it is most of what could be said of a finding."""
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items() if one is not None and one != []}
    return value


def _cut_off(path: Path) -> int | None:
    """Where the last whole line ends, if something stands behind it."""
    if not path.is_file():
        return None
    raw = path.read_bytes()
    end = raw.rfind(b"\n") + 1
    return end if end != len(raw) else None


__all__ = ["SCHEMA", "Answered", "Log", "LogWriter", "Manifest", "Told", "answered", "read_log"]
