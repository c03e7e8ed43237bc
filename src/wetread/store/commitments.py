"""What archives promise to keep: asked for with a delivery, answered later, or late.

A delivery whose objects an archive won't keep, or does not answer for, was none: it becomes a dead letter again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from wetread.domain.report import Commitment
from wetread.store.change import remember, tell
from wetread.store.database import Database
from wetread.store.jobs import DELIVER, DONE, FAILED, add_job, deliver_job_id, end_job
from wetread.store.tables import commitments, deliveries, reports, studies

ASKED, COMMITTED, REFUSED, LATE = "asked", "committed", "failed", "late"
DELIVERED, LOST = "delivered", "failed"  # states of a delivery
NO_ANSWER = "the archive did not say whether it keeps the objects; see its log, and whether it knows our host and port"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an archive says of one transaction: how many objects it keeps, and why it won't keep others."""

    transaction_uid: str
    kept: int
    problem: str | None = None


def ask(connection: Connection, report_id: str, destination: str, asked: Commitment, *, now: datetime) -> None:
    """A promise was asked for, in the transaction that ends the delivery; asked for again, the answer counts anew."""
    connection.execute(delete(commitments).where(commitments.c.transaction_uid == asked.transaction_uid))
    connection.execute(
        insert(commitments).values(
            transaction_uid=asked.transaction_uid,
            report_id=report_id,
            destination=destination,
            objects=asked.objects,
            state=COMMITTED if asked.is_given else ASKED,
            asked_at=now,
            due_at=now + timedelta(seconds=asked.wait_s),
            ended_at=now if asked.is_given else None,
        )
    )


def hear(db: Database, told: Told, *, now: datetime) -> bool:
    """Write down what an archive says; False where no such transaction is known (yet). Heard twice it changes nothing.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        row = _locked(connection, told.transaction_uid)
        if row is None:
            return False
        problem = told.problem
        if problem is None and told.kept < row["objects"]:
            problem = f"the archive keeps {told.kept} of {row['objects']} objects only"
        if problem is not None:
            _end(connection, row, REFUSED, problem, now=now)
        elif row["state"] != COMMITTED:
            _set(connection, row, now, state=COMMITTED, problem=None)
            where, count = row["destination"], row["objects"]
            remember(connection, row["study_id"], "committed", f"{where} keeps {count} objects for good", now=now)
            if row["state"] == LATE:
                _take_back(connection, row, now=now)
        return True


def end_late(db: Database, *, now: datetime) -> int:
    """What was not answered in time counts as not delivered; how many.

    Raises: StoreUnavailable.
    """
    late = (commitments.c.state == ASKED, commitments.c.due_at <= now)
    with db.read() as connection:
        found = connection.execute(select(commitments.c.transaction_uid).where(*late)).scalars().all()
    ended = 0
    for transaction_uid in found:
        with db.write() as connection:
            row = _locked(connection, transaction_uid)
            if row is not None and row["state"] == ASKED:
                _end(connection, row, LATE, NO_ANSWER, now=now)
                ended += 1
    return ended


def commitments_of(connection: Connection, report_id: str) -> list[Mapping[str, Any]]:
    """Every promise that was asked for a report, by destination."""
    look = select(commitments).where(commitments.c.report_id == report_id).order_by(commitments.c.destination)
    return [dict(row) for row in connection.execute(look).mappings()]


def _locked(connection: Connection, transaction_uid: str) -> RowMapping | None:
    """The row with its study and whether its report stands; the study is locked first, as everywhere."""
    mine = commitments.c.transaction_uid == transaction_uid
    look = select(*commitments.c, reports.c.study_id, reports.c.superseded_at)
    look = look.join(reports, reports.c.report_id == commitments.c.report_id).where(mine)
    row = connection.execute(look).mappings().one_or_none()
    if row is None:
        return None
    connection.execute(select(studies.c.study_id).where(studies.c.study_id == row["study_id"]).with_for_update())
    return connection.execute(look).mappings().one_or_none()


def _end(connection: Connection, row: RowMapping, state: str, problem: str, *, now: datetime) -> None:
    """The archive does not keep what it was given: a dead letter, unless a newer report stands in its place."""
    if (row["state"], row["problem"]) == (state, problem):
        return
    _set(connection, row, now, state=state, problem=problem)
    where, study_id = row["destination"], row["study_id"]
    remember(connection, study_id, "not_committed", f"not kept by {where}: {problem}", now=now)
    delivery = _delivery(connection, row)
    if delivery is None or delivery["state"] != DELIVERED or row["superseded_at"] is not None:
        return
    _change(connection, delivery, now, state=LOST, problem=problem)
    job_id = deliver_job_id(row["report_id"], where, delivery["attempts"])
    add_job(connection, job_id, study_id=study_id, kind=DELIVER, now=now)
    end_job(connection, job_id, FAILED, now=now, problem=problem, next_at=None)
    tell(connection, "delivery.failed", now=now, study_id=study_id, destination=where)


def _take_back(connection: Connection, row: RowMapping, *, now: datetime) -> None:
    """It came after all: the dead letter that its lateness made is settled, if nobody has retried it."""
    delivery = _delivery(connection, row)
    if delivery is None or (delivery["state"], delivery["problem"]) != (LOST, NO_ANSWER):
        return
    _change(connection, delivery, now, state=DELIVERED, problem=None)
    job_id = deliver_job_id(row["report_id"], row["destination"], delivery["attempts"])
    end_job(connection, job_id, DONE, now=now, problem=None, next_at=None)
    tell(connection, "delivery.delivered", now=now, study_id=row["study_id"], destination=row["destination"])


def _delivery(connection: Connection, row: RowMapping) -> RowMapping | None:
    mine = (deliveries.c.report_id == row["report_id"], deliveries.c.destination == row["destination"])
    return connection.execute(select(deliveries).where(*mine)).mappings().one_or_none()


def _change(connection: Connection, delivery: RowMapping, now: datetime, **values: Any) -> None:
    mine = (deliveries.c.report_id == delivery["report_id"], deliveries.c.destination == delivery["destination"])
    connection.execute(update(deliveries).where(*mine).values(**values, at=now))


def _set(connection: Connection, row: RowMapping, now: datetime, **values: Any) -> None:
    mine = commitments.c.transaction_uid == row["transaction_uid"]
    connection.execute(update(commitments).where(mine).values(**values, ended_at=now))
