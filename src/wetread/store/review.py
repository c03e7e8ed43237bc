"""Human work on a study: who holds it, decisions on findings, drafts, signatures, addenda.

Every function works inside the caller's transaction, so that the act and its line in the audit stand or fall together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from wetread.domain.finding import Finding
from wetread.domain.report import Report, ReportStatus
from wetread.domain.review import (
    Decision,
    Verdict,
    amended,
    changes_words,
    signed,
    study_of_unread,
    undecided,
    withdrawn,
)
from wetread.domain.vocabulary import Term
from wetread.domain.waiting import StudyStatus
from wetread.errors import Conflict, NotFound
from wetread.store.change import change_study, remember
from wetread.store.deliveries import given_to, promise, withdraw
from wetread.store.locks import check_lock, locked_row
from wetread.store.orders import request_of
from wetread.store.records import from_record, to_record
from wetread.store.tables import decisions, deliveries, drafts, locks, reports

S = StudyStatus
UNDER_WAY = {S.QUEUED, S.READING}
SIGNABLE = UNDER_WAY | {S.REPORTED, S.FAILED, S.HELD}
TOLD_OF_REPORT = ("top_finding", "top_probability", "abnormal_probability", "agreement", "disputed")
WITHDRAWABLE = {S.REPORTED, S.FAILED, S.HELD, S.SIGNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The human's words before the signature. `revision` grows with each change; 0 is no draft."""

    text: str
    revision: int
    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report with its place among the study's others."""

    report: Report
    study_id: str
    version: int
    predecessor: str | None
    superseded_at: datetime | None
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A human's signature: on which report, and the impression in their words, else the draft's, else its own."""

    report_id: str
    by: str
    at: datetime
    text: str | None = None


NO_DRAFT = Draft(text="", revision=0)


def draft_of(connection: Connection, study_id: str) -> Draft:
    """The human's words so far."""
    row = connection.execute(select(drafts).where(drafts.c.study_id == study_id)).one_or_none()
    return NO_DRAFT if row is None else Draft(text=row.text, revision=row.revision, by=row.by, at=row.at)


def save_draft(connection: Connection, study_id: str, *, text: str, revision: int, by: str, now: datetime) -> Draft:
    """Keep the human's words; `revision` is the one they were written over.

    Raises: NotFound; Conflict where somebody else wrote meanwhile or holds the study, or where it is signed.
    """
    row = locked_row(connection, study_id)
    if row["status"] == S.SIGNED:
        raise Conflict(f"study {study_id} is signed; write an addendum")
    check_lock(connection, study_id, holder=by, now=now)
    before = draft_of(connection, study_id)
    if before.revision != revision:
        raise Conflict(
            f"the draft of study {study_id} was changed meanwhile by {before.by or 'nobody'}; merge and save again"
        )
    values = {"text": text, "revision": revision + 1, "by": by, "at": now}
    if before.revision:
        connection.execute(update(drafts).where(drafts.c.study_id == study_id).values(**values))
    else:
        connection.execute(insert(drafts).values(study_id=study_id, **values))
    return Draft(text=text, revision=revision + 1, by=by, at=now)


def decide(connection: Connection, study_id: str, decision: Decision, *, report_id: str) -> int:
    """Write a decision down; those before stay, the last one on a finding counts. Returns its number.

    Raises: NotFound; Conflict where somebody else holds the study, or it is signed.
    """
    row = locked_row(connection, study_id)
    if row["status"] not in SIGNABLE:
        raise Conflict(f"study {study_id} is {row['status']}: there is nothing to decide on")
    check_lock(connection, study_id, holder=decision.by, now=decision.at)
    values = {
        "study_id": study_id,
        "report_id": report_id,
        "finding": decision.finding_id,
        "decision": decision.verdict.value,
        "body": {"told": to_record(Finding, decision.told)} if decision.told else {},
        "by": decision.by,
        "at": decision.at,
    }
    number = connection.execute(insert(decisions).values(**values).returning(decisions.c.decision_id)).scalar_one()
    change_study(connection, study_id, now=decision.at, kind="study.decided")
    return int(number)


def decisions_of(connection: Connection, study_id: str, *, report_id: str) -> tuple[Decision, ...]:
    """The decisions on one report, in the order they were made."""
    look = select(decisions).where(decisions.c.study_id == study_id, decisions.c.report_id == report_id)
    return tuple(_decision(row) for row in connection.execute(look.order_by(decisions.c.decision_id)).mappings())


def current_report(connection: Connection, study_id: str) -> StoredReport | None:
    """The report that stands: the last that nothing supersedes."""
    look = select(reports).where(reports.c.study_id == study_id, reports.c.superseded_at.is_(None))
    last = look.order_by(reports.c.version.desc(), reports.c.at.desc(), reports.c.revision.desc()).limit(1)
    row = connection.execute(last).mappings().one_or_none()
    return None if row is None else _stored(row)


def report_of(connection: Connection, report_id: str) -> StoredReport:
    """A report by its id.

    Raises: NotFound.
    """
    row = connection.execute(select(reports).where(reports.c.report_id == report_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no report {report_id}")
    return _stored(row)


def place_of(connection: Connection, finding_id: str) -> tuple[str, str]:
    """The study and the report of a finding, a reader's or a human's.

    Raises: NotFound.
    """
    report_id = finding_id.rpartition(".")[0]
    owner = (
        study_of_unread(report_id)
        or connection.execute(select(reports.c.study_id).where(reports.c.report_id == report_id)).scalar_one_or_none()
    )
    if owner is None:
        raise NotFound(f"there is no finding {finding_id}")
    return owner, report_id


def history(connection: Connection, study_id: str) -> list[Mapping[str, Any]]:
    """Every report of a study without its body, oldest first."""
    told = [column for column in reports.c if column.name != "body"]
    look = (
        select(*told)
        .where(reports.c.study_id == study_id)
        .order_by(reports.c.version, reports.c.at, reports.c.revision, reports.c.status.desc())
    )
    return [dict(row) for row in connection.execute(look).mappings()]


def sign(
    connection: Connection,
    study_id: str,
    *,
    signing: Signing,
    unread: Callable[[], Report],
    terms: Mapping[str, Term],
    destinations: Iterable[str] = (),
) -> Report:
    """A human makes the report final: each finding is decided on, the study no longer waits.

    `unread` makes what is signed where no reader was asked for this version of the study; it goes to `destinations`.
    Every other final report goes where the preliminary one went. A read under way becomes void.

    Raises: NotFound; Conflict where another report stands by now, a finding is undecided, the words no longer follow
    from the findings, somebody else holds the study, or its state does not allow a signature.
    """
    row, by, now = locked_row(connection, study_id), signing.by, signing.at
    if row["status"] not in SIGNABLE:
        raise Conflict(f"study {study_id} is {row['status']}: it can't be signed now")
    check_lock(connection, study_id, holder=by, now=now)
    draft = draft_of(connection, study_id)
    before = current_report(connection, study_id)
    base = before.report if before and is_base(before, row) else unread()
    if base.report_id != signing.report_id:
        raise Conflict(
            f"report {signing.report_id} of study {study_id} does not stand any more; look at {base.report_id}"
        )
    said = signing.text or draft.text or None
    final = _final(connection, study_id, base, text=said, by=by, now=now, terms=terms)
    _replace(connection, row, before, final, now=now, destinations=destinations)
    for table in (drafts, locks):
        connection.execute(delete(table).where(table.c.study_id == study_id))
    void = {"generation": row["generation"] + 1} if row["status"] in UNDER_WAY else {}
    change_study(
        connection, study_id, now=now, kind="study.signed", status=S.SIGNED.value, open=False, signed_at=now, **void
    )
    remember(
        connection, study_id, "signed", f"signed by {by}", now=now, version=row["version"], report_id=final.report_id
    )
    return final


def add_addendum(connection: Connection, study_id: str, *, text: str, by: str, now: datetime) -> Report:
    """A human adds to the signed report.

    Raises: NotFound; Conflict where the study is not signed or somebody else holds it.
    """
    row = locked_row(connection, study_id)
    before = current_report(connection, study_id)
    if row["status"] != S.SIGNED or before is None or before.report.signature is None:
        raise Conflict(f"study {study_id} is not signed; write into the draft")
    check_lock(connection, study_id, holder=by, now=now)
    report = amended(before.report, text=text, by=by, at=now)
    _replace(connection, row, before, report, now=now, revision=before.revision + 1)
    change_study(connection, study_id, now=now, kind="study.amended")
    told = f"addendum by {by}"
    remember(connection, study_id, "amended", told, now=now, version=row["version"], report_id=report.report_id)
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A human takes a report back: which, why, and the sentence that says so in its place."""

    report_id: str
    reason: str
    text: str
    by: str
    at: datetime


def retract(connection: Connection, study_id: str, withdrawal: Withdrawal) -> Report:
    """The report that stands is withdrawn everywhere it went; the study waits for a human again, as urgent as it was.

    Raises: NotFound; Conflict where another report stands, it is withdrawn already, a new one is on its way, or
    somebody else holds the study.
    """
    row, by, now = locked_row(connection, study_id), withdrawal.by, withdrawal.at
    before = current_report(connection, study_id)
    if row["status"] not in WITHDRAWABLE or before is None:
        raise Conflict(f"study {study_id} is {row['status']}: no report of it can be withdrawn now")
    check_lock(connection, study_id, holder=by, now=now)
    if before.report.report_id != withdrawal.report_id or before.report.status is ReportStatus.REJECTED:
        raise Conflict(f"report {withdrawal.report_id} of study {study_id} does not stand any more")
    report = withdrawn(before.report, reason=withdrawal.reason, text=withdrawal.text, by=by, at=now)
    _replace(connection, row, before, report, now=now)
    words = f"report withdrawn by {by}: {withdrawal.reason}"
    gone = dict.fromkeys((*TOLD_OF_REPORT, "signed_at"))
    change_study(
        connection, study_id, now=now, kind="study.withdrawn", status=S.HELD.value, open=True, problem=words, **gone
    )
    remember(connection, study_id, "withdrawn", words, now=now, version=row["version"], report_id=report.report_id)
    return report


def is_base(stored: StoredReport, row: Mapping[str, Any]) -> bool:
    """Whether a human would sign this report: it is of the study's present version and not withdrawn."""
    return bool(stored.version == row["version"] and stored.report.status is not ReportStatus.REJECTED)


def check_etag(connection: Connection, study_id: str, etag: int | None) -> None:
    """The row is still the one that was looked at; it is held until the transaction ends. None: any row will do.

    Raises: NotFound; Conflict.
    """
    row = locked_row(connection, study_id)
    if etag is not None and row["etag"] != etag:
        raise Conflict(f"study {study_id} was changed meanwhile; look at it again")


def assign(connection: Connection, study_id: str, assignee: str | None, *, by: str, now: datetime) -> None:
    """Give the study to somebody, or to nobody.

    Raises: NotFound.
    """
    change_study(connection, study_id, now=now, kind="study.assigned", assignee=assignee)
    told = f"assigned to {assignee} by {by}" if assignee else f"assigned to nobody by {by}"
    remember(connection, study_id, "assigned", told, now=now)


def _final(
    connection: Connection,
    study_id: str,
    base: Report,
    *,
    text: str | None,
    by: str,
    now: datetime,
    terms: Mapping[str, Term],
) -> Report:
    made = decisions_of(connection, study_id, report_id=base.report_id)
    if open_ones := undecided(base, made):
        raise Conflict(f"{len(open_ones)} findings of study {study_id} are not decided on: {', '.join(open_ones)}")
    if text is None and (base.consensus is None or changes_words(made)):
        raise Conflict(
            f"the impression of study {study_id} does not follow from its findings; write one and sign again"
        )
    return signed(base, made, text=text, by=by, at=now, terms=terms)


def _replace(
    connection: Connection,
    row: Mapping[str, Any],
    before: StoredReport | None,
    report: Report,
    *,
    now: datetime,
    revision: int = 0,
    destinations: Iterable[str] = (),
) -> None:
    """The report stands in place of the one before and goes where that one went.

    One that withdraws goes only where something is to be withdrawn.
    """
    study_id = row["study_id"]
    report = replace(report, request=request_of(connection, row) or report.request)
    like_it = (reports.c.study_id == study_id, reports.c.version == row["version"])
    last = connection.scalar(
        select(func.max(reports.c.revision)).where(*like_it, reports.c.status == report.status.value)
    )
    standing = (reports.c.study_id == study_id, reports.c.superseded_at.is_(None))
    connection.execute(update(reports).where(*standing).values(superseded_at=now))
    connection.execute(
        insert(reports).values(
            report_id=report.report_id,
            study_id=study_id,
            version=row["version"],
            status=report.status.value,
            priority=report.urgency.priority.value,
            body=to_record(Report, report),
            predecessor=before.report.report_id if before else None,
            revision=max(revision, 0 if last is None else last + 1),
            at=now,
        )
    )
    told = before.report.report_id if before else None
    sent_to = connection.execute(select(deliveries.c.destination).where(deliveries.c.report_id == told)).scalars().all()
    held_by = given_to(connection, study_id)
    withdraw(connection, study_id, now=now)
    where = held_by if report.status is ReportStatus.REJECTED else sent_to or held_by or destinations
    promise(connection, report.report_id, study_id, where, now=now)


def _decision(row: RowMapping) -> Decision:
    told = row["body"].get("told")
    return Decision(
        finding_id=row["finding"],
        verdict=Verdict(row["decision"]),
        by=row["by"],
        at=row["at"],
        told=from_record(Finding, told) if told else None,
    )


def _stored(row: RowMapping) -> StoredReport:
    return StoredReport(
        report=from_record(Report, row["body"]),
        study_id=row["study_id"],
        version=row["version"],
        predecessor=row["predecessor"],
        superseded_at=row["superseded_at"],
        revision=row["revision"],
        at=row["at"],
    )
