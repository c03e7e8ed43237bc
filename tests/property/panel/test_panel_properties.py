"""Urgency and consensus over made-up panels: only upwards, in any order, never lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Presence
from wetread.domain.order import Order, OrderPriority
from wetread.domain.read import Quality, Read
from wetread.domain.urgency import Priority
from wetread.errors import NobodyRead
from wetread.panel import assess, consolidate
from wetread.testing.studies import abstention, film_study, finding, read

VOCABULARY, POLICY = load_vocabulary(), load_policy()
CODES = ["wr:pneumothorax", "wr:pneumonia", "wr:pulmonary-nodule", "wr:cardiomegaly", "wr:unheard-of"]
QUALITIES = [None, Quality(grade="diagnostic"), Quality(grade="non_diagnostic")]
findings = st.builds(
    finding, st.sampled_from(CODES), st.sampled_from([p.value for p in Presence]), st.none() | st.floats(0, 1)
)
reads = st.builds(
    lambda found, name, claim, quality: read(*found, name=name, priority_claim=claim, quality=quality),
    st.lists(findings, max_size=5, unique_by=lambda f: f.code),
    st.sampled_from("abcd"),
    st.none() | st.sampled_from(Priority),
    st.sampled_from(QUALITIES),
)
answering = reads.filter(lambda one: one.answered)
answers = st.lists(reads | st.builds(abstention, name=st.sampled_from("xyz")), max_size=4)
orders = st.builds(Order, priority=st.none() | st.sampled_from(OrderPriority))


def urgency(panel, order):
    return assess(tuple(panel), order, study=film_study(), vocabulary=VOCABULARY, policy=POLICY)


@given(panel=answers, order=orders, more=reads)
def test_a_further_read_never_lowers_the_priority_of_a_study_that_was_read(panel, order, more):
    if any(isinstance(answer, Read) and answer.answered for answer in panel):
        assert urgency([*panel, more], order).priority.rank <= urgency(panel, order).priority.rank or len(panel) >= 2


@given(panel=st.lists(answering, min_size=2, max_size=4), order=orders, more=reads)
def test_in_a_panel_that_answered_a_further_read_never_lowers_anything(panel, order, more):
    assert urgency([*panel, more], order).priority.rank <= urgency(panel, order).priority.rank


@given(panel=st.lists(answering, min_size=1, max_size=3), order=orders, code=st.sampled_from(CODES))
def test_a_further_present_finding_never_lowers_the_priority(panel, order, code):
    changed = [*panel[:-1], read(*panel[-1].findings, finding(code), name=panel[-1].reader.name,
                                 priority_claim=panel[-1].priority_claim, quality=panel[-1].quality)]  # fmt: skip
    assert urgency(changed, order).priority.rank <= urgency(panel, order).priority.rank


@given(low=st.floats(0, 1), high=st.floats(0, 1), code=st.sampled_from(CODES))
def test_a_higher_probability_never_lowers_the_priority(low, high, code):
    low, high = sorted((low, high))
    ranks = [urgency([read(finding(code, "present", p))], Order()).priority.rank for p in (low, high)]
    assert ranks[1] <= ranks[0]


@given(panel=answers, order=orders, data=st.data())
def test_the_order_of_the_answers_changes_nothing(panel, order, data):
    shuffled = data.draw(st.permutations(panel))
    first, second = urgency(panel, order), urgency(shuffled, order)
    assert (first.priority, first.target_min) == (second.priority, second.target_min)


@given(panel=st.lists(reads, min_size=1, max_size=4), data=st.data())
def test_consensus_does_not_depend_on_who_answered_first(panel, data):
    distinct = list({answer.reader.name: answer for answer in panel}.values())
    shuffled = data.draw(st.permutations(distinct))
    assert consolidate(distinct, {}) == consolidate(shuffled, {})


@given(panel=answers, order=orders)
def test_the_order_s_floor_always_holds_and_unread_is_never_routine(panel, order):
    found = urgency(panel, order)
    if order.priority is not None:
        assert found.priority.rank <= POLICY.order[order.priority.value].rank
    if not any(isinstance(answer, Read) and answer.answered for answer in panel):
        assert found.priority.rank <= Priority.P2.rank
    assert found.priority is not Priority.P5


@given(panel=answers)
def test_nothing_that_anyone_found_is_dropped_or_called_absent(panel):
    try:
        joined = {(j.finding.code, j.finding.laterality): j.finding for j in consolidate(panel, {}).findings}
    except NobodyRead:
        assert not any(isinstance(answer, Read) for answer in panel)
        return
    for answer in panel:
        for found in answer.findings if isinstance(answer, Read) else ():
            assert (found.code, found.laterality) in joined
            if found.presence in (Presence.PRESENT, Presence.UNCERTAIN):
                assert joined[found.code, found.laterality].presence in (Presence.PRESENT, Presence.UNCERTAIN)


@settings(max_examples=50)
@given(one=reads, votes=st.dictionaries(st.sampled_from("abcd"), st.floats(0.1, 5)))
def test_a_single_reader_s_probabilities_pass_unchanged_whatever_its_votes(one, votes):
    joined = {j.finding.code: j.finding.probability for j in consolidate([one], votes).findings}
    assert joined == {found.code: found.probability for found in one.findings}
