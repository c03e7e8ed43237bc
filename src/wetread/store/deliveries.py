"""Which report goes where, and how far it has come. A row says `sending` before anything leaves the house."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from wetread.domain.audit import Action
from wetread.domain.audit import Outcome as Result
from wetread.domain.finding import Presence
from wetread.domain.report import Receipt, Report, Superseded
from wetread.errors import Conflict, NotFound
from wetread.store.audit import append_in
from wetread.store.change import remember, tell
from wetread.store.commitments import ask
from wetread.store.database import Database
from wetread.store.jobs import CANCELLED, DELIVER, DONE, FAILED, Begun, begin_job, deliver_job_id, end_job, holds
from wetread.store.records import from_record
from wetread.store.tables import deliveries, jobs, reports, studies

_LINE = {
    "actor": "service:flow",
    "roles": ("service",),
    "action": Action.DELIVERED,
    "outcome": Result.SUCCESS,
    "address": None,
}
WAITING, SENDING, DELIVERED, LOST, VOID = "waiting", "sending", "delivered", "failed", "void"
SAID = (Presence.PRESENT, Presence.UNCERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A report on its way. `again` is true where an earlier beginning may have handed it over already."""

    study_id: str
    report: Report
    destination: str
    begun: Begun
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a try ended: a receipt, or what went wrong and when it is tried again (None: never by itself).

    `is_dead_letter`: people are told, even where it is tried again by itself later.
    """

    receipt: Receipt | None = None
    problem: str | None = None
    next_at: datetime | None = None
    is_dead_letter: bool = False


def promise(
    connection: Connection, report_id: str, study_id: str, destinations: Iterable[str], *, now: datetime
) -> list[tuple[str, str]]:
    """A report is to go to these destinations, in the transaction that makes it."""
    each = list(dict.fromkeys(destinations))
    for name in each:
        row = {"report_id": report_id, "destination": name, "study_id": study_id, "state": WAITING, "attempts": 0}
        connection.execute(insert(deliveries).values(**row, next_at=now, at=now))
    return [(report_id, name) for name in each]


def given_to(connection: Connection, study_id: str) -> list[str]:
    """The destinations that were given a report of the study, or may have been."""
    look = select(deliveries.c.destination).distinct()
    look = look.where(deliveries.c.study_id == study_id, deliveries.c.state.in_((DELIVERED, SENDING)))
    return list(connection.execute(look.order_by(deliveries.c.destination)).scalars())


def deliveries_of(connection: Connection, study_id: str) -> list[dict[str, Any]]:
    """Each report of the study at each destination: how far it has come, with its receipt; the newest first."""
    columns = (*(column for column in deliveries.c if column.name != "study_id"), reports.c.status)
    look = select(*columns).join(reports, reports.c.report_id == deliveries.c.report_id)
    look = look.where(deliveries.c.study_id == study_id)
    rows = connection.execute(look.order_by(reports.c.at.desc(), deliveries.c.destination)).mappings()
    return [dict(row) for row in rows]


def send(connection: Connection, study_id: str, destination: str, *, now: datetime) -> str:
    """The report that stands goes to the destination, once more where it went there before; the report's id.

    Raises: NotFound where the study has no report; Conflict where it is on its way there already.
    """
    connection.execute(select(studies.c.study_id).where(studies.c.study_id == study_id).with_for_update())
    standing = (reports.c.study_id == study_id, reports.c.superseded_at.is_(None))
    report_id: str | None = connection.scalar(
        select(reports.c.report_id).where(*standing).order_by(reports.c.at.desc())
    )
    if report_id is None:
        raise NotFound(f"study {study_id} has no report that could be sent")
    row = _locked(connection, report_id, destination)
    if row is None:
        promise(connection, report_id, study_id, (destination,), now=now)
        return report_id
    if row.state in {WAITING, SENDING}:
        raise Conflict(f"the report of study {study_id} is on its way to {destination}; look at `wetread jobs list`")
    _drop_letters(connection, report_id, destination, now)
    _set(connection, row, now, state=WAITING, next_at=now, problem=None)
    return report_id


def withdraw(connection: Connection, study_id: str, *, now: datetime) -> None:
    """What has not left yet of a study's reports does not leave any more: a newer report supersedes them."""
    open_ones = (deliveries.c.study_id == study_id, deliveries.c.state.in_((WAITING, LOST)))
    void = update(deliveries).where(*open_ones).values(state=VOID, next_at=None, problem="superseded", at=now)
    for row in connection.execute(void.returning(deliveries.c.report_id, deliveries.c.destination)).all():
        _drop_letters(connection, row.report_id, row.destination, now)


def due(db: Database, *, now: datetime, longest_wait_s: float, limit: int = 200) -> list[tuple[str, str, int]]:
    """Report, destination and number of the next try of what is to leave and has no flow yet.

    Raises: StoreUnavailable.
    """
    time_has_come = or_(deliveries.c.next_at <= now, deliveries.c.next_at > now + timedelta(seconds=longest_wait_s))
    columns = (deliveries.c.report_id, deliveries.c.destination, deliveries.c.attempts)
    look = select(*columns).where(deliveries.c.state == WAITING, time_has_come)
    with db.read() as connection:
        rows = connection.execute(look.order_by(deliveries.c.next_at).limit(limit)).all()
    return [(row.report_id, row.destination, row.attempts + 1) for row in rows]


def requeue_delivery(db: Database, job_id: str, *, now: datetime) -> bool:
    """The engine lost the flow of a try that was not over: it is tried again, as the same try.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        whose = select(jobs.c.study_id).where(jobs.c.job_id == job_id)
        rows = connection.execute(select(*deliveries.c).where(deliveries.c.study_id.in_(whose))).all()
        end_job(connection, job_id, CANCELLED, now=now)
        for row in rows:
            tries = (row.attempts, row.attempts + 1) if row.state == WAITING else (row.attempts,)
            named = job_id in {deliver_job_id(row.report_id, row.destination, attempt) for attempt in tries}
            if named and row.state in {WAITING, SENDING}:
                _set(connection, row, now, state=WAITING, next_at=now)
                return True
        return False


def begin_delivery(
    db: Database, report_id: str, destination: str, attempt: int, *, executor: str, now: datetime
) -> Sending | datetime | None:
    """The report, now on its way; None where there is nothing to do any more, or a moment at which to look again.

    Reports of one study go to one destination one after the other, so that an older one never arrives last.

    Raises: StoreUnavailable, RecordInvalid.
    """
    with db.write() as connection:
        row = _locked(connection, report_id, destination)
        if row is None or row.attempts > attempt or row.state not in {WAITING, SENDING}:
            return None
        job_id = deliver_job_id(report_id, destination, attempt)
        if row.superseded_at is not None:
            _set(connection, row, now, state=VOID, next_at=None, problem="superseded")
            end_job(connection, job_id, CANCELLED, now=now)
            return None
        if _another_is_on_its_way(connection, row):
            return now + timedelta(seconds=1)
        begun = begin_job(connection, job_id, study_id=row.study_id, kind=DELIVER, executor=executor, now=now)
        _set(connection, row, now, state=SENDING, attempts=attempt, next_at=None)
        return Sending(
            study_id=row.study_id,
            report=_on_its_way(connection, row),
            destination=destination,
            begun=begun,
            again=row.state == SENDING or row.attempts > 0,
        )


def end_delivery(db: Database, sending: Sending, outcome: Outcome, *, now: datetime) -> bool:
    """Write down how a try ended; False where another worker has taken it over.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        row = _locked(connection, sending.report.report_id, sending.destination)
        if row is None or row.state != SENDING or not holds(connection, sending.begun):
            return False
        job_id, where = sending.begun.job_id, sending.destination
        if outcome.receipt is not None:
            reference = outcome.receipt.reference
            _set(connection, row, now, state=DELIVERED, reference=reference, problem=None)
            if outcome.receipt.commitment is not None:
                ask(connection, sending.report.report_id, where, outcome.receipt.commitment, now=now)
            end_job(connection, job_id, DONE, now=now)
            remember(connection, row.study_id, "delivered", f"delivered to {where}", now=now, reference=reference)
            tell(connection, "delivery.delivered", now=now, study_id=row.study_id, destination=where)
            told = {"destination": where, "report": sending.report.report_id, "reference": reference}
            append_in(connection, now=now, line=_LINE | {"object": f"study/{row.study_id}"}, data=told)
        elif outcome.next_at is not None and not outcome.is_dead_letter:
            _set(connection, row, now, state=WAITING, problem=outcome.problem, next_at=outcome.next_at)
            end_job(connection, job_id, CANCELLED, now=now, problem=outcome.problem)
        else:
            _set(connection, row, now, state=LOST, problem=outcome.problem)
            end_job(connection, job_id, FAILED, now=now, problem=outcome.problem, next_at=outcome.next_at)
            text = f"not delivered to {where}: {outcome.problem}"
            remember(connection, row.study_id, "delivery_failed", text, now=now)
            tell(connection, "delivery.failed", now=now, study_id=row.study_id, destination=where)
        return True


def _on_its_way(connection: Connection, row: Row[*tuple[Any, ...]]) -> Report:
    """The report with what a destination is told beside it: when it was made, and what was given there before."""
    given = (deliveries.c.study_id == row.study_id, deliveries.c.destination == row.destination)
    earlier = (deliveries.c.state == DELIVERED, reports.c.report_id != row.report_id, reports.c.at <= row.made_at)
    look = select(reports.c.body, reports.c.at).join(deliveries, reports.c.report_id == deliveries.c.report_id)
    last = connection.execute(look.where(*given, *earlier).order_by(reports.c.at.desc()).limit(1)).one_or_none()
    report: Report = from_record(Report, row.body)
    return replace(report, made_at=row.made_at, supersedes=_superseded(last) if last is not None else None)


def _superseded(row: Row[*tuple[Any, ...]]) -> Superseded:
    report: Report = from_record(Report, row.body)
    joined = report.consensus.findings if report.consensus else ()
    said = tuple(one for one in joined if one.finding.presence in SAID)
    return Superseded(report_id=report.report_id, status=report.status, made_at=row.at, findings=said)


def _drop_letters(connection: Connection, report_id: str, destination: str, now: datetime) -> None:
    letters = jobs.c.job_id.like(f"deliver-{report_id}-{destination}-%"), jobs.c.state == FAILED
    connection.execute(update(jobs).where(*letters).values(state=CANCELLED, ended_at=now, next_at=None))


def _locked(connection: Connection, report_id: str, destination: str) -> Row[*tuple[Any, ...]] | None:
    """The row with its report; its study is locked first, as everywhere."""
    mine = and_(deliveries.c.report_id == report_id, deliveries.c.destination == destination)
    whose = select(deliveries.c.study_id).where(mine).scalar_subquery()
    connection.execute(select(studies.c.study_id).where(studies.c.study_id == whose).with_for_update())
    look = select(*deliveries.c, reports.c.body, reports.c.superseded_at, reports.c.at.label("made_at"))
    look = look.join(reports, reports.c.report_id == deliveries.c.report_id).where(mine)
    return connection.execute(look).one_or_none()


def _another_is_on_its_way(connection: Connection, row: Row[*tuple[Any, ...]]) -> bool:
    other = deliveries.alias("other")
    look = select(1).where(
        other.c.study_id == row.study_id,
        other.c.destination == row.destination,
        other.c.state == SENDING,
        other.c.report_id != row.report_id,
    )
    return connection.execute(look.limit(1)).first() is not None


def _set(connection: Connection, row: Row[*tuple[Any, ...]], now: datetime, **values: Any) -> None:
    mine = and_(deliveries.c.report_id == row.report_id, deliveries.c.destination == row.destination)
    connection.execute(update(deliveries).where(mine).values(at=now, **values))
