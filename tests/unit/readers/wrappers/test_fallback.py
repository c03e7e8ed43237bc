"""The next reader is asked where one is not available, and for no other reason."""

from dataclasses import replace

import pytest

from wetread.domain.read import Trace
from wetread.domain.view import ViewPlan
from wetread.errors import (
    AnswerUnusable,
    BudgetSpent,
    ConfigurationError,
    EgressDenied,
    KeyRejected,
    RateLimited,
    ReaderRefused,
    ReaderUnavailable,
    TimedOut,
)
from wetread.ports import Estimate, Priced, plan_of
from wetread.readers.wrappers import Fallback


@pytest.mark.parametrize(
    ("problem", "hop"),
    [
        (RateLimited("try later"), "gpt: rate limited (try later)"), (TimedOut("60 s"), "gpt: timeout (60 s)"),
        (ReaderUnavailable("no line"), "gpt: unavailable (no line)"), (BudgetSpent("$0"), "gpt: budget spent ($0)"),
        (TimeoutError(), "gpt: timeout"),
    ],
)  # fmt: skip
def test_the_hop_and_its_reason_are_in_the_trace(run, steps, film, fine, problem, hop):
    read = run(Fallback((steps(problem, name="gpt"), steps(fine("claude"), name="claude"))).read(film()))
    assert (read.reader.name, read.trace.hops) == ("claude", (hop,))


@pytest.mark.parametrize(
    "problem", [KeyRejected("401"), EgressDenied("no"), AnswerUnusable("prose"), ReaderRefused("CT"), ValueError("bug")]
)
def test_a_key_an_exit_an_answer_and_a_reason_are_no_cause_to_ask_another(run, steps, film, fine, problem):
    second = steps(fine("claude"), name="claude")
    with pytest.raises(type(problem)):
        run(Fallback((steps(problem, name="gpt"), second)).read(film()))
    assert second.calls == 0


def test_a_later_hop_that_data_may_not_go_to_is_skipped(run, steps, film, fine):
    chain = (
        steps(RateLimited("429"), name="gpt"), steps(EgressDenied("no agreement"), name="shop"),
        steps(fine("embedded"), name="embedded"),
    )  # fmt: skip
    read = run(Fallback(chain).read(film()))
    assert read.trace.hops == ("gpt: rate limited (429)", "shop: egress denied (no agreement)")


@pytest.mark.parametrize("problem", [KeyRejected("401"), ReaderRefused("CT"), AnswerUnusable("prose", raw="text")])
def test_a_stand_in_s_refusal_does_not_hide_the_breakdown_before_it(run, steps, film, problem):
    chain = Fallback((steps(RateLimited("429"), name="gpt"), steps(problem, name="embedded")))
    with pytest.raises(type(problem)) as refused:
        run(chain.read(film()))
    assert "asked in place of gpt: rate limited (429)" in str(refused.value)
    assert (refused.value.code, refused.value.failed) == (problem.code, problem.failed)
    assert getattr(refused.value, "raw", "text") == "text"
    assert "in place of" not in str(problem)


def test_when_all_fail_each_is_named_with_its_reason(run, steps, film):
    chain = (
        steps(RateLimited("429", retry_after_s=20.0), name="a"), steps(TimedOut("60 s", retry_after_s=5.0), name="b"),
        steps(BudgetSpent("$0"), name="c"),
    )  # fmt: skip
    with pytest.raises(ReaderUnavailable) as failed:
        run(Fallback(chain).read(film()))
    told = "a: rate limited (429); b: timeout (60 s); c: budget spent ($0)"
    assert told in str(failed.value)
    assert (failed.value.retry_after_s, failed.value.billed) == (5.0, None)


def test_a_chain_that_was_billed_nothing_says_so(run, steps, film):
    chain = Fallback((steps(RateLimited("429"), name="a"), steps(BudgetSpent("$0"), name="b")))
    with pytest.raises(ReaderUnavailable) as failed:
        run(chain.read(film()))
    assert failed.value.billed is False


def test_one_alone_is_just_that_reader(run, steps, film, fine):
    answer, problem = fine(), RateLimited("429")
    alone = Fallback((steps(answer, problem),))
    assert run(alone.read(film())) is answer
    with pytest.raises(RateLimited) as failed:
        run(alone.read(film()))
    assert failed.value is problem


def test_a_chain_in_a_chain_tells_all_hops_in_order(run, steps, film, fine):
    inner = Fallback((steps(RateLimited("2"), name="b"), steps(fine("c"), name="c")))
    read = run(Fallback((steps(RateLimited("1"), name="a"), inner)).read(film()))
    assert read.trace.hops == ("a: rate limited (1)", "b: rate limited (2)")


def test_the_first_one_s_answer_is_passed_unchanged(run, steps, film, fine):
    answer = fine(trace=Trace(form="tool"))
    assert run(Fallback((steps(answer), steps(fine("b"), name="b"))).read(film())) is answer


def test_an_empty_chain_is_refused():
    with pytest.raises(ConfigurationError, match="at least one"):
        Fallback(())


def priced(reader, cost_usd, tokens=100):
    reader.estimate = lambda _: Estimate(input_tokens=tokens, output_tokens=10, cost_usd=cost_usd)
    return reader


def test_a_chain_s_estimate_is_its_dearest_hop_s(steps, film, fine):
    cheap, dear, local = (
        priced(steps(fine()), 0.01, 500),
        priced(steps(fine(), name="b"), 0.09),
        steps(fine(), name="c"),
    )
    chain = Fallback((cheap, dear, local))
    assert isinstance(chain, Priced)
    assert chain.estimate(film()) == Estimate(input_tokens=500, output_tokens=10, cost_usd=0.09)
    assert Fallback((cheap, priced(dear, None))).estimate(film()).cost_usd is None
    assert not isinstance(Fallback((local, cheap)), Priced)


def test_each_hop_is_sent_the_views_of_its_own_plan(run, steps, film, fine):
    small = ViewPlan(max_edge_px=64, grey_only=True)
    first, second = steps(RateLimited("429"), name="gpt"), steps(fine("embedded"), name="embedded")
    second.plan = small
    chain = Fallback((first, second))
    assert (chain.plan, chain.plans) == (plan_of(first), (plan_of(first), small))
    asked = film()
    shown = tuple(replace(view, label="small") for view in asked.views)
    run(chain.read(replace(asked, substitutes={plan_of(first): asked.views, small: shown})))
    assert second.seen[-1].views == shown
    assert not second.seen[-1].substitutes
