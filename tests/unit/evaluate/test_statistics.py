"""The arithmetic against independent libraries and published worked examples."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from wetread.evaluate.statistics import (
    auroc,
    average_precision,
    brier,
    delong,
    delong_paired,
    expected_calibration_error,
    fit_calibrator,
    holm,
    macro_f1,
    percentile,
    pr_curve,
    quadratic_kappa,
    resample,
    roc_curve,
    wilson,
)
from wetread.evaluate.statistics.agreement import cohen_kappa, confusion
from wetread.evaluate.statistics.calibration import logits

# 43 patients with ovarian cancer (DeLong 1988), as printed with SAS/STAT 13.1, example 60.8: albumin, total protein,
# K-G score, benefit of surgery.
OVARIAN = """
3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0 1.6 5.6 5 1 3.8 5.7 5 1 3.7 6.7 6 1
3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1 4.3 7.0 4 1 3.6 6.7 4 0 2.3 4.4 6 1 4.2 7.6 4 0 4.0 6.6 6 0 3.5 5.8 6 1
3.8 6.8 7 1 3.0 4.7 8 0 4.5 7.4 5 1 3.7 7.4 5 1 3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1 4.3 6.5 4 1 3.2 5.1 5 1 2.6 4.7 6 1
3.3 6.8 6 0 1.7 4.0 7 0 3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1 3.5 6.2 5 1 2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0 4.0 7.0 7 1
3.3 5.7 6 1 3.7 6.9 5 1 3.6 6.6 5 1
"""
ALBUMIN, PROTEIN, KG, BENEFIT = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4).T
KG = 10 - KG

cases = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12)), min_size=4, max_size=60
).filter(lambda told: 0 < sum(t for t, _ in told) < len(told))  # fmt: skip


def rounded(told):
    return tuple(round(value, 4) for value in (told.difference, told.standard_error, told.p))


def split(told):
    return np.array([t for t, _ in told], float), np.array([s for _, s in told], float) / 7


@given(cases)
def test_the_areas_are_those_of_an_independent_library(told):
    truth, scores = split(told)
    assert auroc(truth, scores) == pytest.approx(sk.roc_auc_score(truth, scores), abs=1e-9)
    assert average_precision(truth, scores) == pytest.approx(sk.average_precision_score(truth, scores), abs=1e-9)
    fpr, tpr, thresholds = roc_curve(truth, scores)
    for ours, theirs in zip((fpr, tpr, thresholds), sk.roc_curve(truth, scores, drop_intermediate=False), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    recall, precision, _ = pr_curve(truth, scores)
    theirs = sk.precision_recall_curve(truth, scores)
    np.testing.assert_allclose(precision, theirs[0][::-1][1:], atol=1e-12)
    np.testing.assert_allclose(recall, theirs[1][::-1][1:], atol=1e-12)


def test_a_curve_of_one_class_does_not_exist():
    nothing, scores = np.zeros(5), np.arange(5.0)
    assert math.isnan(auroc(nothing, scores))
    assert math.isnan(average_precision(nothing, scores))
    assert math.isnan(delong(nothing, scores)[0])
    assert math.isnan(delong_paired(nothing, scores, scores).p)


def test_delong_agrees_with_the_published_worked_example():
    printed = {"albumin": (0.7366, 0.0927), "protein": (0.6478, 0.1000), "kg": (0.7258, 0.1028)}
    for name, scores in {"albumin": ALBUMIN, "protein": PROTEIN, "kg": KG}.items():
        area, error = delong(BENEFIT, scores)
        assert (round(area, 4), round(error, 4)) == printed[name]
    albumin = delong_paired(BENEFIT, ALBUMIN, KG)
    assert rounded(albumin) == (0.0108, 0.0953, 0.9102)
    protein = delong_paired(BENEFIT, PROTEIN, KG)
    assert rounded(protein) == (-0.0780, 0.1046, 0.4561)


@given(cases)
def test_a_reader_never_differs_from_itself(told):
    truth, scores = split(told)
    same = delong_paired(truth, scores, 3 * scores + 1)
    assert math.isnan(same.p) or (same.difference, same.p) == (0.0, 1.0)


def test_delong_holds_its_level():
    dice = np.random.default_rng(7)
    false_alarms = 0
    for _ in range(400):
        truth = (np.arange(120) < 40).astype(float)
        common = truth + dice.normal(size=120)
        first, second = common + dice.normal(size=120), common + dice.normal(size=120)
        false_alarms += delong_paired(truth, first, second).p < 0.05
    assert 8 <= false_alarms <= 34  # 20 expected; five standard deviations of a binomial each way would be 2 to 42


def test_wilson_agrees_with_a_published_example():
    # Newcombe RG, Stat Med 1998; 17: 857-872, table I: 81/263, 15/148, 0/20, 1/29, method 3
    for (hits, n), (low, high) in {
        (81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718),
    }.items():  # fmt: skip
        told = wilson(hits, n)
        assert (round(told.low, 4), round(told.high, 4)) == (low, high)
    assert wilson(0, 0).value is None


def test_resampling_takes_whole_patients_and_the_same_ones_for_a_seed():
    patients = ["a", "a", "b", "c", "c", "c"]
    first, again = resample(patients, draws=50, seed=3), resample(patients, draws=50, seed=3)
    assert all((x == y).all() for x, y in zip(first.draws, again.draws, strict=True))
    for draw in first.draws:
        counted = np.bincount(draw, minlength=6)
        assert counted[0] == counted[1]
        assert counted[3] == counted[4] == counted[5]
    other = resample(patients, draws=50, seed=4)
    assert any(len(x) != len(y) or (x != y).any() for x, y in zip(first.draws, other.draws, strict=True))


def test_patients_with_many_films_widen_the_interval():
    dice = np.random.default_rng(1)
    truth = np.repeat(dice.integers(0, 2, 40), 6).astype(float)
    scores = np.repeat(dice.normal(size=40), 6) + truth
    by_film = resample([str(i) for i in range(240)], draws=300, seed=1).interval(
        lambda p: auroc(truth[p], scores[p]), 240
    )
    by_patient = resample([str(i // 6) for i in range(240)], draws=300, seed=1).interval(
        lambda p: auroc(truth[p], scores[p]), 240
    )
    assert by_patient.high - by_patient.low > 1.7 * (by_film.high - by_film.low)


def test_too_many_draws_without_a_figure_leave_no_interval():
    assert percentile([0.5] * 80 + [float("nan")] * 20) == (None, None)
    assert percentile([0.1, 0.2, 0.3]) == pytest.approx((0.105, 0.295))


def test_holm_agrees_with_its_definition():
    assert holm([0.01, 0.04, 0.03, float("nan"), 0.005])[:3] == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.01, 0.04, 0.03, float("nan"), 0.005])[4] == pytest.approx(0.02)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=50))
def test_kappas_are_those_of_an_independent_library(told):
    first, second = zip(*told, strict=True)
    table = confusion(first, second, 5)
    for ours, weights in ((quadratic_kappa(table), "quadratic"), (cohen_kappa(table), None)):
        theirs = (
            sk.cohen_kappa_score(first, second, weights=weights, labels=range(5)) if len({*told}) > 1 else float("nan")
        )
        if not math.isnan(ours) and not math.isnan(theirs):
            assert ours == pytest.approx(theirs, abs=1e-9)


def test_macro_f1_leaves_out_what_never_was_and_was_never_told():
    truth = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=bool)
    told = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=bool)
    assert macro_f1(truth, told) == pytest.approx(sk.f1_score(truth[:, :2], told[:, :2], average="macro"))


@given(cases)
def test_brier_and_calibration_errors_lie_where_they_must(told):
    truth, scores = split(told)
    p = scores / 2
    assert brier(truth, p) == pytest.approx(sk.brier_score_loss(truth, p), abs=1e-12)
    error = expected_calibration_error(truth, p)
    assert abs(float((p - truth).mean())) - 1e-12 <= error <= float(np.abs(p - truth).mean()) + 1e-12


def test_a_probability_that_is_right_has_little_calibration_error_and_one_that_is_doubled_has_much():
    dice = np.random.default_rng(5)
    p = dice.uniform(0, 0.5, 20_000)
    truth = (dice.uniform(size=20_000) < p).astype(float)
    assert expected_calibration_error(truth, p) < 0.015
    assert expected_calibration_error(truth, np.minimum(1, 2 * p)) > 0.2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_maps_find_what_was_planted(seed):
    dice = np.random.default_rng(seed)
    true = dice.normal(0, 2, 4000)
    truth = (dice.uniform(size=4000) < 1 / (1 + np.exp(-true))).astype(float)
    told = 2.5 * true + 1.5  # overconfident and shifted
    platt = fit_calibrator(truth, told, "platt").numbers
    assert platt["slope"] == pytest.approx(0.4, rel=0.2)
    assert platt["intercept"] == pytest.approx(-0.6, abs=0.2)
    temperature = fit_calibrator(truth, 2.5 * true, "temperature").numbers
    assert temperature["temperature"] == pytest.approx(2.5, rel=0.2)


def test_the_isotonic_map_is_that_of_an_independent_library_between_its_points():
    dice = np.random.default_rng(2)
    x = dice.normal(size=500)
    truth = (dice.uniform(size=500) < 1 / (1 + np.exp(-2 * x))).astype(float)
    told = fit_calibrator(truth, x, "isotonic").numbers
    theirs = IsotonicRegression().fit(x, truth)
    np.testing.assert_allclose(np.clip(theirs.predict(told["x"]), 1e-6, 1 - 1e-6), told["y"], atol=1e-3)
    assert all(a < b for a, b in zip(told["y"], told["y"][1:], strict=False))


def test_a_map_needs_both_classes():
    with pytest.raises(ValueError, match="positive and negative"):
        fit_calibrator(np.ones(5), np.arange(5.0), "platt")
    with pytest.raises(ValueError, match="no map"):
        fit_calibrator(np.array([0.0, 1.0]), np.arange(2.0), "spline")


def test_log_odds_stay_finite():
    assert np.isfinite(logits(np.array([0.0, 0.5, 1.0]))).all()
