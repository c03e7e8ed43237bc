"""Ask every reader at the same time. A reader that fails is an abstention and never the end of the panel."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from wetread.domain.consensus import NOT_ASKED
from wetread.domain.read import Abstention, Answer, Read, ReadRequest, Trace
from wetread.errors import AnswerUnusable, ReaderError, WetreadError
from wetread.panel.cascade import Cascade
from wetread.ports import Reader, identity_of

Ask = Callable[[Reader], ReadRequest]


async def convene(
    readers: Iterable[Reader | Cascade], request_for: Ask, *, timeout_s: float, today: date | None = None
) -> tuple[Answer, ...]:
    """Each reader's read or abstention, in the order of the readers; a cascade gives those of its two.

    `today` (UTC) is the day on which a cascade's local figures must be valid.
    """
    day = today or datetime.now(UTC).date()
    parts = (
        _ask_both(item, request_for, timeout_s, day)
        if isinstance(item, Cascade)
        else _ask_one(item, request_for, timeout_s)
        for item in readers
    )
    return tuple(answer for part in await asyncio.gather(*parts) for answer in part)


async def _ask_one(reader: Reader, request_for: Ask, timeout_s: float) -> tuple[Answer, ...]:
    return (await _ask(reader, request_for, timeout_s),)


async def _ask_both(cascade: Cascade, request_for: Ask, timeout_s: float, today: date) -> tuple[Answer, ...]:
    """The screen, then the second reader or the reason why it was left out."""
    first = await _ask(cascade.first, request_for, timeout_s)
    step = cascade.rule.next_step(first, request_for(cascade.first), today)
    if not step.ask:
        left_out = Abstention(reader=identity_of(cascade.then), reason=step.reason, code=NOT_ASKED, failed=False)
        return first, left_out
    second = await _ask(cascade.then, request_for, timeout_s)
    if isinstance(second, Read):
        trace = second.trace or Trace()
        second = replace(second, trace=replace(trace, hops=(f"{first.reader.name}: {step.reason}", *trace.hops)))
    return first, second


async def _ask(reader: Reader, request_for: Ask, timeout_s: float) -> Answer:
    identity = identity_of(reader)
    try:
        answer: object = await asyncio.wait_for(reader.read(request_for(reader)), timeout_s)
    except ReaderError as problem:
        return Abstention(
            reader=identity,
            reason=str(problem) or "it gave no reason",
            code=problem.code,
            failed=problem.failed,
            original=problem.raw if isinstance(problem, AnswerUnusable) else None,
        )
    except TimeoutError:
        reason = f"it did not answer within {timeout_s:g} s"
        return Abstention(reader=identity, reason=reason, code="timeout", failed=True)
    except WetreadError as problem:
        return Abstention(reader=identity, reason=str(problem), code="unavailable", failed=True)
    except Exception as bug:  # noqa: BLE001 - a plug-in's bug must not take the other readers' answers with it
        reason = f"it broke with {type(bug).__name__}; report this to the reader's maker"
        return Abstention(reader=identity, reason=reason, code="broken", failed=True)
    if not isinstance(answer, Read):
        reason = f"it answered with {type(answer).__name__} instead of a read; report this to the reader's maker"
        return Abstention(reader=identity, reason=reason, code="broken", failed=True)
    return answer
