"""Shortcut controls: a planted confounder is found, honest films are not accused, a patient is never its own answer."""

import numpy as np
import pytest

from wetread.evaluate.cases import Case
from wetread.evaluate.shortcuts import BORDER_PX, Glance, shortcuts

N = 200


def cases(truth, patients=None):
    return [
        Case(
            case_id=f"c{n}",
            patient_id=f"p{n}" if patients is None else f"p{patients[n]}",
            codes=frozenset({"wr:pneumonia"} if is_so else ()),
        )
        for n, is_so in enumerate(truth)
    ]


def glances(truth, dice, *, border=0.0, centre=0.0, size=0.0):
    """Noise; what is true brightens the border, the middle, or makes the file larger."""
    made = {}
    for n, is_so in enumerate(truth):
        small = dice.normal(100, 20, (32, 32))
        small[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] += centre * is_so
        ring = np.ones_like(small, dtype=bool)
        ring[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
        small[ring] += border * is_so
        made[f"c{n}"] = Glance(file_facts=(float(dice.normal(10, 1) + size * is_so), 1.0), small=small)
    return made


def told(truth, seed=1, **planted):
    dice = np.random.default_rng(seed)
    rows = shortcuts(cases(truth), glances(truth, dice, **planted), draws=100, seed=seed)
    return {row.looks_at: row for row in rows}


TRUTH = np.arange(N) % 2 == 0


@pytest.mark.parametrize(
    ("planted", "tells"),
    [
        ({"border": 5.0}, {"the border", "the small picture"}),
        ({"size": 2.0}, {"file facts"}),
        ({"centre": 5.0}, {"the small picture"}),
        ({}, set()),
    ],
)
def test_exactly_what_was_planted_is_what_tells(planted, tells):
    rows = told(TRUTH, **planted)
    assert list(rows) == ["file facts", "the border", "the small picture"]
    assert {name for name, row in rows.items() if row.tells} == tells
    for name, row in rows.items():
        assert (row.n, row.n_pos) == (N, N / 2)
        assert row.auroc.low <= row.auroc.value <= row.auroc.high
        if name in tells:
            assert row.auroc.value > 0.8


def test_honest_films_are_hardly_ever_accused_though_chance_alone_often_lies_above_it():
    rows = [told(TRUTH, seed=seed) for seed in range(12)]
    accused = [row for one in rows for row in one.values() if row.tells]
    print(f"{len(accused)} of {3 * len(rows)} honest looks accused")  # noqa: T201
    assert len(accused) <= 2  # 0.36 expected of 1 in 100
    above = [row for one in rows for row in one.values() if row.auroc.value > 0.5]
    assert len(above) > 8
    assert all(0 < row.p <= 1 for one in rows for row in one.values())


def test_who_a_patient_is_tells_nothing_of_the_patients_label():
    # every patient has a border of their own and one label: only a film of the same patient could tell
    dice = np.random.default_rng(3)
    patients = np.arange(N) // 4
    label = dice.random(N // 4) < 0.5
    own = dice.normal(0, 40, (N // 4, 32, 32))
    truth = label[patients]
    seen = {f"c{n}": Glance(file_facts=(1.0,), small=100 + own[p] + dice.normal(0, 1, (32, 32)))
            for n, p in enumerate(patients)}  # fmt: skip
    together = shortcuts(cases(truth, patients), seen, draws=200, seed=1)
    assert not any(row.tells for row in together)
    # the control of the control: were each film its own patient, the classifier would know them again
    apart = shortcuts(cases(truth), seen, draws=200, seed=1)
    assert apart[-1].tells


def test_the_seed_gives_the_same_figures_and_too_few_none():
    assert told(TRUTH, border=5.0) == told(TRUTH, border=5.0)
    assert told(TRUTH[:9]) == {}
    assert told(np.ones(N, dtype=bool)) == {}


def test_cases_that_nobody_glanced_at_are_left_out():
    dice = np.random.default_rng(1)
    some = {name: one for n, (name, one) in enumerate(glances(TRUTH, dice).items()) if n % 4 < 2}
    rows = shortcuts(cases(TRUTH), some, draws=100, seed=1)
    assert {row.n for row in rows} == {N / 2}
