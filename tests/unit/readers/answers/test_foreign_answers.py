"""The schemes of other systems, in and out."""

import json

import pytest
from asked import CHEST, EFFUSION, PNEUMOTHORAX, view

from wetread.domain.finding import Presence
from wetread.domain.read import Read, ReaderIdentity
from wetread.domain.urgency import Priority
from wetread.readers.answers import Understood, as_foreign, understand


def read(data, **facts):
    return understand(json.dumps(data), CHEST, (view(),), **facts)


def seen(got):
    return {f.code: f.presence for f in got.findings if f.presence in (Presence.PRESENT, Presence.UNCERTAIN)}


BASE = {"findings": "Right pneumothorax. No effusion."}
SCALES = [
    ("Critical", Priority.P1, "three_words"),
    ("Urgent", Priority.P2, "three_words"),
    ("Routine", Priority.P4, "three_words"),
    ("CRITICAL", Priority.P1, "four_words"),
    ("HIGH", Priority.P2, "four_words"),
    ("MODERATE", Priority.P3, "four_words"),
    ("LOW", Priority.P4, "four_words"),
    (5, Priority.P1, "five_numbers"),
    (4, Priority.P2, "five_numbers"),
    (1, Priority.P5, "five_numbers"),
    ("3", Priority.P3, "five_numbers"),
]


@pytest.mark.parametrize(("word", "priority", "scheme"), SCALES)
def test_a_foreign_urgency_maps_in_and_the_original_comes_back_exactly(word, priority, scheme):
    data = {**BASE, "urgency": word, "confidence_level": "high"}
    got = read(data)
    assert (got.priority_claim, got.scheme) == (priority, scheme)
    assert as_foreign(got, scheme) == data


def test_the_direction_of_numbers_is_configuration():
    got = read({**BASE, "urgency": 1}, numbers="five_numbers_worst_is_one")
    assert got.priority_claim is Priority.P1
    assert got.scheme == "five_numbers_worst_is_one"


@pytest.mark.parametrize(
    ("number", "priority"), [(1, Priority.P1), (2, Priority.P2), (4, Priority.P2), (5, Priority.P1)]
)
def test_a_bare_number_beside_our_codes_is_read_the_more_urgent_way(number, priority):
    assert (
        read({"findings": [{"code": PNEUMOTHORAX, "presence": "present"}], "urgency": number}).priority_claim
        is priority
    )


@pytest.mark.parametrize(
    ("words", "priority"),
    [
        ("Critical - immediate attention", Priority.P1),
        ("non-urgent", Priority.P4),
        ("not critical", None),
        ("STAT", Priority.P1),
        ("whenever", None),
        ("Routine, but may be urgent", Priority.P2),
        ("", None),
        (None, None),
        ({"level": "Urgent"}, Priority.P2),
        (["Routine", "Critical"], Priority.P1),
        (7, None),
        (True, None),
    ],
)
def test_an_unknown_word_of_urgency_is_never_routine(words, priority):
    assert read({**BASE, "urgency": words}).priority_claim is priority


def test_free_text_findings_are_parsed_with_their_denials():
    got = read({"findings": "Right pneumothorax. No effusion. Heart size is normal.", "urgency": "Urgent"})
    assert seen(got) == {PNEUMOTHORAX: Presence.PRESENT}
    assert EFFUSION in {f.code for f in got.findings if f.presence is Presence.ABSENT}


def test_critical_findings_claim_to_be_critical_and_the_unmatched_one_is_kept():
    got = read(
        {
            "critical_findings": ["Tension pneumothorax", "Worms in the bronchi", "None identified"],
            "urgency": "Critical",
        }
    )
    assert {f.code for f in got.seen if f.claims_critical} == {"wr:tension-pneumothorax", "wr:other"}
    assert len(got.seen) == 2


def test_abnormalities_are_present_and_negative_ones_absent():
    got = read({"abnormalities": ["cardiomegaly", "no effusion"], "urgency": "LOW"})
    assert seen(got) == {"wr:cardiomegaly": Presence.PRESENT}


def test_a_table_of_names_is_read_by_row():
    table = {
        "pneumothorax": "absent",
        "pleural effusion": {"present": True, "side": "left"},
        "cardiomegaly": 0.9,
        "pneumonia": 0.3,
        "consolidation": False,
        "pulmonary edema": "none",
    }
    got = read({"findings": table, "urgency": "HIGH"})
    assert seen(got) == {
        EFFUSION: Presence.PRESENT,
        "wr:cardiomegaly": Presence.PRESENT,
        "wr:pneumonia": Presence.UNCERTAIN,
    }
    absent = {f.code for f in got.findings if f.presence is Presence.ABSENT}
    assert absent == {PNEUMOTHORAX, "wr:consolidation", "wr:pulmonary-oedema"}


@pytest.mark.parametrize(
    ("told", "conditions"),
    [
        ({"pneumonia": 0.7, "empyema": 20}, [("pneumonia", 0.7), ("empyema", 0.2)]),
        ([{"diagnosis": "pneumonia", "probability": 70}], [("pneumonia", 0.7)]),
        ([{"condition": "pneumonia", "confidence_level": "low"}], [("pneumonia", 0.3)]),
        (["pneumonia", "empyema"], [("pneumonia", None), ("empyema", None)]),
        ({"pneumonia": 0}, [("pneumonia", None)]),
        ([None, 3, ""], []),
    ],
)
def test_a_differential_is_read_in_every_shape(told, conditions):
    got = read({**BASE, "differential_diagnosis": told})
    assert [(d.condition, d.probability) for d in got.differential] == conditions


def test_an_answer_inside_a_results_field_keeps_its_urgency():
    inner = {"findings": [{"name": "Pneumothorax"}], "urgency": "Critical", "absent": ["effusion"]}
    got = read({"results": inner})
    assert got.priority_claim is Priority.P1
    assert seen(got) == {PNEUMOTHORAX: Presence.PRESENT}


def test_a_table_of_positive_and_negative_findings_keeps_them_apart():
    got = read({"findings": {"positive": ["cardiomegaly"], "negatives": ["pneumothorax"]}})
    assert seen(got) == {"wr:cardiomegaly": Presence.PRESENT}
    assert PNEUMOTHORAX in {f.code for f in got.findings if f.presence is Presence.ABSENT}


def test_a_diagnosis_without_a_code_is_kept_in_its_words():
    got = read({"primary_diagnosis": "Worms in the bronchi", "urgency": "Urgent"})
    assert [f.rationale for f in got.seen] == ["Worms in the bronchi"]


def test_a_primary_diagnosis_is_a_finding():
    got = read({"primary_diagnosis": "Left tension pneumothorax", "urgency": "Critical"})
    assert seen(got) == {"wr:tension-pneumothorax": Presence.PRESENT}


def test_an_item_that_calls_itself_critical_is_a_claim():
    got = read({"findings": [{"finding": "Pneumothorax", "urgency": "Critical"}, {"finding": "Effusion"}]})
    assert got.priority_claim is Priority.P1
    assert {f.code for f in got.seen if f.claims_critical} == {PNEUMOTHORAX}


def test_a_name_that_denies_what_its_field_affirms_is_uncertain():
    got = read({"findings": [{"finding": "No pneumothorax", "present": True}]})
    assert seen(got) == {PNEUMOTHORAX: Presence.UNCERTAIN}


@pytest.mark.parametrize("scheme", ["three_words", "four_words", "five_numbers", "five_numbers_worst_is_one"])
def test_what_was_not_read_goes_out_as_urgent_with_an_error(scheme):
    unread = as_foreign(Understood(form="json", scheme="free_text"), scheme)
    assert unread["error"] == "AI did not read this"
    assert str(unread["urgency"]) in ("Urgent", "HIGH", "4", "2")


def test_a_read_of_ours_goes_out_with_its_findings_and_comes_back_the_same():
    mine = read(
        {
            "findings": [{"code": PNEUMOTHORAX, "presence": "present", "side": "left", "confidence": 80}],
            "absent": [EFFUSION],
            "urgency": "P3",
        }
    )
    out = as_foreign(mine, "three_words")
    assert out["urgency"] == "Critical", "the floor of a pneumothorax is more urgent than the claim"
    assert [item["name"] for item in out["critical_findings"]] == ["pneumothorax"]
    back = read(out)
    assert seen(back) == {PNEUMOTHORAX: Presence.PRESENT}
    assert EFFUSION in {f.code for f in back.findings if f.presence is Presence.ABSENT}


def test_a_finished_read_goes_out_too_and_its_floor_counts_where_nobody_claimed():
    mine = read({"findings": [{"code": PNEUMOTHORAX, "presence": "present"}]})
    who = ReaderIdentity(name="r", version="1", fingerprint="f")
    assert as_foreign(Read(reader=who, findings=mine.findings), "four_words")["urgency"] == "CRITICAL"


def test_expedited_rounds_up_where_there_is_no_word_for_it():
    mine = read({"findings": [{"code": EFFUSION, "presence": "present"}], "urgency": "P3"})
    assert as_foreign(mine, "three_words")["urgency"] == "Urgent"
    assert as_foreign(mine, "four_words")["urgency"] == "MODERATE"


def test_a_study_urgency_overrides_the_original():
    got = read({**BASE, "urgency": "Routine"})
    assert as_foreign(got, "three_words", urgency=Priority.P1)["urgency"] == "Critical"


def test_an_unknown_scheme_names_those_there_are():
    with pytest.raises(KeyError, match="three_words"):
        as_foreign(read(BASE), "seven_colours")
