"""The clock that jumps from event to event, compiled by numba. Imported by `simulate` alone, which states the types."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

Array = Any  # numba's arrays; simulate.py states shapes and types
LANES = 5
HOUR_MIN, HOURS = 60.0, 24


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled without the GIL; kept on disk where a folder can be written, else for this process only."""
    try:
        compiled: Callable[..., Any] = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder it may write to
        compiled = numba.njit(nogil=True)(function)
    return compiled


@_compiled
def before(keys: Array, studies: Array, one: int, other: int) -> bool:
    """Whether entry `one` of a heap comes before another: the smaller key, then the smaller study."""
    if keys[one] != keys[other]:
        return bool(keys[one] < keys[other])
    return bool(studies[one] < studies[other])


@_compiled
def swap(keys: Array, studies: Array, one: int, other: int) -> None:
    """Change places in a heap."""
    keys[one], keys[other] = keys[other], keys[one]
    studies[one], studies[other] = studies[other], studies[one]


@_compiled
def push(keys: Array, studies: Array, size: int, entry: Any) -> int:  # noqa: ANN401 - numba's (float, int)
    """Put (key, study) into a binary heap of `size` entries; the new size."""
    keys[size], studies[size] = entry
    place = size
    while place and before(keys, studies, place, (place - 1) // 2):
        swap(keys, studies, place, (place - 1) // 2)
        place = (place - 1) // 2
    return size + 1


@_compiled
def pop(keys: Array, studies: Array, size: int) -> int:
    """Take the first entry out of a binary heap (it stands at the end then); the new size."""
    size -= 1
    swap(keys, studies, 0, size)
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            return size
        if child + 1 < size and before(keys, studies, child + 1, child):
            child += 1
        if not before(keys, studies, child, place):
            return size
        swap(keys, studies, place, child)
        place = child


@_compiled
def on_duty(now: float, human: int, by_hour: Array) -> float:
    """When this human works next: now, or at the start of the next hour with enough staff."""
    hour = int(now // HOUR_MIN)
    at = now
    while human >= by_hour[hour % HOURS]:
        hour += 1
        at = hour * HOUR_MIN
    return at


@_compiled
def rest(free: Array, until: float) -> None:
    """Nobody has anything to do before the next event."""
    for human in range(free.size):
        free[human] = max(free[human], until)


@_compiled
def opened(at: Array, event: Array, takes: Array, by_hour: Array) -> Array:
    """When each study is opened, (studies,) float64, minutes.

    at: (events,) float64, rising; event: (study (events,) int64, lane 0-4 (events,) int64, key (events,) float64):
    from then on the study stands there; takes: (studies,) float64; by_hour: (24,) int64, humans on duty.
    """
    study, lane, key = event
    began = np.full(takes.size, -1.0)
    lane_of = np.full(takes.size, -1, np.int64)
    key_of = np.zeros(takes.size)
    counts = np.zeros(LANES, np.int64)
    for n in range(at.size):
        counts[lane[n]] += 1
    widest = counts.max()
    keys = np.empty((LANES, widest))
    studies = np.empty((LANES, widest), np.int64)
    sizes = np.zeros(LANES, np.int64)
    free = np.zeros(by_hour.max())
    left, following = takes.size, 0
    while left:
        human = int(np.argmin(free))
        now = on_duty(free[human], human, by_hour)
        if now > free[human]:
            free[human] = now
            continue
        while following < at.size and at[following] <= now:
            one, where = study[following], lane[following]
            if began[one] < 0:
                lane_of[one], key_of[one] = where, key[following]
                sizes[where] = push(keys[where], studies[where], sizes[where], (key[following], one))
            following += 1
        chosen = -1
        for where in range(LANES):
            while chosen < 0 and sizes[where]:
                sizes[where] = pop(keys[where], studies[where], sizes[where])
                one = studies[where, sizes[where]]
                # an entry from before the study moved says nothing any more
                if began[one] < 0 and lane_of[one] == where and key_of[one] == keys[where, sizes[where]]:
                    chosen = one
        if chosen < 0:
            rest(free, at[following])
            continue
        began[chosen] = now
        free[human] = now + takes[chosen]
        left -= 1
    return began
