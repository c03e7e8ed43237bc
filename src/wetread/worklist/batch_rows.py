"""How far a batch is, what of it is tried again, and a row for each of its studies."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, or_, select
from sqlalchemy.sql import ColumnElement

from wetread.domain.read import Abstention, Answer
from wetread.domain.report import Report
from wetread.domain.urgency import Priority
from wetread.domain.waiting import StudyStatus
from wetread.errors import BudgetSpent, Conflict
from wetread.intake.found import Found
from wetread.store.change import change_study, remember
from wetread.store.database import Database
from wetread.store.jobs import FAILED, READ, read_id, retry
from wetread.store.records import from_record
from wetread.store.tables import deliveries, instances, jobs, problems, reads, reports, studies

Row = dict[str, Any]
UNDER_WAY = (StudyStatus.RECEIVING, StudyStatus.QUEUED, StudyStatus.READING)
ON_ITS_WAY = ("waiting", "sending")
REFUSED = f'"code":"{BudgetSpent.code}"'
BY = "the batch"
_UNREAD = or_(
    studies.c.status == StudyStatus.FAILED,
    and_(studies.c.status == StudyStatus.REPORTED, studies.c.problem.is_not(None)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many studies there are, wait to be read, and are done; `unread` of these were read by nobody.

    `failed` of the unread are dead letters: something broke. `undelivered` reports are still to be written.
    """

    studies: int
    waiting: int
    done: int
    unread: int
    failed: int
    undelivered: int

    @property
    def is_over(self) -> bool:
        """Nothing is left to wait for."""
        return not self.waiting and not self.undelivered


def progress(db: Database) -> Progress:
    """How far it is.

    Raises: StoreUnavailable.
    """
    with db.read() as connection:
        statuses = connection.execute(select(studies.c.status, func.count()).group_by(studies.c.status))
        by_status: Counter[str] = Counter({row[0]: row[1] for row in statuses})
        nobody = select(func.count()).select_from(studies).where(_UNREAD)
        unread = int(connection.scalar(nobody) or 0)
        sending = select(func.count()).select_from(deliveries).where(deliveries.c.state.in_(ON_ITS_WAY))
        undelivered = int(connection.scalar(sending) or 0)
        dead = select(func.count()).select_from(jobs).where(jobs.c.state == FAILED, jobs.c.kind == READ)
        failed = int(connection.scalar(dead) or 0)
    waits = sum(by_status[status] for status in UNDER_WAY)
    return Progress(
        studies=by_status.total(),
        waiting=waits,
        done=by_status.total() - waits,
        unread=unread,
        failed=failed,
        undelivered=undelivered,
    )


def budget_refusal(db: Database, *, since: datetime) -> str | None:
    """What the first reader said that refused a study since then because a budget was spent.

    Raises: StoreUnavailable, RecordInvalid.
    """
    look = select(reads.c.body).where(_refused(), reads.c.at >= since).order_by(reads.c.at).limit(1)
    with db.read() as connection:
        body = connection.scalar(look)
    if body is None:
        return None
    answer: Answer = from_record(Answer, body)
    return answer.reason if isinstance(answer, Abstention) else None


def try_again(db: Database, *, now: datetime) -> int:
    """Queue what failed, and what a reader refused because a budget was spent; how many. Finished reads stay.

    Raises: StoreUnavailable.
    """
    with db.read() as connection:
        dead = list(connection.scalars(select(jobs.c.job_id).where(jobs.c.state == FAILED, jobs.c.kind == READ)))
    queued = 0
    for job_id in dead:
        try:
            retry(db, job_id, by=BY, now=now)
        except Conflict:
            continue
        queued += 1
    latest = exists(
        select(1).where(_refused(), reads.c.study_id == studies.c.study_id, reads.c.version == studies.c.version)
    )
    unpaid = select(*studies.c).where(studies.c.status == StudyStatus.REPORTED, latest)
    with db.write() as connection:
        for row in connection.execute(unpaid).mappings().all():
            _queue(connection, dict(row), now)
            queued += 1
    return queued


def _refused() -> ColumnElement[bool]:
    return ~reads.c.answered & ~reads.c.shadow & reads.c.body.contains(REFUSED, autoescape=True)


def _queue(connection: Connection, row: Mapping[str, Any], now: datetime) -> None:
    """Read it once more: what its readers finished counts for the new version too, and is not counted twice."""
    study_id, version = row["study_id"], row["version"] + 1
    finished = reads.c.study_id == study_id, reads.c.version == row["version"], reads.c.answered, ~reads.c.shadow
    for kept in connection.execute(select(*reads.c).where(*finished)).mappings().all():
        name = read_id(study_id, version, kept["reader"], kept["fingerprint"])
        connection.execute(insert(reads).values({**kept, "read_id": name, "version": version, "cost_usd": None}))
    values = {"status": StudyStatus.QUEUED.value, "version": version, "generation": row["generation"] + 1}
    change_study(connection, study_id, now=now, kind="study.queued", **values)
    text = "queued again: a reader had refused it because a budget was spent"
    remember(connection, study_id, "queued", text, now=now, version=version, by=BY)


def unplaced(db: Database) -> list[tuple[str, str, str]]:
    """Objects that could not be placed: file, problem, remedy; each once.

    Raises: StoreUnavailable.
    """
    columns = (problems.c.blob, problems.c.file, problems.c.problem, problems.c.remedy)
    with db.read() as connection:
        rows = connection.execute(select(*columns).order_by(problems.c.problem_id)).all()
    return list({(row.blob, row.problem): (row.file, row.problem, row.remedy) for row in rows}.values())


def rows(db: Database) -> list[Row]:
    """A row for each study, the most urgent first; those that are not read yet are last.

    Raises: StoreUnavailable, RecordInvalid.
    """
    with db.read() as connection:
        found = [_row(connection, dict(study)) for study in connection.execute(select(*studies.c)).mappings().all()]
    return sorted(found, key=_order)


def _order(row: Row) -> tuple[int, int, str]:
    priority = row["priority"]
    return (Priority(priority).rank if priority else 9, row["target_min"] or 0, row["ref"])


def _row(connection: Connection, study: Mapping[str, Any]) -> Row:
    objects = select(instances.c.found).where(instances.c.study_id == study["study_id"])
    first: Found = from_record(
        Found, connection.execute(objects.order_by(instances.c.instance_id).limit(1)).scalar_one()
    )
    costs = select(func.sum(reads.c.cost_usd)).where(reads.c.study_id == study["study_id"], ~reads.c.shadow)
    row: Row = {
        "ref": study["ref"],
        "file": first.instance.file,
        "images": study["instance_count"],
        "study_uid": study["study_uid"],
        "status": study["status"],
        "priority": None,
        "target_min": None,
        "top_finding": study["top_finding"],
        "top_probability": study["top_probability"],
        "abnormal_probability": study["abnormal_probability"],
        "agreement": study["agreement"],
        "readers": None,
        "cost_usd": connection.scalar(costs),
        "problem": study["problem"],
    }
    standing = reports.c.study_id == study["study_id"], reports.c.superseded_at.is_(None)
    body = connection.scalar(select(reports.c.body).where(*standing).limit(1))
    return row if body is None else {**row, **_reported(from_record(Report, body))}


def _reported(report: Report) -> Row:
    """What the report says: its urgency, who read it, and the probability of each code that was checked."""
    silent = [f"{a.reader.name}: {a.reason}" for a in report.answers if isinstance(a, Abstention) and a.failed]
    told: Row = {
        "priority": report.urgency.priority.value,
        "target_min": report.urgency.target_min,
        "readers": " ".join(report.consensus.readers) if report.consensus else None,
    }
    if silent:
        told["problem"] = "; ".join(silent)
    return told | dict(_probabilities(report))


def _probabilities(report: Report) -> Iterator[tuple[str, float | None]]:
    """The highest of a code's places; a code that was checked and not found has no probability."""
    best: dict[str, float | None] = dict.fromkeys(report.checked)
    for joined in report.consensus.findings if report.consensus else ():
        code, probability = joined.finding.code, joined.finding.probability
        if probability is not None:
            best[code] = max(probability, best.get(code) or 0.0)
    yield from sorted(best.items())
