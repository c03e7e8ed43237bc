"""Whatever is wrapped keeps its name, plan, identity and price; and turned time is exact."""

import asyncio

import numpy as np
import pytest

from wetread.domain.egress import Cleared, Decision, Endpoint
from wetread.domain.view import ViewPlan
from wetread.errors import RateLimited
from wetread.ports import Estimate, Identified, Planned, Priced, Reader, identity_of, plan_of
from wetread.readers.wrappers import (
    SYSTEM_TIME,
    Cached,
    Consistent,
    Fallback,
    Guarded,
    Limited,
    Retried,
    RunCache,
    Timed,
    Turnstile,
)
from wetread.testing.clock import TurnableTime
from wetread.testing.readers import ScriptedReader, check_reader
from wetread.testing.studies import finding
from wetread.testing.views import view_of


class Open:
    def clear(self, request, endpoint):
        return Cleared(request=request, decision=Decision(allowed=True, rule="on_site", reason="here"))


WRAPPERS = {
    "limited": lambda reader: Limited(reader, Turnstile(concurrency=2)),
    "retried": lambda reader: Retried(reader, retries=1),
    "fallback": lambda reader: Fallback((reader, ScriptedReader("other", plan=reader.plan))),
    "cached": lambda reader: Cached(reader, RunCache(), policy_sha256="0"),
    "guarded": lambda reader: Guarded(reader, Endpoint(name="e", host="localhost", on_site=True), Open()),
    "timed": lambda reader: Timed(reader, timeout_s=5),
    "consistent": lambda reader: Consistent(reader, 1),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_a_wrapper_is_taken_for_what_it_wraps(wrap, film):
    inner = ScriptedReader("inner", [finding("wr:pneumothorax")], plan=ViewPlan(max_edge_px=99))
    outer = wrap(inner)
    assert isinstance(outer, Reader)
    assert isinstance(outer, Planned)
    assert isinstance(outer, Identified)
    assert not isinstance(outer, Priced)
    assert (outer.name, plan_of(outer), identity_of(outer)) == (inner.name, inner.plan, inner.identity)
    inner.estimate = lambda _: Estimate(input_tokens=7, output_tokens=1, cost_usd=0.5)
    priced = wrap(inner)
    assert isinstance(priced, Priced)
    assert priced.estimate(film()).input_tokens == 7


ANSWERS = {"a reader that answers": [finding("wr:pneumothorax")], "a reader that fails": RateLimited("429")}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("kind", [kind for kind in WRAPPERS if kind != "cached"])
def test_every_wrapper_keeps_the_readers_contract(kind, answer):
    views = (view_of(np.zeros((8, 8), np.uint8)),)
    inner = ScriptedReader("inner", answer)
    wrapped = Retried(inner, retries=0) if kind == "retried" else WRAPPERS[kind](inner)
    if kind == "timed":
        wrapped = Timed(inner, timeout_s=5, time=TurnableTime())  # so that both reads took the same time
    check_reader(wrapped, views, known_codes=["wr:pneumothorax"])


def test_turned_time_wakes_everyone_at_their_moment():
    time, woken = TurnableTime(), []

    async def sleeper(seconds):
        await time.sleep(seconds)
        woken.append((seconds, time.monotonic()))
        if seconds == 2:
            await sleeper(0.5)

    async def story():
        tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (3, 1, 2, 9)]
        await time.turn(seconds=4)
        tasks[-1].cancel()
        await asyncio.wait(tasks)

    asyncio.run(story())
    assert woken == [(1, 1.0), (2, 2.0), (0.5, 2.5), (3, 3.0)]
    assert (time.monotonic(), time.sleepers) == (4.0, 0)
    assert (time.now() - TurnableTime().now()).total_seconds() == 4.0


def test_turned_time_says_so_when_everybody_waits_for_ever(monkeypatch):
    monkeypatch.setattr("wetread.testing.clock.PATIENCE_S", 0.01)
    time = TurnableTime()
    with pytest.raises(RuntimeError, match="waits for ever"):
        asyncio.run(time.until(asyncio.Event().wait()))


def test_the_machine_s_time_passes():
    began = SYSTEM_TIME.monotonic()
    asyncio.run(SYSTEM_TIME.sleep(0.01))
    assert SYSTEM_TIME.monotonic() - began >= 0.009
    assert SYSTEM_TIME.now().utcoffset().total_seconds() == 0


def test_warnings_never_reach_stdout(capsys):
    from wetread.readers.wrappers.log import log

    log.warning("bill differs", reader="gpt")
    assert capsys.readouterr().out == ""
