"""A human's decisions turn a preliminary report into a final one, and nothing else does."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import VOCABULARY, report

from wetread.domain.finding import Finding, Presence
from wetread.domain.report import ReportStatus
from wetread.domain.review import Decision, Verdict, amended, findings_of, signed, study_of_unread, undecided, unread_id
from wetread.testing.studies import finding, read

AT = datetime(2024, 1, 2, tzinfo=UTC)
BASE = report(
    read(
        finding("wr:pneumothorax", "present", 0.42),
        finding("wr:cardiomegaly", "uncertain"),
        finding("wr:pleural-effusion", "absent", 0.03),
    )
)
NAMES = tuple(findings_of(BASE))


def decision(name, verdict=Verdict.ACCEPT, told=None, by="eve"):
    return Decision(finding_id=name, verdict=verdict, by=by, at=AT, told=told)


def final(*decisions, text="In my words."):
    return signed(BASE, decisions, text=text, by="eve", at=AT, terms=VOCABULARY.terms)


def test_only_what_is_or_may_be_there_needs_a_decision():
    assert undecided(BASE, ()) == NAMES[:2]
    assert undecided(BASE, (decision(NAMES[1]),)) == NAMES[:1]


def test_a_report_with_an_undecided_finding_is_not_signed():
    with pytest.raises(ValueError, match="each of its findings"):
        final(decision(NAMES[0]))


def test_a_signed_report_says_who_signed_it_and_what_lay_before_them():
    made = final(decision(NAMES[0]), decision(NAMES[1]))
    assert (made.status, made.signature.by, made.signature.preliminary_id) == ("final", "eve", BASE.report_id)
    assert made.report_id != BASE.report_id
    assert made.urgency == BASE.urgency
    assert made.answers == BASE.answers


def test_a_preliminary_report_has_no_signature_and_a_final_one_has():
    with pytest.raises(ValueError, match="says by whom"):
        type(BASE)(**{name: getattr(BASE, name) for name in BASE.__slots__} | {"status": ReportStatus.FINAL})
    with pytest.raises(ValueError, match="only a signed report"):
        amended(BASE, text="x", by="eve", at=AT)


def test_the_last_decision_on_a_finding_counts():
    made = final(decision(NAMES[0], Verdict.REJECT), decision(NAMES[1]), decision(NAMES[0]))
    assert made.consensus.findings[0].finding.presence is Presence.PRESENT


def test_an_addendum_leaves_what_was_signed_as_it_was():
    one = final(decision(NAMES[0]), decision(NAMES[1]))
    two = amended(amended(one, text="first", by="eve", at=AT), text="second", by="bob", at=AT)
    assert (two.status, two.impression, two.signature) == ("amended", one.impression, one.signature)
    assert [(add.text, add.by) for add in two.addenda] == [("first", "eve"), ("second", "bob")]
    assert len({one.report_id, two.report_id, BASE.report_id}) == 3


@pytest.mark.parametrize(
    ("verdict", "told"), [(Verdict.EDIT, None), (Verdict.ACCEPT, Finding(code="wr:x", presence="present"))]
)
def test_an_edit_says_how_it_is_and_an_acceptance_says_nothing_more(verdict, told):
    with pytest.raises(ValueError, match="do not go together"):
        decision(NAMES[0], verdict, told)


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES[:2]), st.sampled_from([Verdict.ACCEPT, Verdict.REJECT, Verdict.EDIT])),
        max_size=6,
    )
)
def test_no_finding_of_a_reader_is_ever_dropped_and_no_number_outlives_a_human_word(acts):
    edited = Finding(code="wr:pneumothorax", presence=Presence.UNCERTAIN)
    made = [decision(name, act, edited if act is Verdict.EDIT else None) for name, act in acts]
    made += [decision(name) for name in NAMES[:2]]
    signed_one = final(*made[:-2], *(one for one in made[-2:] if one.finding_id not in dict(acts)))
    assert len(signed_one.consensus.findings) == len(BASE.consensus.findings)
    last = dict(acts)
    for name, before, after in zip(NAMES, BASE.consensus.findings, signed_one.consensus.findings, strict=True):
        assert set(before.present_by) <= set(after.present_by)
        assert set(before.absent_by) <= set(after.absent_by)
        if last.get(name) in {Verdict.REJECT, Verdict.EDIT}:
            assert after.finding.probability is None


def test_the_name_of_what_nobody_read_leads_back_to_its_study():
    assert study_of_unread(unread_id("a" * 32, 3)) == "a" * 32
    assert study_of_unread("wr-0123456789abcdef") is None
