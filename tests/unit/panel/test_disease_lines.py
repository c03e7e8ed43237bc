"""One disease, told more and less exactly: agreement where there is some, a dispute only where there is one."""

import itertools
import tomllib

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary, shipped
from wetread.domain.finding import Evidence, Laterality, Presence
from wetread.domain.order import Order
from wetread.errors import ClinicalDataInvalid
from wetread.panel import assess, consolidate
from wetread.panel.rulebook import parse_rulebook, rulebook
from wetread.testing.studies import film_study, finding, read

PTX, LARGE, SMALL = "wr:pneumothorax", "wr:pneumothorax-large", "wr:pneumothorax-small"
VOCABULARY, POLICY = load_vocabulary(), load_policy()
LEFT = Laterality.LEFT


def rows(*answers):
    return {(one.finding.code, one.finding.laterality): one for one in consolidate(answers, {}).findings}


def reasons(*answers):
    found = assess(answers, Order(), study=film_study(), vocabulary=VOCABULARY, policy=POLICY)
    return [reason.rule_id for reason in found.reasons]


def test_two_readers_of_one_disease_line_up_under_the_more_exact_code():
    (one,) = rows(read(finding(PTX), name="a"), read(finding(LARGE), name="b")).values()
    assert one.finding.code == LARGE
    assert one.present_by == ("a", "b")
    assert not one.disputed
    assert one.told_as == (("a", PTX),)


def test_the_less_exact_reader_s_probability_is_not_passed_off_as_the_exact_one_s():
    (one,) = rows(read(finding(PTX, "present", 0.42), name="a"), read(finding(LARGE), name="b")).values()
    assert one.finding.probability is None
    assert one.finding.calibrator_id is None


def test_absent_in_general_disputes_present_in_particular():
    (one,) = rows(read(finding(PTX, "absent"), name="a"), read(finding(LARGE), name="b")).values()
    assert one.disputed
    assert (one.finding.code, one.absent_by) == (LARGE, ("a",))


def test_an_absence_without_a_side_disputes_the_exact_finding_on_its_side():
    answers = read(finding(PTX, "absent"), name="a"), read(finding(LARGE, laterality=LEFT), name="b")
    (one,) = rows(*answers).values()
    assert one.disputed
    assert one.finding.laterality is LEFT


def test_absent_in_particular_does_not_dispute_present_in_general():
    told = rows(read(finding(PTX), name="a"), read(finding(LARGE, "absent"), name="b"))
    assert not told[PTX, None].disputed
    assert told[PTX, None].finding.presence is Presence.PRESENT
    assert told[LARGE, None].finding.presence is Presence.ABSENT


def test_two_particulars_of_one_disease_keep_the_general_row_with_both_readers():
    answers = (
        read(finding(PTX), name="a"), read(finding(LARGE), name="b"), read(finding(SMALL), name="c"),
    )  # fmt: skip
    told = rows(*answers)
    assert told[PTX, None].present_by == ("a", "b", "c")
    assert not told[PTX, None].disputed
    assert (told[LARGE, None].present_by, told[SMALL, None].present_by) == (("b",), ("c",))


def test_who_sees_the_disease_but_denies_the_particular_keeps_the_general_row():
    denies = read(finding(PTX), finding(LARGE, "absent"), name="a")
    told = rows(denies, read(finding(LARGE), name="b"))
    assert told[PTX, None].finding.presence is Presence.PRESENT
    assert told[LARGE, None].disputed


def test_a_suspected_particular_keeps_the_general_from_being_called_absent():
    told = rows(read(finding(PTX, "absent"), name="a"), read(finding(LARGE, "uncertain"), name="b"))
    assert told[PTX, None].finding.presence is Presence.UNCERTAIN


def test_one_reader_that_tells_both_is_one_row_with_all_its_boxes():
    box = Evidence(file="film.dcm", sop_instance_uid=None, frame=1, box=(0, 0, 0.5, 0.5), origin="vlm")
    (one,) = rows(read(finding(PTX, evidence=(box,), claims_critical=True), finding(LARGE))).values()
    assert one.finding.evidence == (box,)
    assert one.finding.claims_critical


def test_other_sides_do_not_line_up():
    told = rows(
        read(finding(PTX, laterality=Laterality.RIGHT), name="a"), read(finding(LARGE, laterality=LEFT), name="b")
    )
    assert len(told) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_the_answers_changes_nothing(order):
    answers = [read(finding(PTX), name="a"), read(finding(LARGE), name="b"), read(finding(PTX, "absent"), name="c")]
    assert consolidate([answers[n] for n in order], {}) == consolidate(answers, {})


def test_agreement_along_a_line_is_no_split_vote():
    assert "state.disagreement" not in reasons(read(finding(PTX), name="a"), read(finding(LARGE), name="b"))


def test_a_general_absence_against_a_particular_presence_is_a_split_vote():
    assert "state.disagreement" in reasons(read(finding(PTX, "absent"), name="a"), read(finding(LARGE), name="b"))


def test_left_against_right_is_no_split_vote_but_one_side_of_both_is():
    left, right = finding(PTX, laterality=LEFT), finding(PTX, "absent", laterality=Laterality.RIGHT)
    assert "state.disagreement" not in reasons(read(left, name="a"), read(right, name="b"))
    both = finding(PTX, laterality=Laterality.BILATERAL)
    assert "state.disagreement" in reasons(read(both, name="a"), read(right, name="b"))


def test_two_suspicions_along_a_line_agree_on_the_disease():
    assert "uncertain.category_1_agreed" in reasons(
        read(finding(PTX, "uncertain"), name="a"), read(finding(LARGE, "uncertain"), name="b")
    )


def test_every_code_of_the_lines_is_in_the_vocabulary_and_leads_to_no_circle():
    for exact, plain in rulebook().line.items():
        assert {exact, plain} <= set(VOCABULARY.terms)
        assert exact not in rulebook().above(plain)


def test_a_line_that_leads_back_to_itself_is_refused():
    circle = shipped("panel.toml").replace("[line]", f'[line]\n"{PTX}" = "{LARGE}"')
    with pytest.raises(ClinicalDataInvalid, match="leads back"):
        parse_rulebook(circle)


def test_a_rulebook_without_a_number_names_it():
    with pytest.raises(ClinicalDataInvalid, match="gap_steps"):
        parse_rulebook(shipped("panel.toml").replace("gap_steps = 2", ""))
    assert tomllib.loads(shipped("panel.toml"))["signed_off_by"] == ""
