"""Every call passes the turnstile: in turn, within the limits, and nobody leaves anything behind."""

import asyncio

import pytest

from wetread.domain.read import Usage
from wetread.errors import (
    AnswerUnusable,
    BudgetSpent,
    EgressDenied,
    KeyRejected,
    RateLimited,
    ReaderUnavailable,
    TimedOut,
)
from wetread.ports import Estimate, Priced
from wetread.readers.wrappers import Breaker, Budget, Limited, Purse, SpendLedger, Turnstile
from wetread.readers.wrappers.waiting import Places

CALL = Estimate(input_tokens=100, output_tokens=20, cost_usd=0.01)


def turnstile(time, **limits):
    return Turnstile(**{"concurrency": 5, "time": time, **limits})


def purse_of(time, **budget):
    ledger = SpendLedger(None)
    return ledger, Purse("one", ledger=ledger, run="r", own=Budget(**budget), time=time)


def test_400_reads_five_at_once_take_exactly_80_rounds(time, run, steps, film, fine):
    reader = steps(fine(), delay_s=0.02, time=time)
    limited = Limited(reader, turnstile(time))

    async def everyone():
        await asyncio.gather(*(limited.read(film()) for _ in range(400)))

    run(everyone())
    assert time.monotonic() == pytest.approx(400 / 5 * 0.02, rel=1e-9)
    assert (reader.calls, reader.most_inside) == (400, 5)


def test_whoever_came_first_goes_first(time, run):
    gate, order = turnstile(time, concurrency=2), []

    async def call(number):
        async with gate.enter(CALL):
            order.append(number)
            await time.sleep(1)

    async def everyone():
        await asyncio.gather(*(call(number) for number in range(9)))

    run(everyone())
    assert order == list(range(9))


@pytest.mark.parametrize(
    ("limits", "calls", "takes_s"),
    [
        ({"requests_per_minute": 6}, 6, 0.0), ({"requests_per_minute": 6}, 7, 10.0),
        ({"requests_per_minute": 6}, 12, 60.0),
        ({"tokens_per_minute": 120}, 3, 120.0), ({"tokens_per_minute": 240}, 3, 30.0),
        ({"requests_per_minute": 1, "tokens_per_minute": 10_000}, 3, 120.0),
    ],
)  # fmt: skip
def test_requests_and_tokens_a_minute_are_kept(time, run, limits, calls, takes_s):
    gate = turnstile(time, **limits)

    async def call():
        async with gate.enter(CALL):
            pass

    async def everyone():
        await asyncio.gather(*(call() for _ in range(calls)))

    run(everyone())
    assert time.monotonic() == pytest.approx(takes_s, abs=1e-4)


def test_a_call_larger_than_the_bucket_passes_when_it_is_full_and_the_next_pays_for_it(time, run):
    gate, passed = turnstile(time, tokens_per_minute=60), []

    async def both():
        for _ in range(3):
            async with gate.enter(CALL):
                passed.append(time.monotonic())

    run(both())
    assert passed == pytest.approx([0.0, 120.0, 240.0], abs=1e-4)


def test_tokens_that_were_not_used_let_the_next_one_in_at_once(time, run):
    gate, passed = turnstile(time, tokens_per_minute=120), []

    async def first():
        async with gate.enter(CALL) as toll:
            await time.sleep(1)
            toll.paid(input_tokens=10, output_tokens=0, cost_usd=0.0)

    async def second():
        async with gate.enter(CALL):
            passed.append(time.monotonic())

    async def both():
        await asyncio.gather(first(), second())

    run(both())
    assert passed == pytest.approx([5.0], abs=1e-4)  # 110 of 120 came back after one second, in which two filled


@pytest.mark.parametrize("limits", [{"concurrency": 1}, {"requests_per_minute": 1}, {"tokens_per_minute": 120}])
def test_a_cancelled_waiter_leaves_nothing_behind(time, limits):
    gate = turnstile(time, **limits)

    async def call(hold_s):
        async with gate.enter(CALL):
            await time.sleep(hold_s)

    async def story():
        holding, waiting = asyncio.create_task(call(5)), asyncio.create_task(call(0))
        await time.turn(seconds=1)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        assert time.sleepers == 1
        await time.turn(seconds=5)
        assert holding.done()
        assert gate.idle
        began = time.monotonic()
        await time.until(call(0))
        return time.monotonic() - began

    assert asyncio.run(story()) <= 60.0
    assert gate.idle
    assert time.sleepers == 0


def test_a_place_given_in_the_moment_of_a_cancellation_goes_to_the_next():
    async def story():
        places = Places(1)
        await places.take()
        first, second = (asyncio.create_task(places.take()) for _ in range(2))
        await asyncio.sleep(0)
        places.give_back()  # the first has it, but has not run yet
        first.cancel()
        await asyncio.wait_for(second, 1)
        return first.cancelled(), places.waiting

    assert asyncio.run(story()) == (True, 0)


def test_a_cancelled_waiter_is_forgotten_at_once():
    async def story():
        places = Places(1)
        await places.take()
        waiting = asyncio.create_task(places.take())
        await asyncio.sleep(0)
        assert places.waiting == 1
        waiting.cancel()
        await asyncio.wait({waiting})
        return places.waiting

    assert asyncio.run(story()) == 0


def test_it_serves_one_event_loop_after_another(time):
    gate = turnstile(time, concurrency=1, requests_per_minute=600)

    async def crowd():
        async def call():
            async with gate.enter(CALL):
                await asyncio.sleep(0)

        await asyncio.gather(*(call() for _ in range(5)))

    for _ in range(3):
        asyncio.run(crowd())
    assert gate.idle


@pytest.mark.parametrize(
    ("problem", "spent"),
    [
        (ReaderUnavailable("no line", billed=False), 0.0), (ReaderUnavailable("no line", billed=None), 0.01),
        (ReaderUnavailable("no line", billed=True), 0.01), (RateLimited("slow down"), 0.0),
        (RateLimited("slow down", billed=True), 0.01), (TimedOut("too long"), 0.01), (KeyRejected("401"), 0.0),
        (EgressDenied("no"), 0.0), (BudgetSpent("no"), 0.0), (AnswerUnusable("prose"), 0.01), (ValueError("bug"), 0.01),
        (asyncio.CancelledError(), 0.01),
    ],
)  # fmt: skip
def test_a_failed_call_counts_unless_it_is_known_to_be_free(time, run, problem, spent):
    ledger, purse = purse_of(time, per_run_usd=1.0)
    gate = turnstile(time, purse=purse)

    async def call():
        async with gate.enter(CALL):
            raise problem

    async def story():
        with pytest.raises(type(problem)):
            await call()

    run(story())
    assert ledger.spent(run="r") == pytest.approx(spent)
    assert all(day.reserved_usd == 0 for day in ledger.days())


def test_what_was_paid_stands_even_if_the_answer_was_of_no_use(time, run):
    ledger, purse = purse_of(time, per_run_usd=1.0)

    async def call():
        async with turnstile(time, purse=purse).enter(CALL) as toll:
            toll.paid(input_tokens=100, output_tokens=5, cost_usd=0.004)
            raise AnswerUnusable("prose")

    with pytest.raises(AnswerUnusable):
        run(call())
    assert ledger.spent(run="r") == pytest.approx(0.004)


def test_an_answer_of_unknown_price_counts_as_estimated(time, run):
    ledger, purse = purse_of(time, per_run_usd=1.0)

    async def story():
        async with turnstile(time, purse=purse).enter(CALL) as toll:
            toll.paid(input_tokens=100)
        async with turnstile(time, purse=purse).enter(CALL):
            pass

    run(story())
    assert ledger.spent(run="r") == pytest.approx(0.02)


@pytest.mark.parametrize("bill", [{"cost_usd": -0.1}, {"cost_usd": float("nan")}, {"input_tokens": -1}])
def test_a_bill_below_nothing_is_refused_and_the_reservation_counts(time, run, bill):
    ledger, purse = purse_of(time, per_run_usd=1.0)

    async def story():
        with pytest.raises(ValueError, match="bill"):
            async with turnstile(time, purse=purse).enter(CALL) as toll:
                toll.paid(**bill)

    run(story())
    assert ledger.spent(run="r") == pytest.approx(0.01)


def test_a_refused_call_holds_no_place_no_token_and_no_probe(time, run):
    _, purse = purse_of(time, per_run_usd=0.005)
    breaker = Breaker("one", failures=1, rest_s=1, time=time)
    gate = turnstile(time, concurrency=1, requests_per_minute=1, purse=purse, breaker=breaker)
    cheap = Estimate(input_tokens=1, output_tokens=1, cost_usd=0.001)

    async def story():
        for _ in range(3):
            with pytest.raises(BudgetSpent):
                async with gate.enter(CALL):
                    pytest.fail("it was let in")
        async with gate.enter(cheap):
            return time.monotonic()

    assert run(story()) == 0.0
    assert gate.idle


def test_a_probe_that_the_budget_refuses_leaves_the_way_to_another(time, run):
    _, purse = purse_of(time, per_run_usd=0.005)
    breaker = Breaker("one", failures=1, rest_s=1, time=time)
    breaker.left(probe=breaker.admit(), problem=ReaderUnavailable("500"))
    gate = turnstile(time, purse=purse, breaker=breaker)

    async def story():
        await time.sleep(1)
        for _ in range(2):
            with pytest.raises(BudgetSpent):
                async with gate.enter(CALL):
                    pytest.fail("it was let in")

    run(story())


def test_nobody_queues_for_a_provider_that_is_left_alone(time, run):
    breaker = Breaker("one", failures=1, rest_s=30, time=time)
    gate = turnstile(time, concurrency=1, breaker=breaker)

    async def call(hold_s, problem=None):
        async with gate.enter(CALL):
            await time.sleep(hold_s)
            if problem:
                raise problem

    async def story():
        failing = asyncio.create_task(call(1, ReaderUnavailable("500")))
        waiting = [asyncio.create_task(call(1)) for _ in range(3)]
        await asyncio.wait({failing, *waiting})
        assert all(isinstance(task.exception(), ReaderUnavailable) for task in waiting)
        with pytest.raises(ReaderUnavailable, match="left alone"):
            await call(1)

    run(story())
    assert time.monotonic() == 1.0


def test_limited_settles_what_the_reader_says_it_cost(time, run, steps, film, fine):
    ledger, purse = purse_of(time, per_run_usd=1.0)
    reader = steps(fine(cost_usd=0.003, usage=Usage(calls=1, input_tokens=90, output_tokens=5)))
    reader.estimate = lambda _: CALL
    limited = Limited(reader, turnstile(time, purse=purse))
    run(limited.read(film()))
    assert ledger.spent(run="r") == pytest.approx(0.003)
    assert isinstance(limited, Priced)
    assert (limited.name, limited.identity) == (reader.name, reader.identity)


def test_a_reader_without_a_price_is_refused_where_a_budget_is_set(time, run, steps, film, fine):
    _, purse = purse_of(time, per_day_usd=1.0)
    limited = Limited(steps(fine()), turnstile(time, purse=purse))
    assert not isinstance(limited, Priced)
    with pytest.raises(BudgetSpent, match=r"no price is known.*put a price into"):
        run(limited.read(film()))


def test_without_a_budget_no_price_is_needed_and_the_spending_is_still_kept(time, run, steps, film, fine):
    ledger, purse = purse_of(time)
    run(Limited(steps(fine(cost_usd=0.25)), turnstile(time, purse=purse)).read(film()))
    assert ledger.spent(run="r") == 0.25
