"""The simulator against the closed form: within 2 % where a closed form is known."""

import math

import pytest

from wetread.domain.waiting import PatientClass
from wetread.evaluate.queue import Discipline, Group, Mix, Scenario, Shape, Span, Staff, compare, law, made
from wetread.evaluate.queue.law import erlang_c

SEEDS, STUDIES, WARM_MIN = (1, 2), 500_000, 14_400.0
EXPONENTIAL, FIXED = Span(mean_min=5), Span(mean_min=5, shape=Shape.FIXED)
SETTINGS = {
    "one radiologist, half busy": (0.5, 1, EXPONENTIAL, Mix(critical=0.2, sensitivity=0.8, false_positive_rate=0.1)),
    "one radiologist, fixed times": (0.7, 1, FIXED, Mix(critical=0.1, sensitivity=0.9, false_positive_rate=0.2)),
    "one radiologist, spread times": (
        0.8, 1, Span(mean_min=5, shape=Shape.LOGNORMAL, variation=0.7),
        Mix(critical=0.2, sensitivity=0.85, false_positive_rate=0.1),
    ),
    "three radiologists": (0.8, 3, EXPONENTIAL, Mix(critical=0.15, sensitivity=0.6, false_positive_rate=0.05)),
    "three radiologists, hardly free": (
        0.9, 3, EXPONENTIAL, Mix(critical=0.1, sensitivity=0.7, false_positive_rate=0.3),
    ),
    "a flag that does harm": (0.7, 1, EXPONENTIAL, Mix(critical=0.2, sensitivity=0.2, false_positive_rate=0.4)),
}  # fmt: skip


@pytest.mark.parametrize(("load", "radiologists", "reading", "mix"), SETTINGS.values(), ids=SETTINGS)
def test_the_simulator_keeps_the_law_within_two_percent(load, radiologists, reading, mix):
    per_day = load * 1440 * radiologists / reading.mean_min
    even = Scenario(
        per_day=per_day,
        days=round(STUDIES / per_day),
        mix=mix,
        reading=reading,
        cap_min={PatientClass.UNKNOWN: math.inf},
        critical_min=60,
        lift_share=1.0,
    )
    assert even.load(Staff.always(radiologists).work_min_per_day) == pytest.approx(load)
    told = compare(
        lambda seed: made(even, seed),
        Staff.always(radiologists),
        seeds=SEEDS,
        warm_min=WARM_MIN,
        disciplines=(Discipline.FIRST_COME, Discipline.AI),
    ).outcomes
    expected = law(mix, reading, load=load, radiologists=radiologists)
    first_come_min = told[Discipline.FIRST_COME, Group.ALL].figures["mean_min"].value
    pairs = {
        "critical": (told[Discipline.AI, Group.CRITICAL].against_first_come.value, expected.critical_ratio),
        "missed": (told[Discipline.AI, Group.MISSED].against_first_come.value, expected.missed_ratio),
        "routine": (told[Discipline.AI, Group.ROUTINE].against_first_come.value, expected.routine_ratio),
        "first come, min": (first_come_min, expected.first_come_min),
    }
    beside = {
        name: f"{own:.4g}, law {exact:.4g}: {100 * (own / exact - 1):+.2f} %" for name, (own, exact) in pairs.items()
    }
    print(beside)  # noqa: T201
    for own, expected_ratio in pairs.values():
        assert own == pytest.approx(expected_ratio, rel=0.02)
    assert expected.helps == (pairs["critical"][0] < 1)


def test_what_critical_studies_gain_the_others_pay():
    for _, _, reading, mix in SETTINGS.values():
        told = law(mix, reading, load=0.8)
        assert mix.critical * told.critical_ratio + (1 - mix.critical) * told.routine_ratio == pytest.approx(1)
        assert told.flagged_ratio < told.critical_ratio < told.missed_ratio
        assert told.helps == (mix.sensitivity > mix.flagged) == (told.critical_ratio < 1)


def test_a_coin_helps_nobody():
    told = law(Mix(critical=0.3, sensitivity=0.4, false_positive_rate=0.4), EXPONENTIAL, load=0.8)
    assert told.critical_ratio == pytest.approx(1)
    assert not told.helps


def test_erlangs_probability_is_the_printed_one():
    # M/M/1: all busy with probability rho; M/M/2 at rho: 2 rho^2 / (1 + rho) (any textbook)
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(2, 0.75) == pytest.approx(2 * 0.75**2 / 1.75)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"load": 1.0}, "no lasting mean wait"),
        ({"load": 0.8, "radiologists": 2}, "no closed form"),
        ({"load": 0.8, "mix": Mix(critical=0.1, sensitivity=0.9, false_positive_rate=0, raised=0.2)}, "two classes"),
    ],
)
def test_the_law_says_where_it_does_not_hold(changes, told):
    mix = changes.pop("mix", Mix(critical=0.1, sensitivity=0.9, false_positive_rate=0))
    with pytest.raises(ValueError, match=told):
        law(mix, FIXED, **changes)
