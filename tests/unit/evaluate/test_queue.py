"""The queue simulator: the product's own order, a slow and plain simulator, and the published shape hold it."""

import dataclasses
import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from wetread.domain.clinical_data import load_policy, load_worklist_policy, shipped
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority
from wetread.domain.waiting import PatientClass
from wetread.errors import ClinicalDataInvalid
from wetread.evaluate.queue import (
    Arrival,
    Discipline,
    Group,
    House,
    Mix,
    Scenario,
    Shape,
    Span,
    Staff,
    compare,
    from_site,
    made,
    queue_policy,
    queue_table,
    simulate,
)
from wetread.evaluate.queue.disciplines import lift_min, stand
from wetread.evaluate.queue.engine import opened
from wetread.evaluate.queue.outcome import members, student, waits
from wetread.evaluate.queue.policy import parse_queue_policy
from wetread.worklist.order import standing

POLICY, WAITING = load_policy(), load_worklist_policy()
START = datetime(2026, 11, 21, tzinfo=UTC)
CLASSES = {PatientClass.EMERGENCY: 0.25, PatientClass.INPATIENT: 0.25, PatientClass.OUTPATIENT: 0.5}
# Arrivals by hour of the day in relation to each other: few at night, most before noon.
BY_HOUR = (3, 2.5, 2, 2, 2.5, 4, 8, 14, 20, 22, 22, 21, 17, 18, 19, 18, 16, 13, 11, 9, 8, 7, 5, 4)


def scenario(**changes):
    told = Scenario(
        per_day=200,
        days=10,
        mix=Mix(critical=0.05, sensitivity=0.8, false_positive_rate=0.03, raised=0.45),
        reading=Span(mean_min=6, shape=Shape.LOGNORMAL, variation=0.7),
        cap_min=WAITING.cap_min,
        classes=CLASSES,
        critical_min=POLICY.target_min[Priority.P1],
        raised_min=POLICY.target_min[Priority.P2],
        lift_share=WAITING.lift_share,
        by_hour=BY_HOUR,
        ai_delay=Span(mean_min=5),
    )
    return dataclasses.replace(told, **changes)


def arrivals(count, seed):
    dice = np.random.default_rng(seed)
    pick = lambda names: names[dice.integers(len(names))]  # noqa: E731
    for n in range(count):
        arrived = START + timedelta(minutes=float(dice.integers(0, 3000)), microseconds=n)
        told = arrived + timedelta(minutes=float(dice.exponential(30))) if dice.random() < 0.8 else None
        yield Arrival(
            arrived_at=arrived,
            told_at=told,
            priority=pick(list(Priority)) if told else None,
            target_min=int(dice.integers(5, 400)) if told and dice.random() < 0.3 else None,
            order=pick([None, *OrderPriority]),
            patient_class=pick(list(PatientClass)),
            critical=bool(dice.random() < 0.1),
        )


def product_key(row, now, policy):
    told = row.told_at is not None and row.told_at <= now
    failed = told and row.priority is Priority.UNREAD
    place = standing(
        priority=row.priority if told and not failed else None,
        target_min=row.target_min if told else None,
        order_priority=row.order,
        patient_class=row.patient_class,
        arrived_at=row.arrived_at,
        now=now,
        policy=policy,
        waiting=WAITING,
        failed="no reader answered" if failed else None,
    )
    return int(place.lane), (place.deadline - START) / timedelta(minutes=1)


# A site's own policy, in which a STAT order alone is critical.
STAT_IS_CRITICAL = dataclasses.replace(POLICY, order={**POLICY.order, "stat": Priority.P1})


@pytest.mark.parametrize(("policy", "own_targets"), [(POLICY, True), (STAT_IS_CRITICAL, False)])
def test_ai_and_cap_is_the_products_own_order(policy, own_targets):
    rows = sorted(arrivals(400, seed=5), key=lambda row: row.arrived_at)
    if not own_targets:
        rows = [dataclasses.replace(row, target_min=None) for row in rows]
    traffic = from_site(rows, House(policy=policy, waiting=WAITING, zone=UTC, reading=Span(mean_min=5)), seed=1)
    lanes, everyone = set(), np.arange(len(rows))
    for minute in (0, 700, 1500, 2400, 3100, 4500):
        here = everyone[traffic.arrives_min <= minute]
        lane, deadline = stand(traffic, here, np.full(len(here), float(minute)))
        theirs = [product_key(rows[n], START + timedelta(minutes=minute), policy) for n in here]
        assert [own for own, _ in theirs] == lane.tolist()
        np.testing.assert_allclose([at for _, at in theirs], deadline, atol=1e-6)
        lanes |= set(lane.tolist())
    assert lanes == {1, 2, 3}


def plainly(traffic, discipline, humans):
    """Nothing but the definition: whenever somebody is free, every study that waits is looked at anew."""
    free, waited, left = [0.0] * humans, np.empty(len(traffic)), list(range(len(traffic)))
    while left:
        human = int(np.argmin(free))
        here = np.array([n for n in left if traffic.arrives_min[n] <= free[human]], dtype=int)
        if not len(here):
            free[human] = traffic.arrives_min[left[0]]
            continue
        now = np.full(len(here), free[human])
        came = traffic.arrives_min[here]
        told = traffic.told_min[here] <= now
        keys = {
            Discipline.FIRST_COME: (came,),
            Discipline.ORACLE: (~traffic.critical[here], came),
            Discipline.AI: (np.where(told, traffic.rank[here], 4), came),
            Discipline.AI_CAP: stand(traffic, here, now),
        }[discipline]
        chosen = here[min(range(len(here)), key=lambda n: (*(float(key[n]) for key in keys), here[n]))]
        waited[chosen] = free[human] - traffic.arrives_min[chosen]
        free[human] += traffic.takes_min[chosen]
        left.remove(chosen)
    return waited


@pytest.mark.parametrize("discipline", Discipline)
@pytest.mark.parametrize("humans", [1, 3])
def test_the_fast_simulator_opens_what_a_plain_one_opens(discipline, humans):
    traffic = made(scenario(per_day=200 * humans, days=2), seed=11)
    # some turn out less urgent than routine, so that a study can also lose its place
    traffic = dataclasses.replace(traffic, rank=np.where(np.arange(len(traffic)) % 5, traffic.rank, 5))
    assert (lift_min(traffic) < 2880).any()
    np.testing.assert_allclose(
        simulate(traffic, discipline, Staff.always(humans)), plainly(traffic, discipline, humans), atol=1e-9
    )


def test_a_study_that_lost_its_place_is_not_opened_by_the_old_one():
    # 0 reads until minute 9; meanwhile 1 stands first and then moves behind 2, in its lane or in the next one
    takes, duty = np.array([9.0, 1.0, 1.0]), np.ones(24, np.int64)
    at, study, key = np.array([0.0, 1.0, 1.0, 2.0]), np.array([0, 1, 2, 1]), np.array([0.0, 1.0, 5.0, 7.0])
    for lane, later in ((np.zeros(4, np.int64), [0.0, 10.0, 9.0]), (np.array([0, 0, 0, 1]), [0.0, 10.0, 9.0])):
        assert opened(at, (study, lane, key), takes, duty).tolist() == later


def test_a_discipline_does_no_more_and_no_less_work():
    # times that are known only when over: the mean wait of all can't depend on the order in the long run
    traffic = made(scenario(per_day=1000, days=40, reading=Span(mean_min=1.2)), seed=3)
    means = {d: simulate(traffic, d, Staff.always(1)).mean() for d in Discipline}
    assert all(mean == pytest.approx(means[Discipline.FIRST_COME], rel=0.03) for mean in means.values())
    waited = {d: simulate(traffic, d, Staff.always(1))[traffic.critical].mean() for d in Discipline}
    assert waited[Discipline.ORACLE] < waited[Discipline.AI] < waited[Discipline.FIRST_COME]


def test_nobody_opens_a_study_while_nobody_is_on_duty():
    staff = Staff(by_hour=(0,) * 7 + (2,) * 10 + (1,) * 7)
    traffic = made(scenario(days=4, per_day=120), seed=2)
    began = traffic.arrives_min + simulate(traffic, Discipline.AI_CAP, staff)
    assert ((began % 1440) >= 7 * 60 - 1e-9).all()
    assert (began % 1440 < 7 * 60 + 1).any()
    evening = began[(began % 1440) >= 17 * 60 + 60]
    assert len(evening) > 20


def test_the_published_shape_mean_down_longest_up_and_the_cap_takes_it_back():
    """Baltruschat et al., Eur Radiol 2021: its shape, on rates and staff of our own. The figures are not theirs."""
    hard = scenario(days=30, cap_min={PatientClass.UNKNOWN: 480.0}, classes={PatientClass.UNKNOWN: 1.0})
    told = compare(lambda seed: made(hard, seed), Staff.always(1), seeds=range(20), warm_min=1440).outcomes
    mean = {d: told[d, Group.CRITICAL].figures["mean_min"] for d in Discipline}
    worst = {d: told[d, Group.CRITICAL].worst_min for d in Discipline}
    print({d.value: (round(mean[d].value), round(worst[d])) for d in Discipline})  # noqa: T201
    (published,) = queue_policy().published
    # the mean falls at least as much as published, the intervals apart
    fall = mean[Discipline.AI].value / mean[Discipline.FIRST_COME].value
    assert fall < published.ai_mean_min / published.first_come_mean_min
    assert mean[Discipline.AI].high < mean[Discipline.FIRST_COME].low
    # the longest wait of a critical study rises; the cap takes back more than half of that, and leaves the mean alone
    risen, kept = (worst[d] - worst[Discipline.FIRST_COME] for d in (Discipline.AI, Discipline.AI_CAP))
    assert risen > 0.1 * worst[Discipline.FIRST_COME]
    assert 0 < kept < 0.5 * risen
    assert mean[Discipline.AI_CAP].value < 1.1 * mean[Discipline.AI].value
    beyond = {d: told[d, Group.ROUTINE].figures["beyond_cap"].value for d in Discipline}
    assert beyond[Discipline.AI_CAP] < beyond[Discipline.AI] / 4


def test_one_cap_for_all_moves_nobody_where_ai_says_only_critical_or_not():
    # critical stays before lifted, and one cap for all keeps the order of arrival: such a site gains nothing by the cap
    one = scenario(
        cap_min={PatientClass.UNKNOWN: 240.0},
        classes={PatientClass.UNKNOWN: 1.0},
        mix=Mix(critical=0.1, sensitivity=0.8, false_positive_rate=0.1),
    )
    traffic = made(one, seed=4)
    with_cap, without = (simulate(traffic, d, Staff.always(1)) for d in (Discipline.AI_CAP, Discipline.AI))
    assert (without > traffic.cap_min * traffic.lift_share).any()
    np.testing.assert_array_equal(with_cap, without)


def test_a_million_studies_take_seconds():
    import time

    traffic = made(scenario(per_day=20_000, days=50, reading=Span(mean_min=1.2)), seed=1)
    simulate(made(scenario(), seed=1), Discipline.AI_CAP, Staff.always(18))  # compiled by now
    began = time.process_time()
    simulate(traffic, Discipline.AI_CAP, Staff.always(18))
    assert len(traffic) > 990_000
    assert time.process_time() - began < 10


def test_traffic_has_the_rate_the_mix_and_the_spread_that_were_asked_for():
    traffic = made(scenario(per_day=2000, days=50, by_hour=(1,) * 12 + (3,) * 12), seed=8)
    n = len(traffic)
    assert n == pytest.approx(100_000, rel=0.02)
    assert ((traffic.arrives_min % 1440) >= 720).mean() == pytest.approx(0.75, abs=0.01)
    assert traffic.critical.mean() == pytest.approx(0.05, abs=0.004)
    assert traffic.flagged[traffic.critical].mean() == pytest.approx(0.8, abs=0.03)
    assert traffic.flagged[~traffic.critical].mean() == pytest.approx(0.03, abs=0.004)
    assert traffic.takes_min.mean() == pytest.approx(6, rel=0.02)
    assert (traffic.takes_min**2).mean() == pytest.approx(scenario().reading.second_moment_min2, rel=0.04)
    assert (traffic.cap_min == 120).mean() == pytest.approx(0.25, abs=0.01)
    again = made(scenario(per_day=2000, days=50, by_hour=(1,) * 12 + (3,) * 12), seed=8)
    np.testing.assert_array_equal(traffic.arrives_min, again.arrives_min)


def test_waits_are_counted_by_group_and_the_warm_up_belongs_to_none():
    traffic = made(scenario(days=4), seed=6)
    waited = simulate(traffic, Discipline.AI, Staff.always(1))
    groups = members(traffic, warm_min=1440)
    own = waited[traffic.critical & (traffic.arrives_min >= 1440)]
    told = waits(waited, traffic, groups[Group.CRITICAL])
    assert (told.n, told.mean_min, told.max_min) == (len(own), own.mean(), own.max())
    assert told.p90_min in own
    assert (own <= told.p90_min).mean() >= 0.9 > (own < told.p90_min).mean()
    assert told.beyond_target == (own > 60).mean() > 0
    assert told.opened == tuple((own <= minute).sum() for minute in queue_policy().outcome.cdf_min)
    assert math.isnan(waits(waited, traffic, groups[Group.ROUTINE]).beyond_target)
    assert (groups[Group.MISSED] <= groups[Group.CRITICAL]).all()


def test_the_table_is_plain_and_tells_too_few_as_nothing():
    few = scenario(days=1, per_day=60, mix=Mix(critical=0.05, sensitivity=0.5, false_positive_rate=0.1))
    told = compare(lambda seed: made(few, seed), Staff.always(1), seeds=(1, 2))
    rows = queue_table(told)
    assert len(rows) == len(Discipline) * len(Group)
    assert told.seeds == (1, 2)
    text = json.loads(json.dumps([dataclasses.asdict(row) for row in rows], allow_nan=False))
    missed = [row for row in text if row["group"] == "missed_critical"]
    assert all(0 < row["n"] < 10 and row["mean_min"] is None and row["worst_min"] is None for row in missed)
    routine = next(row for row in text if row["group"] == "routine" and row["discipline"] == "ai")
    assert routine["mean_low_min"] <= routine["mean_min"] <= routine["mean_high_min"]
    assert next(row for row in text if row["discipline"] == "first_come")["against_first_come"] in (1.0, None)
    with pytest.raises(ValueError, match="first come"):
        compare(lambda seed: made(few, seed), Staff.always(1), seeds=(1,), disciplines=(Discipline.AI,))


def test_the_interval_over_replications_covers_the_truth_as_often_as_it_says():
    many = scenario(days=6, per_day=100, by_hour=(1,) * 24, reading=Span(mean_min=6))

    def mean_wait(seeds):
        told = compare(lambda s: made(many, s), Staff.always(1), seeds=seeds, disciplines=(Discipline.FIRST_COME,))
        return told.outcomes[Discipline.FIRST_COME, Group.ALL].figures["mean_min"]

    truth = mean_wait(range(1000, 1400)).value
    told = [mean_wait(range(start, start + 10)) for start in range(0, 600, 10)]
    assert 50 <= sum(one.low <= truth <= one.high for one in told) <= 60  # 57 expected, four standard deviations below


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 19, 200])
def test_students_quantile_is_that_of_an_independent_library(freedom):
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=3e-3)


def house(**changes):
    return House(**{"policy": POLICY, "waiting": WAITING, "zone": UTC, **changes})


def site_rows(count):
    for n in range(count):
        arrived = START + timedelta(minutes=10 * n)
        yield Arrival(
            arrived_at=arrived,
            opened_at=arrived + timedelta(minutes=5),
            signed_at=arrived + timedelta(minutes=5 + (4 if n % 2 else 300)),  # every other was left open over lunch
            told_at=arrived + timedelta(minutes=2),
            priority=Priority.P1 if n % 5 == 0 else Priority.P4,
            order=OrderPriority.STAT if n % 7 == 0 else None,
            patient_class=PatientClass.EMERGENCY,
            critical=None if n % 3 else n % 2 == 0,
        )


def test_a_sites_own_arrivals_keep_what_is_known_and_draw_the_rest_by_seed():
    rows, mix = list(site_rows(600)), Mix(critical=0.1, sensitivity=0.9, false_positive_rate=0.1)
    traffic = from_site(rows[::-1], house(mix=mix), seed=1)
    np.testing.assert_allclose(traffic.arrives_min, 10.0 * np.arange(600))
    assert set(traffic.takes_min) == {4.0}  # 300 minutes are no reading time; the unknown are drawn from the known
    assert traffic.told_min[3] == traffic.arrives_min[3] + 2
    assert (traffic.ordered_min[0], traffic.ordered_min[1], traffic.cap_min[0]) == (360.0, math.inf, 120.0)
    assert (traffic.left_min[0], traffic.left_min[1]) == (60.0, math.inf)
    known = np.arange(600) % 3 == 0
    np.testing.assert_array_equal(traffic.critical[known], (np.arange(600) % 2 == 0)[known])
    flagged_unknown = traffic.critical[~known & traffic.flagged].mean()
    assert flagged_unknown == pytest.approx(0.09 / 0.18, abs=0.15)  # Bayes: the PPV of this mix
    assert traffic.critical[~known & ~traffic.flagged].mean() == pytest.approx(0.01 / 0.82, abs=0.02)
    again, other = (from_site(rows, house(mix=mix), seed=seed).critical for seed in (1, 2))
    np.testing.assert_array_equal(traffic.critical, again)
    assert (again != other).any()


def test_what_a_site_cannot_know_is_asked_for():
    rows = list(site_rows(20))
    with pytest.raises(ValueError, match="13 of 20 studies have no signed truth"):
        from_site(rows, house(reading=Span(mean_min=5)), seed=1)
    with pytest.raises(ValueError, match="10 reading times are known, 30 are needed"):
        from_site(rows, house(mix=Mix(critical=0.1, sensitivity=0.9, false_positive_rate=0.1)), seed=1)
    with pytest.raises(ValueError, match="no arrivals"):
        from_site([], house(), seed=1)
    with pytest.raises(ValueError, match="time zone"):
        Arrival(arrived_at=datetime(2026, 11, 21))  # noqa: DTZ001
    with pytest.raises(ValueError, match="together"):
        Arrival(arrived_at=START, priority=Priority.P1)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda: Span(mean_min=-1), "mean from 0 min"),
        (lambda: Mix(critical=1.2, sensitivity=1, false_positive_rate=0), "between 0 and 1"),
        (lambda: Staff(by_hour=(0,) * 24), "one of them above 0"),
        (lambda: scenario(by_hour=(1,)), "24 numbers"),
        (lambda: scenario(classes={PatientClass.EMERGENCY: 0.5}), "sum to 1"),
        (lambda: scenario(cap_min={}), "no cap for emergency"),
        (lambda: dataclasses.replace(made(scenario(), 1), cap_min=np.zeros(1)), "cap_min has not one entry"),
        (lambda: dataclasses.replace(made(scenario(), 1), lift_share=0.0), "lift_share"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_is_built(broken, told):
    with pytest.raises(ValueError, match=told):
        broken()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("least_studies = 10", "least_studies = 0", "outcome"),
        ("least_studies = 10", "least_studies = true", "outcome.least_studies"),
        ("[site]", "[sites]", "site"),
        ("longest_read_min = 60.0", "longest_read_min = -1.0", "site"),
        ("ai_mean_min = 35.6", "", "published.0.ai_mean_min"),
        ("[[published]]", "[published]", "published"),
        ('version = "2026.11-draft"', "version = ", "queue.toml"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_its_key(before, after, told):
    text = shipped("queue.toml")
    assert before in text
    with pytest.raises(ClinicalDataInvalid, match=r"queue\.toml") as refused:
        parse_queue_policy(text.replace(before, after, 1))
    assert told in str(refused.value)
