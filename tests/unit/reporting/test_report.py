"""Reports: always preliminary, honest about what was not seen, inert whatever the input says."""

import asyncio
import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from pypdf import PdfReader
from reports import POLICY, VOCABULARY, report

from wetread.delivery import Folder
from wetread.domain.finding import Evidence
from wetread.domain.order import Order
from wetread.domain.report import ReportStatus
from wetread.domain.study import Flag, Patient
from wetread.domain.view import Failure, Limitation
from wetread.errors import ConfigurationError, MissingExtra
from wetread.reporting import as_pdf, render
from wetread.testing.studies import abstention, film_study, finding, read
from wetread.testing.views import view_of

FORMATS = ("text", "json", "html", "pdf")
HOSTILE = "<script>alert(1)</script>\x1b[31m|^~\\&\u202eevil\"'\r\nMSH|"


def pages(made):
    import io

    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(render(made, "pdf"))).pages)


def shown(made, output):
    return pages(made) if output == "pdf" else render(made, output).decode()


FULL = report(
    read(
        finding("wr:pneumothorax", "present", 0.42, evidence=(
            Evidence(file="film.dcm", sop_instance_uid="1.2.3", frame=1, box=(0.5, 0.25, 0.75, 0.5), origin="cam"),
        )),
        finding("wr:cardiomegaly", "uncertain"),
        finding("wr:pleural-effusion", "absent", 0.03),
    ),
    pictures=(view_of(np.full((64, 64), 90, np.uint8), file="film.dcm", scale=8.0),),
    limitations=(Limitation(code="x", text="2 of 3 slices were not sent"),),
    failures=(Failure(file="broken.dcm", problem="it is empty", remedy="send it again"),),
)  # fmt: skip


@pytest.mark.parametrize("output", FORMATS)
def test_every_output_says_research_use_preliminary_and_unsigned(output):
    text = re.sub(r"\s+", " ", shown(FULL, output))
    assert "Research use only, AI preliminary, not for diagnosis" in text
    assert "no clinician has signed" in text
    assert "preliminary" in text.lower()


@pytest.mark.parametrize("output", FORMATS)
def test_the_same_report_gives_the_same_bytes(output):
    assert render(FULL, output) == render(FULL, output)


@pytest.mark.parametrize("output", FORMATS)
def test_rule_3_the_word_normal_is_never_printed(output):
    nothing = report(read(*(finding(c, "absent", 0.01) for c in ("wr:pneumothorax", "wr:cardiomegaly"))))
    text = shown(nothing, output).lower()
    assert "normal" not in text.replace("abnormal", "")
    assert "none detected among 2 checked findings" in re.sub(r"\s+", " ", text)
    assert "not assessed" in text


def test_rule_3_what_nobody_looked_for_is_counted_and_named():
    made = report(read(finding("wr:pneumothorax", "absent")))
    assert "wr:tension-pneumothorax" in made.not_assessed
    assert "wr:pneumothorax" not in made.not_assessed
    assert re.search(r"Not assessed: \d+ further findings of this examination, \d+ of them critical", made.impression)


@pytest.mark.parametrize("output", ["text", "html", "pdf"])
def test_rule_4_only_a_calibrated_probability_is_a_percentage(output):
    made = report(
        read(
            finding("wr:pneumothorax", "present", 0.42),
            finding("wr:pneumonia", "present", 0.77, calibrator_id="card/pooled/pneumonia/1"),
            finding("wr:pulmonary-mass", "present", confidence_raw=0.91, confidence_kind="score"),
        )
    )
    text = shown(made, output)
    assert "42 %" in text
    assert "77" not in text
    assert "91" not in re.sub(r"[0-9a-f]{16}", "", text)
    assert "not stated" in text


@pytest.mark.parametrize("output", FORMATS)
def test_unread_says_that_ai_did_not_read_it_and_why(output):
    text = re.sub(r"\s+", " ", shown(report(abstention("modality CT is not one of CR, DX")), output))
    assert "AI did not read this" in text
    assert "modality CT is not one of CR, DX" in text
    assert "detected" not in text


@pytest.mark.parametrize("output", FORMATS)
def test_rule_6_foreign_text_is_data(output):
    patient = Patient(name=HOSTILE, patient_id=HOSTILE)
    made = report(
        read(finding("wr:pneumonia", location=HOSTILE), name=HOSTILE),
        study=film_study(Flag(code="x", text=HOSTILE), patient=patient),
        order=Order(clinical_question=HOSTILE),
    )
    text = shown(made, output)
    assert "\x1b" not in text
    if output == "html":
        assert "<script" not in text
        assert "&lt;script&gt;" in text
        assert "\u202e" not in text
    if output == "text":
        assert "\u202e" not in text
        assert "\r" not in text
    if output == "json":
        assert json.loads(text)["study"]["patient"]["name"] == HOSTILE


@pytest.mark.parametrize("name", ["山田^太郎", "王^小东", "김^희중", "Иванов^Иван", "Müller^Jörg", "Ἀλέξανδρος"])
@pytest.mark.parametrize("output", FORMATS)
def test_names_of_any_script_survive_or_are_spelt_out(name, output):
    text = shown(report(abstention(), study=film_study(patient=Patient(name=name))), output)
    if output != "pdf":
        assert name in text
    else:
        lost = [c for c in name if c not in text and f"[U+{ord(c):04X}]" not in re.sub(r"\s", "", text)]
        assert not lost


def test_the_json_has_every_key_of_the_contract():
    document = json.loads(render(FULL, "json"))
    contract = {"schema", "status", "study", "urgency", "findings", "answers", "limitations", "provenance"}
    assert contract <= set(document)
    assert set(document["study"]["instances"][0]) >= {"file", "sop_instance_uid"}
    (answer,) = document["answers"]
    assert {"reader", "status", "reason", "abnormal_probability", "findings"} <= set(answer)
    assert [one["presence"] for one in document["findings"]] == ["present", "uncertain", "absent"]
    assert document["findings"][0]["evidence"][0]["box"] == [0.5, 0.25, 0.75, 0.5]
    assert render(FULL, "json").count(b"\n") == 0


def test_rule_8_the_trace_leads_to_hashes_and_versions():
    document = json.loads(render(replace(FULL, views=FULL.pictures), "json"))
    trace = document["provenance"]
    assert trace["vocabulary"]["sha256"] == VOCABULARY.sha256
    assert trace["policy"]["sha256"] == POLICY.sha256
    assert len(trace["views"][0]["pixel_sha256"]) == 64
    assert document["answers"][0]["fingerprint"] == "fingerprint-one"
    assert len(document["study"]["instances"][0]["sha256"]) == 64


def test_the_report_s_name_changes_with_its_content_and_only_then():
    assert FULL.report_id == replace(FULL).report_id
    names = {report(read(finding(c))).report_id for c in ("wr:pneumonia", "wr:cardiomegaly")}
    assert len(names) == 2


def test_a_report_is_preliminary_and_only_a_copy_can_become_final():
    assert FULL.status is ReportStatus.PRELIMINARY
    with pytest.raises(AttributeError):
        FULL.status = ReportStatus.FINAL


def test_a_box_lies_on_the_picture_where_it_lies_in_the_source():
    text = render(FULL, "html").decode()
    assert 'x="32.0" y="16.0" width="16.0" height="16.0"' in text
    assert "stroke-dasharray" in text
    assert "approximate" in text


def test_the_page_asks_nothing_of_the_network_and_runs_nothing():
    text = render(FULL, "html").decode()
    assert "default-src 'none'" in text
    assert not re.search(r"<(script|link|iframe|object|form)\b", text)
    assert not re.search(r"(src|href)=\"(?!data:)", text)


def test_the_banner_stands_on_every_page_of_a_long_pdf():
    import io

    long = report(read(*(finding(term.code) for term in list(VOCABULARY)[:110])))
    sheets = PdfReader(io.BytesIO(render(long, "pdf"))).pages
    assert len(sheets) > 2
    assert all("not for diagnosis" in page.extract_text() for page in sheets)


def test_without_reportlab_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(as_pdf, "INSTALLED", False)
    with pytest.raises(MissingExtra, match=r"wetread\[pdf\]"):
        render(FULL, "pdf")


def test_an_unknown_format_is_answered_with_the_known_ones():
    with pytest.raises(ConfigurationError, match="text, json, html, pdf"):
        render(FULL, "fax")


def test_a_disagreement_is_shown():
    made = report(read(finding("wr:pneumonia"), name="a"), read(finding("wr:pneumonia", "absent"), name="b"))
    assert "readers disagree" in render(made, "text").decode()
    assert "b (disagrees)" in render(made, "html").decode()


def test_delivering_twice_gives_one_file_and_the_same_receipt(tmp_path):
    folder = Folder(tmp_path / "out", render=lambda made: (render(made, "json"),), suffix=".json")
    first, second = (asyncio.run(folder.deliver(FULL)) for _ in range(2))
    assert first == second
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["st-test.json"]


def test_the_picture_in_the_page_is_the_picture_that_was_prepared():
    import base64

    data = re.search(r"data:image/png;base64,([A-Za-z0-9+/=]+)", render(FULL, "html").decode()).group(1)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (64, 64)
    assert picture.mean() == 90


@pytest.mark.parametrize(
    "made", [FULL, report(abstention()), report(read())], ids=["full", "unread", "nothing checked"]
)
def test_the_json_keeps_its_published_schema(made):
    from importlib.resources import files

    from jsonschema import Draft202012Validator

    schema = json.loads(files("wetread.reporting").joinpath("report.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    document = json.loads(render(made, "json"))
    assert not list(validator.iter_errors(document))
    broken = {**document, "urgency": {**document["urgency"], "priority": "Routine"}}
    assert list(validator.iter_errors(broken)), "a schema that accepts this checks nothing"
