"""Learnt votes: a site's figures decide where they exist, are valid and show that a reader can tell."""

import json
import math
from datetime import date

import pytest

from wetread.domain.finding import Presence
from wetread.errors import ClinicalDataInvalid
from wetread.panel import Figures, Weights, assess, consolidate, load_weights
from wetread.testing.studies import abstention, film_study, finding, identity, read

CODE, OTHER = "wr:pneumonia", "wr:pulmonary-nodule"
TODAY = date(2026, 11, 1)


def figures(reader, tp=80, fn=20, fp=10, tn=90, *, group=CODE, until=date(2026, 12, 31), **more):
    return Figures(
        reader=reader, group=group, tp=tp, fn=fn, fp=fp, tn=tn,
        measured_on="our films", measured=date(2026, 10, 1), valid_until=until, **more,
    )  # fmt: skip


def weights(*rows, correlation=0.0, prevalence=None, **more):
    shares = {CODE: 0.1} if prevalence is None else prevalence
    return Weights(name="w", figures=rows, prevalence=shares, correlation=correlation, **more)


def joined(*answers, by, votes=None):
    return consolidate(answers, votes or {}, weights=by, today=TODAY)


def says(name, presence="present", probability=None):
    return read(finding(CODE, presence, probability), name=name)


def test_sensitivity_and_specificity_are_shrunk_by_one_hit_and_one_miss():
    one = figures("a")
    assert one.sensitivity == pytest.approx(81 / 102)
    assert one.specificity == pytest.approx(91 / 102)


def test_perfect_figures_are_never_certainty():
    one = figures("a", tp=100, fn=0, fp=0, tn=100)
    assert all(math.isfinite(one.log_likelihood_ratio(p)) for p in Presence)


def test_the_joined_probability_is_the_prior_plus_the_votes_over_the_variance_inflation():
    by = weights(figures("a"), figures("b", tp=60, fn=40, fp=5, tn=95), correlation=0.4)
    (one,) = joined(says("a"), says("b", "absent"), by=by).findings
    ratio_a = math.log((81 / 102) / (1 - 91 / 102))
    ratio_b = math.log((1 - 61 / 102) / (96 / 102))
    log_odds = math.log(0.1 / 0.9) + (ratio_a + ratio_b) / (1 + (2 - 1) * 0.4)
    assert one.finding.probability == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-6)
    assert one.finding.calibrator_id == "panel/learnt/w"


def test_an_uncertain_vote_brings_no_evidence():
    by = weights(figures("a"), figures("b"), correlation=0.5)
    alone = weights(figures("a"), correlation=0.5).balance([(figures("a"), Presence.PRESENT)])
    told = [(figures("a"), Presence.PRESENT), (figures("b"), Presence.UNCERTAIN)]
    assert by.balance(told) == alone


def test_consensus_says_what_the_votes_were_learnt_on():
    told = joined(says("a"), says("b"), by=weights(figures("a"), figures("b"))).weighting
    assert told == "learnt on our films (2026-10-01)"


def test_where_one_voter_has_no_figures_the_configured_votes_stand_and_are_labelled():
    told = joined(says("a", "present", 0.4), says("b", "present", 0.6), by=weights(figures("a")))
    assert told.weighting == "configured votes, unweighted by evidence"
    assert "/pooled/" in told.findings[0].finding.calibrator_id


def test_without_a_prevalence_nothing_is_learnt():
    told = joined(says("a"), says("b"), by=weights(figures("a"), figures("b"), prevalence={}))
    assert told.findings[0].finding.probability is None


def test_findings_with_and_without_figures_are_both_told():
    both = [read(finding(CODE), finding(OTHER), name=name) for name in "ab"]
    told = joined(*both, by=weights(figures("a"), figures("b")))
    assert "for 1 of 2 findings" in told.weighting
    assert "unweighted by evidence for the others" in told.weighting


def test_a_named_group_and_the_star_stand_in_for_a_code():
    rows = (figures("a", group="lungs"), figures("b", group="*"))
    by = weights(*rows, groups={"lungs": frozenset({CODE})}, prevalence={"lungs": 0.2})
    assert joined(says("a"), says("b"), by=by).findings[0].finding.calibrator_id == "panel/learnt/w"


def test_a_lone_reader_s_own_calibrated_probability_is_kept():
    (one,) = joined(says("a", "present", 0.37), by=weights(figures("a"))).findings
    assert one.finding.probability == 0.37


def test_a_lone_vote_without_a_probability_gets_the_one_its_figures_give():
    (one,) = joined(says("a"), by=weights(figures("a"))).findings
    assert 0.1 < one.finding.probability < 0.9


def test_learnt_evidence_tips_present_to_uncertain_but_never_to_absent():
    by = weights(figures("a", tp=55, fn=45, fp=40, tn=60), *(figures(n, tp=98, fn=2, fp=1, tn=99) for n in "bc"))
    (one,) = joined(says("a"), says("b", "absent"), says("c", "absent"), by=by).findings
    assert one.finding.presence is Presence.UNCERTAIN
    assert one.finding.probability < 0.01


def test_expired_figures_are_not_used_and_that_is_said():
    told = joined(says("a"), says("b"), by=weights(figures("a", until=date(2026, 10, 31)), figures("b")))
    assert told.findings[0].finding.probability is None
    assert told.figures_not_used == (f"the figures of a for {CODE} are not used: they expired on 2026-10-31",)


def test_figures_count_on_their_last_day():
    assert not joined(says("a"), by=weights(figures("a", until=TODAY))).figures_not_used


def test_figures_of_another_version_of_the_reader_are_not_used():
    told = joined(says("a"), by=weights(figures("a", fingerprint="older")))
    assert "another fingerprint" in told.figures_not_used[0]
    assert not joined(says("a"), by=weights(figures("a", fingerprint=identity("a").fingerprint))).figures_not_used


def test_too_few_cases_say_nothing_for_or_against_a_reader():
    told = joined(says("a"), by=weights(figures("a", tp=0, fn=9)))
    assert "too few" in told.figures_not_used[0]
    assert not told.excluded


DEGENERATE = {
    "zero sensitivity": {"tp": 0, "fn": 40, "fp": 0, "tn": 60},
    "zero specificity": {"tp": 40, "fn": 0, "fp": 60, "tn": 0},
    "a coin": {"tp": 20, "fn": 20, "fp": 30, "tn": 30},
    "not shown to be better": {"tp": 7, "fn": 5, "fp": 5, "tn": 7},
}


@pytest.mark.parametrize("counts", DEGENERATE.values(), ids=DEGENERATE)
def test_a_degenerate_reader_has_no_vote_and_its_figures_are_stated(counts):
    told = joined(says("a"), says("b", "absent"), by=weights(figures("a", **counts)))
    (one,) = told.excluded
    assert (one.reader, one.group) == ("a", CODE)
    assert f"{counts['tp']}/{counts['tp'] + counts['fn']}" in one.reason
    assert told.discounted == ("a",)


def test_what_only_an_excluded_reader_sees_is_uncertain_and_never_dropped():
    (one,) = joined(says("a", "present", 0.9), by=weights(figures("a", tp=40, fn=0, fp=60, tn=0))).findings
    assert one.finding.presence is Presence.UNCERTAIN
    assert one.present_by == ("a",)
    assert one.finding.probability is None


def test_what_only_an_excluded_reader_calls_absent_was_not_judged():
    (one,) = joined(says("a", "absent"), by=weights(figures("a", tp=0, fn=40, fp=0, tn=60))).findings
    assert one.finding.presence is Presence.NOT_ASSESSABLE


def test_an_excluded_reader_s_critical_finding_still_raises():
    from wetread.domain.clinical_data import load_policy, load_vocabulary
    from wetread.domain.order import Order

    critical = "wr:pneumothorax"
    by = weights(figures("a", tp=40, fn=0, fp=60, tn=0, group=critical))
    answers = (read(finding(critical), name="a"), read(finding(critical, "absent"), name="b"))
    told = consolidate(answers, {}, weights=by, today=TODAY)
    found = assess(
        answers, Order(), study=film_study(), vocabulary=load_vocabulary(), policy=load_policy(),
        discounted=told.discounted,
    )  # fmt: skip
    assert told.discounted == ("a",)
    assert found.priority == "P1"


def test_weights_without_a_day_are_refused():
    with pytest.raises(ValueError, match="day"):
        consolidate([says("a")], {}, weights=weights(figures("a")))


FILE = """
measured_on = "our films"
date = 2026-10-01
valid_until = 2026-12-31
correlation = 0.3
[groups]
lungs = ["wr:pneumonia"]
[prevalence]
lungs = 0.1
[[figures]]
reader = "a"
group = "lungs"
tp = 80
fn = 20
fp = 10
tn = 90
"""


def write(tmp_path, text, name="weights.toml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_toml_and_json_say_the_same(tmp_path):
    import tomllib

    told = load_weights(write(tmp_path, FILE))
    as_json = json.dumps(tomllib.loads(FILE), default=str)
    other = load_weights(write(tmp_path, as_json, "weights.json"))
    assert (told.figures, told.correlation, told.prevalence) == (other.figures, other.correlation, other.prevalence)
    assert told.figures[0].valid_until == date(2026, 12, 31)
    assert told.name != other.name


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("tp = 80", "tp = -1", "figures.0.tp"),
        ("correlation = 0.3", "correlation = 1.3", "correlation"),
        ("lungs = 0.1", "lungs = 1.0", "prevalence"),
        ("lungs = 0.1", '"*" = 0.1', "prevalence"),
        ('group = "lungs"', 'group = "bones"', "bones"),
        ('lungs = ["wr:pneumonia"]', 'lungs = ["wr:pneumonia"]\nmore = ["wr:pneumonia"]', "two groups"),
        ("valid_until = 2026-12-31", "", "valid_until"),
        ("correlation = 0.3", "correlation = 0.3\nsurprise = 1", "surprise"),
        ("[groups]", "[groups", "TOML"),
    ],
)
def test_a_file_that_is_wrong_names_the_key(tmp_path, old, new, named):
    with pytest.raises(ClinicalDataInvalid, match=named):
        load_weights(write(tmp_path, FILE.replace(old, new)))


def test_a_reader_twice_for_one_group_is_refused(tmp_path):
    row = FILE[FILE.index("[[figures]]") :]
    with pytest.raises(ClinicalDataInvalid, match="two rows"):
        load_weights(write(tmp_path, FILE + row))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ClinicalDataInvalid, match=r"gone\.toml"):
        load_weights(tmp_path / "gone.toml")


def test_a_panel_of_abstentions_stays_an_error_with_weights_too():
    from wetread.errors import NobodyRead

    with pytest.raises(NobodyRead):
        joined(abstention(), by=weights(figures("a")))
