"""What is measured of readers on the calibration split is what was planted in them, and the product reads it back."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from planted import (
    NODULE,
    PNEUMOTHORAX,
    answered,
    cases_of,
    deciding,
    labels_for,
    log_of,
    renamed,
    sigmoid,
    skilled,
    write_log,
)
from wetread.domain.consensus import NOT_ASKED
from wetread.domain.finding import Presence
from wetread.domain.order import Order
from wetread.domain.read import Read, ReadRequest
from wetread.errors import ConfigurationError, InputError
from wetread.evaluate.calibrate import Subject, mapped, maps_of, screen_figures, subjects_of, votes_of
from wetread.evaluate.log import Told
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.score import Splits
from wetread.evaluate.statistics import Resampled, fit_calibrator
from wetread.evaluate.statistics.calibration import logits
from wetread.panel import Cascade, CascadeRule, consolidate, convene, load_figures, load_weights
from wetread.readers.calibrator import Isotonic
from wetread.readers.site_calibration import load_calibration
from wetread.readers.wrappers import Calibrated
from wetread.settings import Settings
from wetread.testing.readers import ScriptedReader
from wetread.testing.studies import finding, identity, read
from wetread.wiring.calibrating import CascadeAsked, calibrate

POLICY = load_evaluation_policy()
TODAY = datetime.now(UTC).date()
LABELS = labels_for(PNEUMOTHORAX)


def splits(calib, test=()):
    return Splits(calib=calib, test=test, draws=Resampled(draws=(), seed=0))


def subject(given, name="one"):
    return Subject(name=name, fingerprint=f"print-{name}", answers=given)


def with_positives(n_pos, n=600):
    cases = cases_of(n, share=0.0, seed=1)
    return tuple(replace(c, codes=frozenset({PNEUMOTHORAX} if k < n_pos else ())) for k, c in enumerate(cases))


@pytest.mark.parametrize(
    ("n_pos", "kind"),
    [(9, None), (19, None), (20, "temperature"), (49, "temperature"), (50, "platt"), (199, "platt"), (200, "isotonic")],
)
def test_the_richest_map_that_the_positives_carry_is_fitted(n_pos, kind):
    cases = with_positives(n_pos)
    (row,) = maps_of(subject(skilled(cases, "one")), LABELS, splits(cases), POLICY)
    assert (row.fitted.kind if row.fitted else None) == kind
    assert (row.n, row.n_pos) == (600, n_pos)
    assert (row.threshold is None) == (n_pos < 10)


def test_a_reader_that_boasts_is_told_what_its_numbers_are_worth():
    calib, test = cases_of(800, seed=1), cases_of(800, seed=2, split="test")
    given = skilled((*calib, *test), "one", slope=3.0, shift=1.0)
    (row,) = maps_of(subject(given), LABELS, splits(calib, test), POLICY)
    assert row.ece_stated > 0.1
    assert row.ece_mapped < 0.04
    assert row.sensitivity.low < row.sensitivity.value < row.sensitivity.high
    assert row.sensitivity.n == sum(case.abnormal for case in test)


def test_nothing_is_learnt_from_the_test_split():
    calib, test = cases_of(300, seed=1), cases_of(300, seed=2, split="test")
    given = skilled((*calib, *test), "one")
    turned = tuple(replace(c, codes=frozenset(() if c.codes else {PNEUMOTHORAX})) for c in test)
    (one,), (other,) = (maps_of(subject(given), LABELS, splits(calib, part), POLICY) for part in (test, turned))
    assert (one.fitted, one.threshold) == (other.fitted, other.threshold)
    assert one.sensitivity != other.sensitivity


def test_numbers_that_come_in_steps_give_an_isotonic_map_that_can_be_read():
    dice = np.random.default_rng(3)
    stated = dice.choice([0.05, 0.3, 0.6, 0.85, 0.95], 9000)
    truth = (dice.random(9000) < 0.5 * stated).astype(float)
    fitted = fit_calibrator(truth, logits(stated), "isotonic")
    apply = Isotonic(id="i", kind="isotonic", **fitted.numbers)
    for step in np.unique(stated):
        assert apply(float(logits(np.array([step]))[0])) == pytest.approx(truth[stated == step].mean(), abs=0.05)


@pytest.mark.parametrize("kind", ["coin", "parrot"])
def test_a_reader_that_tells_nothing_gets_no_map_and_the_reason_is_said(kind):
    cases = cases_of(400, seed=1)
    given = skilled(cases, "one", skill=0.0 if kind == "coin" else 2.0)
    if kind == "parrot":
        same = {PNEUMOTHORAX: Told(presence=Presence.ABSENT, stated=0.2, kind="score")}
        given = {case: replace(one, findings=same) for case, one in given.items()}
    (row,) = maps_of(subject(given), LABELS, splits(cases), POLICY)
    assert (row.fitted, row.threshold) == (None, None)
    assert ("same number for all 400 cases" if kind == "parrot" else "not shown to be above 0.5") in row.why


def test_trust_in_an_absence_is_no_probability_of_presence():
    case = cases_of(1)[0]
    said = {PNEUMOTHORAX: Told(presence=Presence.ABSENT, stated=0.95, kind="stated")}
    (row,) = maps_of(subject({case.case_id: answered(case, "one", said)}), LABELS, splits((case,)), POLICY)
    assert (row.n, row.why) == (0, "it states no number")


def test_counts_are_those_of_an_independent_library_and_the_panel_reads_them(tmp_path):
    cases = cases_of(300, seed=1, codes=(PNEUMOTHORAX, NODULE))
    codes = (PNEUMOTHORAX, NODULE)
    given = [skilled(cases, name, skill=s, seed=n, codes=codes) for n, (name, s) in enumerate([("a", 1.5), ("b", 2)])]
    made = calibrate(Settings(), write_log(tmp_path, log_of(cases, *given)), tmp_path / "out")
    weights = load_weights(tmp_path / "out/weights.toml")
    assert [path.name for path in made.files] == ["calibration.toml", "weights.toml"]
    for row in weights.figures:
        told = given[0] if row.reader == "a" else given[1]
        truth = [row.group in case.codes for case in cases]
        said = [told[case.case_id].findings[row.group].presence is Presence.PRESENT for case in cases]
        (tn, fp), (fn, tp) = confusion_matrix(truth, said).tolist()
        assert (row.tp, row.fn, row.fp, row.tn) == (tp, fn, fp, tn)
        assert weights.prevalence[row.group] == pytest.approx(np.mean(truth), abs=1e-6)
        assert row.valid_until == TODAY + timedelta(days=90)
    assert len(weights.figures) == 4
    says = [read(finding(PNEUMOTHORAX), name=name) for name in ("a", "b")]
    says = [replace(r, reader=replace(r.reader, fingerprint=f"print-{r.reader.name}")) for r in says]
    joined = consolidate(says, {}, weights=weights, today=TODAY)
    assert joined.weighting.startswith("learnt on 300 calibration cases of 300 patients")
    assert joined.findings[0].finding.calibrator_id == weights.calibrator_id


def test_the_panel_takes_the_vote_of_a_reader_that_the_counts_show_to_tell_nothing(tmp_path):
    cases = cases_of(300, seed=1)
    dice = np.random.default_rng(99)
    given = [skilled(cases, "good"), deciding(cases, "coin", dice.random(300) < 0.5),
             deciding(cases, "parrot", [True] * 300)]  # fmt: skip
    made = calibrate(Settings(), write_log(tmp_path, log_of(cases, *given)), tmp_path / "out")
    calibration = load_calibration(tmp_path / "out/calibration.toml")
    assert {(one.reader, one.what) for one in calibration.excluded} == {
        ("coin", "numbers"), ("coin", "decisions"), ("parrot", "numbers"), ("parrot", "decisions")}  # fmt: skip
    assert "kappa" in made.text
    weights = load_weights(tmp_path / "out/weights.toml")
    says = [replace(read(finding(PNEUMOTHORAX), name=name), reader=replace(identity(name), fingerprint=f"print-{name}"))
            for name in ("good", "coin", "parrot")]  # fmt: skip
    joined = consolidate(says, {}, weights=weights, today=TODAY)
    assert joined.discounted == ("coin", "parrot")
    assert all(one.reason for one in joined.excluded)


def test_readers_that_err_alike_are_told_by_their_correlation():
    cases = cases_of(3000, seed=1)
    one = skilled(cases, "one", skill=1.5)
    apart = skilled(cases, "two", skill=1.5, seed=77)

    def correlation(other):
        return votes_of([subject(one), subject(other, "two")], LABELS, cases, POLICY).correlation

    assert correlation(renamed(one, "two")) == pytest.approx(1.0)
    assert correlation(apart) < 0.06
    half = {c: (one if k % 2 else apart)[c] for k, c in enumerate(one)}
    assert correlation(half) == pytest.approx(0.5, abs=0.08)


def test_errors_on_the_healthy_count_as_much_as_those_on_the_ill():
    cases = cases_of(2000, seed=1)
    dice = np.random.default_rng(50)
    same, other, third = (dice.random(2000) < 0.3 for _ in range(3))
    wrong = [np.where([c.abnormal for c in cases], by_itself, same) for by_itself in (other, third)]
    given = [deciding(cases, "one", np.array([c.abnormal for c in cases]) != w) for w in wrong]
    told = votes_of([subject(given[0]), subject(given[1], "two")], LABELS, cases, POLICY)
    share = sum(not c.abnormal for c in cases) / 2000  # alike on the healthy, by themselves on the ill
    assert told.correlation == pytest.approx(share, abs=0.05)
    assert told.pairs == 2


def test_where_no_errors_could_be_compared_a_second_vote_adds_nothing():
    cases = cases_of(200, seed=1)
    right = deciding(cases, "one", [c.abnormal for c in cases])
    told = votes_of([subject(right), subject(renamed(right, "two"), "two")], LABELS, cases, POLICY)
    assert (told.correlation, told.pairs) == (1.0, 0)
    assert votes_of([subject(right)], LABELS, cases, POLICY).correlation == 0.0


def test_rare_findings_are_counted_together_and_keep_a_prevalence():
    cases = tuple(replace(c, codes=c.codes | ({NODULE} if k < 4 else set())) for k, c in enumerate(cases_of(300)))
    given = skilled(cases, "one", codes=(PNEUMOTHORAX, NODULE))
    told = votes_of([subject(given)], labels_for(PNEUMOTHORAX, NODULE), cases, POLICY)
    assert told.groups == {"rare": (NODULE,)}
    assert told.prevalence["rare"] == pytest.approx(4 / 300)
    assert [one.group for one in told.counts] == [PNEUMOTHORAX, "rare"]


def cascade(tmp_path, *, own=True, screen_skill=6.0, uncertain_from=0.2):
    cases = cases_of(400, seed=1)
    screen = skilled(cases, "screen", skill=screen_skill, own=own)
    dear = skilled(cases, "dear", skill=3.0, seed=8, cost_usd=0.02)
    folder = write_log(tmp_path, log_of(cases, screen, dear))
    asked = CascadeAsked(first="screen", then="dear", uncertain_from=uncertain_from)
    calibrate(Settings(), folder, tmp_path / "out", cascade=asked)
    return cases, screen, dear, load_figures(tmp_path / "out/cascade.toml")


def request():
    return ReadRequest(study_ref="s", views=(), order=Order())


def test_the_proof_of_a_cascade_counts_what_the_screen_would_have_cleared_under_its_calibration(tmp_path):
    cases, screen, dear, figures = cascade(tmp_path, screen_skill=2.0)
    calibration = load_calibration(tmp_path / "out/calibration.toml")
    one = next(one for one in calibration.maps if one.row.reader == "screen")
    sure = []
    for case in cases:
        stated = screen[case.case_id].findings[PNEUMOTHORAX].stated
        if stated < 0.5 and one.calibrator(float(logits(np.array([stated]))[0])) < 0.2:
            sure.append(case)
    missed = [case for case in sure if case.abnormal]
    assert (figures.abnormal, figures.screened) == (sum(c.abnormal for c in cases), 400)
    assert (figures.missed, figures.escalated) == (len(missed), 400 - len(sure))
    found = [c for c in missed if dear[c.case_id].findings[PNEUMOTHORAX].presence is Presence.PRESENT]
    assert figures.found_by_second == len(found)
    assert (figures.cost_first_usd, figures.cost_then_usd) == (0.0, pytest.approx(0.02))
    assert missed
    assert figures.calibration == calibration.calibrator_id
    assert "sensitivity changes by" in figures.summary()


def test_the_products_cascade_leaves_the_second_reader_out_by_this_proof_and_only_with_the_same_calibration(tmp_path):
    *_, figures = cascade(tmp_path)
    calibration = load_calibration(tmp_path / "out/calibration.toml")
    rule = CascadeRule(uncertain_from=0.2, alpha=0.1, figures=figures)
    assert figures.missed_bound <= 0.1
    screen = replace(identity("screen"), fingerprint="print-screen")

    def step(calibrator_id, day=TODAY):
        told = finding(PNEUMOTHORAX, "absent", 0.01, calibrator_id=calibrator_id)
        return rule.next_step(replace(read(told, name="screen"), reader=screen), request(), day)

    assert not step(calibration.calibrator_id).ask
    assert "another calibration" in step("card/own").reason
    assert "another calibration" in step("site/other").reason
    assert "expired" in step(calibration.calibrator_id, TODAY + timedelta(days=91)).reason


def test_under_its_calibration_a_sure_screen_spares_the_second_reader_and_without_it_never_does(tmp_path):
    *_, figures = cascade(tmp_path)
    calibration = load_calibration(tmp_path / "out/calibration.toml")
    rule = CascadeRule(uncertain_from=0.2, alpha=0.1, figures=figures)
    sure = finding(PNEUMOTHORAX, "absent", 0.001)
    screen = ScriptedReader("screen", [sure])
    screen.identity = replace(identity("screen"), fingerprint="print-screen")
    second = ScriptedReader("dear", [finding(PNEUMOTHORAX)])

    def answers(first):
        asked = Cascade(name="c", first=first, then=second, rule=rule)
        return asyncio.run(convene([asked], lambda _: request(), timeout_s=5.0, today=TODAY))

    first, left_out = answers(Calibrated(screen, calibration, today=lambda: TODAY))
    assert first.findings[0].calibrator_id == figures.calibration
    assert left_out.code == NOT_ASKED
    assert all(isinstance(one, Read) for one in answers(screen))
    late = Calibrated(screen, calibration, today=lambda: calibration.valid_until + timedelta(days=1))
    assert all(isinstance(one, Read) for one in answers(late))


def test_a_cascade_whose_cost_nobody_knows_has_no_proof_of_a_saving():
    cases = cases_of(100, seed=1)
    unknown = subject(skilled(cases, "dear", cost_usd=None), "dear")
    for then in (unknown, subject(skilled(cases, "dear", cost_usd=0.0), "dear")):
        with pytest.raises(InputError, match="dear costs"):
            screen_figures(subject(skilled(cases, "one")), then, cases, uncertain_from=0.2)


def test_a_log_made_under_a_calibration_gives_the_same_maps_again(tmp_path):
    cases = cases_of(400, seed=1)
    codes, log = (PNEUMOTHORAX,), log_of(cases, skilled(cases, "one", slope=2.0))
    calibrate(Settings(), write_log(tmp_path, log), tmp_path / "out")
    calibration = load_calibration(tmp_path / "out/calibration.toml")
    (one,), _ = subjects_of(log)
    again = mapped(one, calibration).answers
    kept = {  # as the product's wrapper leaves them: its own probability stays as what it stated
        case: replace(told, findings={c: replace(told.findings[c], kind="probability") for c in codes})
        for case, told in again.items()
    }
    assert again[cases[0].case_id].findings[PNEUMOTHORAX].probability != pytest.approx(
        one.answers[cases[0].case_id].findings[PNEUMOTHORAX].probability
    )
    (first,), (second,) = (
        maps_of(replace(one, answers=given), LABELS, splits(cases), POLICY) for given in (one.answers, kept)
    )
    assert first.fitted == second.fitted


def test_answers_of_an_earlier_version_panels_and_controls_are_left_out():
    cases = cases_of(40)
    older = {case: replace(one, fingerprint="before") for case, one in list(skilled(cases, "one").items())[:10]}
    joined = renamed({case: replace(one, version="panel") for case, one in skilled(cases, "one").items()}, "all")
    log = log_of(cases, {**skilled(cases, "one"), **older, **dict(list(skilled(cases, "one").items())[20:])},
                 renamed(skilled(cases, "x"), "one+border_only"), joined)  # fmt: skip
    found, remarks = subjects_of(log)
    assert [(one.name, one.fingerprint, len(one.answers), one.older) for one in found] == [("one", "print-one", 30, 10)]
    assert any("10 answers of an earlier version" in one for one in remarks)
    assert any("all is a panel" in one for one in remarks)
    with pytest.raises(InputError, match=r"nobody.*answered nothing"):
        subjects_of(log, ["nobody"])


def test_a_calibration_counts_from_the_day_on_which_the_log_was_begun(tmp_path):
    cases = cases_of(200, seed=1)
    begun = datetime.now(UTC) - timedelta(days=60)
    folder = write_log(tmp_path, log_of(cases, skilled(cases, "one"), begun=begun))
    calibrate(Settings(), folder, tmp_path / "out")
    assert load_calibration(tmp_path / "out/calibration.toml").valid_until == begun.date() + timedelta(days=90)
    with pytest.raises(InputError, match="was begun on"):
        calibrate(Settings(), folder, tmp_path / "later", today=TODAY + timedelta(days=31))
    assert not (tmp_path / "later").exists()


def test_nothing_that_is_there_is_written_over_and_nothing_half_is_left(tmp_path):
    cases = cases_of(200, seed=1)
    folder = write_log(tmp_path, log_of(cases, skilled(cases, "one")))
    asked = CascadeAsked(first="one", then="two", uncertain_from=0.2)
    with pytest.raises(InputError, match="two"):
        calibrate(Settings(), folder, tmp_path / "out", cascade=asked)
    assert list((tmp_path / "out").iterdir()) == []
    calibrate(Settings(), folder, tmp_path / "out")
    before = (tmp_path / "out/calibration.toml").read_bytes()
    with pytest.raises(ConfigurationError, match="there already"):
        calibrate(Settings(), folder, tmp_path / "out")
    assert (tmp_path / "out/calibration.toml").read_bytes() == before


def test_a_log_without_a_calibration_split_is_refused(tmp_path):
    cases = cases_of(50, split="test")
    folder = write_log(tmp_path, log_of(cases, skilled(cases, "one")))
    with pytest.raises(InputError, match="no calibration split"):
        calibrate(Settings(), folder, tmp_path / "out")


def test_too_few_cases_for_anything_give_no_weights_and_say_so(tmp_path):
    cases = cases_of(12, seed=1)
    made = calibrate(Settings(), write_log(tmp_path, log_of(cases, skilled(cases, "one"))), tmp_path / "out")
    assert not (tmp_path / "out/weights.toml").exists()
    assert any("no weights.toml" in one for one in made.remarks)
    assert load_calibration(tmp_path / "out/calibration.toml").maps == ()


def test_names_that_are_not_plain_come_back_as_they_were(tmp_path):
    cases = cases_of(200, seed=1)
    name = 'our "new"\treader\\2 Zürich \x7f'
    made = calibrate(Settings(), write_log(tmp_path, log_of(cases, skilled(cases, name))), tmp_path / "out")
    assert load_calibration(tmp_path / "out/calibration.toml").maps[0].row.reader == name
    assert load_weights(tmp_path / "out/weights.toml").figures[0].reader == name
    assert made.files


def test_the_figures_of_a_shift_are_what_the_planted_reader_has():
    """A reader whose log odds are shifted by 1 and doubled has them put back: Platt's line is the inverse."""
    cases = cases_of(6000, seed=1)
    given = skilled(cases, "one", skill=1.5, slope=2.0, shift=1.0)
    numbers = np.array([given[c.case_id].findings[PNEUMOTHORAX].stated for c in cases])
    truth = np.array([float(c.abnormal) for c in cases])
    fitted = fit_calibrator(truth, logits(numbers), "platt")
    prior = np.log(0.3 / 0.7)
    assert fitted.numbers["slope"] == pytest.approx(0.5, abs=0.05)
    assert fitted.numbers["intercept"] == pytest.approx(prior - 0.5, abs=0.12)
    assert sigmoid(fitted.numbers["slope"] * 1.0 + fitted.numbers["intercept"]) == pytest.approx(0.3, abs=0.03)
