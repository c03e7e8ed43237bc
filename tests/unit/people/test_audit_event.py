"""The audit in the words of FHIR and DICOM."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from pydicom.sr._concepts_dict import concepts

from wetread.delivery.audit_event import KINDS, MEANINGS, Style, audit_event, audit_message, written
from wetread.domain.audit import Action, AuditEntry, Outcome

ENTRY = AuditEntry(
    seq=7,
    at=datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC),
    actor="ann",
    roles=("radiologist",),
    action=Action.SIGN,
    object="study/0123456789abcdef",
    outcome=Outcome.SUCCESS,
    address="10.0.0.9",
    data={"report": "r1"},
    previous="0" * 64,
    hash="a" * 64,
)


def test_every_action_has_a_kind():
    assert set(KINDS) == set(Action)


def test_codes_and_meanings_are_those_of_the_standard():
    known = {code: meaning for by_word in concepts["DCM"].values() for code, (meaning, _) in by_word.items()}
    assert {code: known[code] for code in MEANINGS} == MEANINGS


def test_an_event_says_who_did_what_to_which_study_and_when():
    event = audit_event(ENTRY)
    assert event["type"]["code"] == "110111"
    assert event["subtype"][-1]["code"] == "sign"
    assert event["recorded"] == "2026-11-21T09:00:00.123Z"
    assert event["agent"][0]["who"]["identifier"]["value"] == "ann"
    assert event["agent"][0]["network"] == {"address": "10.0.0.9", "type": "2"}
    assert event["entity"][0]["what"]["identifier"]["value"] == ENTRY.object
    assert {"type": "chain", "valueString": f"7:{'a' * 64}"} in event["entity"][0]["detail"]


@pytest.mark.parametrize(
    ("outcome", "number"), [("success", "0"), ("refused", "4"), ("failed", "8"), ("nonsense", "12")]
)
def test_the_outcome_is_told_in_both_forms(outcome, number):
    entry = replace(ENTRY, outcome=outcome)
    assert audit_event(entry)["outcome"] == number
    event = ET.fromstring(audit_message(entry)).find("EventIdentification")
    assert event.get("EventOutcomeIndicator") == number


def test_a_message_follows_the_order_of_the_schema():
    message = ET.fromstring(audit_message(ENTRY))
    assert [part.tag for part in message] == [
        "EventIdentification",
        "ActiveParticipant",
        "AuditSourceIdentification",
        "ParticipantObjectIdentification",
    ]
    assert message.find("EventIdentification/EventID").attrib == {
        "csd-code": "110111",
        "codeSystemName": "DCM",
        "originalText": "Procedure Record",
    }
    assert message.find("ParticipantObjectIdentification").get("ParticipantObjectID") == ENTRY.object


def test_hostile_names_stay_text_in_both_forms():
    entry = replace(ENTRY, actor='"><x>', data={"why": "</EventOutcomeDescription>"}, address="<b>")
    message = ET.fromstring(audit_message(entry))
    assert message.find("ActiveParticipant").get("UserID") == '"><x>'
    assert audit_event(entry)["agent"][0]["network"] == {"address": "<b>", "type": "1"}


def test_an_action_of_a_later_release_is_still_told():
    assert audit_event(replace(ENTRY, action="something_new"))["type"]["code"] == "110100"


@pytest.mark.parametrize("style", list(Style))
def test_each_style_writes_one_line_for_each(style):
    lines = list(written([ENTRY, replace(ENTRY, seq=8)], style))
    assert len(lines) == 2
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in lines)


def test_our_own_lines_hold_all_that_the_chain_is_made_of():
    line = json.loads(next(written([ENTRY], Style.JSONL)))
    assert line["hash"] == ENTRY.hash
    assert set(line) == set(AuditEntry.__slots__)
