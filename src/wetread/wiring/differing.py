"""AI against what humans signed: kept with each signature, told as figures of a period."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from wetread.domain.report import Report
from wetread.domain.vocabulary import Term
from wetread.errors import InputError, NotFound
from wetread.evaluate.discordance import (
    Around,
    Asked,
    Comparison,
    Discordance,
    Judgement,
    Kept,
    Question,
    Sitting,
    agreements,
    compare,
    differences,
    discordance,
)
from wetread.evaluate.policy import load_evaluation_policy
from wetread.store import discordance as kept_ones
from wetread.store.database import Database
from wetread.store.discordance import Look
from wetread.store.locks import locked_row
from wetread.store.records import from_record, to_record
from wetread.store.review import StoredReport, decisions_of, report_of

ORDINARY = timedelta(weeks=13)
LONGEST = timedelta(days=732)
MOST = 100_000  # signed reports that one look takes in: a quarter of a minute and about a gigabyte


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What adjudicators are asked: every difference, and agreements of this share of reports, drawn by chance."""

    terms: Mapping[str, Term]
    agreed_share: float


def note_signature(
    connection: Connection, row: Mapping[str, Any], signed: Report, asking: Asking, *, now: datetime
) -> None:
    """Keep what AI had said beside what was just signed, and the questions that this gives an adjudicator.

    `row` is the study's as it was before. It belongs into the signature's own transaction.
    """
    _note(connection, row, signed, asking, now=now, state=kept_ones.STANDS)


def catch_up(database: Database, since: datetime, until: datetime, asking: Asking) -> int:
    """Compare what was signed in the period before comparisons were kept; how many reports. Again it changes nothing.

    Raises: StoreUnavailable, RecordInvalid.
    """
    found = kept_ones.not_compared(database, since, until)
    for report_id, study_id in found:
        with database.write() as connection:
            row = locked_row(connection, study_id)
            stored = report_of(connection, report_id)
            then = {**row, "version": stored.version}
            state = kept_ones.state_of(connection, study_id, stored.at)
            _note(connection, then, stored.report, asking, now=stored.at, state=state)
    return len(found)


def _note(
    connection: Connection, row: Mapping[str, Any], signed: Report, asking: Asking, *, now: datetime, state: str
) -> None:
    assert signed.signature is not None
    study_id, by, base_id = row["study_id"], signed.signature.by, signed.signature.preliminary_id
    base = _base(connection, base_id)
    looks = kept_ones.looks_of(connection, study_id, by=by, since=base.at if base else row["arrived_at"], until=now)
    shown = [look for look in looks if look.shown is not None and look.shown.get("report") == base_id]
    modalities = {one.modality for one in signed.study.instances if one.is_image and one.modality}
    around = Around(
        scanner=kept_ones.scanner_of(connection, study_id, modalities),
        blinded=row["blinded"],
        sitting=_sitting(looks, shown, signed, now),
        shown_at=shown[0].at if shown else None,
    )
    decisions = decisions_of(connection, study_id, report_id=base_id)
    told = compare(base.report if base else None, signed, decisions, around)
    values = {"report_id": signed.report_id, "study_id": study_id, "version": row["version"], "by": by}
    values |= {"body": to_record(Comparison, told)}
    terms = {**asking.terms, **signed.terms}
    alike = agreements(told, terms, signed.report_id, asking.agreed_share)
    asked = [_row(one) for one in (*differences(told, terms), *alike)]
    kept_ones.keep_comparison(connection, values, asked, now=now, state=state)


def _row(one: Question) -> dict[str, Any]:
    told = {"kind": one.kind.value, "ai": one.ai.value, "human": one.human.value}
    return {"reader": one.reader, "code": one.code, "category": one.category, **told}


def figures_of(database: Database, asked: Asked, terms: Mapping[str, Term]) -> Discordance:
    """AI in service in one period.

    Raises: InputError where it holds too many signed reports, StoreUnavailable, RecordInvalid.
    """
    since, until = asked.since, asked.until
    if (n := kept_ones.count_between(database, since, until)) > MOST:
        raise InputError("the period", f"holds {n} signed reports, more than {MOST}", "ask for a shorter one")
    rows = kept_ones.comparisons_between(database, since, until)
    verdicts = kept_ones.verdicts_between(database, since, until)
    return discordance(
        (_kept(row) for row in rows),
        {key: Judgement(verdict) for key, (verdict, _) in verdicts.items()},
        asked,
        own=frozenset(key for key, (_, own) in verdicts.items() if own),
        labels={code: term.label for code, term in terms.items()},
        least=load_evaluation_policy().least.positives,
    )


def asked_for(
    now: datetime, *, since: datetime | None = None, until: datetime | None = None, **narrowed: str | None
) -> Asked:
    """The period that is meant, the last 13 weeks where none is named; `narrowed` are the other fields of `Asked`.

    Raises: InputError where it ends before it begins, is longer than two years, or a group has no name.
    """
    end = until or now + timedelta(microseconds=1)  # what was signed this very moment counts
    begin = since or end - ORDINARY
    if not begin < end:
        raise InputError("since", "lies after the end of the period", "give an earlier moment")
    if end - begin > LONGEST:
        raise InputError("since", "lies more than two years before the end of the period", "ask for a part of it")
    try:
        return Asked(since=begin, until=end, **narrowed)
    except ValueError as problem:
        raise InputError("by", str(problem), "give both `by` and `group`, or neither") from None


def _base(connection: Connection, report_id: str) -> StoredReport | None:
    """The report that was signed over; None where no reader was asked: what was signed then was never kept."""
    try:
        return report_of(connection, report_id)
    except NotFound:
        return None


def _sitting(looks: Sequence[Look], shown: Sequence[Look], signed: Report, now: datetime) -> Sitting:
    before = next((look.shown for look in shown if look.shown and look.shown.get("sha256")), None)
    words = hashlib.sha256(signed.impression.strip().encode()).hexdigest()
    return Sitting(
        seconds=(now - looks[0].at).total_seconds() if looks else None,
        ai_shown=bool(shown),
        words_changed=None if before is None else before["sha256"] != words,
    )


def _kept(row: Mapping[str, Any]) -> Kept:
    told: Comparison = from_record(Comparison, row["body"])
    fields = {name: row[name] for name in ("report_id", "study_id", "version", "at", "state")}
    return Kept(**fields, told=told)
