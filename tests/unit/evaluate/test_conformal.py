"""Sets of priorities hold the one that is due as often as they promise, for each priority, whoever read."""

import numpy as np
import pytest

from planted import NODULE, PNEUMOTHORAX, cases_of, labels_for, skilled
from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.urgency import Priority
from wetread.evaluate.conformal import Levels, conformal_figures, conformal_text, fit_sets, likely
from wetread.evaluate.statistics import resample

CODES = (PNEUMOTHORAX, NODULE)
LEVELS = Levels.of(labels_for(*CODES), load_vocabulary(), load_policy())
ALPHA = 0.1


def read(n, seed, *, split="calib", share=0.3, **facts):
    cases = cases_of(n, seed=seed, codes=CODES, split=split, share=share)
    return cases, likely(LEVELS, cases, skilled(cases, "one", seed=seed + 1000, codes=CODES, **facts))


def test_the_levels_are_the_floors_of_the_labels_and_what_nothing_raises():
    assert LEVELS.priorities[0] is Priority.P1
    assert LEVELS.nothing in LEVELS.priorities
    assert sorted(one.rank for one in LEVELS.priorities) == [one.rank for one in LEVELS.priorities]


def test_what_a_reader_makes_of_the_priorities_adds_up_to_one():
    _, told = read(50, 3)
    assert told.shares.sum(axis=1) == pytest.approx(np.ones(50))
    assert (told.shares >= 0).all()


@pytest.mark.parametrize("skill", [0.0, 0.7, 2.0], ids=["a coin", "poor", "good"])
def test_every_priority_is_held_as_often_as_promised_whatever_the_reader_is_worth(skill):
    held = {level: [] for level in range(len(LEVELS.priorities))}
    for seed in range(60):
        _, calib = read(150, 2 * seed, skill=skill)
        _, test = read(150, 2 * seed + 1, skill=skill, split="test")
        sets = fit_sets(LEVELS, calib, ALPHA)
        inside = sets.of(test.shares)[np.arange(len(test.due)), test.due]
        for level, those in held.items():
            those += inside[test.due == level].tolist()
    for those in held.values():
        assert len(those) > 1000
        assert np.mean(those) >= 1 - ALPHA - 0.02


def test_a_better_reader_gets_smaller_sets():
    sizes = []
    for skill in (0.0, 1.0, 3.0):
        _, calib = read(400, 1, skill=skill)
        _, test = read(400, 2, skill=skill, split="test")
        sizes.append(fit_sets(LEVELS, calib, ALPHA).of(test.shares).sum(axis=1).mean())
    assert sizes[0] > sizes[1] > sizes[2] >= 0.9


def test_a_priority_that_was_due_to_too_few_cases_is_never_ruled_out():
    cases, calib = read(200, 5, share=0.02)
    sets = fit_sets(LEVELS, calib, ALPHA)
    critical = sum(PNEUMOTHORAX in case.codes for case in cases)
    assert 0 < critical < 9  # nine cases are the fewest of which one in ten can be left out
    assert (sets.limits[0], sets.counted[0]) == (None, critical)
    assert sets.of(np.zeros((3, len(LEVELS.priorities))))[:, 0].all()


def test_the_limit_is_the_order_statistic_that_the_theorem_names():
    _, calib = read(300, 7)
    sets = fit_sets(LEVELS, calib, ALPHA)
    mine = np.sort(1 - calib.shares[calib.due == 0, 0])
    assert sets.limits[0] == mine[int(np.ceil((len(mine) + 1) * (1 - ALPHA))) - 1]


def test_figures_have_n_and_intervals_by_priority_and_say_why_there_are_none():
    _, calib = read(200, 1)
    cases, test = read(120, 2, split="test")
    draws = resample([case.patient_id for case in cases], draws=200, seed=3)
    told = conformal_figures(LEVELS, calib, test, draws, alpha=ALPHA)
    assert told.coverage.n == told.n == sum(one.n for one in told.by_priority) == 120
    assert told.coverage.low < told.coverage.value < told.coverage.high or told.coverage.value == 1
    assert told.mean_size.low < told.mean_size.value < told.mean_size.high
    assert all(one.coverage.n == one.n for one in told.by_priority)
    assert "can be ruled out" in conformal_text(told)
    _, few = read(3, 1)
    empty = conformal_figures(LEVELS, few, test, draws, alpha=ALPHA)
    assert (empty.coverage.value, empty.by_priority) == (None, ())
    assert "too few" in conformal_text(empty)
