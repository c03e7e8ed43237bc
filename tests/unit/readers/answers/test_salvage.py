"""What can be saved of an answer that can't be used: only what raises."""

import pytest
from asked import CHEST, EFFUSION, PNEUMOTHORAX, answer, finding

from wetread.domain.finding import Presence
from wetread.domain.urgency import Priority
from wetread.errors import AnswerUnusable
from wetread.readers.answers import salvage


def test_whole_findings_of_a_cut_answer_are_kept_and_no_absence():
    raw = answer(finding(), finding(EFFUSION, "absent"), finding("wr:pneumonia", rationale="x"), urgency="P1")
    got = salvage(raw[: raw.index('"rationale"')], CHEST)
    assert {f.code for f in got.seen} == {PNEUMOTHORAX}
    assert Presence.ABSENT not in {f.presence for f in got.findings}
    assert got.limitations[0].code == "answer_incomplete"


def test_a_claim_of_routine_is_not_salvaged():
    assert salvage('{"urgency": "P4", "findings": [{"code": "wr:pneumothorax"}, {"co', CHEST).priority_claim is None


def test_an_urgent_claim_alone_is():
    assert salvage('{"urgency": "P1", "findings": [{"code": "wr:pn', CHEST).priority_claim is Priority.P1


@pytest.mark.parametrize(
    "raw", ["", "{", '{"absent": ["wr:pneumothorax"', "no idea", '{"urgency": "P3", "findings": [']
)
def test_where_nothing_raises_there_is_nothing_to_salvage(raw):
    with pytest.raises(AnswerUnusable):
        salvage(raw, CHEST)
