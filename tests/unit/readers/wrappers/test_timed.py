"""A read ends in time, and a slow one is told."""

import asyncio
import contextlib

import pytest
from structlog.testing import capture_logs

from wetread.domain.read import Trace
from wetread.errors import ReaderUnavailable, TimedOut
from wetread.readers.wrappers import Limited, Timed, Turnstile


def timed(reader, time, **limits):
    return Timed(reader, **{"timeout_s": 10.0, "time": time, **limits})


def test_a_read_that_takes_too_long_is_cancelled_at_its_time(time, run, steps, film, fine):
    reader = steps(fine(), delay_s=11, time=time)
    with pytest.raises(TimedOut, match="one did not answer within 10 s") as late:
        run(timed(reader, time).read(film()))
    assert late.value.billed is None
    assert (time.monotonic(), reader.inside, time.sleepers) == (10.0, 0, 0)


def test_its_seconds_are_in_the_trace(time, run, steps, film, fine):
    got = run(timed(steps(fine(trace=Trace(form="tool")), delay_s=3, time=time), time).read(film()))
    assert got.trace == Trace(form="tool", latency_s=3.0)
    assert time.monotonic() == 3.0


@pytest.mark.parametrize("work", [TimeoutError("socket"), TimedOut("of the call")])
def test_a_reader_s_own_timeout_is_a_timeout(time, run, steps, film, work):
    with pytest.raises(TimedOut):
        run(timed(steps(work), time).read(film()))


@pytest.mark.parametrize("problem", [ReaderUnavailable("500"), ValueError("bug")])
def test_other_errors_pass_and_leave_no_watch_behind(time, run, steps, film, problem):
    with pytest.raises(type(problem)):
        run(timed(steps(problem, delay_s=1, time=time), time).read(film()))
    assert time.sleepers == 0


@pytest.mark.parametrize(
    ("takes_s", "alarms"), [(1.9, []), (2.0, []), (2.1, [("one", 2.1)]), (11.0, [("one", 10.0)])]
)  # fmt: skip
def test_a_slow_read_is_told_and_counted(time, run, steps, film, fine, takes_s, alarms):
    told = []
    watched = timed(
        steps(fine(), delay_s=takes_s, time=time), time, slow_after_s=2.0, alarm=lambda *slow: told.append(slow)
    )

    async def story():
        with contextlib.suppress(TimedOut):
            await watched.read(film())

    with capture_logs() as logs:
        run(story())
    assert told == alarms
    assert watched.slow_reads == len(alarms)
    assert [one["event"] for one in logs] == ["slow read"] * len(alarms)


def test_a_read_in_time_leaves_no_watch_behind(time, steps, film, fine):
    async def story():
        await timed(steps(fine()), time).read(film())
        await time.turn(seconds=0)
        return time.sleepers

    assert asyncio.run(story()) == 0


def test_whoever_cancels_a_read_is_not_told_it_timed_out(time, steps, film, fine):
    reader = steps(fine(), delay_s=5, time=time)

    async def story():
        task = asyncio.create_task(timed(reader, time, slow_after_s=0.1).read(film()))
        await time.turn(seconds=1)
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert asyncio.run(story())
    assert (reader.inside, time.sleepers) == (0, 0)


def test_a_timeout_gives_the_place_in_the_turnstile_back(time, run, steps, film, fine):
    gate = Turnstile(concurrency=1, time=time)
    reader = timed(Limited(steps(fine(), delay_s=60, time=time), gate), time)

    async def crowd():
        return await asyncio.gather(*(reader.read(film()) for _ in range(3)), return_exceptions=True)

    assert all(isinstance(one, TimedOut) for one in run(crowd()))
    assert gate.idle
