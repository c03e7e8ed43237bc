"""Planted drift raises its alarm within the stated window; quiet weeks raise none."""

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from wetread.domain.finding import Presence
from wetread.evaluate.drift import DriftKind, Level, Told, Window, baseline_of, descriptor, drift_policy, look

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
BASELINE, WINDOW = 2000, 200  # studies; a window is what every alarm is stated in
RUNS, WINDOWS = 40, 5  # quiet ones
SHARES = {
    "modality": {"DX": 0.6, "CR": 0.35, "CT": 0.05},
    "manufacturer": {"North": 0.5, "South": 0.3, "West": 0.2},
    "projection": {"PA": 0.55, "AP": 0.35, None: 0.1},
    "sex": {"F": 0.48, "M": 0.5, None: 0.02},
}
FINDINGS = {
    "wr:pneumothorax": 0.03, "wr:pleural-effusion": 0.12, "wr:consolidation": 0.15, "wr:cardiomegaly": 0.20,
    "wr:pulmonary-oedema": 0.06, "wr:lung-lesion": 0.05, "wr:fracture": 0.02, "wr:atelectasis": 0.25,
}  # fmt: skip


def film(dice, size=24):
    """A bright middle on a dark ground with two darker lungs, a little different each time."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    lungs = sum(np.exp(-((x - side) ** 2 / 0.08 + (y + dice.normal(0, 0.05)) ** 2 / 0.4)) for side in (-0.45, 0.45))
    body = np.exp(-(x**2 / 0.9 + y**2 / 1.5)) * dice.normal(1, 0.08)
    return (255 * np.clip(body - 0.5 * lungs + dice.normal(0, 0.03, (size, size)), 0, 1)).astype(np.uint8)


@cache
def films():
    """Descriptors of 2,000 films and of the same ones inverted."""
    dice = np.random.default_rng(77)
    pictures = [film(dice) for _ in range(2000)]
    return tuple(np.array([descriptor(255 - one if turned else one) for one in pictures]) for turned in (False, True))


def drawn(shares, count, dice):
    names = list(shares)
    return tuple(names[n] for n in dice.choice(len(names), size=count, p=list(shares.values())))


def period(
    seed, count=WINDOW, *, day=0, shares=SHARES, findings=FINDINGS, inverted=0.0, right=0.93, fingerprint="fp-1"
):
    """So many studies of one site."""
    dice = np.random.default_rng(seed)
    plain, turned = films()
    picked = dice.integers(0, len(plain), min(count // 2, 400))
    truth = dice.random(count) < 0.3
    agreed = dice.random(count) < right
    sentinels = {
        f"case {n}": {"wr:pneumothorax": Told(presence=Presence.ABSENT, probability=0.1 + dice.normal(0, 0.005))}
        for n in range(20)
    }
    return Window(
        since=MONDAY + timedelta(days=day),
        until=MONDAY + timedelta(days=day + 1),
        facts={what: drawn(told, count, dice) for what, told in shares.items()},
        numbers={"age": tuple(float(age) for age in np.clip(dice.normal(58, 18, count), 0, 100))},
        descriptors=np.where((dice.random(len(picked)) < inverted)[:, None], turned[picked], plain[picked]),
        findings={what: tuple(bool(one) for one in dice.random(count) < share) for what, share in findings.items()},
        agreement={"vision": tuple((bool(t), bool(t == a)) for t, a in zip(truth, agreed, strict=True))},
        latency_s={"vision": tuple(dice.lognormal(1, 0.5, count))},
        token_ratio={"vision": tuple(dice.normal(1, 0.02, count))},
        fingerprints={"vision": (fingerprint,) * count},
        sentinels=sentinels,
    )


@pytest.fixture(scope="module")
def baseline():
    return baseline_of(period(1, BASELINE))


def raised(baseline, windows):
    """Kind → the first window (1 on) whose look alarmed for it."""
    memory, first = None, {}
    for number, window in enumerate(windows, start=1):
        told = look(baseline, window, memory)
        memory = told.memory
        for alarm in told.alarms:
            if alarm.level is Level.ALARM:
                first.setdefault(alarm.kind, number)
    return first


@cache
def quiet_runs():
    """For each run of five windows after a baseline of its own: alarms and warnings by window."""
    runs = []
    for run in range(RUNS):
        known, memory, told = baseline_of(period(10_000 + run, BASELINE)), None, []
        for number in range(WINDOWS):
            seen = look(known, period(20_000 + run * WINDOWS + number, day=number), memory)
            memory = seen.memory
            told.append(tuple((alarm.level, f"{alarm.kind} {alarm.what}") for alarm in seen.alarms))
        runs.append(told)
    return runs


def test_twenty_quiet_runs_raise_no_alarm():
    alarms = [what for run in quiet_runs()[:20] for window in run for level, what in window if level is Level.ALARM]
    print(f"20 quiet runs of {WINDOWS} windows of {WINDOW} studies: {len(alarms)} alarms")  # noqa: T201
    assert alarms == []


def test_the_false_alarm_rate_is_small_and_told():
    windows = [window for run in quiet_runs() for window in run]
    alarmed = sum(any(level is Level.ALARM for level, _ in window) for window in windows)
    warned = [what for window in windows for level, what in window if level is Level.WARN]
    warned_windows = sum(any(level is Level.WARN for level, _ in window) for window in windows)
    print(f"{len(windows)} quiet windows: alarm in {alarmed}, warning in {warned_windows}", Counter(warned))  # noqa: T201
    assert len(windows) == 200
    assert alarmed <= 2  # 1 %
    assert warned_windows <= 20  # 10 %: eight findings at three standard deviations alone may warn in 2 %


def test_limits_that_are_too_tight_would_have_been_noticed():
    """The same quiet windows: what the two tests above count can be more than nothing."""
    shipped = drift_policy()
    tight = dataclasses.replace(
        shipped,
        metadata=dataclasses.replace(shipped.metadata, warn=0.02, alarm=0.02, noise_p=0.5),
        prevalence=dataclasses.replace(shipped.prevalence, alarm_p=0.05, warn_p=0.05, studies_per_false_alarm=100),
    )
    known = baseline_of(period(10_000, BASELINE), tight)
    looks = [look(known, period(20_000 + number), policy=tight) for number in range(20)]
    assert sum(any(one.level is Level.ALARM for one in told.alarms) for told in looks) >= 10


def test_a_changed_scanner_alarms_within_200_studies(baseline):
    replaced = {**SHARES, "manufacturer": {"North": 0.35, "South": 0.25, "West": 0.1, "East": 0.3}}
    told = look(baseline, period(2, shares=replaced)).alarms[0]
    assert (told.kind, told.what, told.level, told.n) == (DriftKind.METADATA, "manufacturer", Level.ALARM, WINDOW)
    assert told.value > told.limit >= drift_policy().metadata.alarm
    assert told.text == "(other): 0% in the baseline, 28% now"
    fewer_plain_films = {**SHARES, "modality": {"DX": 0.3, "CR": 0.4, "CT": 0.3}}
    assert raised(baseline, [period(3, shares=fewer_plain_films)]) == {DriftKind.METADATA: 1}


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_inverted_pictures_warn_at_once_and_alarm_within_400_studies(baseline, share):
    first = look(baseline, period(4, inverted=share))
    assert [(one.kind, one.level) for one in first.alarms] == [(DriftKind.PICTURES, Level.WARN)]
    assert raised(baseline, [period(4 + day, inverted=share, day=day) for day in range(2)]) == {DriftKind.PICTURES: 2}


def test_one_day_of_strange_pictures_is_forgotten(baseline):
    windows = [period(4, inverted=1.0), period(5), period(6, inverted=1.0), period(7)]
    assert raised(baseline, windows) == {}


def findings_alone(seed, what, share, count=WINDOW, day=0):
    whole = period(seed, count, day=day, findings={**FINDINGS, what: share})
    return Window(since=whole.since, until=whole.until, findings=whole.findings)


@pytest.mark.parametrize(
    ("what", "share"), [("wr:pleural-effusion", 0.30), ("wr:pneumothorax", 0.15), ("wr:atelectasis", 0.08)]
)
def test_a_shifted_prevalence_alarms_within_200_studies(baseline, what, share):
    noticed = 0
    for seed in range(20):
        alarms = look(baseline, findings_alone(seed, what, share)).alarms
        noticed += any(one.level is Level.ALARM and one.what == what for one in alarms)
    assert noticed >= 19  # 12 % → 30 %, 3 % → 15 %, 25 % → 8 %: nineteen weeks of twenty


def test_a_creeping_prevalence_that_single_days_hide_alarms_within_fifteen_days(baseline):
    """Twice the odds (15 % → 26 %), 60 studies a day."""
    noticed, by_a_day_alone, when = 0, 0, []
    for run in range(20):
        days = [findings_alone(1000 + 50 * run + day, "wr:consolidation", 0.26, 60, day) for day in range(15)]
        first = raised(baseline, days).get(DriftKind.PREVALENCE)
        noticed += first is not None
        when.append(first or 99)
        by_a_day_alone += sum(bool(raised(baseline, [day])) for day in days)
    print(f"noticed in {noticed} of 20 runs, median day {np.median(when):.0f}")  # noqa: T201
    assert noticed >= 18
    assert by_a_day_alone <= 30  # of 300


def test_a_silent_swap_alarms_with_the_first_read(baseline):
    window = period(9)
    swapped = dataclasses.replace(window, fingerprints={"vision": ("fp-1",) * 199 + ("fp-2",)})
    (alarm,) = look(baseline, swapped).alarms
    assert (alarm.kind, alarm.level, alarm.value) == (DriftKind.FINGERPRINT, Level.ALARM, 1 / 200)
    assert alarm.text.startswith("silent swap: fp-2")


def test_a_swap_that_hides_its_fingerprint_shows_in_the_fixed_cases_the_same_day(baseline):
    window = period(9)
    flipped = {"wr:pneumothorax": Told(presence=Presence.PRESENT, probability=0.7)}
    swapped = dataclasses.replace(window, sentinels={**window.sentinels, "case 3": flipped})
    told = {(one.what, one.level) for one in look(baseline, swapped).alarms}
    assert told == {("presence", Level.ALARM), ("probability", Level.WARN)}


def test_worse_agreement_alarms_the_second_time(baseline):
    worse = [period(30 + day, right=0.80, day=day) for day in range(2)]
    assert [one.level for one in look(baseline, worse[0]).alarms] == [Level.WARN]
    assert raised(baseline, worse) == {DriftKind.AGREEMENT: 2}


@pytest.mark.parametrize(("part", "factor"), [("latency_s", 3.0), ("latency_s", 0.3), ("token_ratio", 1.15)])
def test_slower_faster_and_dearer_readers_alarm_within_200_studies(baseline, part, factor):
    window = period(40)
    changed = {"vision": tuple(factor * one for one in getattr(window, part)["vision"])}
    (alarm,) = look(baseline, dataclasses.replace(window, **{part: changed})).alarms
    assert (alarm.level, alarm.kind) == (Level.ALARM, DriftKind.LATENCY if part == "latency_s" else DriftKind.TOKENS)


def test_an_alarm_says_since_when_and_ends_with_a_quiet_look(baseline):
    dearer = {"vision": (1.2,) * WINDOW}
    windows = [dataclasses.replace(period(50 + day, day=day), token_ratio=dearer) for day in range(2)]
    few = dataclasses.replace(period(52, day=2), token_ratio={"vision": (1.2,) * 5})
    memory = None
    for window in windows:
        told = look(baseline, window, memory)
        memory = told.memory
    assert told.alarms[0].since == windows[0].until
    silent = look(baseline, few, memory)
    assert silent.alarms == ()
    assert any(one.level is Level.TOO_FEW for one in silent.measures)
    later = look(baseline, dataclasses.replace(period(53, day=3), token_ratio=dearer), silent.memory)
    assert later.alarms[0].since == windows[0].until  # too few to say did not end it
    quiet = look(baseline, period(54, day=4), later.memory)
    assert quiet.memory.since == {}


def test_few_studies_raise_nothing_whatever_they_are(baseline):
    strange = period(
        60,
        20,
        shares={**SHARES, "manufacturer": {"East": 1.0}},
        inverted=1.0,
        findings=dict.fromkeys(FINDINGS, 0.3),
        right=0.5,
    )
    told = look(baseline, strange)
    assert [one for one in told.alarms if one.kind not in {DriftKind.PREVALENCE}] == []
    few = {one.kind for one in told.measures if one.level is Level.TOO_FEW}
    assert few >= {DriftKind.METADATA, DriftKind.PICTURES, DriftKind.PREVALENCE, DriftKind.AGREEMENT, DriftKind.LATENCY}
    assert all(one.text.startswith("too few: ") for one in told.measures if one.level is Level.TOO_FEW)
