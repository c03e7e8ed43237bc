"""One study is read: from its stored objects to its report, whatever is interrupted on the way.

Everything that costs is kept as soon as it is there (`remembered`), everything that is written is written under the
flow's fence (`store.flow`). So a flow may be begun any number of times, by any worker.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

import structlog

from wetread.domain.consensus import NOT_ASKED
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.report import Report
from wetread.domain.study import Study
from wetread.domain.waiting import StudyStatus
from wetread.errors import NotFound, RateLimited, ReaderUnavailable, RecordInvalid, TimedOut
from wetread.pipeline import Desk, read_study
from wetread.readers.vision.journal import scope
from wetread.store.answers import keep_call, kept_call, secret_of
from wetread.store.flow import Task, begin_read, is_void, order_of, postpone_read
from wetread.store.records import from_record, to_record
from wetread.store.reported import Ending, has_unread_report, save_failure, save_report
from wetread.worklist.completing import study_of
from wetread.worklist.context import in_context
from wetread.worklist.house import House
from wetread.worklist.order_row import reported_columns
from wetread.worklist.patience import patiently_in_thread
from wetread.worklist.remembered import remembering

log = structlog.wrap_logger(logging.getLogger("wetread.flow"))
FOR_NOW = frozenset((ReaderUnavailable.code, RateLimited.code, TimedOut.code))
MOST_BEGINNINGS = 20  # of one flow: whoever took that many workers with it is not given another one
_under_way: dict[str, asyncio.Future[Report]] = {}  # of this process, by study
LOOK_EVERY_S = 1.0
VOID, WAITS, REPORTED, UNREAD = "void", "waits", "reported", "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a flow, and the deliveries that follow from it (report, destination)."""

    outcome: str
    promised: tuple[tuple[str, str], ...] = ()


async def read(house: House, study_id: str, generation: int, executor: str) -> Result:
    """Read one generation of a study. Doing it again does what is left."""
    db = house.database
    begin = partial(begin_read, db, study_id, generation, executor=executor)
    task: Task | None = await patiently_in_thread(lambda: begin(now=house.now()))
    if task is None:
        return Result(outcome=VOID)
    if task.begun.attempt > MOST_BEGINNINGS:
        return await _end_without_answers(house, task, f"its reading was broken off {MOST_BEGINNINGS} times")
    log.info("study is read", study=task.study["ref"], version=task.version, attempt=task.begun.attempt)
    try:
        report = await _alone(house, task)
    except (RecordInvalid, NotFound) as problem:  # its objects can't be read back: no reader can help
        return await _end_without_answers(house, task, str(problem))
    return Result(outcome=VOID) if report is None else await _conclude(house, task, report)


async def _alone(house: House, task: Task) -> Report | None:
    """The report; None where the flow became void meanwhile: it is ended at once, so that it costs no more.

    Two reads of one study never run beside each other in a process; the older one is void.
    """
    older = _under_way.get(task.study_id)
    work = _under_way[task.study_id] = asyncio.ensure_future(_after(older, _report(house, task)))
    try:
        while not (await asyncio.wait({work}, timeout=LOOK_EVERY_S))[0]:
            if await patiently_in_thread(is_void, house.database, task):
                log.info("reading is broken off, it is void", study=task.study["ref"], version=task.version)
                work.cancel()
    except asyncio.CancelledError:
        work.cancel()
        raise
    finally:
        if _under_way.get(task.study_id) is work:
            del _under_way[task.study_id]
    return None if work.cancelled() else work.result()


async def _after(older: asyncio.Future[Report] | None, work: Coroutine[Any, Any, Report]) -> Report:
    if older is not None and not older.done():
        older.cancel()
        try:
            await asyncio.wait({older})
        except asyncio.CancelledError:
            work.close()
            raise
    return await work


async def _report(house: House, task: Task) -> Report:
    db, study_id, version = house.database, task.study_id, task.version
    study = await patiently_in_thread(study_of, db, study_id, house.blobs)
    order = await _order(house, task, study)
    name = f"{study_id}:{version}"
    secret = await patiently_in_thread(secret_of, db, f"scope:{name}", now=house.now())
    desk: Desk = await patiently_in_thread(house.desk_of, tuple(task.study["readers"]))
    desk = remembering(desk, study_id=study_id, version=version, database=db, clock=house.clock)
    with house.knowing(study, order), scope(name, secret):
        return await read_study(study, order, desk)


async def _order(house: House, task: Task, study: Study) -> Order:
    """The order with what the health record knows, the same at every beginning: another prompt would be paid anew."""
    db, name = house.database, f"order:{task.study_id}:{task.version}"
    if kept := await patiently_in_thread(kept_call, db, name):
        remembered: Order = from_record(Order, kept)
        return remembered
    order: Order = await patiently_in_thread(order_of, db, task.study)
    if house.context is None:
        return order
    order = await in_context(house.context, study, order, today=house.now().date())
    first = await patiently_in_thread(keep_call, db, name, to_record(Order, order), now=house.now())
    return cast(Order, from_record(Order, first))


async def _conclude(house: House, task: Task, report: Report) -> Result:
    """Report, rest or dead letter, by what the readers said."""
    failure = failure_of(report.answers) if report.consensus is None else None
    if failure is None or not failure.retryable:
        return await _save(house, task, report, failure)
    flow, tries = house.settings.service.flow, task.begun.tries + 1
    if tries >= flow.attempts:
        return await _save(house, task, report, failure)
    rest_s = min(flow.retry_first_s * 2 ** (tries - 1), flow.retry_longest_s)
    now = house.now()
    text = f"{failure.text}; tried {tries} of {flow.attempts} times, again in {rest_s:g} s"
    next_at = now + timedelta(seconds=rest_s)
    postpone = partial(postpone_read, house.database, task, problem=text, now=now, next_at=next_at)
    waits = await patiently_in_thread(postpone)
    log.warning("nobody could read it for now", study=task.study["ref"], tries=tries, rest_s=rest_s)
    return Result(outcome=WAITS if waits else VOID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Why nobody read a study. `is_breakdown`: something broke that a later try or a human can mend."""

    text: str
    is_breakdown: bool
    retryable: bool


def failure_of(answers: tuple[Answer, ...]) -> Failed:
    """What the readers' abstentions come to."""
    silent = [a for a in answers if isinstance(a, Abstention) and a.code != NOT_ASKED]
    said = [f"{a.reader.name}: {a.reason}" for a in silent]
    said += [f"{a.reader.name}: it answered on no finding" for a in answers if isinstance(a, Read)]
    return Failed(
        text="nobody read it: " + ("; ".join(said) or "no reader was asked"),
        is_breakdown=any(a.failed for a in silent),
        retryable=any(a.failed and a.code in FOR_NOW for a in silent),
    )


async def _save(house: House, task: Task, report: Report, failure: Failed | None) -> Result:
    db, now = house.database, house.now()
    ending = _ending(house, report, failure, now)
    stands = partial(has_unread_report, db, task.study_id, since=task.study["last_arrival_at"])
    if failure is not None and await patiently_in_thread(stands):
        saved = await patiently_in_thread(partial(save_failure, db, task, report, ending, now=now))
        return Result(outcome=UNREAD if saved else VOID)
    told = task.study["destinations"]
    names = tuple(house.destinations) if told is None else tuple(told)
    save = partial(save_report, db, task, report, ending, destinations=names, now=now)
    promised: list[tuple[str, str]] | None = await patiently_in_thread(save)
    if promised is None:
        return Result(outcome=VOID)
    priority = report.urgency.priority.value
    log.info("study reported", study=task.study["ref"], version=task.version, priority=priority)
    return Result(outcome=UNREAD if failure else REPORTED, promised=tuple(promised))


def _ending(house: House, report: Report, failure: Failed | None, now: datetime) -> Ending:
    is_dead_letter = failure is not None and failure.is_breakdown
    again = failure is not None and failure.retryable
    if failure is None:
        text = f"read by {', '.join(a.reader.name for a in report.answers if isinstance(a, Read))}"
    else:
        began = "AI failed" if failure.is_breakdown else "AI was asked and abstained"
        text = f"{began}, which says nothing of the pictures: {failure.text}"
    priority = report.urgency.priority.value
    lines = [("read" if failure is None else "failed" if failure.is_breakdown else "abstained", text)]
    lines.append(("reported", f"preliminary report, {priority}: {report.impression}"[:1000]))
    longest = timedelta(seconds=house.settings.service.flow.retry_longest_s)
    return Ending(
        columns=partial(_columns, house=house, report=report, failure=failure, now=now),
        lines=tuple(lines),
        problem=failure.text if failure is not None and is_dead_letter else None,
        retry_at=now + longest if is_dead_letter and again else None,
    )


def _columns(
    row: Mapping[str, Any], *, house: House, report: Report, failure: Failed | None, now: datetime
) -> Mapping[str, Any]:
    """The study's row after its report. Its floor rises with what was found and never falls here."""
    told = failure.text if failure else None
    consensus = report.consensus
    top = next((j.finding for j in consensus.findings if j.present_by or j.uncertain_by), None) if consensus else None
    costs = [a.cost_usd for a in report.answers if isinstance(a, Read)]
    return {
        "status": (StudyStatus.FAILED if failure and failure.is_breakdown else StudyStatus.REPORTED).value,
        "open": True,
        "reported_at": now,
        "top_finding": report.terms[top.code].label if top and top.code in report.terms else top.code if top else None,
        "top_probability": top.probability if top else None,
        "abnormal_probability": consensus.abnormal_probability if consensus else None,
        "agreement": consensus.agreement if consensus else None,
        "disputed": consensus.disputed if consensus else None,
        "problem": told,
        "cost_usd": sum(c for c in costs if c is not None) if any(c is not None for c in costs) else None,
        **reported_columns(row, house.policies, report.urgency, now=now, failed=told),
    }


async def _end_without_answers(house: House, task: Task, problem: str) -> Result:
    """Nobody was asked: the study is UNREAD, with the reason."""
    study = Study(ref=task.study["ref"], study_uid=task.study["study_uid"], series=())
    desk: Desk = await patiently_in_thread(house.desk_of, tuple(task.study["readers"]))
    report = await read_study(study, Order(), replace(desk, readers=()))
    failure = Failed(text=f"nobody read it: {problem}", is_breakdown=True, retryable=False)
    log.error("study given up", study=task.study["ref"], problem=problem)
    return await _save(house, task, report, failure)
