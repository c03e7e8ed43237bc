"""The windows of a site's own service: what its store holds of one reader, counted as the charts want it.

An answer of a stand-in, asked because the reader was not there, is none of the reader's. A finding counts as seen where
it is said to be present; on what nobody could assess nothing is counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from wetread.domain.consensus import NOT_ASKED
from wetread.domain.finding import Presence
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.report import Report
from wetread.evaluate.drift.answers import Told
from wetread.evaluate.drift.baseline import Window
from wetread.evaluate.drift.pictures import DESCRIPTOR_SIZE
from wetread.store.drift import ReadRow, reads_between, signed_between
from wetread.store.records import from_record
from wetread.store.sentinels import SentinelAnswer, answers_between, first_answers

ANY, ANSWERED = "any finding", "answered"
FACTS = ("manufacturer", "model", "station", "software", "modality", "body_part", "view", "sex", "age_band")
NUMBERS = ("images", "rows", "columns")
STATED = frozenset({Presence.PRESENT, Presence.ABSENT, Presence.UNCERTAIN})


def window_of(connection: Connection, reader: str, since: datetime, until: datetime) -> Window:
    """What one reader's studies brought from `since` until before `until`.

    Agreement is told of what was signed in that time, whenever it was read.
    Raises: RecordInvalid where a stored answer can't be read.
    """
    rows, answers = [], []
    for row in reads_between(connection, reader, since, until):
        answer: Answer = from_record(Answer, row.body)
        if (isinstance(answer, Abstention) and answer.code == NOT_ASKED) or _is_stand_in(answer):
            continue
        rows.append(replace(row, body=""))
        answers.append(answer)
    said = [one for one in answers if isinstance(one, Read)]
    return Window(
        since=since,
        until=until,
        facts={**_facts(rows), **({ANSWERED: tuple(_answered(one) for one in answers)} if answers else {})},
        numbers=_numbers(rows),
        descriptors=_descriptors(rows),
        findings=_findings(said),
        agreement=_agreement(connection, reader, since, until),
        latency_s=_by(reader, [one.latency_s for one in rows if one.answered]),
        token_ratio=_by(reader, map(_token_ratio, said)),
        fingerprints=_by(reader, map(_fingerprint, said)),
        sentinels=told_of(answers_between(connection, reader, since, until)),
    )


def sentinels_held_to(
    connection: Connection, reader: str, known: Mapping[str, Mapping[str, Told]]
) -> dict[str, Mapping[str, Told]]:
    """What a reader should say of each sentinel still asked of: what its baseline knows, else what it said first."""
    first = told_of(first_answers(connection, reader))
    return {name: known.get(name, said) for name, said in first.items()}


def told_of(answers: Iterable[SentinelAnswer]) -> dict[str, Mapping[str, Told]]:
    """The last of these answers on each sentinel."""
    return {
        one.name: {
            code: Told(presence=Presence(said["presence"]), probability=said["probability"])
            for code, said in one.said.items()
        }
        for one in answers
    }


def said_of(answer: Answer) -> dict[str, dict[str, Any]]:
    """An answer on a sentinel as the store keeps it, by code and side; nothing of a reader that abstained."""
    if isinstance(answer, Abstention):
        return {}
    return {
        one.code if one.laterality is None else f"{one.code} {one.laterality.value}": {
            "presence": one.presence.value,
            "probability": one.probability if one.probability is not None else one.confidence_raw,
        }
        for one in answer.findings
    }


def _is_stand_in(answer: Answer) -> bool:
    return isinstance(answer, Read) and answer.trace is not None and bool(answer.trace.hops)


def _answered(answer: Answer) -> str:
    if isinstance(answer, Read):
        return "read"
    return "failed" if answer.failed else "abstained"


def _facts(rows: Iterable[ReadRow]) -> dict[str, tuple[str | None, ...]]:
    described = [row.descriptor["facts"] for row in rows if row.descriptor and row.descriptor["facts"]]
    return {name: tuple(one.get(name) for one in described) for name in FACTS} if described else {}


def _numbers(rows: Iterable[ReadRow]) -> dict[str, tuple[float | None, ...]]:
    described = [row.descriptor["numbers"] for row in rows if row.descriptor and row.descriptor["numbers"]]
    return {name: tuple(one.get(name) for one in described) for name in NUMBERS} if described else {}


def _descriptors(rows: Iterable[ReadRow]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    pictures = [row.descriptor["picture"] for row in rows if row.descriptor and row.descriptor["picture"]]
    known = [one for one in pictures if len(one) == DESCRIPTOR_SIZE]
    return np.array(known, dtype=np.float64).reshape(len(known), DESCRIPTOR_SIZE)


def _findings(said: Iterable[Read]) -> dict[str, tuple[bool, ...]]:
    """Whether each finding was seen, a study each in which it was spoken of; one on both sides counts once."""
    seen: dict[str, list[bool]] = {}
    for one in said:
        for code, present in _present(one).items():
            seen.setdefault(code, []).append(present)
    return {code: tuple(told) for code, told in seen.items()}


def _present(read: Read) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for one in read.findings:
        if one.presence in STATED:
            found[one.code] = found.get(one.code, False) or one.presence is Presence.PRESENT
    return found


def _agreement(
    connection: Connection, reader: str, since: datetime, until: datetime
) -> dict[str, tuple[tuple[bool, bool], ...]]:
    pairs: dict[str, list[tuple[bool, bool]]] = {}
    for _, report_body, body in signed_between(connection, reader, since, until):
        answer: Answer = from_record(Answer, body)
        if not isinstance(answer, Read) or _is_stand_in(answer):
            continue
        human, own = _signed(from_record(Report, report_body)), _present(answer)
        for code, present in own.items():
            pairs.setdefault(code, []).append((present, code in human))
        if own:
            pairs.setdefault(ANY, []).append((any(own.values()), bool(human & own.keys())))
    return {what: tuple(told) for what, told in pairs.items()}


def _signed(report: Report) -> set[str]:
    """The codes that the human says are there."""
    joined = report.consensus.findings if report.consensus else ()
    return {one.finding.code for one in joined if one.finding.presence is Presence.PRESENT}


def _token_ratio(read: Read) -> float | None:
    """Billed over predicted tokens of what was sent: what comes back differs from study to study."""
    usage = read.usage
    if usage is None or not usage.input_tokens or not usage.predicted_input_tokens:
        return None
    return usage.input_tokens / usage.predicted_input_tokens


def _fingerprint(read: Read) -> str:
    """Who answered: our fingerprint of the reader, and the model that the provider itself named."""
    named = read.trace.answered_by if read.trace else None
    return f"{read.reader.fingerprint} {named}" if named else read.reader.fingerprint


def _by(reader: str, values: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    known = tuple(_known(values))
    return {reader: known} if known else {}


def _known(values: Iterable[Any]) -> Iterator[Any]:
    return (value for value in values if value is not None)
