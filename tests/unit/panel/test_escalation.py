"""When the panel asks for a human first, and what it takes to ask."""

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.consensus import NOT_ASKED, spending_of
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Trace, Usage
from wetread.domain.urgency import Priority
from wetread.panel import assess, escalations
from wetread.testing.studies import abstention, film_study, finding, identity, read

VOCABULARY, POLICY = load_vocabulary(), load_policy()
PTX, NODULE = "wr:pneumothorax", "wr:pulmonary-nodule"


def urgency(*answers, **more):
    return assess(answers, Order(), study=film_study(), vocabulary=VOCABULARY, policy=POLICY, **more)


def absent(name):
    return read(finding(NODULE, "absent"), name=name)


def not_asked(name):
    return Abstention(reader=identity(name), reason="the screen was sure", code=NOT_ASKED)


def test_a_split_vote_on_a_critical_finding_goes_to_a_human_with_both_names():
    (told,) = [t for t in escalations(urgency(read(finding(PTX), name="a"), read(finding(PTX, "absent"), name="b")))
               if "disagree" in t]  # fmt: skip
    assert "present: a" in told
    assert "absent: b" in told


def test_readers_two_steps_apart_go_to_a_human():
    (told,) = escalations(urgency(read(finding("wr:pneumonia"), name="a"), absent("b")))
    assert told == "readers are far apart in urgency (a P2, b P4): a human first"


def test_readers_one_step_apart_do_not():
    assert not escalations(urgency(read(finding(NODULE), name="a"), absent("b")))


def test_a_reader_that_judged_no_finding_has_no_urgency_to_be_apart_with():
    assert not escalations(urgency(read(finding("wr:pneumonia"), name="a"), read(name="b", abnormal_probability=0.2)))


def test_one_valid_read_of_three_goes_to_a_human():
    (told,) = escalations(urgency(absent("a"), abstention(name="b"), abstention(name="c", failed=True)))
    assert told == "only 1 of 3 readers answered: a human first"


def test_a_reader_a_cascade_left_out_is_not_missing():
    answers = absent("a"), not_asked("b"), abstention(name="c")
    assert not escalations(urgency(*answers))
    assert urgency(*answers).priority is Priority.P4


def test_a_reader_without_a_vote_is_no_valid_read():
    answers = absent("a"), absent("b"), abstention(name="c")
    assert not escalations(urgency(*answers))
    assert escalations(urgency(*answers, discounted=("b",))) == ("only 1 of 3 readers answered: a human first",)


def test_where_no_reader_has_a_vote_a_human_looks_first():
    found = urgency(absent("a"), discounted=("a",))
    assert found.priority is Priority.P2
    assert "take the vote" in escalations(found)[0]


PAID = read(
    name="v", cost_usd=0.0117, trace=Trace(latency_s=2.5),
    usage=Usage(calls=1, input_tokens=1200, output_tokens=300, predicted_input_tokens=1180),
)  # fmt: skip
LOCAL = read(name="e", cost_usd=0.0)


def test_a_sum_adds_what_is_known_and_names_whose_part_is_missing():
    told = spending_of((PAID, LOCAL, abstention(name="x", failed=True)))
    assert told.cost_usd.known == pytest.approx(0.0117)
    assert told.cost_usd.unknown_for == ("x",)
    assert (told.input_tokens.known, told.output_tokens.known) == (1200, 300)


def test_a_free_local_reader_and_one_that_was_not_asked_leave_no_gap():
    told = spending_of((PAID, LOCAL, not_asked("y")))
    assert told.cost_usd.unknown_for == ()
    assert told.input_tokens.unknown_for == ()
    assert told.slowest_s == 2.5


def test_nothing_known_is_not_zero():
    told = spending_of((read(name="a"),))
    assert told.cost_usd.known is None
    assert told.cost_usd.unknown_for == ("a",)
    assert told.slowest_s is None
