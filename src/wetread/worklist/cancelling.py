"""A human calls a job off: its study waits for a human instead, its report is not sent any more."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from wetread.domain.waiting import StudyStatus
from wetread.errors import Conflict, NotFound
from wetread.store.change import change_study, remember, tell
from wetread.store.database import Database
from wetread.store.deliveries import VOID, WAITING
from wetread.store.jobs import CANCELLED, QUEUED, READ, RUNNING, deliver_job_id, end_job, read_job_id
from wetread.store.tables import deliveries, jobs, studies
from wetread.worklist.order_row import Policies, waiting_columns

UNDER_WAY = (StudyStatus.QUEUED, StudyStatus.READING)


def cancel(db: Database, job_id: str, *, by: str, now: datetime, policies: Policies) -> None:
    """Call off a job that waits or runs. A study is then on hold, as unread; another read can be asked for later.

    What readers answered until then is kept. A report that is just being handed over can't be called back.
    Raises: NotFound; Conflict where it is over or has moved on; StoreUnavailable, ClinicalDataInvalid.
    """
    with db.write() as connection:
        look = select(jobs).where(jobs.c.job_id == job_id)
        if (job := connection.execute(look).one_or_none()) is None:
            raise NotFound(f"there is no job {job_id}; see wetread jobs list")
        whose = select(studies).where(studies.c.study_id == job.study_id).with_for_update()
        study = connection.execute(whose).mappings().one()  # locked first, as everywhere
        job = connection.execute(look.with_for_update()).one()
        if job.state not in {QUEUED, RUNNING}:
            raise Conflict(f"job {job_id} is {job.state}; only one that waits or runs can be cancelled")
        if job.kind != READ:
            _keep_back(connection, job, by=by, now=now)
        elif read_job_id(study["study_id"], study["generation"]) != job_id or study["status"] not in UNDER_WAY:
            raise Conflict(f"the study of job {job_id} has moved on (it is {study['status']})")
        else:
            problem = f"its reading was cancelled by {by}"
            values: dict[str, Any] = {
                "status": StudyStatus.HELD.value,
                "generation": study["generation"] + 1,
                "problem": problem,
                **waiting_columns(dict(study), policies, now=now, failed=problem),
            }
            change_study(connection, study["study_id"], now=now, kind="study.held", **values)
            remember(connection, study["study_id"], "cancelled", problem, now=now, version=study["version"], by=by)
        end_job(connection, job_id, CANCELLED, now=now, next_at=None, problem=f"cancelled by {by}")


def _keep_back(connection: Connection, job: Row[Any], *, by: str, now: datetime) -> None:
    """The report is not sent there any more.

    Raises: Conflict where it is on its way.
    """
    mine = (deliveries.c.study_id == job.study_id, deliveries.c.state == WAITING)
    rows = connection.execute(select(deliveries).where(*mine).with_for_update()).all()
    tries = {deliver_job_id(row.report_id, row.destination, row.attempts + 1): row for row in rows}
    if (row := tries.get(job.job_id)) is None:
        raise Conflict(f"the report of job {job.job_id} is on its way and can't be called back")
    one = (deliveries.c.report_id == row.report_id, deliveries.c.destination == row.destination)
    connection.execute(update(deliveries).where(*one).values(state=VOID, problem=f"cancelled by {by}", at=now))
    text = f"not sent to {row.destination}: cancelled by {by}"
    remember(connection, job.study_id, "cancelled", text, now=now, by=by)
    tell(connection, "delivery.void", now=now, study_id=job.study_id, destination=row.destination)
