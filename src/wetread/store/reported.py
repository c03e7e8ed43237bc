"""How a flow ends: with a report that supersedes the one before, and the deliveries it promises, in one transaction."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from wetread.domain.report import Report
from wetread.store.answers import keep_abstentions
from wetread.store.change import change_study, remember
from wetread.store.database import Database
from wetread.store.deliveries import promise, withdraw
from wetread.store.flow import Task, still_ours
from wetread.store.jobs import DONE, FAILED, end_job
from wetread.store.orders import request_of
from wetread.store.records import to_record
from wetread.store.tables import reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a read ended.

    `columns` gives those that follow from the study's row as it is now, `lines` are for its trace. Where AI failed
    `problem` makes a dead letter, tried again by itself at `retry_at`.
    """

    columns: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    lines: tuple[tuple[str, str], ...]
    problem: str | None = None
    retry_at: datetime | None = None


def save_report(
    db: Database, task: Task, report: Report, ending: Ending, *, destinations: Iterable[str], now: datetime
) -> list[tuple[str, str]] | None:
    """Keep the report and everything that goes with it; report and destination of each delivery that is promised.

    None where the flow is void: a late image came, or another worker has taken it over.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        row = still_ours(connection, task)
        if row is None:
            return None
        predecessor = _latest(connection, task.study_id)
        report_id, request = _unused_id(connection, report.report_id, task), request_of(connection, dict(row))
        report = replace(report, report_id=report_id, request=request)
        connection.execute(
            update(reports)
            .where(reports.c.study_id == task.study_id, reports.c.superseded_at.is_(None))
            .values(superseded_at=now)
        )
        withdraw(connection, task.study_id, now=now)
        connection.execute(
            insert(reports).values(
                report_id=report.report_id,
                study_id=task.study_id,
                version=task.version,
                status=report.status.value,
                priority=report.urgency.priority.value,
                body=to_record(Report, report),
                predecessor=predecessor,
                at=now,
            )
        )
        promised = promise(connection, report.report_id, task.study_id, destinations, now=now)
        _end(connection, task, row, report=report, ending=ending, now=now)
        return promised


def save_failure(db: Database, task: Task, report: Report, ending: Ending, *, now: datetime) -> bool:
    """AI failed again and an UNREAD report stands already: only the study and its dead letter change.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        row = still_ours(connection, task)
        if row is None:
            return False
        _end(connection, task, row, report=report, ending=ending, now=now)
        return True


def report_ids(db: Database, study_id: str) -> list[str]:
    """Every report that was made of a study.

    Raises: StoreUnavailable.
    """
    with db.read() as connection:
        return list(connection.scalars(select(reports.c.report_id).where(reports.c.study_id == study_id)))


def has_unread_report(db: Database, study_id: str, *, since: datetime) -> bool:
    """Whether a report made since then stands that says that nobody read the study.

    Raises: StoreUnavailable.
    """
    standing = (reports.c.study_id == study_id, reports.c.superseded_at.is_(None), reports.c.at >= since)
    with db.read() as connection:
        priority = connection.scalar(select(reports.c.priority).where(*standing).order_by(reports.c.at.desc()).limit(1))
    return bool(priority == "UNREAD")


def _end(connection: Connection, task: Task, row: RowMapping, *, report: Report, ending: Ending, now: datetime) -> None:
    keep_abstentions(connection, task.study_id, task.version, report.answers, now=now)
    columns = dict(ending.columns(dict(row)))
    change_study(connection, task.study_id, now=now, kind=f"study.{columns['status']}", **columns)
    for kind, text in ending.lines:
        remember(connection, task.study_id, kind, text, now=now, version=task.version)
    state = DONE if ending.problem is None else FAILED
    end_job(connection, task.begun.job_id, state, now=now, problem=ending.problem, next_at=ending.retry_at)


def _latest(connection: Connection, study_id: str) -> str | None:
    """The report that stands; it is the one that a new one supersedes."""
    look = select(reports.c.report_id).where(reports.c.study_id == study_id, reports.c.superseded_at.is_(None))
    found: str | None = connection.scalar(look.order_by(reports.c.at.desc()).limit(1))
    return found


def _unused_id(connection: Connection, report_id: str, task: Task) -> str:
    """A report that says the same as an earlier one of the study is a report of its own all the same."""
    taken = connection.scalar(select(reports.c.report_id).where(reports.c.report_id == report_id))
    if taken is None:
        return report_id
    return "wr-" + hashlib.sha256(f"{report_id} {task.version}".encode()).hexdigest()[:16]
