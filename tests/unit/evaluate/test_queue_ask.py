"""What the simulator answers: of a named worklist, of a reader's measured figures, of a site's own days."""

import dataclasses
import json
import math
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.evaluate.metrics import UrgencyFigures
from wetread.evaluate.queue import (
    Arrival,
    Discipline,
    House,
    Mix,
    Over,
    Own,
    Policies,
    Shape,
    Span,
    Staff,
    as_plain,
    ask_given,
    ask_site,
    assumed,
    compare,
    from_site,
    made,
    queue_policy,
    simulate,
)
from wetread.evaluate.queue.ask import days_drawn, mix_of
from wetread.evaluate.queue_card import queue_page
from wetread.evaluate.queue_measured import queue_of
from wetread.evaluate.queue_text import queue_text
from wetread.evaluate.statistics import Interval

POLICIES = Policies(urgency=load_policy(), waiting=load_worklist_policy())
GOOD = Mix(critical=0.1, sensitivity=0.9, false_positive_rate=0.1)
START = datetime(2026, 11, 2, tzinfo=UTC)


def given(**changes):
    return dataclasses.replace(assumed(), **{"mix": GOOD, "days": 10, "replications": 3, **changes})


def row(told, discipline, group):
    return next(one for one in told.rows if (one.discipline, one.group) == (discipline, group))


@pytest.mark.parametrize(
    ("reading", "radiologists"), [(Span(mean_min=6, shape=Shape.FIXED), 1), (Span(mean_min=18), 3)]
)
def test_the_law_stands_beside_the_simulator_and_both_say_the_same(reading, radiologists):
    told = ask_given(
        given(reading=reading, staff=Staff.always(radiologists), days=400, replications=5, rate_per_hour=7.5), POLICIES
    )
    assert [one.what for one in told.law.rows] == ["first_come_min", "critical_ratio", "missed_ratio", "routine_ratio"]
    for one in told.law.rows:
        assert one.simulated == pytest.approx(one.law, rel=0.04)
        assert one.low < one.simulated < one.high
    assert told.law.helps
    assert "less than first come" in queue_text(told)


def test_a_flag_that_finds_others_as_often_helps_nobody_and_is_told_so():
    told = ask_given(given(mix=Mix(critical=0.1, sensitivity=0.2, false_positive_rate=0.3)), POLICIES)
    assert told.law.helps is False
    assert "no less than first come" in queue_text(told)
    assert row(told, "ai", "critical").mean_min > row(told, "first_come", "critical").mean_min


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rate_per_hour": 12.0}, "no lasting mean wait"),
        ({"staff": Staff(by_hour=(1,) * 12 + (2,) * 12)}, "staff changes with the hour"),
        ({"staff": Staff.always(2)}, "no closed form"),
        ({"mix": dataclasses.replace(GOOD, raised=0.2)}, "two classes"),
    ],
)
def test_where_no_closed_form_is_known_none_is_told_and_the_reason_is(changes, says):
    told = ask_given(given(**changes), POLICIES)
    assert told.law.rows == ()
    assert says in told.law.note
    assert says in queue_text(told)
    assert row(told, "ai_cap", "critical").mean_min is not None


def test_more_work_than_the_staff_can_do_is_said():
    assert any("more work comes" in remark for remark in ask_given(given(rate_per_hour=12.0), POLICIES).remarks)
    assert not ask_given(given(), POLICIES).remarks


def test_the_answer_names_everything_it_rests_on_and_follows_from_the_seed():
    told, again, other = (as_plain(ask_given(given(seed=seed), POLICIES)) for seed in (5, 5, 6))
    assert told == again
    assert told["table"] != other["table"]
    assert json.loads(json.dumps(told, allow_nan=False))["schema"] == "wetread.queue/1"
    assert told["rests_on"] == {
        "rate_per_hour": 8.5, "critical_share": 0.1, "sensitivity": 0.9, "specificity": 0.9, "raised_share": 0.0,
        "flagged_share": pytest.approx(0.18), "service_min": 6.0, "service_shape": "lognormal",
        "service_variation": 0.7, "radiologists": 1, "load": pytest.approx(0.85), "ai_delay_min": 0.0, "days": 10,
        "warm_days": 2, "replications": 3, "seed": 5,
    }  # fmt: skip
    assert told["published"][0]["reference"].startswith("Baltruschat")


def test_the_wait_curve_rises_to_everybody_and_agrees_with_the_table():
    told = ask_given(given(), POLICIES)
    for curve in told.curves:
        minutes, shares = zip(*curve.points, strict=True)
        assert list(minutes) == list(queue_policy().outcome.cdf_min)
        assert list(shares) == sorted(shares)
        one = row(told, curve.discipline, curve.group)
        assert curve.n == one.n
        longest = [share for minute, share in curve.points if minute >= one.worst_min]
        assert set(longest) <= {1.0}


def test_a_group_of_too_few_has_no_figure_anywhere():
    told = ask_given(given(mix=dataclasses.replace(GOOD, critical=0.001, sensitivity=1.0), days=3), POLICIES)
    missed = row(told, "ai", "missed_critical")
    assert missed.n < 10
    assert missed.mean_min is None
    line = next(line for line in queue_text(told).splitlines() if line.startswith("missed critical") and "AI" in line)
    assert "n/a (too few)" in line
    assert "missed critical: wait until opened" not in queue_page(told)


def urgency(hits, critical, false, others):
    none = Interval(value=None, low=None, high=None, n=0)
    table = ((hits, critical - hits, 0, 0, 0), (0,) * 5, (0,) * 5, (false, 0, 0, others - false, 0), (0,) * 5)
    return UrgencyFigures(
        n=critical + others,
        table=table,
        kappa=none,
        under_triage=none,
        over_triage=none,
        critical_sensitivity=none,
        false_p1_per_100=None,
        unread_share=none,
    )


def test_a_readers_own_sensitivity_and_false_alarms_make_its_queue():
    told = queue_of(urgency(450, 500, 25, 500), POLICIES, seed=3)
    assert told.source == "measured"
    assert (told.rests_on["sensitivity"], told.rests_on["specificity"]) == (0.9, 0.95)
    assert (told.rests_on["critical_cases"], told.rests_on["other_cases"]) == (500, 500)
    assert told.rests_on["critical_share"] == queue_policy().assumed.critical  # not the 50 % of the cases
    assert any("assumed" in remark for remark in told.remarks)
    by_law = next(one for one in told.law.rows if one.what == "critical_ratio")
    assert by_law.low < by_law.law < by_law.high


def test_a_perfect_reader_is_the_oracle_and_fewer_cases_leave_more_open():
    perfect = queue_of(urgency(10_000, 10_000, 0, 10_000), POLICIES, seed=3)
    ai, oracle = (row(perfect, name, "critical").mean_min for name in ("ai", "oracle"))
    assert ai == pytest.approx(oracle, rel=0.02)
    widths = []
    for many in (1, 50):
        one = row(queue_of(urgency(9 * many, 12 * many, many, 20 * many), POLICIES, seed=3), "ai", "critical")
        widths.append(one.against_high - one.against_low)
    assert widths[0] > 2 * widths[1]


@pytest.mark.parametrize("counts", [(5, 9, 3, 500), (450, 500, 0, 9)])
def test_too_few_cases_say_nothing_of_a_queue(counts):
    assert queue_of(urgency(*counts), POLICIES, seed=1) is None


def site_rows(days=14, *, known=True):
    """Sixty studies a day, more on every third; each fifth critical, AI finds most."""
    dice = np.random.default_rng(7)
    for day in range(days):
        for _ in range(90 if day % 3 == 0 else 60):
            arrived = START + timedelta(days=day, minutes=float(dice.integers(0, 1430)))
            critical = bool(dice.random() < 0.2)
            flagged = dice.random() < (0.85 if critical else 0.1)
            opened = arrived + timedelta(minutes=20)
            yield Arrival(
                arrived_at=arrived,
                opened_at=opened,
                signed_at=opened + timedelta(minutes=float(dice.integers(4, 26))),
                told_at=arrived + timedelta(minutes=2),
                priority=Priority.P1 if flagged else Priority.P4,
                patient_class=PatientClass.INPATIENT,
                critical=critical if known else None,
            )


def own(rows, **changes):
    house = House(policy=POLICIES.urgency, waiting=POLICIES.waiting, zone=UTC, mix=changes.pop("mix", None))
    return Own(**{"rows": rows, "house": house, "staff": Staff.always(1), "seeds": tuple(range(21)), **changes})


def test_a_sites_figures_are_of_its_days_as_they_came_with_intervals_over_drawn_days():
    rows = list(site_rows())
    told = ask_site(own(rows))
    traffic = from_site(rows, own(rows).house, 0)
    waited = simulate(traffic, Discipline.AI_CAP, Staff.always(1))
    critical = row(told, "ai_cap", "critical")
    assert critical.mean_min == pytest.approx(waited[traffic.critical].mean())
    assert critical.n == traffic.critical.sum()
    assert critical.worst_min == waited[traffic.critical].max()
    assert critical.mean_low_min < critical.mean_min < critical.mean_high_min
    assert told.rests_on["studies"] == told.rests_on["signed_truth"] == told.rests_on["reading_times"] == len(rows)
    assert told.rests_on["days"] == 14
    assert told.rests_on["resamples"] == 20
    assert told.law.note.startswith("the law takes an even stream")
    ai, first = row(told, "ai", "critical"), row(told, "first_come", "critical")
    assert ai.mean_min < first.mean_min


def test_days_that_are_drawn_anew_keep_what_happened_in_each():
    traffic = from_site(list(site_rows()), own([]).house, 0)
    drawn = days_drawn(traffic, 4)
    taken = {tuple(np.round(traffic.takes_min[traffic.arrives_min // 1440 == day], 6)) for day in range(14)}
    got = [tuple(np.round(drawn.takes_min[drawn.arrives_min // 1440 == day], 6)) for day in range(14)]
    assert set(got) <= taken
    assert len(set(got)) < 14
    assert (np.diff(drawn.arrives_min) >= 0).all()
    np.testing.assert_allclose(drawn.told_min - drawn.arrives_min, 2)


def test_one_day_has_figures_and_no_interval():
    told = ask_site(own(list(site_rows(days=1))))
    critical = row(told, "ai", "critical")
    assert critical.mean_min is not None
    assert critical.mean_low_min is None
    assert any("one day only" in remark for remark in told.remarks)


def test_unknown_truth_is_drawn_by_the_mix_that_is_named_and_counted_as_unknown():
    rows = list(site_rows(known=False))
    with pytest.raises(ValueError, match="no signed truth"):
        ask_site(own(rows))
    told = ask_site(own(rows, mix=Mix(critical=0.2, sensitivity=0.85, false_positive_rate=0.1)))
    assert told.rests_on["signed_truth"] == 0
    assert told.rests_on["critical_share"] == pytest.approx(0.2, abs=0.05)


def test_the_mix_of_a_traffic_is_the_one_that_made_it():
    wanted = Mix(critical=0.2, sensitivity=0.7, false_positive_rate=0.1, raised=0.3)
    from wetread.evaluate.queue.ask import _scenario

    traffic = made(_scenario(given(mix=wanted, days=400), wanted, POLICIES), 1)
    found = mix_of(traffic)
    for name in ("critical", "sensitivity", "false_positive_rate", "raised"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), abs=0.01)


def test_resamples_are_no_studies_more_and_draws_are():
    from wetread.evaluate.queue.ask import _scenario

    scenario = _scenario(given(), GOOD, POLICIES)
    runs = {over: compare(lambda s: made(scenario, s), Staff.always(1), seeds=(1, 2, 3), over=over) for over in Over}
    n = {over: {key: one.n for key, one in told.outcomes.items()} for over, told in runs.items()}
    assert n[Over.RUNS] == n[Over.DRAWS]
    assert all(n[Over.RESAMPLES][key] < n[Over.RUNS][key] for key in n[Over.RUNS])


def test_the_card_draws_each_group_and_tells_the_same_in_tables_without_any_script():
    page = queue_page(dataclasses.replace(ask_given(given(), POLICIES), remarks=("<b>&",)))
    assert len(re.findall(r'<svg [^>]*role="img" aria-label="[^"]+"', page)) == 3
    assert page.count("<polyline") == 9
    assert "&lt;b&gt;&amp;" in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    for caption in ("Waits under each order", "How soon they are opened", "The queue law beside the simulator"):
        assert f"<caption>{caption}</caption>" in page
    for points in re.findall(r'points="([^"]+)"', page):
        numbers = [float(part) for pair in points.split() for part in pair.split(",")]
        assert all(math.isfinite(number) and 0 <= number <= 400 for number in numbers)
