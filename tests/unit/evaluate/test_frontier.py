"""Panels and cascades from the log alone give what the product would have said, and the frontier is one."""

import json
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from planted import NODULE, PNEUMOTHORAX, answered, cases_of, deciding, labels_for, log_of, skilled
from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Read, ReadRequest
from wetread.evaluate.as_json import as_json
from wetread.evaluate.as_text import as_text
from wetread.evaluate.card import as_card
from wetread.evaluate.figures import Rules, metrics_of
from wetread.evaluate.frontier import frontier
from wetread.evaluate.frontier_words import frontier_card, frontier_text
from wetread.evaluate.log import Told
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.score import Splits
from wetread.evaluate.stances import codes_of, stances_of, voted
from wetread.evaluate.statistics import resample
from wetread.panel import CascadeRule, consolidate
from wetread.testing.studies import identity

POLICY = load_evaluation_policy()
CODES = (PNEUMOTHORAX, NODULE)
CALIB = cases_of(120, seed=11, codes=CODES)
TEST = cases_of(160, seed=12, codes=CODES, split="test")
EVERY = (*CALIB, *TEST)


def splits(calib=CALIB, test=TEST):
    return Splits(calib=calib, test=test, draws=resample([c.patient_id for c in test], draws=200, seed=5))


def crew():
    return {
        "cheap": skilled(EVERY, "cheap", skill=1.2, seed=1, codes=CODES, latency_s=0.2),
        "dear": skilled(EVERY, "dear", skill=2.5, seed=2, codes=CODES, cost_usd=0.02, latency_s=4.0),
        "third": skilled(EVERY, "third", skill=1.5, seed=3, codes=CODES, cost_usd=0.005, latency_s=1.0),
    }


def as_read(told):
    findings = tuple(Finding(code=c, presence=o.presence, probability=o.probability) for c, o in told.findings.items())
    return Read(reader=identity(told.reader), findings=findings)


def test_a_panel_votes_in_arrays_as_it_does_in_the_product():
    stances = list(Presence)
    dice = np.random.default_rng(4)
    cases = cases_of(300, seed=1, codes=CODES)
    given = {
        name: {
            case.case_id: answered(case, name, {c: Told(presence=stances[dice.integers(4)]) for c in CODES})
            for case in cases
        }
        for name in ("a", "b", "c", "d")
    }
    for size in (2, 3, 4):
        members = {name: given[name] for name in list(given)[:size]}
        codes = codes_of(members.values())
        mine = voted([stances_of(name, cases, told, codes) for name, told in members.items()])
        theirs = []
        for case in cases:
            joined = consolidate([as_read(told[case.case_id]) for told in members.values()], {})
            theirs.append(any(one.finding.presence is Presence.PRESENT for one in joined.findings))
        assert mine.tolist() == theirs
        assert 0 < sum(theirs) < len(theirs)


def test_a_cascade_goes_on_in_arrays_where_the_products_rule_would():
    given = crew()["cheap"]
    codes = codes_of([given])
    arrays = stances_of("cheap", TEST, given, codes)
    request = ReadRequest(study_ref="", views=(), order=Order())
    for at in (0.05, 0.2, 0.5):
        rule = CascadeRule(uncertain_from=at, alpha=0.1)
        theirs = [not rule.is_sure(as_read(given[case.case_id]), request) for case in TEST]
        assert arrays.unsure(at).tolist() == theirs
        assert 0 < sum(theirs) <= len(theirs)


def test_a_cascade_finds_costs_and_takes_what_its_two_readers_do_where_they_are_asked():
    answers = crew()
    told = frontier({name: answers[name] for name in ("cheap", "dear")}, splits(), POLICY)
    row = next(one for one in told.points if one.kind == "cascade" and one.readers == ("cheap", "dear")
               and one.threshold == 0.2)  # fmt: skip
    rule, request = CascadeRule(uncertain_from=0.2, alpha=0.1), ReadRequest(study_ref="", views=(), order=Order())
    hits = cost = asked = 0
    for case in TEST:
        one, other = answers["cheap"][case.case_id], answers["dear"][case.case_id]
        goes_on = not rule.is_sure(as_read(one), request)
        asked += goes_on
        cost += 0.02 * goes_on
        joined = consolidate([as_read(one), *([as_read(other)] if goes_on else [])], {})
        hits += case.abnormal and any(f.finding.presence is Presence.PRESENT for f in joined.findings)
    assert row.sensitivity.value == pytest.approx(hits / sum(case.abnormal for case in TEST))
    assert row.asked_then == pytest.approx(asked / len(TEST))
    assert row.per_100_usd == pytest.approx(100 * cost / len(TEST))
    assert row.p95_ms == pytest.approx(4200)
    assert 0 < asked < len(TEST)


def test_a_stricter_screen_asks_the_second_reader_less_and_never_costs_more():
    answers = crew()
    told = frontier({name: answers[name] for name in ("cheap", "dear")}, splits(), POLICY)
    rows = [one for one in told.points if one.kind == "cascade" and one.readers == ("cheap", "dear")]
    assert [one.threshold for one in rows] == list(POLICY.frontier.cascade_from)
    assert all(a.asked_then >= b.asked_then and a.per_100_usd >= b.per_100_usd for a, b in pairwise(rows))


def test_on_the_frontier_is_exactly_what_nothing_else_beats():
    told = frontier(crew(), splits(), POLICY)
    merits = [(p.sensitivity.value, p.specificity.value, -p.per_100_usd) for p in told.points]
    for point, mine in zip(told.points, merits, strict=True):
        beaten = any(other != mine and all(a >= b for a, b in zip(other, mine, strict=True)) for other in merits)
        assert point.pareto is not beaten
    assert any(point.pareto for point in told.points)
    assert any(not point.pareto for point in told.points)


def test_what_is_gained_is_against_the_best_single_reader_of_the_calibration_split_with_an_interval():
    told = frontier(crew(), splits(), POLICY)
    assert (told.best, told.chosen_on) == ("dear", "calib")
    alone = next(one for one in told.points if one.name == "dear")
    assert (alone.gained.value, alone.gained.low, alone.gained.high) == (0.0, 0.0, 0.0)
    for point in told.points:
        assert point.gained.value == pytest.approx(point.sensitivity.value - alone.sensitivity.value)
        assert point.gained.low <= point.gained.value <= point.gained.high
    assert any(point.gained.low < 0 < point.gained.high for point in told.points)
    assert frontier(crew(), splits(), POLICY) == told


def test_the_best_single_reader_is_not_chosen_on_the_cases_that_it_is_held_against():
    answers = {"one": {}, "two": {}}
    for part, (good, poor) in ((CALIB, ("one", "two")), (TEST, ("two", "one"))):
        answers[good] |= skilled(part, good, skill=4, seed=1, codes=CODES)
        answers[poor] |= skilled(part, poor, skill=1, seed=2, codes=CODES)
    told = frontier(answers, splits(), POLICY)
    assert (told.best, told.chosen_on) == ("one", "calib")
    alone = frontier(answers, splits(calib=()), POLICY)
    assert (alone.best, alone.chosen_on) == ("two", "test")


def test_readers_asked_together_take_as_long_as_the_slowest_and_cost_what_both_cost():
    told = frontier(crew(), splits(), POLICY)
    pair = next(one for one in told.points if one.kind == "pair" and one.readers == ("dear", "third"))
    assert (pair.p50_ms, pair.per_100_usd) == (pytest.approx(4000), pytest.approx(2.5))


def test_a_reader_that_says_the_same_of_all_is_in_no_panel_and_the_reason_is_told():
    answers = crew() | {"parrot": deciding(EVERY, "parrot", [True] * len(EVERY))}
    told = frontier(answers, splits(), POLICY)
    assert {name for name, _ in told.left_out} == {"parrot"}
    assert "same" in dict(told.left_out)["parrot"]
    assert [one.kind for one in told.points if "parrot" in one.readers] == ["reader"]
    assert "parrot is in no panel or cascade" in frontier_text(told)


def test_a_panel_of_the_log_stands_alone_for_its_members_are_in_it_already():
    joined = {case: replace(one, version="panel") for case, one in skilled(EVERY, "all", skill=3, codes=CODES).items()}
    told = frontier(crew() | {"all": joined}, splits(), POLICY)
    assert [one.kind for one in told.points if "all" in one.readers] == ["reader", "threshold"]
    assert dict(told.left_out) == {"all": "it joins other readers' answers already"}


def test_a_cost_that_nobody_knows_stays_unknown_and_stands_outside_the_frontier():
    answers = {"cheap": crew()["cheap"], "free?": skilled(EVERY, "free?", skill=3, seed=9, codes=CODES, cost_usd=None)}
    told = frontier(answers, splits(), POLICY)
    with_it = [one for one in told.points if one.kind == "reader" and one.name == "free?"]
    assert [(one.per_100_usd, one.pareto) for one in with_it] == [(None, None)]
    cascades = [one for one in told.points if one.kind == "cascade" and one.asked_then and one.readers[1] == "free?"]
    assert cascades
    assert all(one.per_100_usd is None for one in cascades)
    assert next(one for one in told.points if one.name == "cheap").pareto is True


def test_too_few_cases_are_told_as_such():
    few = TEST[:15]
    told = frontier(crew(), splits(test=few), POLICY)
    assert (told.points, told.why) == ((), "n/a (too few)")
    assert "n/a (too few)" in frontier_text(told)
    assert "n/a (too few)" in "".join(frontier_card(told))


def test_the_frontier_the_sets_and_the_idle_readers_stand_in_all_three_forms():
    answers = crew() | {"parrot": deciding(EVERY, "parrot", [False] * len(EVERY))}
    rules = Rules(
        vocabulary=load_vocabulary(), urgency=load_policy(), policy=POLICY, today=date(2026, 11, 1), seed=1, draws=100
    )
    metrics = metrics_of(log_of(EVERY, *answers.values()), labels_for(*CODES), rules)
    told = json.loads(as_json(metrics))
    rows = told["frontier"]
    assert {"kind", "name", "n", "n_pos", "sensitivity", "specificity", "gained", "per_100_usd", "pareto", "best",
            "p50_ms", "p95_ms"} <= set(rows[0])  # fmt: skip
    assert all({"value", "low", "high", "n"} == set(row["gained"]) for row in rows)
    sets = told["readers"][0]["urgency"]["conformal"]
    assert sets["coverage"]["n"] == sets["n"] == len(TEST)
    assert {one["priority"] for one in sets["by_priority"]} >= {"P1"}
    parrot = next(one for one in told["readers"] if one["name"] == "parrot")
    assert {(one["code"], one["what"]) for one in parrot["degenerate"]} >= {("any_finding", "decisions")}
    text, card = as_text(metrics), as_card(metrics, {})
    for page in (text, card):
        assert "cheap + dear + third" in page
        assert "parrot is in no panel or cascade" in page
    assert 'aria-label="Sensitivity against cost"' in card
    assert "urgency as a set" in text
