"""The gate's rules: what a verdict rests on, case by case, and that worse figures never open it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_policy, load_vocabulary, shipped
from wetread.domain.finding import Presence
from wetread.domain.urgency import Priority
from wetread.errors import ClinicalDataInvalid
from wetread.evaluate.cases import Case
from wetread.evaluate.gate import (
    SENSITIVITY,
    SPECIFICITY,
    CriticalPairs,
    DecisionPairs,
    Outcome,
    critical_pairs,
    decision_pairs,
    judge,
    load_gate_policy,
    one_sided,
)
from wetread.evaluate.gate_text import gate_text
from wetread.evaluate.log import Answered, Told
from wetread.evaluate.metrics import Comparison, CostFigures, LatencyFigures, ReaderFigures, UrgencyFigures
from wetread.evaluate.score import NOTHING
from wetread.evaluate.statistics import wilson

POLICY = load_gate_policy()
CRITICAL, OTHER = "wr:pneumothorax", "wr:cardiomegaly"


def figures(name, *, n=100, unread=0, false_p1=1.0, p95=100.0, cost=1.0):
    urgency = UrgencyFigures(
        n=n,
        table=(),
        kappa=NOTHING,
        under_triage=NOTHING,
        over_triage=NOTHING,
        critical_sensitivity=NOTHING,
        false_p1_per_100=false_p1,
        unread_share=wilson(unread, n),
    )
    return ReaderFigures(
        name=name,
        version="1",
        fingerprint=name,
        model_id=None,
        n=n,
        n_read=n - unread,
        n_abstained=unread,
        n_failed=0,
        findings=(),
        any_finding=None,
        macro_f1=NOTHING,
        urgency=urgency,
        cost=CostFigures(total_usd=cost, per_100_usd=cost, unpriced=0, input_tokens=None, output_tokens=None),
        latency_ms=LatencyFigures(p50=p95, p95=p95, p99=p95, n=n),
    )


def row(low, high, code="any_finding"):
    middle = None if low is None else (low + high) / 2
    return Comparison(
        first="old", second="new", code=code, label=code, n=100, n_pos=50, difference=middle, low=low, high=high,
        p=None, p_holm=None,
    )  # fmt: skip


def verdict(candidate=None, *, rows=None, decided=(), critical=None, present=None):
    return judge(
        present or figures("old"),
        candidate or figures("new"),
        compared=rows if rows is not None else [row(-0.02, 0.01)],
        decided=decided,
        critical=critical or CriticalPairs(n=20, lost=0, won=0),
        policy=POLICY,
    )


def outcome(told, name):
    (one,) = [check for check in told.checks if check.name == name]
    return one.outcome


def test_a_reader_that_is_as_good_is_let_through():
    assert verdict().lets_through


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("any finding", {"rows": [row(0.01, 0.05)]}),
        ("any finding", {"rows": [row(-0.02, 0.031)]}),
        (OTHER, {"rows": [row(-0.02, 0.01), row(0.01, 0.2, OTHER)]}),
        (SENSITIVITY, {"decided": [DecisionPairs(name=SENSITIVITY, n=100, lost=30, won=2)]}),
        (SPECIFICITY, {"decided": [DecisionPairs(name=SPECIFICITY, n=100, lost=30, won=2)]}),
        ("critical cases lost", {"critical": CriticalPairs(n=20, lost=1, won=0)}),
        ("critical cases lost", {"critical": CriticalPairs(n=20, lost=3, won=2)}),
        ("cases without a read", {"candidate": figures("new", unread=3)}),
        ("false P1 per 100", {"candidate": figures("new", false_p1=3.1)}),
        ("latency, p95", {"candidate": figures("new", p95=201.0)}),
        ("cost", {"candidate": figures("new", cost=1.51)}),
    ],
)
def test_each_check_alone_stops_a_worse_reader(name, change):
    told = verdict(**change)
    assert outcome(told, name) is Outcome.STOPPED
    assert not told.lets_through
    assert f"STOPPED: new is worse on {name}" in gate_text(told)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cases", {"candidate": figures("new", n=49)}),
        ("any finding", {"rows": [row(None, None)]}),
        ("critical cases lost", {"critical": CriticalPairs(n=9, lost=0, won=0)}),
    ],
)
def test_too_few_cases_never_let_through(name, change):
    told = verdict(**change)
    assert outcome(told, name) is Outcome.UNKNOWN
    assert not told.lets_through
    assert "so few cases" in gate_text(told)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": [row(-0.02, 0.01), row(-0.1, 0.15, OTHER)]},
        {"decided": [DecisionPairs(name=SENSITIVITY, n=9, lost=5, won=0)]},
        {"candidate": figures("new", cost=None), "present": figures("old", cost=None)},
    ],
)
def test_what_nobody_can_say_of_a_lesser_check_is_told_and_stops_nobody(change):
    told = verdict(**change)
    assert Outcome.UNKNOWN in {check.outcome for check in told.checks}
    assert told.lets_through


def test_more_lost_than_allowed_passes_only_where_as_many_are_won():
    assert outcome(verdict(critical=CriticalPairs(n=50, lost=2, won=9)), "critical cases lost") is Outcome.PASSED
    assert one_sided(2, 9) == pytest.approx(1 - 12 / 2048)  # all of 11 but none lost (1 way) and one lost (11 ways)
    assert one_sided(5, 0) == pytest.approx(1 / 32)
    assert one_sided(0, 0) == 1.0


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 20))
def test_losing_one_more_critical_case_never_opens_the_gate(lost, won, more):
    def opens(gone):
        return verdict(critical=CriticalPairs(n=200, lost=gone, won=won)).lets_through

    assert opens(lost) >= opens(lost + more)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20), st.sampled_from([SENSITIVITY, SPECIFICITY]))
def test_losing_more_decisions_never_opens_the_gate(lost, won, more, name):
    def opens(gone):
        return verdict(decided=[DecisionPairs(name=name, n=100, lost=gone, won=won)]).lets_through

    assert opens(lost) >= opens(lost + more)


@given(st.floats(-0.2, 0.2), st.floats(0, 0.1), st.floats(0, 0.2))
def test_a_wider_interval_or_a_larger_loss_never_opens_the_gate(middle, half, more):
    def opens(low, high):
        return verdict(rows=[row(low, high)]).lets_through

    assert opens(middle - half, middle + half) >= opens(middle - half, middle + half + more)


def case(name, *codes):
    return Case(case_id=name, patient_id=name, codes=frozenset(codes))


def answer(name, *present, status="read", priority=None, judged=(CRITICAL, OTHER)):
    told = {code: Told(presence=Presence.PRESENT if code in present else Presence.ABSENT) for code in judged}
    return Answered(
        case_id=name, reader="r", version="1", fingerprint="1", status=status, findings=told, priority=priority
    )


def test_critical_pairs_are_true_critical_cases_that_only_one_of_both_told():
    cases = [case("a", CRITICAL), case("b", CRITICAL), case("c", CRITICAL), case("d", OTHER), case("e")]
    old = {n: answer(n, CRITICAL) for n in "abd"} | {"c": answer("c"), "e": answer("e", CRITICAL)}
    new = {"a": answer("a", CRITICAL), "b": answer("b"), "c": answer("c", priority=Priority.P1), "d": answer("d")}
    told = critical_pairs(cases, old, new, vocabulary=load_vocabulary(None), policy=load_policy(None))
    assert (told.n, told.lost, told.won) == (3, 1, 1)


def test_decisions_are_paired_on_the_cases_that_both_judged():
    cases = [case(n, OTHER) for n in "abc"] + [case(n) for n in "xyz"]
    old = {n: answer(n, OTHER) for n in "ab"} | {"c": answer("c")} | {n: answer(n) for n in "xyz"}
    new = {"a": answer("a"), "b": answer("b", OTHER), "c": answer("c", CRITICAL), "x": answer("x", OTHER)}
    new |= {"y": answer("y"), "z": answer("z", status="failed")}
    sensitivity, specificity = decision_pairs(cases, old, new)
    assert (sensitivity.n, sensitivity.lost, sensitivity.won) == (3, 1, 1)
    assert (specificity.n, specificity.lost, specificity.won) == (2, 1, 0), "what one of them did not read is no pair"


def test_the_margins_that_ship_are_unsigned_and_say_so():
    assert POLICY.signed_off_by == ""
    assert "no clinician has signed" in POLICY.note


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("any_finding_margin = 0.03", ""), "auroc.any_finding_margin"),
        (("any_finding_margin = 0.03", "any_finding_margin = 0.03\nhope = 1"), "auroc.hope"),
        (("cases = 50", "cases = 0"), "least.cases"),
        (("[least]", "[least"), "not valid TOML"),
    ],
)
def test_a_gate_file_that_lacks_something_or_says_more_is_refused_by_name(change, where):
    with pytest.raises(ClinicalDataInvalid, match=where):
        load_gate_policy(shipped("gate.toml").replace(*change))


def test_from_nothing_to_something_is_more_than_any_factor_of_the_cost():
    told = verdict(
        candidate=figures("new", cost=0.5), present=replace(figures("old"), cost=figures("o", cost=0.0).cost)
    )
    assert outcome(told, "cost") is Outcome.STOPPED
