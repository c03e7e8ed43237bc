"""Wrapped readers under any interleaving: no budget is passed, nobody leaves anything behind, nothing seen is lost."""

import asyncio
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.finding import Evidence, Laterality, Presence
from wetread.domain.order import Order
from wetread.domain.read import Read, ReadRequest
from wetread.errors import (
    AnswerUnusable,
    KeyRejected,
    RateLimited,
    ReaderError,
    ReaderUnavailable,
    TimedOut,
)
from wetread.ports import Estimate
from wetread.readers.wrappers import (
    Bill,
    Breaker,
    Budget,
    Cached,
    Consistent,
    Fallback,
    Limited,
    Purse,
    Retried,
    RunCache,
    SpendLedger,
    Timed,
    Turnstile,
)
from wetread.testing.clock import TurnableTime
from wetread.testing.studies import finding, identity, read
from wetread.testing.views import view_of

REQUEST = ReadRequest(study_ref="st-1", views=(), order=Order())
CENT = 0.01

BILLED = ("answer", "answer unpriced", "billed", "who knows", "late", "prose")
outcomes = st.sampled_from([*BILLED, "not billed", "limited", "key", "hangs"])
calls = st.tuples(outcomes, st.integers(1, 9), st.floats(0, 1), st.integers(0, 3))


class Asked:
    """A provider whose every call is billed at most its estimate, and the books that nobody else sees."""

    def __init__(self, name, script, time, gate):
        self.name, self.identity, self.time, self.gate = name, identity(name), time, gate
        self.script, self.billed = list(script), 0.0

    async def read(self, request):
        outcome, cents, share, delay_s = self.script[0] if len(self.script) == 1 else self.script.pop(0)
        async with self.gate.enter(Estimate(input_tokens=100, output_tokens=10, cost_usd=cents * CENT)) as toll:
            await self.time.sleep(3600 if outcome == "hangs" else delay_s)
            return self._end(outcome, cents * CENT, share, toll)

    def _end(self, outcome, most, share, toll):
        errors = {
            "not billed": ReaderUnavailable("500", billed=False), "billed": ReaderUnavailable("500", billed=True),
            "who knows": ReaderUnavailable("cut off"), "limited": RateLimited("429", retry_after_s=1.0),
            "late": TimedOut("stalled"), "prose": AnswerUnusable("prose"), "key": KeyRejected("401"),
        }  # fmt: skip
        if outcome in BILLED:
            self.billed += most * share
        if outcome in errors:
            raise errors[outcome]
        if outcome == "answer":
            toll.paid(input_tokens=100, output_tokens=5, cost_usd=most * share)
        return read(finding("wr:pneumonia", "uncertain"), name=self.name)


@settings(max_examples=150, deadline=None)
@given(
    scripts=st.lists(st.lists(calls, min_size=1, max_size=6), min_size=1, max_size=3),
    studies=st.integers(1, 8),
    limits=st.fixed_dictionaries(
        {"own_run": st.none() | st.integers(0, 30), "own_day": st.none() | st.integers(0, 30),
         "site_run": st.none() | st.integers(0, 30), "site_day": st.integers(0, 40)}
    ),
    retries=st.integers(0, 3),
    runs=st.integers(1, 3),
    cancelled=st.sets(st.integers(0, 7), max_size=3),
)  # fmt: skip
def test_no_interleaving_settles_more_than_the_budget(scripts, studies, limits, retries, runs, cancelled):
    time, ledger = TurnableTime(), SpendLedger(None)
    own = Budget(per_run_usd=_usd(limits["own_run"]), per_day_usd=_usd(limits["own_day"]))
    site = Budget(per_run_usd=_usd(limits["site_run"]), per_day_usd=_usd(limits["site_day"]))
    providers, gates, hops = [], [], []
    for number, script in enumerate(scripts):
        name = f"reader{number}"
        purse = Purse(name, ledger=ledger, run="r", own=own, site=site, time=time)
        gate = Turnstile(concurrency=2, requests_per_minute=60, purse=purse, time=time,
                         breaker=Breaker(name, failures=4, rest_s=5, time=time))  # fmt: skip
        provider = Asked(name, script, time, gate)
        retried = Retried(Timed(provider, timeout_s=60, time=time), retries=retries, time=time)
        providers.append(provider)
        gates.append(gate)
        hops.append(Consistent(retried, runs))
    chain = Fallback(tuple(hops))

    async def study(number):
        task = asyncio.ensure_future(chain.read(REQUEST))
        if number in cancelled:
            await time.sleep(number / 2)
            task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() or task.exception() is None or isinstance(task.exception(), ReaderError)

    async def everyone():
        await asyncio.gather(*(study(number) for number in range(studies)))

    asyncio.run(time.until(everyone()))
    day = TurnableTime().now().date().isoformat()
    nothing = 1e-9
    for provider in providers:
        counted = ledger.spent(reader=provider.name, run="r")
        assert provider.billed <= counted + nothing, "the books know less than was billed"
        for limit in (own.per_run_usd, own.per_day_usd):
            assert limit is None or counted <= limit + nothing
    total = ledger.spent(run="r")
    assert sum(provider.billed for provider in providers) <= total + nothing
    for limit in (site.per_run_usd, site.per_day_usd):
        assert limit is None or total <= limit + nothing
    assert ledger.spent(day=day) == total
    assert all(one.reserved_usd == 0 for one in ledger.days()), "a reservation was left behind"
    assert all(gate.idle for gate in gates)


def _usd(cents):
    return None if cents is None else cents * CENT


@settings(deadline=None)
@given(
    jobs=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 400), st.none() | st.integers(0, 8)),
        min_size=1, max_size=12,
    ),
    concurrency=st.integers(1, 4),
    requests_per_minute=st.none() | st.integers(1, 30),
    tokens_per_minute=st.none() | st.integers(1, 300),
)  # fmt: skip
def test_cancelled_waiters_leave_nothing_behind_and_the_others_go_in_turn(
    jobs, concurrency, requests_per_minute, tokens_per_minute
):
    """jobs: (starts at, holds for, tokens, cancelled at), in seconds."""
    time, ledger = TurnableTime(), SpendLedger(None)
    gate = Turnstile(
        concurrency=concurrency,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        purse=Purse("one", ledger=ledger, run="r", time=time),
        time=time,
    )
    inside, came, entered, passed_tokens = set(), [], [], []

    async def call(number, starts_s, holds_s, tokens):
        await time.sleep(starts_s)
        came.append(number)
        async with gate.enter(Estimate(input_tokens=tokens, output_tokens=0, cost_usd=0.01)):
            entered.append(number)
            passed_tokens.append((time.monotonic(), tokens))
            inside.add(number)
            assert len(inside) <= concurrency
            try:
                await time.sleep(holds_s)
            finally:
                inside.discard(number)

    async def job(number, starts_s, holds_s, tokens, cancel_s):
        task = asyncio.ensure_future(call(number, starts_s, holds_s, tokens))
        if cancel_s is not None:
            await time.sleep(cancel_s + 0.25)
            task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() or task.exception() is None

    async def everyone():
        await asyncio.gather(*(job(number, *one) for number, one in enumerate(jobs)))
        left = time.sleepers
        began = time.monotonic()
        async with gate.enter(Estimate(input_tokens=0, output_tokens=0, cost_usd=None)):
            pass
        return left, time.monotonic() - began

    left, waited_s = asyncio.run(time.until(everyone()))
    assert left == 0
    debt_s = 60 * (1 + sum(tokens for _, tokens in passed_tokens)) / tokens_per_minute if tokens_per_minute else 0
    assert waited_s <= 60 + debt_s
    assert gate.idle
    assert entered == [number for number in came if number in entered], "somebody slipped in"
    assert all(number in entered for number, one in enumerate(jobs) if one[3] is None)
    assert all(one.reserved_usd == 0 for one in ledger.days())
    _check_rate(passed_tokens, requests_per_minute, tokens_per_minute)


def _check_rate(passed, requests_per_minute, tokens_per_minute):
    """From the first call to any later one, no more than a full bucket and what filled since, but for the last call."""
    for number, (at_s, _) in enumerate(passed):
        if requests_per_minute:
            assert number + 1 <= requests_per_minute * (1 + at_s / 60) + 1e-3
        if tokens_per_minute:
            before = sum(tokens for _, tokens in passed[:number])
            assert before <= tokens_per_minute * (1 + at_s / 60) + 1e-3


codes = st.sampled_from(["wr:pneumothorax", "wr:pneumonia", "wr:rib-fracture"])
sides = st.none() | st.sampled_from(Laterality)
unit = st.none() | st.floats(0, 1)
findings = st.builds(
    lambda code, side, presence, raw, critical: finding(
        code, presence, laterality=side, confidence_raw=raw, claims_critical=critical
    ),
    codes, sides, st.sampled_from([p.value for p in Presence]), unit, st.booleans(),
)  # fmt: skip
reads = st.builds(
    lambda found: read(*found),
    st.lists(findings, max_size=5, unique_by=lambda one: (one.code, one.laterality)),
)


class Answers:
    def __init__(self, answers):
        self.name, self.answers = "one", list(answers)

    async def read(self, request):
        return self.answers.pop(0)


@given(st.lists(reads, min_size=3, max_size=3))
def test_asking_again_never_loses_nor_calms_what_any_run_saw(answers):
    got = asyncio.run(Consistent(Answers(answers), 3).read(REQUEST))
    asked = answers[:1] if got == answers[0] else answers
    seeing = (Presence.PRESENT, Presence.UNCERTAIN)
    told = {(one.code, one.laterality): one for one in got.findings}
    assert len(told) == len(got.findings)
    for one in (one for answer in asked for one in answer.findings):
        assert any(code == one.code for code, _ in told)
        if one.presence in seeing:
            assert told[one.code, one.laterality].presence in seeing
            assert told[one.code, one.laterality].claims_critical or not one.claims_critical
    for code in {code for code, _ in told}:
        present = sum(any(one.code == code and one.presence is Presence.PRESENT for one in a.findings) for a in asked)
        if present * 2 >= len(asked) and len(asked) > 1:
            assert any(one.presence is Presence.PRESENT for key, one in told.items() if key[0] == code)


@given(
    answer=reads,
    boxes=st.lists(st.integers(0, 2), max_size=4),
    files=st.lists(st.sampled_from(["anna.dcm", "bert.dcm", "carl.dcm"]), min_size=3, max_size=3),
    others=st.lists(st.sampled_from(["dora.dcm", "emil.dcm", "fritz.dcm"]), min_size=3, max_size=3),
)
def test_a_kept_read_names_no_file_but_those_of_the_request(answer, boxes, files, others):
    def request(names):
        views = tuple(view_of(np.full((4, 4), n, np.uint8), file=name) for n, name in enumerate(names))
        return ReadRequest(study_ref=f"st-{names[0]}", views=views, order=Order())

    def place(file):
        return Evidence(file=file, sop_instance_uid="1.2.3", frame=1, box=(0.1, 0.1, 0.5, 0.5), origin="vlm")

    evidence = tuple(place(files[n]) for n in boxes)
    marked = replace(answer, findings=tuple(replace(one, evidence=evidence) for one in answer.findings))
    cached = Cached(Answers([marked] * 2), RunCache(), policy_sha256="0")
    cached.identity = marked.reader
    first, second = (asyncio.run(cached.read(request(names))) for names in (files, others))
    assert first == marked
    if second.trace is not None and second.trace.cached:
        for one in second.findings:
            assert [spot.file for spot in one.evidence] == [others[n] for n in boxes]
        bare = tuple(replace(one, evidence=()) for one in second.findings)
        assert bare == answer.findings


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1), st.booleans()), max_size=40), st.integers(0, 200))
def test_reservations_and_bills_add_up_to_the_nanodollar(moves, cents):
    """Any order of reserving and settling keeps settled + reserved within the budget."""
    time, ledger = TurnableTime(), SpendLedger(None)
    purse = Purse("one", ledger=ledger, run="r", own=Budget(per_run_usd=cents * CENT), time=time)
    open_, paid = [], 0.0
    for amount, share, settles in moves:
        estimate = Estimate(input_tokens=1, output_tokens=1, cost_usd=amount * CENT)
        try:
            open_.append((purse.reserve(estimate), estimate, share))
        except ReaderError:
            assert ledger.spent(run="r") + amount * CENT > cents * CENT - 1e-9
        if settles and open_:
            reservation, estimate, share = open_.pop(0)
            paid += estimate.cost_usd * share
            bill = Bill(cost_usd=estimate.cost_usd * share)
            purse.settle(reservation, estimate=estimate, bill=bill, counts=True)
        assert ledger.spent(run="r") <= cents * CENT + 1e-9
    assert paid <= ledger.spent(run="r") + 1e-9


@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 20))
@settings(max_examples=30, deadline=None)
def test_so_many_at_once_take_exactly_as_long_as_they_must(concurrency, studies, ms):
    time = TurnableTime()

    class Slow:
        name = "slow"

        async def read(self, request):
            await time.sleep(ms / 1000)
            return read(finding("wr:pneumonia"))

    limited = Limited(Slow(), Turnstile(concurrency=concurrency, time=time))

    async def everyone():
        return await asyncio.gather(*(limited.read(REQUEST) for _ in range(studies)))

    assert all(isinstance(one, Read) for one in asyncio.run(time.until(everyone())))
    assert abs(time.monotonic() - -(-studies // concurrency) * ms / 1000) < 1e-9
