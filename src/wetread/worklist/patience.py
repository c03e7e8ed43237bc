"""Work that waits for the store: while it does not answer, nothing is given up and nothing is lost."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from wetread.errors import StoreUnavailable

log = structlog.wrap_logger(logging.getLogger("wetread.store"))
FIRST_S, LONGEST_S = 0.2, 5.0
P = ParamSpec("P")
T = TypeVar("T")


class Stopped(Exception):
    """The process is to end while it waits; what it was about to write is done again by another."""


def patiently(
    work: Callable[[], T], *, stopping: threading.Event | None = None, sleep: Callable[[float], None] = time.sleep
) -> T:
    """What the work gives, as soon as the store answers.

    Raises: Stopped, and whatever else the work raises.
    """
    rest_s = FIRST_S
    while True:
        try:
            return work()
        except StoreUnavailable as problem:
            if stopping is not None and stopping.is_set():
                raise Stopped from problem
            log.warning("the store does not answer, it is waited for", problem=str(problem), rest_s=rest_s)
        sleep(rest_s)
        rest_s = min(rest_s * 2, LONGEST_S)


async def patiently_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same beside a running event loop: the work runs in a thread."""
    rest_s = FIRST_S
    while True:
        try:
            return await asyncio.to_thread(partial(work, *args, **kwargs))
        except StoreUnavailable as problem:
            log.warning("the store does not answer, it is waited for", problem=str(problem), rest_s=rest_s)
        await asyncio.sleep(rest_s)
        rest_s = min(rest_s * 2, LONGEST_S)
