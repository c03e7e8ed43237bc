"""A screen first: the second reader is left out only where everything speaks for it, and never quietly."""

import asyncio
import json
from dataclasses import replace
from datetime import date

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.consensus import NOT_ASKED
from wetread.domain.order import Order, OrderPriority
from wetread.domain.read import Abstention, Quality, Read, ReadRequest
from wetread.domain.report import Provenance
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation, Preparation, ViewPlan
from wetread.errors import ClinicalDataInvalid, ReaderUnavailable
from wetread.panel import Cascade, CascadeFigures, CascadeRule, convene, load_figures, readers_of
from wetread.pipeline import Desk, read_study
from wetread.testing.readers import ScriptedReader
from wetread.testing.studies import film_study, finding, read
from wetread.testing.views import view_of

TODAY = date(2026, 11, 1)
CODE = "wr:pneumothorax"
FIGURES = CascadeFigures(
    screen="screen", abnormal=240, missed=2, screened=1000, escalated=380, cost_first_usd=0.0, cost_then_usd=0.012,
    uncertain_from=0.2, measured_on="our films", measured=date(2026, 10, 1), valid_until=date(2026, 12, 31),
)  # fmt: skip
SURE = (finding(CODE, "absent", 0.01),)


class Counting(ScriptedReader):
    """Counts how often it was asked."""

    asked = 0

    async def read(self, request):
        self.asked += 1
        return await super().read(request)


class Answering:
    """Gives a whole read."""

    name = "screen"

    def __init__(self, **facts):
        self._answer = read(*SURE, name="screen", **facts)

    async def read(self, request):
        return self._answer


def rule(figures=FIGURES, *, uncertain_from=0.2, alpha=0.05):
    return CascadeRule(uncertain_from=uncertain_from, alpha=alpha, figures=figures)


def ask(first, *, by=None, order=None, views=()):
    second = Counting("vision", [finding(CODE)])
    cascade = Cascade(name="c", first=first, then=second, rule=by or rule())
    request = ReadRequest(study_ref="st-1", views=views, order=order or Order())
    answers = asyncio.run(convene([cascade], lambda _: request, timeout_s=5.0, today=TODAY))
    return answers, second


def screen(*findings):
    return ScriptedReader("screen", findings or SURE)


def test_a_sure_screen_with_local_proof_spares_the_second_reader_and_says_why():
    (first, left_out), second = ask(screen())
    assert isinstance(first, Read)
    assert second.asked == 0
    assert (left_out.code, left_out.failed) == (NOT_ASKED, False)
    assert "the screen was sure" in left_out.reason
    assert "2 of 240 missed" in left_out.reason


UNSURE = {
    "present": (finding(CODE, "present"),),
    "uncertain": (finding(CODE, "uncertain"),),
    "not assessable": (finding(CODE, "not_assessable"), finding("wr:pneumonia", "absent")),
    "absent with a probability from the threshold on": (finding(CODE, "absent", 0.2),),
    "critical in words": (finding("wr:other", "absent", claims_critical=True),),
    "silent": (finding(CODE, "not_assessable"),),
}


@pytest.mark.parametrize("findings", UNSURE.values(), ids=UNSURE)
def test_an_unsure_or_positive_screen_asks_the_second_reader(findings):
    (_, answer), second = ask(screen(*findings))
    assert second.asked == 1
    assert isinstance(answer, Read)
    assert answer.trace.hops[0].startswith("screen: ")


@pytest.mark.parametrize(
    "facts",
    [
        {"abnormal_probability": 0.2}, {"priority_claim": Priority.P3}, {"quality": Quality(grade="limited")},
        {"limitations": (Limitation(code="not_an_adult", text="a child"),)},
    ],
)  # fmt: skip
def test_a_doubt_about_the_whole_study_asks_the_second_reader(facts):
    assert ask(Answering(**facts))[1].asked == 1


def test_a_picture_the_screen_did_not_read_asks_the_second_reader():
    import numpy as np

    view = view_of(np.zeros((8, 8), np.uint8))
    assert ask(Answering(), views=(view,))[1].asked == 1
    assert ask(Answering(views_read=(view.pixel_sha256,)), views=(view,))[1].asked == 0


@pytest.mark.parametrize("priority", [OrderPriority.STAT, OrderPriority.EMERGENCY])
def test_an_emergency_always_gets_both(priority):
    assert ask(screen(), order=Order(priority=priority))[1].asked == 1


def test_a_screen_that_fails_asks_the_second_reader():
    (first, answer), second = ask(ScriptedReader("screen", ReaderUnavailable("down")))
    assert isinstance(first, Abstention)
    assert isinstance(answer, Read)
    assert second.asked == 1


UNPROVEN = {
    "no figures": (rule(None), "no local figures"),
    "expired": (rule(replace(FIGURES, valid_until=date(2026, 10, 31))), "expired on 2026-10-31"),
    "another screen": (rule(replace(FIGURES, screen="other")), "another screen"),
    "an earlier version": (rule(replace(FIGURES, fingerprint="older")), "earlier version"),
    "a looser threshold than measured": (rule(uncertain_from=0.3), "measured up to"),
    "too many missed": (rule(replace(FIGURES, missed=12)), "may reach 0.054"),
    "too few cases": (rule(replace(FIGURES, abnormal=18, missed=0)), "may reach 0.053"),
}


@pytest.mark.parametrize(("by", "why"), UNPROVEN.values(), ids=UNPROVEN)
def test_without_local_proof_the_second_reader_is_always_asked_and_the_reason_says_so(by, why):
    (_, answer), second = ask(screen(), by=by)
    assert second.asked == 1
    assert why in answer.trace.hops[0]


@pytest.mark.parametrize(("abnormal", "missed"), [(19, 0), (240, 2), (1000, 49), (99, 4)])
def test_the_bound_is_the_conformal_one(abnormal, missed):
    told = replace(FIGURES, abnormal=abnormal, missed=missed)
    n = abnormal
    assert told.missed_bound == pytest.approx((n / (n + 1)) * (missed / n) + 1 / (n + 1))


def test_the_condition_holds_at_alpha_itself():
    figures = replace(FIGURES, abnormal=19, missed=0)
    assert figures.missed_bound == pytest.approx(0.05)
    assert ask(screen(), by=rule(figures))[1].asked == 0


def test_saving_and_change_in_sensitivity_are_one_sentence():
    told = FIGURES.summary()
    assert "saving 62.0 %" in told
    assert "sensitivity changes by -0.8 points (95 % interval -3.0 to -0.2; 2 of 240" in told
    assert "taking every missed case as lost" in told
    assert "our films" in told


def test_what_the_second_reader_would_have_missed_too_is_not_lost():
    told = replace(FIGURES, found_by_second=1).tradeoff()
    assert told.sensitivity_change == pytest.approx(-1 / 240)
    assert not told.assumed


def test_a_local_reader_s_cost_counts_against_the_saving():
    assert replace(FIGURES, cost_first_usd=0.006).tradeoff().saving == pytest.approx(1 - 0.38 - 0.5)


def test_readers_of_names_a_cascade_s_two_in_its_place():
    a, b, c = (ScriptedReader(name) for name in "abc")
    assert readers_of((Cascade(name="x", first=a, then=b, rule=rule()), c)) == (a, b, c)


@pytest.mark.parametrize("fields", [{"uncertain_from": 1.2, "alpha": 0.1}, {"uncertain_from": 0.2, "alpha": 0}])
def test_a_rule_that_can_not_be_is_refused(fields):
    with pytest.raises(ValueError, match="lies between"):
        CascadeRule(**fields)


FILE = {
    "screen": "screen", "measured_on": "our films", "date": "2026-10-01", "valid_until": "2026-12-31",
    "uncertain_from": 0.2, "abnormal": 240, "missed": 2, "screened": 1000, "escalated": 380,
    "cost_first_usd": 0.0, "cost_then_usd": 0.012,
}  # fmt: skip


def test_figures_come_from_a_file(tmp_path):
    path = tmp_path / "screen.json"
    path.write_text(json.dumps(FILE))
    assert load_figures(path) == FIGURES


@pytest.mark.parametrize(
    ("key", "value"),
    [("missed", 241), ("escalated", 1001), ("cost_then_usd", 0), ("abnormal", 0), ("found_by_second", 3), ("x", 1)],
)
def test_figures_that_can_not_be_are_refused(tmp_path, key, value):
    path = tmp_path / "screen.json"
    path.write_text(json.dumps({**FILE, key: value}))
    with pytest.raises(ClinicalDataInvalid, match=r"screen\.json"):
        load_figures(path)


def report(*, figures):
    small, large = ViewPlan(max_edge_px=16), ViewPlan(max_edge_px=32)
    first = ScriptedReader("screen", SURE, plan=small)
    cascade = Cascade(name="c", first=first, then=ScriptedReader("vision", SURE, plan=large), rule=rule(figures))
    prepared = {
        plan: Preparation(views=(), limitations=(Limitation(code="x", text=f"limit {plan.max_edge_px}"),))
        for plan in (small, large)
    }
    vocabulary, policy = load_vocabulary(), load_policy()
    trace = Provenance(
        software="t", vocabulary_version="1", vocabulary_sha256="0", vocabulary_signed_off_by=None,
        policy_version="1", policy_sha256="1",
    )  # fmt: skip
    desk = Desk(
        readers=(cascade,), prepare=lambda _study, plan: prepared[plan], vocabulary=vocabulary, policy=policy,
        provenance=trace, today=lambda: TODAY,
    )  # fmt: skip
    return asyncio.run(read_study(film_study(), Order(), desk))


def test_both_parts_of_a_cascade_answer_in_the_report():
    made = report(figures=None)
    assert [answer.reader.name for answer in made.answers] == ["screen", "vision"]
    assert {limit.text for limit in made.limitations} == {"limit 16", "limit 32"}


def test_a_report_lists_nothing_as_sent_to_a_reader_that_was_left_out():
    made = report(figures=FIGURES)
    assert made.answers[1].code == NOT_ASKED
    assert made.urgency.priority is Priority.P4
    assert {limit.text for limit in made.limitations} == {"limit 16"}


def test_the_reader_left_out_is_named_as_it_names_itself():
    (_, left_out), second = ask(screen())
    assert left_out.reader == second.identity
