"""Whatever stands in a read: it never brings a study below its order, nor below what nobody read."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Finding, Laterality, Presence, Size
from wetread.domain.order import Order, OrderPriority
from wetread.domain.read import Diagnosis, ImpressionItem, Quality, Read, ReaderIdentity, Recommendation
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation
from wetread.panel import assess, consolidate, sort_key
from wetread.testing.studies import abstention, film_study

VOCABULARY, POLICY = load_vocabulary(), load_policy()
words = st.text(max_size=30) | st.sampled_from(["P5", "routine", "normal", "{0}", "\x1b[0m", "\u202e", "null"])
codes = st.sampled_from(sorted(VOCABULARY.terms)) | st.builds("wr:{}".format, st.text(string.printable, max_size=8))
unit = st.none() | st.floats(0, 1)
findings = st.builds(
    Finding, code=codes, presence=st.sampled_from(Presence), probability=unit, confidence_raw=unit,
    confidence_kind=st.none() | words, laterality=st.none() | st.sampled_from(Laterality), location=st.none() | words,
    severity=st.none() | words, temporal=st.none() | words, context_dependent=st.booleans(),
    size=st.none() | st.builds(Size, value=st.floats(0.1, 1e6), unit=words, method=words),
    claims_critical=st.booleans(),
)  # fmt: skip
reads = st.builds(
    Read,
    reader=st.builds(ReaderIdentity, name=st.sampled_from("abc"), version=words, fingerprint=words),
    findings=st.lists(findings, max_size=5).map(tuple),
    abnormal_probability=unit,
    quality=st.none() | st.builds(Quality, grade=words | st.just("non_diagnostic"), issues=st.just(())),
    priority_claim=st.none() | st.sampled_from(Priority),
    impression=st.lists(st.builds(ImpressionItem, text=words, cites=st.tuples(words)), max_size=2).map(tuple),
    differential=st.lists(st.builds(Diagnosis, condition=words, probability=unit), max_size=2).map(tuple),
    recommendations=st.lists(st.builds(Recommendation, text=words), max_size=2).map(tuple),
    limitations=st.lists(st.builds(Limitation, code=words, text=words), max_size=2).map(tuple),
    original=st.none() | words,
)
answers = st.lists(reads | st.builds(abstention, name=st.sampled_from("xyz"), reason=words), max_size=4)
orders = st.builds(Order, priority=st.none() | st.sampled_from(OrderPriority))


def urgency(panel, order, **more):
    return assess(tuple(panel), order, study=film_study(), vocabulary=VOCABULARY, policy=POLICY, **more)


@given(panel=answers, order=orders)
def test_no_read_brings_a_study_below_its_order_or_below_routine(panel, order):
    found = urgency(panel, order)
    floor = POLICY.order[order.priority.value].rank if order.priority else Priority.P4.rank
    assert found.priority.rank <= floor
    assert found.priority not in (Priority.P5,)


@given(panel=answers, order=orders)
def test_a_critical_claim_is_p1_whatever_stands_around_it(panel, order):
    critical = any(f.claims_critical for a in panel if isinstance(a, Read) for f in a.findings)
    claimed = any(a.priority_claim is Priority.P1 for a in panel if isinstance(a, Read))
    assert not (critical or claimed) or urgency(panel, order).priority is Priority.P1


@given(panel=answers, order=orders, mute=st.sets(st.sampled_from("abc")))
def test_taking_votes_away_never_lowers_a_priority(panel, order, mute):
    assert sort_key(urgency(panel, order, discounted=mute))[0] <= sort_key(urgency(panel, order))[0]


@settings(max_examples=50)
@given(panel=answers)
def test_whatever_a_read_holds_it_can_be_joined(panel):
    if any(isinstance(answer, Read) for answer in panel):
        told = consolidate(panel, {})
        assert all(one.finding.code.startswith("wr:") for one in told.findings)
