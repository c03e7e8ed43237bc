"""Joining made-up panels with lines of disease, sides and learnt votes: free of order, repeatable, lossless."""

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Evidence, Laterality, Presence
from wetread.domain.order import Order
from wetread.panel import Figures, Weights, assess, consolidate
from wetread.testing.studies import film_study, finding, read

VOCABULARY, POLICY = load_vocabulary(), load_policy()
CODES = [
    "wr:pneumothorax", "wr:pneumothorax-large", "wr:pneumothorax-small", "wr:lung-lesion", "wr:pulmonary-nodule",
    "wr:multiple-pulmonary-nodules", "wr:cardiomegaly", "wr:unheard-of",
]  # fmt: skip
SEEN = (Presence.PRESENT, Presence.UNCERTAIN)
TODAY = date(2026, 11, 1)
corner = st.floats(0, 0.4)
boxes = st.builds(
    lambda x, y, size, origin: Evidence(
        file="film.dcm", sop_instance_uid=None, frame=1, box=(x, y, x + size, y + size), origin=origin
    ),
    corner, corner, st.floats(0.1, 0.5), st.sampled_from(["vlm", "vlm_grid", "cam", "human"]),
)  # fmt: skip
findings = st.builds(
    lambda code, presence, probability, side, evidence, place, critical: finding(
        code, presence, probability, laterality=side, evidence=tuple(evidence), location=place, claims_critical=critical
    ),
    st.sampled_from(CODES), st.sampled_from([p.value for p in Presence]), st.none() | st.floats(0, 1),
    st.none() | st.sampled_from([Laterality.LEFT, Laterality.RIGHT]), st.lists(boxes, max_size=2),
    st.none() | st.sampled_from(["left base", "right apex", "hilum"]), st.booleans(),
)  # fmt: skip
reads = st.builds(
    lambda found, name: read(*found, name=name),
    st.lists(findings, max_size=6, unique_by=lambda f: (f.code, f.laterality)),
    st.sampled_from("abcd"),
)
panels = st.lists(reads, min_size=1, max_size=4)
counts = st.integers(0, 60)
rows = st.builds(
    lambda name, group, tp, fn, fp, tn: Figures(
        reader=name, group=group, tp=tp, fn=fn, fp=fp, tn=tn, measured_on="here",
        measured=date(2026, 10, 1), valid_until=date(2026, 12, 1),
    ),
    st.sampled_from("abcd"), st.sampled_from([*CODES, "*"]), counts, counts, counts, counts,
)  # fmt: skip
weights = st.builds(
    lambda figures, correlation, shares: Weights(
        name="w", figures=tuple(figures), correlation=correlation, prevalence=shares
    ),
    st.lists(rows, max_size=8, unique_by=lambda f: (f.reader, f.group)),
    st.floats(0, 1),
    st.dictionaries(st.sampled_from(CODES), st.floats(0.01, 0.99)),
)


def joined(panel, by=None):
    return consolidate(panel, {}, weights=by, today=TODAY)


def urgency(panel):
    return assess(tuple(panel), Order(), study=film_study(), vocabulary=VOCABULARY, policy=POLICY)


@given(panel=panels, by=st.none() | weights, data=st.data())
def test_the_order_of_the_answers_changes_nothing(panel, by, data):
    assert joined(panel, by) == joined(data.draw(st.permutations(panel)), by)


@given(panel=panels, by=st.none() | weights)
def test_the_same_answers_twice_are_the_same_consensus(panel, by):
    assert joined([*panel, *panel], by) == joined(panel, by)


@given(panel=panels, by=st.none() | weights)
def test_every_code_anyone_named_stands_under_its_own_or_a_more_exact_one(panel, by):
    told = joined(panel, by).findings
    for one in (found for answer in panel for found in answer.findings):
        under = [j for j in told if one.code == j.finding.code or one.code in {code for _, code in j.told_as}]
        assert under
        if one.presence in SEEN:
            assert any(j.finding.presence in SEEN for j in under)
            assert any(j.finding.laterality == one.laterality for j in under)


@given(panel=panels, by=st.none() | weights)
def test_who_sees_something_is_named_beside_it_and_its_critical_claim_stays(panel, by):
    told = joined(panel, by).findings
    for answer in panel:
        for one in answer.findings:
            named = {n for j in told for n in (*j.present_by, *j.uncertain_by)}
            assert one.presence not in SEEN or answer.reader.name in named
            if one.claims_critical:
                assert any(j.finding.claims_critical for j in told)


@given(panel=panels)
def test_every_box_is_kept_or_lies_on_a_place_that_is(panel):
    kept = [box for one in joined(panel).findings for box in one.finding.evidence]
    drawn = [box for answer in panel for one in answer.findings for box in one.evidence]
    assert bool(kept) == bool(drawn)
    assert set(kept) <= set(drawn)


@given(panel=panels, by=weights)
def test_local_figures_never_make_a_seen_finding_absent_and_stay_a_probability(panel, by):
    for one in joined(panel, by).findings:
        assert one.finding.probability is None or 0 <= one.finding.probability <= 1
        if one.present_by or one.uncertain_by:
            assert one.finding.presence in SEEN


@given(panel=st.lists(reads.filter(lambda one: one.answered), min_size=1, max_size=3), code=st.sampled_from(CODES))
def test_a_further_reader_that_says_present_never_lowers_urgency(panel, code):
    more = [*panel, read(finding(code), name="z")]
    assert urgency(more).priority.rank <= urgency(panel).priority.rank
    assert any(code in (j.finding.code, *(c for _, c in j.told_as)) for j in joined(more).findings)


@given(panel=panels, at=st.floats(0, 1), by=st.floats(0, 1), code=st.sampled_from(CODES))
def test_a_higher_probability_never_lowers_the_joined_one(panel, at, by, code):
    low, high = sorted((at, by))
    others = [replace(one, findings=()) if one.reader.name == "z" else one for one in panel]
    got = [
        {(j.finding.code, j.finding.laterality): j.finding.probability
         for j in joined([*others, read(finding(code, "present", p), name="z")]).findings}
        for p in (low, high)
    ]  # fmt: skip
    assert got[0].keys() == got[1].keys()
    for key in got[0]:
        assert (got[0][key] or 0) <= (got[1][key] or 0) + 1e-6


@settings(max_examples=60)
@given(
    said=st.lists(st.sampled_from(["present", "absent", "uncertain"]), min_size=2, max_size=4),
    correlation=st.floats(0, 1), data=st.data(),
)  # fmt: skip
def test_a_vote_turned_from_absent_to_present_never_lowers_a_learnt_probability(said, correlation, data):
    figures = tuple(
        Figures(reader=name, group="*", tp=80, fn=20, fp=9, tn=91, measured_on="here",
                measured=date(2026, 10, 1), valid_until=date(2026, 12, 1))
        for name in "abcd"
    )  # fmt: skip
    by = Weights(name="w", figures=figures, prevalence={CODES[0]: 0.1}, correlation=correlation)
    turned = list(said)
    turned[data.draw(st.integers(0, len(said) - 1))] = "present"
    before, after = (
        joined([read(finding(CODES[0], s), name=n) for s, n in zip(words, "abcd", strict=False)], by).findings[0]
        for words in ([*said], turned)
    )
    if "uncertain" not in said:
        assert before.finding.probability <= after.finding.probability + 1e-9
