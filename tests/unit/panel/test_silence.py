"""Silence is not routine."""

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Read, ReaderIdentity
from wetread.domain.report import Provenance
from wetread.domain.study import Study
from wetread.domain.urgency import Priority
from wetread.panel import assess, consolidate
from wetread.reporting import Rest, compose

VOCABULARY, POLICY = load_vocabulary(), load_policy()
CODE = "wr:pneumothorax"


def read(*findings, name="a", **facts):
    return Read(reader=ReaderIdentity(name=name, version="1", fingerprint="f"), findings=findings, **facts)


def found(presence, code=CODE, **facts):
    return Finding(code=code, presence=Presence(presence), **facts)


def urgency(*answers):
    return assess(answers, Order(), study=None, vocabulary=VOCABULARY, policy=POLICY)


EMPTY = [(), (found("not_assessable"),)]


@pytest.mark.parametrize("findings", EMPTY)
def test_a_read_that_answers_on_nothing_is_unread(findings):
    result = urgency(read(*findings))
    assert result.priority is Priority.UNREAD
    assert "answered on no finding" in result.reasons[0].text


@pytest.mark.parametrize("findings", EMPTY)
def test_its_report_says_so_and_lists_nothing_as_absent(findings):
    answers = (read(*findings),)
    trace = Provenance(
        software="wetread", vocabulary_version="1", vocabulary_sha256="0" * 64, vocabulary_signed_off_by=None,
        policy_version="1", policy_sha256="1" * 64,
    )  # fmt: skip
    rest = Rest(urgency=urgency(*answers), vocabulary=VOCABULARY, policy=POLICY, provenance=trace)
    report = compose(
        Study(ref="st-1", study_uid=None, series=()), Order(), answers, consolidate(answers, {}), rest=rest
    )
    assert report.consensus is None
    assert report.impression.startswith("AI did not read this.")
    assert "None detected" not in report.impression


def test_an_empty_read_s_own_routine_is_not_believed_but_its_critical_is():
    assert urgency(read(priority_claim=Priority.P4)).priority is Priority.UNREAD
    assert urgency(read(priority_claim=Priority.P1)).priority is Priority.P1


def test_a_probability_for_the_whole_study_is_an_answer():
    assert urgency(read(abnormal_probability=0.1)).priority is Priority.P4
