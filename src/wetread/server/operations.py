"""What the operator looks at: the queue, workers, dead letters, readers and their cost. No patient is named here."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from wetread.domain.audit import Action
from wetread.domain.urgency import Priority
from wetread.domain.waiting import StudyStatus
from wetread.errors import InputError
from wetread.monitor.daily import Daily, gather
from wetread.server.clinical import policies_of
from wetread.server.problems import PROBLEMS
from wetread.server.witness import JobsChanger, OperationsViewer
from wetread.store.executors import known
from wetread.store.figures import figures
from wetread.store.jobs import jobs_of, retry
from wetread.store.listing import totals
from wetread.store.operations import daily_costs, reader_figures
from wetread.worklist.cancelling import cancel

router = APIRouter(tags=["operations"], responses=PROBLEMS)
DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)
JOB_ID = r"^[A-Za-z0-9_.:-]{1,128}$"
JobState = Annotated[str | None, Query(pattern="^(queued|running|done|failed|cancelled)$")]


class StudyCount(BaseModel):
    """How many studies stand so."""

    open: bool
    status: StudyStatus
    priority: Priority | None
    n: int


class Worker(BaseModel):
    """A worker as it last said of itself."""

    executor_id: str
    host: str
    seen_at: datetime
    alive: bool


class Summary(BaseModel):
    """How the service does. `jobs` are those under way and those that failed."""

    server_time: datetime
    studies: list[StudyCount]
    jobs: dict[str, int]
    oldest_queued_at: datetime | None
    oldest_open_at: datetime | None
    critical_open: int
    overdue: int
    objects: int
    problems: int
    deliveries: dict[str, int]
    workers: list[Worker]
    spool_free_bytes: int


class Job(BaseModel):
    """One flow. A failed one is a dead letter until it is retried."""

    job_id: str
    study_id: str
    ref: str
    kind: str
    state: str
    attempts: int
    problem: str | None
    next_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    executor: str | None


class Jobs(BaseModel):
    """The newest jobs first."""

    jobs: list[Job]


class Retried(BaseModel):
    """The job that follows the one that failed."""

    job_id: str


class ReaderHealth(BaseModel):
    """One reader in the last 24 hours: how often it was asked and answered, how long it took, what it cost."""

    reader: str
    provider: str | None
    model_id: str | None
    host: str | None
    asked: int
    answered: int
    mean_latency_s: float | None
    longest_latency_s: float | None
    cost_usd: float | None
    unpriced: int
    last_at: datetime | None


class Providers(BaseModel):
    """Every reader that is configured or was asked."""

    since: datetime
    readers: list[ReaderHealth]


class Cost(BaseModel):
    """One reader on one day (UTC). `unpriced` reads are missing in `cost_usd`."""

    day: date
    reader: str
    reads: int
    cost_usd: float | None
    unpriced: int


class Costs(BaseModel):
    """What readers took, the newest day first, and what may be spent in a day."""

    budget_usd_per_day: float | None
    costs: list[Cost]


@router.get("/ops/summary")
def summary(who: OperationsViewer) -> Summary:
    """The queue, the workers, the room that is left."""
    ground, now = who.ground, who.ground.now()
    who.saw(Action.OPERATIONS_VIEW, "operations/summary")
    counted = totals(ground.database)
    stale = timedelta(seconds=ground.settings.flow.stale_after_s)
    standing = figures(ground.database, now=now, stale_after_s=stale.total_seconds())
    unfinished: Counter[str] = Counter()
    for (_, state), number in standing.jobs.items():
        unfinished[state] += number
    return Summary(
        server_time=now,
        studies=[
            StudyCount(open=is_open, status=StudyStatus(status), priority=Priority(urgency) if urgency else None, n=n)
            for (is_open, status, urgency), n in sorted(counted.items(), key=str)
        ],
        jobs=dict(unfinished),
        oldest_queued_at=standing.oldest_queued_at,
        oldest_open_at=standing.oldest_open_at,
        critical_open=standing.critical_open,
        overdue=standing.overdue,
        objects=standing.objects,
        problems=standing.problems,
        deliveries=dict(standing.deliveries),
        workers=[
            Worker(
                executor_id=one.executor_id, host=one.host, seen_at=one.seen_at, alive=abs(now - one.seen_at) < stale
            )
            for one in known(ground.database)
        ],
        spool_free_bytes=ground.spool.free_bytes(),
    )


@router.get("/ops/jobs")
def jobs(who: OperationsViewer, state: JobState = None, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Jobs:
    """Jobs, the newest first; `state=failed` lists the dead letters."""
    who.saw(Action.OPERATIONS_VIEW, "operations/jobs")
    rows = jobs_of(who.ground.database, state=state, limit=limit)
    return Jobs(jobs=[Job(**{name: row[name] for name in Job.model_fields}) for row in rows])


@router.post("/ops/jobs/{job_id}/retry", status_code=202)
def try_again(job_id: Annotated[str, Path(pattern=JOB_ID)], who: JobsChanger) -> Retried:
    """Try a dead letter again."""
    following = retry(who.ground.database, job_id, by=who.name, now=who.ground.now())
    who.saw(Action.JOB_RETRY, f"job/{job_id}", following=following)
    return Retried(job_id=following)


@router.post("/ops/jobs/{job_id}/cancel", status_code=204)
def call_off(job_id: Annotated[str, Path(pattern=JOB_ID)], who: JobsChanger) -> None:
    """Call off a job that waits or runs; a study whose reading is called off waits for a human as unread."""
    ground = who.ground
    cancel(ground.database, job_id, by=who.name, now=ground.now(), policies=policies_of(ground))
    who.saw(Action.JOB_CANCEL, f"job/{job_id}")


@router.get("/ops/providers")
def providers(who: OperationsViewer) -> Providers:
    """How each reader does."""
    who.saw(Action.OPERATIONS_VIEW, "operations/providers")
    since = who.ground.now() - DAY
    with who.ground.database.read() as connection:
        figures = {one.reader: one for one in reader_figures(connection, since=since)}
    configured = who.ground.service.settings.readers
    names = sorted({*figures, *configured, *who.ground.service.settings.default_readers})
    told = []
    for name in names:
        one, setting = figures.get(name), configured.get(name)
        told.append(
            ReaderHealth(
                reader=name,
                provider=setting.provider.value if setting else None,
                model_id=setting.model_id if setting else None,
                host=urlsplit(setting.base_url).hostname if setting and setting.base_url else None,
                asked=one.asked if one else 0,
                answered=one.answered if one else 0,
                mean_latency_s=one.mean_latency_s if one else None,
                longest_latency_s=one.longest_latency_s if one else None,
                cost_usd=one.cost_usd if one else None,
                unpriced=one.unpriced if one else 0,
                last_at=one.last_at if one else None,
            )
        )
    return Providers(since=since, readers=told)


@router.get("/ops/costs")
def costs(who: OperationsViewer, days: Annotated[int, Query(ge=1, le=366)] = 30) -> Costs:
    """What readers took, day by day."""
    who.saw(Action.OPERATIONS_VIEW, "operations/costs")
    midnight = who.ground.now().replace(hour=0, minute=0, second=0, microsecond=0)
    with who.ground.database.read() as connection:
        found = daily_costs(connection, since=midnight - DAY * (days - 1))
    return Costs(
        budget_usd_per_day=who.ground.service.settings.budget_usd_per_day,
        costs=[
            Cost(day=one.day, reader=one.reader, reads=one.reads, cost_usd=one.cost_usd, unpriced=one.unpriced)
            for one in found
        ],
    )


@router.get("/ops/daily")
def daily(who: OperationsViewer, day: date | None = None) -> Daily:
    """What one day (UTC) brought: completed, critical, failures, turnaround p50, p90, max; today without `day`."""
    who.saw(Action.OPERATIONS_VIEW, "operations/daily")
    now = who.ground.now()
    wanted = day or now.date()
    if not FIRST_DAY <= wanted <= LAST_DAY:
        raise InputError("day", "it lies outside the calendar", "name a day from 1970 to 9000")
    stale_s = who.ground.settings.flow.stale_after_s
    return gather(who.ground.database, wanted, zone=UTC, now=now, stale_after_s=stale_s)
