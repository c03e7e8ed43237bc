"""A few guarded processes that parse and draw for all requests of this server."""

import os
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from fastapi import Request

from wetread.guard import Guard, Isolation

R = TypeVar("R")
TIMEOUT_S = 60.0
MOST = 4
WARM = ("wetread.dicom.as_json", "wetread.dicom.frames", "wetread.imaging.rendered")
_making = threading.Lock()


class Crew:
    """Guards taken in turn; a call waits until one is free. The children start with the first calls."""

    def __init__(self, guards: tuple[Isolation, ...] | None = None) -> None:
        self._all = guards or tuple(
            Guard(timeout_s=TIMEOUT_S, warm=WARM) for _ in range(min(MOST, os.cpu_count() or 1))
        )
        self._free: queue.LifoQueue[Isolation] = queue.LifoQueue()
        for guard in reversed(self._all):
            self._free.put(guard)

    def call(self, function: Callable[..., R], /, *args: object) -> R:
        """The result of `function(*args)`, run in a child with limits.

        Raises: TookTooLong, TooLarge, FileUnreadable, and whatever WetreadError the function raises.
        """
        guard = self._free.get()
        try:
            return guard.call(function, *args, subject="the object")
        finally:
            self._free.put(guard)

    def close(self) -> None:
        """End the children."""
        for guard in self._all:
            guard.close()


def crew_of(request: Request) -> Crew:
    """The crew of this app."""
    state = request.app.state
    with _making:
        if not hasattr(state, "dicomweb_crew"):
            state.dicomweb_crew = Crew()
        crew: Crew = state.dicomweb_crew
    return crew
