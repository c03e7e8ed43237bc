"""Each drift chart by itself, against independent libraries, simulation and figures worked by hand."""

import dataclasses
import json
import math
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from scipy import stats

from wetread.domain.clinical_data import shipped
from wetread.domain.finding import Presence
from wetread.errors import ClinicalDataInvalid, RecordInvalid
from wetread.evaluate.drift import (
    DriftKind,
    Level,
    Memory,
    Told,
    Window,
    baseline_json,
    baseline_of,
    descriptor,
    drift_policy,
    look,
    memory_json,
    parse_baseline,
    parse_memory,
)
from wetread.evaluate.drift.agreement import counted, kappa_error
from wetread.evaluate.drift.answers import fingerprint_measures, middle, ratio_measures, sentinel_measures
from wetread.evaluate.drift.metadata import OTHER, UNKNOWN, bins, categories, metadata_measures, noise, psi
from wetread.evaluate.drift.pictures import DESCRIPTOR_SIZE, discrepancy
from wetread.evaluate.drift.policy import parse_drift_policy
from wetread.evaluate.drift.prevalence import Counted, Sums, chart_limits, cusum
from wetread.evaluate.statistics.agreement import cohen_kappa

LIMITS = drift_policy()
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def film(dice, size=48):
    """A bright middle on a dark ground, a little different each time: a film's layout, nothing more."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    lungs = sum(np.exp(-((x - side) ** 2 / 0.08 + (y + dice.normal(0, 0.05)) ** 2 / 0.4)) for side in (-0.45, 0.45))
    body = np.exp(-(x**2 / 0.9 + y**2 / 1.5)) * dice.normal(1, 0.08)
    shade = body - 0.5 * lungs + dice.normal(0, 0.03, (size, size))
    return (255 * np.clip(shade, 0, 1)).astype(np.uint8)


def test_psi_is_the_figure_worked_by_hand():
    # shares .5/.5 against .6/.4: .1 ln 1.2 + -.1 ln .8, the half counts too small to matter
    assert psi([500_000, 500_000], [60_000, 40_000]) == pytest.approx(
        0.1 * math.log(1.2) - 0.1 * math.log(0.8), rel=1e-3
    )
    assert psi([10, 20, 30], [100, 200, 300]) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("p", [0.1, 0.01])
def test_chance_exceeds_the_noise_of_psi_as_often_as_it_says(p):
    dice, shares = np.random.default_rng(3), [0.4, 0.3, 0.2, 0.1]
    limit = noise(p, bins=4, reference=1000, window=200)
    told = [psi(dice.multinomial(1000, shares), dice.multinomial(200, shares)) > limit for _ in range(4000)]
    assert np.mean(told) == pytest.approx(p, rel=0.35)
    assert limit == pytest.approx(stats.chi2.isf(p, 3) * (1 / 200 + 1 / 1000), rel=0.02)


def test_rare_and_unknown_values_have_bins_of_their_own():
    told = categories(["A"] * 90 + ["B"] * 9 + ["C"] + [None] * 20, rare_share=0.02)
    assert told == {"A": 90, UNKNOWN: 20, "B": 9, OTHER: 1}
    numbers = bins([1.0] * 50 + [2.0] * 30 + [9.0] * 20 + [None] * 5, 10)
    assert sum(numbers.counts) == 105
    assert numbers.counts[-1] == 5
    assert numbers.edges == (1.0, 2.0, 9.0)
    assert bins([None, None], 10).counts == (0, 2)


def test_a_value_never_seen_before_is_seen():
    (told,) = metadata_measures(
        {"scanner": {"A": 900, OTHER: 0}}, {"scanner": ["A"] * 100 + ["NEW"] * 100}, LIMITS.metadata
    )
    assert told.level is Level.ALARM
    assert told.value > 0.25
    assert told.text == "(other): 0% in the baseline, 50% now"


def test_a_number_that_moved_names_its_bin():
    known = bins([float(n % 80 + 10) for n in range(1000)], 4)
    (told,) = metadata_measures({"age": known}, {"age": [float(n % 20 + 70) for n in range(200)]}, LIMITS.metadata)
    assert told.level is Level.ALARM
    assert told.text.startswith("above 69")


def test_an_inverted_film_has_another_descriptor_and_a_rotated_copy_of_itself_has_not():
    picture = film(np.random.default_rng(1))
    told, inverted = descriptor(picture), descriptor(255 - picture)
    assert told.shape == (DESCRIPTOR_SIZE,) == (42,)
    np.testing.assert_allclose(inverted[:9], 1 - told[:9][::-1], atol=1e-9)  # deciles mirror
    np.testing.assert_allclose(inverted[25:], told[25:], atol=1e-9)  # gradients and shape stay
    np.testing.assert_allclose(descriptor(np.repeat(picture[..., None], 3, axis=2)), told, atol=1e-9)
    np.testing.assert_array_equal(descriptor(picture.copy()), told)
    flat = descriptor(np.full((8, 16), 51, np.uint8))
    np.testing.assert_allclose(flat, [0.2] * 25 + [0.0] * 16 + [math.log(2)], atol=1e-9)
    with pytest.raises(ValueError, match="8 bits"):
        descriptor(picture.astype(np.uint16))


def test_a_figure_that_is_the_same_in_every_picture_hides_no_other():
    dice = np.random.default_rng(8)
    same = np.full((60, 1), -0.154151)  # all films of one shape: its spread is rounding alone
    one, other = (np.hstack([dice.normal(mean, 1, (60, 3)), same]) for mean in (0, 2))
    assert discrepancy(one, other, permutations=199, seed=1).p < 0.01
    bare = discrepancy(one[:, :3], other[:, :3], permutations=199, seed=1)
    assert discrepancy(one, other, permutations=199, seed=1).mmd2 == pytest.approx(bare.mmd2, abs=1e-12)


def test_the_discrepancy_is_the_definition_and_its_p_holds_its_level():
    dice = np.random.default_rng(2)
    one, other = dice.normal(size=(12, 3)), dice.normal(size=(9, 3)) + 0.5
    told = discrepancy(one, other, permutations=19, seed=1)
    pooled = np.concatenate([one, other])
    scaled = pooled / pooled.std(axis=0)
    apart = [((a - b) ** 2).sum() for n, a in enumerate(scaled) for b in scaled[n + 1 :]]
    kernel = lambda a, b: math.exp(-((a - b) ** 2).sum() / (2 * np.median(apart)))  # noqa: E731
    x, y = scaled[:12], scaled[12:]
    inside = lambda z: np.mean([kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j])  # noqa: E731
    expected = inside(x) + inside(y) - 2 * np.mean([kernel(a, b) for a in x for b in y])
    assert told.mmd2 == pytest.approx(expected, abs=1e-9)
    p = [
        discrepancy(dice.normal(size=(30, 3)), dice.normal(size=(30, 3)), permutations=99, seed=n).p for n in range(300)
    ]
    assert 13 <= sum(one <= 0.1 for one in p) <= 47  # 30 expected, a little over three standard deviations each way
    assert discrepancy(one, other, permutations=99, seed=4) == discrepancy(one, other, permutations=99, seed=4)
    with pytest.raises(ValueError, match="two pictures on either side are needed, got 12 and 1"):
        discrepancy(one, other[:1], permutations=99, seed=4)


def test_p_chart_limits_are_those_of_an_independent_beta_binomial():
    for known, n, p in (
        (Counted(hits=50, n=1000), 200, 0.0027),
        (Counted(hits=3, n=400), 100, 1e-4),
        (Counted(hits=800, n=2000), 1500, 0.01),
    ):
        theirs = stats.betabinom(n, known.hits + 0.5, known.n - known.hits + 0.5)
        low, high = chart_limits(known, n, p)
        assert theirs.sf(high - 1) < p / 2 <= theirs.sf(high - 2)
        assert (low is None) == (theirs.cdf(0) >= p / 2)
        assert low is None or theirs.cdf(low) < p / 2 <= theirs.cdf(low + 1)


def test_a_cusum_finds_doubled_odds_and_seldom_cries_without_them():
    known, dice = Counted(hits=200, n=1000), np.random.default_rng(9)
    limit = math.log(LIMITS.prevalence.studies_per_false_alarm)

    def delay(share):
        sums = Sums()
        for studies in range(100, 3001, 100):
            sums, most = cusum(known, list(dice.random(100) < share), LIMITS.prevalence, sums)
            if max(most.rising, most.falling) >= limit:
                return studies
        return math.inf

    doubled = 2 * known.share / (1 + known.share)
    assert np.mean([delay(doubled) for _ in range(30)]) < 400
    assert all(delay(known.share) == math.inf for _ in range(30))  # 90,000 quiet studies: the bound allows one


def test_kappas_error_is_what_repetition_shows():
    dice, shares = np.random.default_rng(4), [0.7, 0.06, 0.04, 0.2]
    kappas = [cohen_kappa(dice.multinomial(300, shares).reshape(2, 2)) for _ in range(4000)]
    assert kappa_error((1000 * np.array(shares)).astype(int).reshape(2, 2)) * math.sqrt(1000 / 300) == pytest.approx(
        np.std(kappas), rel=0.05
    )
    assert math.isnan(kappa_error(np.array([[10, 0], [0, 0]])))
    assert counted([(True, False), (True, True), (False, False)]) == ((1, 0), (1, 1))


@pytest.mark.parametrize(
    ("factor", "level"),
    [(1.0, Level.QUIET), (1.6, Level.WARN), (0.6, Level.WARN), (2.5, Level.ALARM), (0.3, Level.ALARM)],
)
def test_slower_and_faster_are_both_another_reader(factor, level):
    known = {"vision": middle([2.0] * 100)}
    (told,) = ratio_measures(DriftKind.LATENCY, known, {"vision": [2.0 * factor] * 40}, LIMITS.latency)
    assert (told.level, told.value) == (level, pytest.approx(factor))


def test_few_reads_are_told_as_few():
    known = {"vision": middle([2.0] * 100)}
    (told,) = ratio_measures(DriftKind.LATENCY, known, {"vision": [20.0] * 29}, LIMITS.latency)
    assert (told.level, told.text, told.value) == (Level.TOO_FEW, "too few: 29 of the 30 needed", None)
    assert not ratio_measures(DriftKind.LATENCY, known, {}, LIMITS.latency)


def test_one_read_by_another_fingerprint_is_a_silent_swap():
    known = {"vision": ("fp_a", "fp_b")}
    (quiet,) = fingerprint_measures(known, {"vision": ("fp_a", "fp_b") * 10})
    (swapped,) = fingerprint_measures(known, {"vision": ("fp_a",) * 19 + ("fp_c",)})
    (new,) = fingerprint_measures({}, {"local": ("fp_a",)})
    assert (quiet.level, swapped.level, new.level) == (Level.QUIET, Level.ALARM, Level.ALARM)
    assert (swapped.value, swapped.n) == (0.05, 20)
    assert swapped.text == "silent swap: fp_c is not the reader of the baseline"


SENTINELS = {f"case {n:02}": {"wr:pneumothorax": Told(presence=Presence.ABSENT, probability=0.1)} for n in range(20)}


@pytest.mark.parametrize(
    ("case", "presence", "shift"),
    [
        ({"wr:pneumothorax": Told(presence=Presence.ABSENT, probability=0.12)}, Level.QUIET, Level.QUIET),
        ({"wr:pneumothorax": Told(presence=Presence.ABSENT, probability=0.19)}, Level.QUIET, Level.WARN),
        ({"wr:pneumothorax": Told(presence=Presence.PRESENT, probability=0.12)}, Level.ALARM, Level.QUIET),
        ({}, Level.ALARM, Level.QUIET),
    ],
)
def test_one_flip_of_twenty_alarms_and_a_shift_warns(case, presence, shift):
    told = sentinel_measures(SENTINELS, {**SENTINELS, "case 07": case}, LIMITS.sentinel)
    assert [one.level for one in told] == [presence, shift]
    assert presence is Level.QUIET or "case 07" in told[0].text


def test_a_fixed_case_that_nobody_answered_is_told():
    (first, _) = sentinel_measures(SENTINELS, dict(list(SENTINELS.items())[:19]), LIMITS.sentinel)
    assert (first.level, first.text) == (Level.WARN, "19 of 20 fixed cases answered")
    (none,) = sentinel_measures(SENTINELS, {}, LIMITS.sentinel)
    assert none.level is Level.TOO_FEW
    assert sentinel_measures({}, {}, LIMITS.sentinel) == []


def window(**changes):
    dice = np.random.default_rng(5)
    told = Window(
        since=NOON,
        until=NOON,
        facts={"modality": ("DX",) * 150 + (None,) * 50},
        numbers={"age": (*(float(age) for age in dice.integers(1, 90, 199)), None)},
        descriptors=dice.normal(size=(60, 4)),
        findings={"wr:pneumothorax": (True, False) * 100},
        agreement={"embedded": ((True, True), (False, False), (True, False)) * 60},
        latency_s={"embedded": (0.5,) * 40},
        token_ratio={"vision": (1.01,) * 40, "local": ()},
        fingerprints={"embedded": ("fp",) * 200},
        sentinels=SENTINELS,
    )
    return dataclasses.replace(told, **changes)


def test_a_baseline_and_a_memory_survive_being_written():
    baseline = baseline_of(window())
    assert parse_baseline(baseline_json(baseline)) == baseline
    assert json.loads(baseline_json(baseline))["schema"] == "wetread.drift_baseline/1"
    swapped = look(baseline, window(fingerprints={"embedded": ("other",)}))
    assert parse_memory(memory_json(swapped.memory)) == swapped.memory
    again = look(parse_baseline(baseline_json(baseline)), window(fingerprints={"embedded": ("other",)}), Memory())
    assert again == swapped


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("wetread.drift_baseline/1", "wetread.drift_baseline/2", "schema"),
        ('"hits":100', '"hits":300', "findings.wr:pneumothorax"),
        ('"facts"', '"fact"', "fact"),
        ("{", "", "the file"),
    ],
)
def test_a_baseline_that_was_changed_is_refused_by_its_key(before, after, told):
    text = baseline_json(baseline_of(window()))
    assert before in text
    with pytest.raises(RecordInvalid, match="make a new one from a quiet period") as refused:
        parse_baseline(text.replace(before, after, 1))
    assert told in str(refused.value)
    with pytest.raises(RecordInvalid, match="begin with an empty one"):
        parse_memory("[]")


def test_pictures_described_in_another_way_are_not_compared():
    with pytest.raises(ValueError, match="4 figures each, the window's 5"):
        look(baseline_of(window()), window(descriptors=np.zeros((60, 5))))


@pytest.mark.parametrize(
    "broken",
    [
        {"until": datetime(2026, 11, 20, tzinfo=UTC)},
        {"since": datetime(2026, 11, 21)},  # noqa: DTZ001
        {"facts": {"age": ("1",)}},
    ],
)
def test_a_window_that_makes_no_sense_is_refused(broken):
    with pytest.raises(ValueError, match=r"window ends|not both"):
        window(**broken)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("alarm = 0.25", "alarm = 0.05", "metadata"),
        ("warn = 0.10", "warn = true", "metadata.warn"),
        ("permutations = 499", "permutations = 20", "too few permutations"),
        ("odds_ratio = 2.0", "odds_ratio = 1.0", "prevalence"),
        ("drop = 0.10", "", "agreement.drop"),
        ("warn = 1.5", "warn = 0.9", "latency"),
        ("probability_shift = 0.05", "probability_shift = 5", "sentinel"),
        ("[tokens]", "[token]", "token"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_by_its_key(before, after, told):
    text = shipped("drift.toml")
    assert before in text
    with pytest.raises(ClinicalDataInvalid, match=r"drift\.toml") as refused:
        parse_drift_policy(text.replace(before, after, 1))
    assert told in str(refused.value)


@pytest.mark.shared
def test_inverted_films_are_told_from_real_ones(shared):
    films = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted((shared / "cxr/nih").glob("*.jpg"))[:600:4]]
    plain, turned = (np.array([descriptor(255 - one if flip else one) for one in films]) for flip in (False, True))
    assert discrepancy(plain[::2], turned[1::2], permutations=499, seed=1).p < LIMITS.pictures.alarm_p
    assert discrepancy(plain[::2], plain[1::2], permutations=499, seed=1).p >= LIMITS.pictures.alarm_p
