"""Passes, calls and a summing-up: nothing found is ever lost."""

import json

import pytest
from asked import CHEST, EFFUSION, PNEUMOTHORAX, answer, finding, view

from wetread.domain.finding import Laterality, Presence
from wetread.domain.urgency import Priority
from wetread.errors import AnswerUnusable
from wetread.readers.answers import merge_calls, merge_passes, understand, with_synthesis

P, U, A, N = Presence.PRESENT, Presence.UNCERTAIN, Presence.ABSENT, Presence.NOT_ASSESSABLE


def said(*findings, **facts):
    return understand(answer(*findings, **facts), CHEST, (view(),))


def one(got, code=PNEUMOTHORAX):
    (found,) = [f for f in got.findings if f.code == code]
    return found


@pytest.mark.parametrize(
    ("first", "second", "expected", "by_context"),
    [
        (P, P, P, False),
        (P, A, P, False),
        (P, N, P, False),
        (P, U, P, False),
        (U, A, U, False),
        (U, P, P, True),
        (A, P, P, True),
        (A, U, U, True),
        (A, A, A, False),
        (N, P, P, True),
        (N, A, A, True),
        (A, N, A, False),
    ],
)
def test_the_second_pass_raises_and_never_lowers(first, second, expected, by_context):
    got = merge_passes(
        said(finding(presence=first.value), finding("wr:cardiomegaly")),
        said(finding(presence=second.value), finding("wr:cardiomegaly")),
    )
    assert one(got).presence is expected
    assert one(got).context_dependent is by_context


def test_what_the_second_pass_denies_stays_and_is_noted():
    got = merge_passes(said(finding()), said(absent=[PNEUMOTHORAX]))
    (note,) = [limitation for limitation in got.limitations if limitation.code == "passes_disagree"]
    assert PNEUMOTHORAX in note.text


@pytest.mark.parametrize(("a", "b"), [("P1", "P4"), ("P4", "P1"), ("P1", "not_stated")])
def test_of_two_passes_the_more_urgent_claim_stands(a, b):
    assert merge_passes(said(finding(), urgency=a), said(finding(), urgency=b)).priority_claim is Priority.P1


def test_a_side_only_the_second_pass_knows_is_gained():
    got = merge_passes(said(finding()), said(finding(side="left")))
    assert one(got).laterality is Laterality.LEFT
    assert not one(got).context_dependent


def test_the_other_side_is_another_finding():
    got = merge_passes(said(finding(side="right")), said(finding(side="left")))
    assert {(f.laterality, f.context_dependent) for f in got.seen} == {
        (Laterality.RIGHT, False),
        (Laterality.LEFT, True),
    }


def test_a_second_pass_that_abstains_takes_nothing_away():
    got = merge_passes(said(finding()), said(abstain="too little to see", not_assessable=[PNEUMOTHORAX]))
    assert one(got).presence is P
    assert got.abstained is None


@pytest.mark.parametrize(
    ("presences", "expected"),
    [((P, A, A), P), ((A, U), U), ((A, A), A), ((A, N), A), ((N, N), N), ((A, P), P)],
)
def test_present_in_any_call_is_present_and_absent_only_if_absent_wherever_judged(presences, expected):
    calls = [said(finding(presence=p.value), finding("wr:cardiomegaly")) for p in presences]
    assert one(merge_calls(calls)).presence is expected
    assert merge_calls(calls).findings == merge_calls(calls[::-1]).findings


def test_calls_keep_everything_beside_the_findings():
    parts = [
        said(finding(), urgency="P3", recommendations=[{"text": "CT"}], differential=[{"condition": "bleb"}]),
        said(finding(EFFUSION, critical=True), urgency="P2", quality={"grade": "limited", "issues": ["motion"]}),
    ]
    got = merge_calls(parts)
    assert got.priority_claim is Priority.P2
    assert (got.quality.grade, got.quality.issues) == ("limited", ("motion",))
    assert [r.text for r in got.recommendations] == ["CT"]
    assert [d.condition for d in got.differential] == ["bleb"]
    assert one(got, EFFUSION).claims_critical


def test_a_call_that_abstained_is_a_limitation_and_all_of_them_an_abstention():
    blind = said(abstain="blurred", not_assessable=[PNEUMOTHORAX])
    assert merge_calls([blind, said(finding())]).abstained is None
    assert "part_not_read" in {each.code for each in merge_calls([blind, said(finding())]).limitations}
    assert merge_calls([blind, blind]).abstained == "blurred"


def test_no_call_is_no_read():
    with pytest.raises(AnswerUnusable):
        merge_calls([])


SUMMED = {
    "impression": [{"text": "Pneumothorax first.", "codes": [PNEUMOTHORAX]}, {"text": "Chest is fine.", "codes": []}],
    "differential": [{"condition": "trauma", "probability": 60}],
    "recommendations": [{"text": "drain"}],
    "urgency": "P5",
    "findings": [{"code": PNEUMOTHORAX, "presence": "absent"}],
}


def test_a_summing_up_adds_words_and_changes_no_finding():
    before = said(finding(), urgency="P2")
    got = with_synthesis(before, json.dumps(SUMMED), CHEST)
    assert got.findings == before.findings
    assert got.priority_claim is Priority.P2
    assert [item.text for item in got.impression] == ["Pneumothorax first."]
    assert got.differential[0].probability == 0.6
    assert got.recommendations[0].text == "drain"


def test_a_summing_up_can_raise():
    assert (
        with_synthesis(said(finding(), urgency="P4"), '{"urgency": "P1", "impression": []}').priority_claim
        is Priority.P1
    )


@pytest.mark.parametrize("raw", ["", "no", "{", "I can't help with that.", '{"a": 1}'])
def test_a_summing_up_that_fails_leaves_everything_as_it_was(raw):
    before = said(finding(), urgency="P2", impression=[{"text": "x", "codes": [PNEUMOTHORAX]}])
    got = with_synthesis(before, raw)
    assert (got.findings, got.impression, got.priority_claim) == (
        before.findings,
        before.impression,
        before.priority_claim,
    )
    assert got.limitations[-1].code == "no_synthesis"
