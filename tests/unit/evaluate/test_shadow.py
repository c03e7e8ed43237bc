"""A reader in the shadow beside what was reported: what would change, and how sure that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Finding, Laterality, Presence
from wetread.evaluate.shadow import Beside, Said, said, shadow_figures

VOCABULARY, POLICY = load_vocabulary(None), load_policy(None)
CRITICAL, OTHER = "wr:pneumothorax", "wr:cardiomegaly"
NOBODY = Said(presences=None)


def side(*present, absent=(), cost_usd=None, latency_s=None):
    told = dict.fromkeys(present, Presence.PRESENT) | dict.fromkeys(absent, Presence.ABSENT)
    return Said(presences=told, cost_usd=cost_usd, latency_s=latency_s)


def figures(*rows):
    told = [Beside(study_id=f"s{n}", live=live, shadow=shadow) for n, (live, shadow) in enumerate(rows)]
    return shadow_figures(told, vocabulary=VOCABULARY, policy=POLICY)


def test_shares_are_of_the_studies_that_both_sides_read():
    told = figures((side(OTHER), side(OTHER)), (side(OTHER), NOBODY), (NOBODY, side(OTHER)), (side(), side(CRITICAL)))
    assert (told.n, told.n_both, told.live_unread, told.shadow_unread) == (4, 2, 1, 1)
    assert (told.agreement.value, told.agreement.n) == (0.5, 2)
    assert (told.raised.value, told.lowered.value, told.same_priority.value) == (0.5, 0.0, 0.5)
    assert (told.critical_gained, told.critical_lost, told.changed) == (1, 0, ("s3",))


def test_a_flip_counts_only_where_both_sides_judged_the_finding():
    both, only = side(absent=[CRITICAL]), side()
    told = figures(
        (both, side(CRITICAL)), (only, side(CRITICAL)), (side(CRITICAL), both), (side(CRITICAL), side(CRITICAL))
    )
    (flip,) = told.flips
    assert (flip.code, flip.category, flip.both, flip.gained, flip.lost) == (CRITICAL, 1, 1, 1, 1)


def test_critical_flips_come_first():
    told = figures(
        *[(side(absent=[OTHER]), side(OTHER))] * 3,
        (side(CRITICAL), side(absent=[CRITICAL])),
    )
    assert [flip.code for flip in told.flips] == [CRITICAL, OTHER]


def test_a_cost_that_is_unknown_of_one_study_is_unknown():
    priced, unknown = side(cost_usd=0.02, latency_s=2.0), side(latency_s=1.0)
    assert figures((priced, priced), (priced, priced)).shadow_per_100_usd == pytest.approx(2.0)
    mixed = figures((priced, priced), (priced, unknown))
    assert (mixed.live_per_100_usd, mixed.shadow_per_100_usd) == (pytest.approx(2.0), None)
    assert mixed.shadow_p95_ms == 2000.0


def test_nothing_to_compare_has_no_figure():
    told = figures()
    assert (told.n, told.agreement.value, told.live_per_100_usd, told.shadow_p95_ms, told.flips) == (
        0,
        None,
        None,
        None,
        (),
    )


def test_of_both_sides_of_a_code_the_one_that_counts_more_is_told():
    left = Finding(code=OTHER, presence=Presence.ABSENT, laterality=Laterality.LEFT)
    right = Finding(code=OTHER, presence=Presence.PRESENT, laterality=Laterality.RIGHT)
    assert said([left, right]).presences == said([right, left]).presences == {OTHER: Presence.PRESENT}


CODES = st.sets(st.sampled_from([CRITICAL, OTHER, "wr:pleural-effusion", "wr:never-heard-of"]))
SIDES = st.one_of(st.just(NOBODY), CODES.map(lambda codes: side(*codes)))


@given(st.lists(st.tuples(SIDES, SIDES), max_size=12))
def test_turned_round_what_was_gained_is_lost(rows):
    there, back = figures(*rows), figures(*((shadow, live) for live, shadow in rows))
    assert (there.critical_gained, there.critical_lost) == (back.critical_lost, back.critical_gained)
    assert (there.raised.value, there.lowered.value) == (back.lowered.value, back.raised.value)
    assert sum(map(sum, there.priorities)) == there.n_both
    assert {(f.code, f.gained) for f in there.flips} == {(f.code, f.lost) for f in back.flips}
