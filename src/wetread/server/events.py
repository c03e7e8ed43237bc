"""The feed of changes as server-sent events: a page that listens knows what to ask for anew."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from wetread.errors import StoreUnavailable
from wetread.server.problems import PROBLEMS
from wetread.server.state import Ground
from wetread.server.witness import WorklistReader
from wetread.store.feed import Change, Ear, newest

router = APIRouter(tags=["events"], responses=PROBLEMS)
LOOK_EVERY_S = 0.5
HEARTBEAT_S = 15.0
LONGEST_S = 15 * 60.0  # then the listener comes again, and is asked again who it is
RECONNECT_MS = 2000
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Changes"}
}


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


@router.get("/events", response_class=EventStream, responses={**PROBLEMS, **EVENT_STREAM})
async def events(
    who: WorklistReader,
    last_event_id: Annotated[str | None, Header(description="go on after this event", max_length=20)] = None,
) -> EventStream:
    """Changes as they happen: `event` is the kind (`study.new`), `data` names the study. Ends after 15 minutes."""
    asked = last_event_id is not None and last_event_id.isascii() and last_event_id.isdecimal()
    after = min(int(last_event_id or 0), 2**62) if asked else await run_in_threadpool(_newest, who.ground)
    return EventStream(_stream(who.ground, Ear(after)), headers=HEADERS)


async def _stream(ground: Ground, ear: Ear) -> AsyncIterator[str]:
    began = spoke = time.monotonic()
    yield f"retry: {RECONNECT_MS}\nid: {ear.last}\n\n"  # whoever is cut off before anything came goes on from here
    while not ground.closing.is_set() and time.monotonic() - began < LONGEST_S:
        if changes := await run_in_threadpool(_heard, ground, ear):
            spoke = time.monotonic()
            yield "".join(map(_event, changes))
        elif time.monotonic() - spoke >= HEARTBEAT_S:
            spoke = time.monotonic()
            yield ": still here\n\n"
        await anyio.sleep(LOOK_EVERY_S)


def _event(change: Change) -> str:
    told = {"study_id": change.study_id, "at": change.at.isoformat(), **change.data}
    return f"id: {change.event_id}\nevent: {change.kind}\ndata: {json.dumps(told)}\n\n"


def _heard(ground: Ground, ear: Ear) -> Sequence[Change]:
    """Nothing while the database does not answer: the listener stays, and hears it later."""
    try:
        with ground.database.read() as connection:
            return ear.hear(connection)
    except StoreUnavailable:
        return ()


def _newest(ground: Ground) -> int:
    with ground.database.read() as connection:
        return newest(connection)
