"""The rules of urgency, one claim each."""

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.order import Order, OrderPriority
from wetread.domain.read import Quality
from wetread.domain.study import Flag
from wetread.domain.urgency import Priority
from wetread.panel import assess, sort_key
from wetread.testing.studies import abstention, film_study, finding, read

VOCABULARY, POLICY = load_vocabulary(), load_policy()
PNEUMOTHORAX, PNEUMONIA, NODULE, CARDIOMEGALY = (
    "wr:pneumothorax",
    "wr:pneumonia",
    "wr:pulmonary-nodule",
    "wr:cardiomegaly",
)


def urgency(*answers, order=None, study=None):
    return assess(answers, order or Order(), study=study or film_study(), vocabulary=VOCABULARY, policy=POLICY)


def priority(*answers, **others):
    return urgency(*answers, **others).priority


@pytest.mark.parametrize(
    ("code", "floor"), [(PNEUMOTHORAX, "P1"), (PNEUMONIA, "P2"), (NODULE, "P3"), (CARDIOMEGALY, "P4")]
)
def test_a_present_finding_stands_at_its_floor(code, floor):
    assert priority(read(finding(code))) == floor


def test_every_row_of_the_vocabulary_reaches_its_own_floor_and_minutes():
    for term in VOCABULARY:
        found = urgency(read(finding(term.code)))
        assert found.priority.rank <= term.floor.rank, term.code
        if found.priority is term.floor and term.target_min:
            assert found.target_min <= term.target_min


def test_the_specificity_chain_gives_pneumothorax_its_own_minutes_and_not_those_of_tension():
    assert urgency(read(finding(PNEUMOTHORAX))).target_min == 30
    assert urgency(read(finding("wr:tension-pneumothorax"))).target_min == 10


@pytest.mark.parametrize(("probability", "expected"), [(None, "P1"), (0.10, "P1"), (0.09, "P2")])
def test_a_critical_finding_counts_from_ten_per_cent_or_without_a_number(probability, expected):
    assert priority(read(finding(PNEUMOTHORAX, "present", probability))) == expected


@pytest.mark.parametrize(("code", "expected"), [(PNEUMOTHORAX, "P2"), (PNEUMONIA, "P3"), (NODULE, "P4")])
def test_an_uncertain_finding_stands_lower_than_a_present_one(code, expected):
    assert priority(read(finding(code, "uncertain"))) == expected


def test_two_readers_who_both_suspect_a_critical_finding_make_it_p1():
    suspect = [read(finding(PNEUMOTHORAX, "uncertain"), name=name) for name in ("one", "two")]
    assert priority(*suspect) == "P1"


def test_one_says_present_and_another_absent_and_the_floor_stands():
    answers = read(finding(PNEUMOTHORAX), name="one"), read(finding(PNEUMOTHORAX, "absent"), name="two")
    assert priority(*answers) == "P1"


@pytest.mark.parametrize("order", [OrderPriority.STAT, OrderPriority.EMERGENCY])
def test_rule_1_ai_never_lowers_below_the_order(order):
    nothing = read(finding(PNEUMOTHORAX, "absent"))
    assert priority(nothing, order=Order(priority=order)) == "P2"
    assert priority(read(finding(PNEUMOTHORAX)), order=Order(priority=order)) == "P1"


@pytest.mark.parametrize("failed", [True, False])
def test_rule_2_no_answer_is_unread_and_stands_with_p2(failed):
    found = urgency(abstention("timeout", failed=failed))
    assert found.priority is Priority.UNREAD
    assert found.priority.rank == Priority.P2.rank
    assert found.reasons[0].text.startswith("AI did not read this")


def test_rule_2_nobody_asked_is_unread_too():
    assert priority() is Priority.UNREAD


def test_unread_with_a_stat_order_keeps_the_shorter_time_and_the_label():
    found = urgency(abstention(), order=Order(priority=OrderPriority.STAT))
    assert found.priority is Priority.UNREAD
    assert {reason.source for reason in found.reasons} == {"order", "system"}


def test_one_valid_read_of_three_asks_for_a_human_first():
    answers = (
        read(finding(NODULE, "absent"), name="a"),
        abstention(name="b", failed=True),
        abstention(name="c", failed=True),
    )
    assert priority(*answers) == "P2"


def test_a_bare_critical_claim_without_a_known_code_is_p1():
    assert priority(read(finding("wr:other", "present", claims_critical=True))) == "P1"
    assert priority(read(finding("wr:other", "absent", claims_critical=True))) == "P1"


def test_a_code_the_vocabulary_does_not_know_is_looked_at_by_a_human():
    assert priority(read(finding("wr:never-heard-of"))) == "P2"


def test_a_reader_s_own_claim_only_raises():
    assert priority(read(finding(NODULE), priority_claim=Priority.P2)) == "P2"
    assert priority(read(finding(PNEUMOTHORAX), priority_claim=Priority.P5)) == "P1"


def test_non_diagnostic_quality_asks_for_a_repeat():
    assert priority(read(finding(NODULE, "absent"), quality=Quality(grade="non_diagnostic"))) == "P3"


@pytest.mark.parametrize("code", ["patient_mismatch", "laterality_conflict", "injection_suspected"])
def test_a_conflict_of_identity_or_side_asks_for_a_human(code):
    found = urgency(read(finding(NODULE, "absent")), study=film_study(Flag(code=code, text="look")))
    assert found.priority == "P2"
    assert any(reason.rule_id == f"state.{code}" for reason in found.reasons)


def test_nothing_found_is_routine_and_never_less():
    assert priority(read(finding(PNEUMOTHORAX, "absent"))) == "P4"


def test_every_reason_names_its_source_and_rule():
    found = urgency(read(finding(PNEUMOTHORAX), finding(NODULE, "uncertain")), order=Order(priority=OrderPriority.STAT))
    assert all(reason.source and reason.rule_id and reason.text for reason in found.reasons)
    assert [reason.priority.rank for reason in found.reasons] == sorted(r.priority.rank for r in found.reasons)


def test_p1_comes_first_and_inside_it_the_shortest_time():
    tension, small, nodule = (urgency(read(finding(c))) for c in ("wr:tension-pneumothorax", PNEUMOTHORAX, NODULE))
    unread = urgency(abstention())
    assert sorted([nodule, unread, small, tension], key=sort_key) == [tension, small, unread, nodule]


def test_that_no_rule_asks_for_more_is_said_only_where_it_decides():
    raised, routine = urgency(read(finding(NODULE))), urgency(read(finding(NODULE, "absent")))
    assert [reason.rule_id for reason in raised.reasons] == ["present.category_3"]
    assert [reason.rule_id for reason in routine.reasons] == ["state.nothing_raised"]
