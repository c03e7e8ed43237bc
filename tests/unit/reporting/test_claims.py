"""What vision readers say beyond findings: quoted with their names, never in the report's voice, never a percentage."""

import io
import json
import re

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from pypdf import PdfReader
from reports import report

from wetread.domain.consensus import NOT_ASKED, Exclusion
from wetread.domain.finding import Evidence, Size
from wetread.domain.read import Abstention, Diagnosis, ImpressionItem, Quality, Recommendation, Trace, Usage
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation
from wetread.reporting import render
from wetread.reporting.claims import claims, reassures
from wetread.testing.studies import abstention, finding, identity, read
from wetread.testing.views import view_of

PAGES = ("text", "html", "pdf")
FORMATS = ("text", "json", "html", "pdf")
LARGE, PTX, HEART = "wr:pneumothorax-large", "wr:pneumothorax", "wr:cardiomegaly"
BOX = Evidence(file="film.dcm", sop_instance_uid="1.2.3", frame=1, box=(0.1, 0.1, 0.4, 0.4), origin="vlm_grid")


def shown(made, output):
    data = render(made, output)
    if output == "pdf":
        told = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    else:
        told = data.decode()
    return re.sub(r"\s+", " ", told)


def vision(**facts):
    found = (
        finding(LARGE, location="right apex", size=Size(value=23, unit="mm", method="model_estimate"),
                temporal="new", evidence=(BOX,)),
        finding("wr:pneumonia", "uncertain", context_dependent=True),
        finding(HEART, "absent"),
    )  # fmt: skip
    return read(*found, name="vision", **facts)


FULL = report(
    vision(
        quality=Quality(grade="limited", issues=("rotation",)),
        priority_claim=Priority.P1,
        impression=(
            ImpressionItem(text="Large right pneumothorax.", cites=(LARGE,)),
            ImpressionItem(text="The heart is fine.", cites=(HEART,)),
        ),
        differential=(
            Diagnosis(condition="bulla", probability=0.73, reasoning="no lung markings", supports=(LARGE,)),
            Diagnosis(condition="skin fold", against=(LARGE,)),
        ),
        recommendations=(Recommendation(text="chest drain", timeframe="PT1H", modality="CT"),),
        limitations=(Limitation(code="text_masked", text="3 areas of text were masked"),),
        cost_usd=0.0117,
        usage=Usage(
            calls=2, input_tokens=1200, output_tokens=300, predicted_input_tokens=1180, predicted_output_tokens=900,
            predicted_cost_usd=0.0121,
        ),
        trace=Trace(
            prompt="chest@1", prompt_sha256="a" * 64, answered_by="m-2026", form="prose", repairs=1,
            hops=("first: 529 overloaded",), cached=True, latency_s=2.34, egress="rule-7",
        ),
        original="raw answer",
    ),
    read(finding(PTX, "present", 0.42), finding(HEART, "present", 0.6), name="embedded", cost_usd=0.0),
    Abstention(reader=identity("broken"), reason="no read in it", code="answer_unusable", failed=True, original="{bad"),
    pictures=(view_of(np.full((64, 64), 90, np.uint8), file="film.dcm", scale=8.0),),
)  # fmt: skip


@pytest.mark.parametrize("output", PAGES)
@pytest.mark.parametrize(
    "words",
    [
        "Large right pneumothorax.", "differential: bulla", "no lung markings", "recommends: chest drain",
        "PT1H", "image quality: limited (rotation)", "calls the study P1 itself", "23 mm, model estimate", "new",
        "seen only with the clinical text", "$0.0117 (predicted $0.0121)", "1,200 in, 300 out", "2.3 s",
        "before it: first: 529 overloaded", "taken from the cache", "answered by m-2026", "rule-7",
        "3 areas of text were masked (vision)", "not known for broken",
        "embedded tells it as pneumothorax present 42 %",
    ],
)  # fmt: skip
def test_every_page_shows_what_each_reader_said_and_took(output, words):
    assert words in shown(FULL, output)


@pytest.mark.parametrize("output", PAGES)
def test_rule_4_a_reader_s_own_number_for_a_diagnosis_is_no_percentage(output):
    text = shown(FULL, output)
    assert "73 %" not in text
    assert "it states 0.73, not calibrated" in text
    assert "skin fold (confidence not stated)" in text


@pytest.mark.parametrize("output", PAGES)
def test_a_sentence_that_cites_nothing_that_stands_is_removed_and_counted(output):
    made = report(vision(impression=(ImpressionItem(text="The heart is fine.", cites=(HEART,)),)))
    text = shown(made, output)
    assert "The heart is fine" not in text
    assert "1 statement is not shown" in text


def test_the_json_quotes_what_stands_and_counts_what_it_removed():
    told = json.loads(render(FULL, "json"))["impression"]
    assert [quote["text"] for quote in told["quotes"]] == ["Large right pneumothorax.", "The heart is fine."]
    assert {quote["reader"] for quote in told["quotes"]} == {"vision"}
    alone = report(vision(impression=(ImpressionItem(text="The heart is fine.", cites=(HEART,)),)))
    assert json.loads(render(alone, "json"))["impression"] == {
        "text": alone.impression, "quotes": [], "removed": 1,
    }  # fmt: skip


def test_a_less_exact_code_that_a_sentence_cites_stands_too():
    one = read(finding(PTX), name="a", impression=(ImpressionItem(text="Air in the pleura.", cites=(PTX,)),))
    (told,) = claims(report(one, read(finding(LARGE), name="b")))
    assert [item.text for item in told.quotes] == ["Air in the pleura."]


@pytest.mark.parametrize(
    "words",
    ["Heart size is normal", "No acute abnormality", "NORMAL", "nor\u200bmal", "\uff4e\uff4frmal", "unremarkable",
     "All  clear.", "lungs healthy", "unauffällig", "心肺正常", "未见异常"],
)  # fmt: skip
@pytest.mark.parametrize("output", PAGES)
def test_rule_3_a_reader_s_reassurance_is_held_back_and_counted(output, words):
    text = shown(
        report(
            vision(
                impression=(ImpressionItem(text=words, cites=(LARGE,)),),
                differential=(Diagnosis(condition=words),),
                recommendations=(Recommendation(text=words),),
            )
        ),
        output,
    )
    assert words not in text
    assert not re.search(r"\bnormal\b", text.casefold())
    assert "3 statements are not shown" in text


@pytest.mark.parametrize("words", ["abnormal heart", "paranormal", "normal-pressure hydrocephalus", "normality"])
def test_other_words_with_the_same_letters_are_no_reassurance(words):
    assert not reassures(words)


def test_held_back_sentences_stay_in_the_data():
    made = report(vision(impression=(ImpressionItem(text="normal", cites=(LARGE,)),)))
    document = json.loads(render(made, "json"))
    assert document["answers"][0]["impression"] == [{"text": "normal", "cites": [LARGE]}]
    assert document["impression"]["quotes"] == []


def test_the_json_carries_every_new_field():
    document = json.loads(render(FULL, "json"))
    (first, *_), broken = document["findings"], document["answers"][2]
    assert first["size"] == {"value": 23, "unit": "mm", "method": "model_estimate"}
    assert (first["temporal"], first["context_dependent"], first["claims_critical"]) == ("new", False, False)
    assert first["told_as"] == [{"reader": "embedded", "code": PTX}]
    answer = document["answers"][0]
    assert answer["quality"] == {"grade": "limited", "issues": ["rotation"]}
    assert answer["priority_claim"] == "P1"
    assert answer["differential"][0]["probability"] == 0.73
    assert answer["recommendations"][0]["timeframe"] == "PT1H"
    assert answer["usage"]["predicted_cost_usd"] == 0.0121
    assert answer["trace"]["hops"] == ["first: 529 overloaded"]
    assert (answer["original"], broken["original"]) == ("raw answer", "{bad")
    assert document["spending"]["cost_usd"] == {"known": 0.0117, "unknown_for": ["broken"]}
    assert document["checked"] == [HEART, "wr:pneumonia", PTX, LARGE]


LEFT_OUT = Abstention(reader=identity("second"), reason="the screen was sure", code=NOT_ASKED)


@pytest.mark.parametrize("made", [FULL, report(vision(), LEFT_OUT), report(abstention(), LEFT_OUT)])
def test_the_json_keeps_its_published_schema(made):
    from importlib.resources import files

    schema = json.loads(files("wetread.reporting").joinpath("report.schema.json").read_text())
    validator = Draft202012Validator(schema)
    document = json.loads(render(made, "json"))
    assert not list(validator.iter_errors(document))
    del document["answers"][0]["trace"]
    assert list(validator.iter_errors(document))


@pytest.mark.parametrize("output", PAGES)
def test_a_reader_that_a_cascade_left_out_did_not_abstain(output):
    text = shown(report(vision(), LEFT_OUT), output)
    assert "not asked: the screen was sure" in text
    assert "abstained" not in text


@pytest.mark.parametrize("output", FORMATS)
def test_the_same_report_gives_the_same_bytes_and_no_time_stands_in_it_unless_given(output):
    made = report(vision(trace=Trace(form="structured")))
    assert render(made, output) == render(report(vision(trace=Trace(form="structured"))), output)
    if output == "text":
        assert not re.search(r"\d s\b", render(made, output).decode())


def test_what_nobody_measured_is_not_known_and_never_zero():
    text = shown(report(vision()), "text")
    assert "cost not known" in text
    assert "In sum: cost not known" in text
    assert "$0" not in text


@pytest.mark.parametrize("origin", ["vlm", "vlm_grid", "cam"])
def test_a_box_that_no_human_drew_is_dashed_and_labelled(origin):
    text = shown(FULL, "html") if origin == "vlm_grid" else shown(boxed(origin), "html")
    assert "stroke-dasharray" in text
    assert ">1 approximate</text>" in text
    assert "1 approximate" in shown(boxed(origin), "pdf")


def test_a_human_s_box_is_neither():
    text = shown(boxed("human"), "html")
    assert "stroke-dasharray" not in re.sub(r"<style>.*?</style>", "", text)
    assert ">1</text>" in text


def boxed(origin):
    from dataclasses import replace

    return report(
        read(finding(PTX, evidence=(replace(BOX, origin=origin),))),
        pictures=(view_of(np.full((64, 64), 90, np.uint8), file="film.dcm", scale=8.0),),
    )


@pytest.mark.parametrize("output", PAGES)
def test_the_panel_s_votes_escalations_and_exclusions_are_shown(output):
    from dataclasses import replace

    joined = replace(
        FULL.consensus, escalated=("readers disagree on x",), figures_not_used=("the figures of a expired",),
        excluded=(Exclusion(reader="vision", group="*", reason="it cleared none of the healthy (0/60)"),),
    )  # fmt: skip
    text = shown(replace(FULL, consensus=joined), output)
    assert "votes: configured votes, unweighted by evidence" in text
    assert "a human first: readers disagree on x" in text
    assert "vision has no vote on *: it cleared none of the healthy (0/60)" in text
    assert "the figures of a expired" in text


def test_what_two_readers_call_by_two_names_is_not_counted_as_not_detected():
    made = report(read(finding(PTX), name="a"), read(finding(LARGE), name="b"))
    assert "None detected" not in made.impression
    assert PTX not in made.not_assessed


def test_endless_lists_are_cut_and_say_how_much_is_left():
    many = tuple(Diagnosis(condition=f"condition {n}") for n in range(40))
    text = shown(report(vision(differential=many)), "text")
    assert "condition 11" in text
    assert "condition 12" not in text
    assert "28 more in the data" in text
