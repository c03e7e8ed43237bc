"""One reader names a side and another doesn't: they still speak of the same finding."""

import itertools

import pytest

from wetread.domain.finding import Finding, Laterality, Presence
from wetread.domain.read import Read, ReaderIdentity
from wetread.panel import consolidate

CODE = "wr:pneumothorax"


def read(name, *said):
    findings = (Finding(code=CODE, presence=Presence(presence), laterality=side) for presence, side in said)
    return Read(reader=ReaderIdentity(name=name, version="1", fingerprint="f"), findings=tuple(findings))


LEFT = read("a", ("present", Laterality.LEFT))
NO_SIDE = read("b", ("absent", None))


def test_absent_without_a_side_disputes_a_side():
    (joined,) = consolidate([LEFT, NO_SIDE], {}).findings
    assert joined.disputed
    assert joined.absent_by == ("b",)
    assert joined.finding.laterality is Laterality.LEFT
    assert joined.finding.presence is Presence.PRESENT


def test_it_disputes_both_sides():
    both = read("a", ("present", Laterality.LEFT), ("uncertain", Laterality.RIGHT))
    joined = consolidate([both, NO_SIDE], {}).findings
    assert [one.absent_by for one in joined] == [("b",), ("b",)]


def test_a_reader_s_own_side_is_not_disputed_by_itself():
    joined = consolidate([read("a", ("present", Laterality.LEFT), ("absent", None))], {}).findings
    assert not any(one.disputed for one in joined)


def test_present_without_a_side_stays_beside_a_side():
    assert len(consolidate([LEFT, read("b", ("present", None))], {}).findings) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_the_answers_changes_nothing(order):
    answers = [LEFT, NO_SIDE, read("c", ("absent", Laterality.LEFT))]
    assert consolidate([answers[n] for n in order], {}) == consolidate(answers, {})
