"""What report texts say, on sentences of our own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_vocabulary, shipped
from wetread.domain.finding import Laterality, Presence
from wetread.errors import ClinicalDataInvalid
from wetread.evaluate.reports import codes_of, labeller_for
from wetread.evaluate.reports.phrases import parse_report_phrases, report_phrases

VOCABULARY = load_vocabulary()
LABELLER = labeller_for(VOCABULARY)
PRESENT, ABSENT, UNCERTAIN = Presence.PRESENT, Presence.ABSENT, Presence.UNCERTAIN

REPORT = """CLINICAL HISTORY: Shortness of breath, known pneumothorax. Rule out pneumonia.

COMPARISON: 3 May, when there was a large pleural effusion.

TECHNIQUE: PA and lateral views.

FINDINGS:
The heart is normal in size. No pleural effusion or pneumothorax, and no focal consolidation.
A small nodule projects over the right upper lobe. Mild scoliosis of the thoracic spine.

IMPRESSION:
1. Right upper lobe nodule, possibly a granuloma.
2. No pneumothorax.
"""


def said(text):
    return {one.code.removeprefix("wr:"): one.presence for one in LABELLER.label(text)}


def test_a_whole_report_is_labelled_from_what_was_seen_alone():
    assert said(REPORT) == {
        "cardiomegaly": ABSENT,
        "pleural-effusion": ABSENT,
        "pneumothorax": ABSENT,
        "consolidation": ABSENT,
        "pulmonary-nodule": PRESENT,
        "scoliosis": PRESENT,
        "calcified-granuloma": UNCERTAIN,
    }


@pytest.mark.parametrize(
    ("text", "code", "presence"),
    [
        ("No pneumothorax.", "pneumothorax", ABSENT),
        ("There is no focal consolidation, pleural effusion, or pneumothorax.", "pleural-effusion", ABSENT),
        ("No pneumothorax but a small left effusion.", "pleural-effusion-small", PRESENT),
        ("Pneumothorax can't be excluded.", "pneumothorax", UNCERTAIN),
        ("The opacity could be due to pneumonia.", "pneumonia", UNCERTAIN),
        ("The opacity could be due to pneumonia.", "lung-opacity", PRESENT),
        ("Atelectasis versus scarring at the left base.", "atelectasis-subsegmental", UNCERTAIN),
        ("Atelectasis versus scarring at the left base.", "fibrosis", UNCERTAIN),
        ("Findings favor mild interstitial edema.", "pulmonary-oedema", UNCERTAIN),
        ("This could represent pneumonia in the appropriate clinical setting.", "pneumonia", UNCERTAIN),
        ("No opacity, effusion or consolidation to suggest pneumonia.", "pneumonia", ABSENT),
        ("There is an opacity to suggest pneumonia.", "pneumonia", UNCERTAIN),
        ("No change in the moderate right pleural effusion.", "pleural-effusion", PRESENT),
        ("Interval resolution of the left apical pneumothorax.", "pneumothorax", ABSENT),
        ("Clearing of the right base infiltrate.", "infiltrate", ABSENT),
        ("The previously described nodule is no longer seen.", "pulmonary-nodule", ABSENT),
        ("The heart is not significantly enlarged.", "cardiomegaly", ABSENT),
        ("Heart size is at the upper limits of normal.", "cardiomegaly", ABSENT),
        ("Heart size is mildly enlarged.", "cardiomegaly", PRESENT),
        ("The heart is borderline in size.", "cardiomegaly", UNCERTAIN),
        ("The lungs are clear.", "consolidation", ABSENT),
        ("Calcified and tortuous thoracic aorta.", "aortic-tortuosity", PRESENT),
        ("Calcified and tortuous thoracic aorta.", "aortic-calcification", PRESENT),
        ("Elevation of the right hemidiaphragm.", "hemidiaphragm-elevation", PRESENT),
        ("Blunting of the left costophrenic sulcus.", "costophrenic-angle-blunting", PRESENT),
        ("Old granulomatous disease.", "calcified-granuloma", PRESENT),
        ("Healed fractures of the left ribs.", "healed-rib-fracture", PRESENT),
        ("HEART: Enlarged.\nLUNGS: Clear.", "cardiomegaly", PRESENT),
    ],
)
def test_a_sentence_is_understood_as_it_was_meant(text, code, presence):
    assert said(text).get(code) is presence


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("History of pneumonia.", "pneumonia"),
        ("INDICATION: pneumothorax.\n\nFINDINGS: The lungs are clear.", "pneumothorax"),
        ("COMPARISON: None. Prior pleural effusion.\n\nFINDINGS: The lungs are clear.", "pleural-effusion"),
        ("Bony overlap could obscure a small nodule.", "pulmonary-nodule"),
        ("Chest pain.", "pneumothorax"),
        ("The left lung is clear.", "consolidation"),
        ("RECOMMENDATION: CT to look for a nodule.", "pulmonary-nodule"),
        ("No new nodule.", "pulmonary-nodule"),
    ],
)
def test_what_was_not_seen_is_not_told(text, code):
    assert said(text).get(code) in (None, Presence.NOT_ASSESSABLE)


def test_what_follows_a_short_indication_is_read_where_no_heading_of_findings_comes():
    assert said("Indication: cough. There is a small left pleural effusion.") == {"pleural-effusion-small": PRESENT}


def test_present_anywhere_wins_over_absent_elsewhere_and_sides_are_kept():
    text = "FINDINGS: Right pleural effusion.\nLeft pleural effusion.\nIMPRESSION: No pleural effusion."
    (effusion,) = LABELLER.label(text)
    assert (effusion.presence, effusion.side) == (PRESENT, Laterality.BILATERAL)
    assert effusion.sentence == "Right pleural effusion."


def test_what_is_known_from_before_is_present_and_unchanged():
    (effusion,) = LABELLER.label("No change in the right pleural effusion.")
    assert effusion.unchanged
    assert effusion.side is Laterality.RIGHT


def test_codes_are_those_that_are_present_and_on_request_those_held_possible():
    text = "Cardiomegaly. Possible pneumonia. No pneumothorax."
    assert codes_of(text, VOCABULARY) == {"wr:cardiomegaly"}
    assert codes_of(text, VOCABULARY, uncertain=True) == {"wr:cardiomegaly", "wr:pneumonia"}


def test_every_code_of_the_phrases_is_one_of_the_vocabulary():
    phrases = report_phrases()
    told = {*phrases.families, *phrases.implies, *phrases.phrases}
    told |= {code for table in (phrases.families, phrases.implies) for row in table.values() for code in row}
    told |= {code for part in phrases.healthy.part for code in part.absent}
    assert told <= set(VOCABULARY.terms)


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("uncertain_counts = true", 'uncertain_counts = "yes"', "uncertain_counts"),
        ("[scoring]", "[scoring]\nmore = 1", "more"),
        ('"wr:consolidation" = ["wr:lobar-consolidation"]', '"wr:consolidation" = ["wr:infiltrate"]', "two families"),
        ('"wr:pneumothorax" = [', '"pneumothorax" = [', "wr:"),
    ],
)
def test_a_file_of_phrases_that_is_wrong_is_refused_with_the_place(before, after, key):
    text = shipped("report_phrases.toml")
    assert before in text
    with pytest.raises(ClinicalDataInvalid, match=key):
        parse_report_phrases(text.replace(before, after, 1))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_labelled_without_a_fault(text):
    assert all(one.code in VOCABULARY.terms for one in LABELLER.label(text))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(REPORT.split("\n")), max_size=12))
def test_more_sentences_never_silence_a_finding(lines):
    alone = {code for line in lines for code, presence in said(line).items() if presence is PRESENT}
    body = "FINDINGS:\n" + "\n".join(line for line in lines if ":" not in line)
    told = {code for code, presence in said(body).items() if presence is PRESENT}
    spoken = {code for line in lines if ":" not in line for code, p in said(line).items() if p is PRESENT}
    assert spoken <= told
    assert told <= alone | spoken
