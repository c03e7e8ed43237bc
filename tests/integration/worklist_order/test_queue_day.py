"""A simulated day by the product's own order: 10,000 studies wait at midnight, 4,000 more come."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

from benchmarks.queue_day import cap_only, first_come, load, ours, patients, simulate, urgency_only

ENOUGH, TOO_FEW = 56, 30  # humans: a load of 0.97, and of 1.8


@pytest.fixture(scope="module")
def people():
    return patients(queued=10_000, arriving=4_000, seed=1)


@pytest.fixture(scope="module")
def day(people):
    return simulate(people, ENOUGH, ours)


def test_none_waits_beyond_its_cap_where_the_staff_can_do_the_work(people, day):
    assert 0.95 < load(people, ENOUGH) < 1
    assert day.late == 0
    assert day.worst_share < 0.9


def test_a_critical_study_is_the_next_to_be_opened(day):
    assert day.overtaken == 0
    assert day.critical_worst_min < 5  # the next human who is free; a look takes 5 minutes on average, 56 look


def test_orders_of_first_come_and_of_urgency_alone_break_caps_on_the_same_day(people, day):
    first, urgent = simulate(people, ENOUGH, first_come), simulate(people, ENOUGH, urgency_only)
    assert first.late > 1000
    assert urgent.late > 300
    assert day.critical_mean_min < first.critical_mean_min / 4
    assert day.critical_mean_min < urgent.critical_mean_min + 5


def test_where_even_the_order_of_the_caps_breaks_them_ours_still_opens_the_critical_first(people):
    assert simulate(people, TOO_FEW, cap_only).late > 0
    overrun = simulate(people, TOO_FEW, ours)
    assert overrun.late > 0
    assert overrun.overtaken == 0
