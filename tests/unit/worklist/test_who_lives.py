from datetime import UTC, datetime, timedelta

import pytest

from wetread.store.executors import Executor
from wetread.worklist.watch import PATIENCE, Watch, process_exists

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def other(mark=NOON, name="there.7.x", pid=7):
    return Executor(executor_id=name, host="there", pid=pid, seen_at=mark)


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(clock):
    return Watch(me="here.1.me", stale_after_s=10, clock_s=clock, exists=lambda pid: pid == 7, machine="here")


def looks(watch, clock, one, *, seconds, every=2.0):
    """Whether it is still held to live after so long."""
    alive = frozenset()
    for _ in range(int(seconds / every)):
        clock.now_s += every
        alive, _ = watch.look((one() if callable(one) else one,))
    return one_id(one) in alive


def one_id(one):
    return (one() if callable(one) else one).executor_id


def test_a_worker_that_falls_silent_is_dead_after_a_while_and_not_before(watch, clock):
    watch.look((other(),))
    assert looks(watch, clock, other(), seconds=8)
    assert not looks(watch, clock, other(), seconds=6)


def test_a_worker_lives_whatever_its_wall_clock_says(watch, clock):
    marks = iter([NOON, NOON - timedelta(days=400), NOON + timedelta(days=9000)] * 20)
    assert looks(watch, clock, lambda: other(next(marks)), seconds=60)


def test_nobody_dies_while_the_store_does_not_answer(watch, clock):
    watch.look((other(),))
    for _ in range(30):
        clock.now_s += 2
        watch.missed()
    alive, dead = watch.look((other(),))
    assert (other().executor_id in alive, dead) == (True, frozenset())


def test_nobody_dies_while_this_process_itself_stood_still(watch, clock):
    watch.look((other(),))
    clock.now_s += 3600
    alive, _ = watch.look((other(),))
    assert other().executor_id in alive


def test_a_process_of_this_machine_that_is_gone_is_dead_at_once(watch):
    alive, dead = watch.look((other(name="here.8.x", pid=8),))
    assert dead == {"here.8.x"}
    assert alive == {"here.1.me"}


def test_a_process_of_this_machine_that_lives_is_borne_longer(watch, clock):
    one = other(name="here.7.x")
    watch.look((one,))
    assert looks(watch, clock, one, seconds=10 * PATIENCE)
    assert not looks(watch, clock, one, seconds=10)


def test_a_process_id_that_nobody_has_is_no_process():
    import os
    import subprocess
    import sys

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert process_exists(os.getpid())
    assert not process_exists(ended.pid)
