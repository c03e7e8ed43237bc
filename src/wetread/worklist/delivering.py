"""A report is handed over: once, whatever is interrupted. A destination that can tell is asked before told again."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, runtime_checkable

import structlog

from wetread.delivery.originals import key_instances
from wetread.domain.report import Receipt, Report
from wetread.domain.study import Instance, Series
from wetread.errors import ConfigurationError, DeliveryFailed, InputError, NotFound, WetreadError
from wetread.ports import Destination
from wetread.store.blobs import Blobs
from wetread.store.deliveries import Outcome, Sending, begin_delivery, end_delivery
from wetread.worklist.house import House
from wetread.worklist.patience import patiently_in_thread

log = structlog.wrap_logger(logging.getLogger("wetread.delivery"))
TIMEOUT_S = 300.0


@runtime_checkable
class Telling(Protocol):
    """A destination that can tell whether it has a report already. Others rely on taking the same report twice."""

    async def receipt_of(self, report: Report) -> Receipt | None:
        """The receipt of a report that was delivered before, None where it was not.

        Raises: DeliveryFailed where it can't tell for now.
        """
        ...


async def deliver(
    house: House, report_id: str, destination: str, *, attempt: int, executor: str, rest_s: float = 1.0
) -> str:
    """Try once to hand the report over; what became of it. Doing it again does what is left."""
    begin = partial(begin_delivery, house.database, report_id, destination, attempt, executor=executor)
    begun = await patiently_in_thread(lambda: begin(now=house.now()))
    while isinstance(begun, datetime):  # an earlier report of the study is on its way there
        await asyncio.sleep(rest_s)
        begun = await patiently_in_thread(lambda: begin(now=house.now()))
    sending: Sending | None = begun
    if sending is None:
        return "void"
    report = await asyncio.to_thread(located, sending.report, house.blobs)
    made_at = report.made_at.astimezone() if report.made_at else None  # times in headers are the site's: so is this one
    sending = replace(sending, report=replace(report, made_at=made_at))
    outcome = await _handed_over(house.destinations, sending, partial(_failed_for_now, house, attempt))
    ended = await patiently_in_thread(partial(end_delivery, house.database, sending, outcome, now=house.now()))
    if outcome.problem is not None:
        log.warning("report not delivered", destination=destination, attempt=attempt, problem=outcome.problem)
    if not ended:
        return "void"
    return "delivered" if outcome.receipt else "waits" if outcome.next_at else "failed"


async def _handed_over(
    destinations: Mapping[str, Destination], sending: Sending, for_now: Callable[[str], Outcome]
) -> Outcome:
    name = sending.destination
    destination = destinations.get(name)
    if destination is None:
        return Outcome(is_dead_letter=True, problem=f"there is no destination {name!r}; see [service.destinations]")
    try:
        receipt = None
        if sending.again and isinstance(destination, Telling):
            receipt = await asyncio.wait_for(destination.receipt_of(sending.report), TIMEOUT_S)
        if receipt is None:
            receipt = await asyncio.wait_for(destination.deliver(sending.report), TIMEOUT_S)
        return Outcome(receipt=receipt)
    except DeliveryFailed as problem:
        return for_now(str(problem)) if problem.retry else Outcome(problem=str(problem), is_dead_letter=True)
    except (InputError, ConfigurationError) as problem:  # trying again would not help
        return Outcome(problem=str(problem), is_dead_letter=True)
    except (TimeoutError, OSError, WetreadError) as problem:
        return for_now(_words(problem))
    except Exception as bug:  # noqa: BLE001 - a plug-in's bug must not take other deliveries with it
        text = f"the destination broke with {type(bug).__name__}; report this to its maker"
        return Outcome(problem=text, is_dead_letter=True)


def located(report: Report, blobs: Blobs) -> Report:
    """The report with the images that a destination may open where their bytes lie now.

    What is gone stays where it was: whoever needs it says so.
    """
    wanted = {instance.sha256 for instance in key_instances(report)}

    def placed(instance: Instance) -> Instance:
        if instance.sha256 not in wanted:
            return instance
        try:
            return replace(instance, path=blobs.local_path(instance.sha256))
        except (NotFound, OSError):
            return instance

    def moved(series: Series) -> Series:
        return replace(series, instances=tuple(map(placed, series.instances)))

    return replace(report, study=replace(report.study, series=tuple(map(moved, report.study.series))))


def _failed_for_now(house: House, attempt: int, problem: str) -> Outcome:
    """Tried again with longer and longer rests; after some tries people are told, and it goes on at long rests."""
    flow = house.settings.service.flow
    nth = attempt % flow.attempts
    rest_s = flow.retry_longest_s if nth == 0 else min(flow.retry_first_s * 2 ** (nth - 1), flow.retry_longest_s)
    return Outcome(problem=problem, next_at=house.now() + timedelta(seconds=rest_s), is_dead_letter=nth == 0)


def _words(problem: Exception) -> str:
    """What went wrong, without a file name, which could name a patient."""
    if isinstance(problem, TimeoutError):
        return f"no answer within {TIMEOUT_S:g} s"
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    return str(problem)
