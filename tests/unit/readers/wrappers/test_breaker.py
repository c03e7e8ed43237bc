"""A provider that fails again and again is left alone, then asked once."""

import asyncio

import pytest

from wetread.errors import AnswerUnusable, EgressDenied, KeyRejected, RateLimited, ReaderRefused, ReaderUnavailable
from wetread.readers.wrappers import Breaker

DOWN = ReaderUnavailable("500")


def call(breaker, problem=None):
    breaker.left(probe=breaker.admit(), problem=problem)


@pytest.fixture
def breaker(time):
    return Breaker("gpt", failures=3, rest_s=30, time=time)


def opened(breaker):
    for _ in range(3):
        call(breaker, DOWN)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_says_for_how_long(breaker, time, run):
    opened(breaker)
    run(time.turn(seconds=12))
    with pytest.raises(ReaderUnavailable, match=r"gpt failed 3 times in a row.*500") as refused:
        breaker.admit()
    assert (refused.value.retry_after_s, refused.value.billed) == (18, False)


@pytest.mark.parametrize("between", [None, AnswerUnusable("prose"), ReaderRefused("no"), KeyRejected("401")])
def test_any_answer_in_between_begins_the_row_anew(breaker, between):
    for problem in (DOWN, DOWN, between, DOWN, DOWN):
        call(breaker, problem)
    assert not breaker.is_open


@pytest.mark.parametrize("between", [asyncio.CancelledError(), EgressDenied("no"), ValueError("bug")])
def test_a_call_that_says_nothing_of_the_provider_neither_counts_nor_clears(breaker, between):
    for problem in (DOWN, DOWN, between):
        call(breaker, problem)
    assert not breaker.is_open
    call(breaker, DOWN)
    assert breaker.is_open


def test_refusals_never_open_it(breaker):
    for _ in range(10):
        call(breaker, ReaderRefused("modality CT"))
    assert not breaker.is_open


def test_after_its_rest_one_probe_goes_through_and_the_others_wait_for_it(breaker, time, run):
    opened(breaker)
    run(time.turn(seconds=30))
    assert breaker.admit() is True
    with pytest.raises(ReaderUnavailable) as refused:
        breaker.admit()
    assert refused.value.retry_after_s == 30
    breaker.left(probe=True, problem=None)
    assert breaker.admit() is False


def test_a_failed_probe_begins_the_rest_again(breaker, time, run):
    opened(breaker)
    run(time.turn(seconds=30))
    call(breaker, DOWN)
    with pytest.raises(ReaderUnavailable) as refused:
        breaker.admit()
    assert refused.value.retry_after_s == 30


def test_a_probe_that_was_cut_off_leaves_the_way_to_another(breaker, time, run):
    opened(breaker)
    run(time.turn(seconds=30))
    call(breaker, asyncio.CancelledError())
    assert breaker.admit() is True
    breaker.abandoned(probe=True)
    assert breaker.admit() is True


def test_calls_from_before_the_rest_say_nothing_of_the_provider_now(breaker, time):
    early = [breaker.admit() for _ in range(2)]
    opened(breaker)
    breaker.left(probe=early[0], problem=None)
    breaker.left(probe=early[1], problem=DOWN)
    assert breaker.is_open
    with pytest.raises(ReaderUnavailable) as refused:
        breaker.admit()
    assert refused.value.retry_after_s == 30


def test_a_rate_limit_that_names_its_wait_is_left_alone_for_that_long(breaker):
    for _ in range(3):
        call(breaker, RateLimited("429", retry_after_s=2.5))
    with pytest.raises(ReaderUnavailable) as refused:
        breaker.admit()
    assert refused.value.retry_after_s == 2.5
