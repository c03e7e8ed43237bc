"""Ask every reader at the same time. A reader that fails is an abstention and never the end of the panel."""

import asyncio
from collections.abc import Callable, Iterable

from wetread.domain.read import Abstention, Answer, Read, ReadRequest
from wetread.errors import AnswerUnusable, ReaderError, WetreadError
from wetread.ports import Reader, identity_of


async def convene(
    readers: Iterable[Reader], request_for: Callable[[Reader], ReadRequest], *, timeout_s: float
) -> tuple[Answer, ...]:
    """Each reader's read or abstention, in the order of the readers."""
    return tuple(await asyncio.gather(*(_ask(reader, request_for, timeout_s) for reader in readers)))


async def _ask(reader: Reader, request_for: Callable[[Reader], ReadRequest], timeout_s: float) -> Answer:
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
