"""A doubtful answer never counts for less than a more doubtful one."""

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Quality, Read, ReaderIdentity
from wetread.domain.urgency import Priority
from wetread.panel import assess

VOCABULARY, POLICY = load_vocabulary(), load_policy()
CODE = "wr:pneumothorax"


def read(*findings, name="a", **facts):
    return Read(reader=ReaderIdentity(name=name, version="1", fingerprint="f"), findings=findings, **facts)


def found(presence, code=CODE, **facts):
    return Finding(code=code, presence=Presence(presence), **facts)


def urgency(*answers):
    return assess(answers, Order(), study=None, vocabulary=VOCABULARY, policy=POLICY)


def test_present_below_the_floor_s_probability_counts_as_uncertain():
    faint = found("present", probability=0.05, calibrator_id="c")
    assert urgency(read(faint)).priority is urgency(read(found("uncertain"))).priority is Priority.P2
    assert urgency(read(faint), read(faint, name="b")).priority is Priority.P1


def test_a_suspected_injection_asks_for_a_human_too():
    code = "wr:burned-in-text-or-injected-instruction-detected"
    assert urgency(read(found("uncertain", code))).priority is Priority.P2


def test_a_disagreement_on_a_critical_finding_is_a_reason_of_its_own():
    result = urgency(read(found("present")), read(found("absent"), name="b"))
    assert result.priority is Priority.P1
    assert [r.finding for r in result.reasons if r.rule_id == "state.disagreement"] == [CODE]


def test_the_same_reader_twice_is_one_of_those_who_were_asked():
    answers = (read(found("absent")), read(found("absent")), read(found("absent")))
    assert urgency(*answers).priority is Priority.P4


def test_non_diagnostic_and_absent_stays_p3():
    assert urgency(read(found("absent"), quality=Quality(grade="non_diagnostic"))).priority is Priority.P3
