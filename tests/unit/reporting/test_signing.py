"""A signed report says so in every output; a preliminary one never does."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import jsonschema
import pytest
from pypdf import PdfReader
from reports import VOCABULARY, report

from wetread.domain.report import ReportStatus
from wetread.domain.review import Decision, Verdict, amended, findings_of, signed, withdrawn
from wetread.reporting import render
from wetread.testing.studies import finding, read

AT = datetime(2024, 1, 2, 10, 15, tzinfo=UTC)
BASE = report(read(finding("wr:pneumothorax", "present", 0.42)))
FINAL = signed(
    BASE,
    [Decision(finding_id=name, verdict=Verdict.ACCEPT, by="Dr. Signer", at=AT) for name in findings_of(BASE)],
    text="Small left apical pneumothorax.\nNo tension.",
    by="Dr. Signer",
    at=AT,
    terms=VOCABULARY.terms,
)
AMENDED = amended(FINAL, text="Called to <the ward>.", by="bob", at=AT)
TAKEN_BACK = withdrawn(FINAL, reason="wrong <patient>", text="An earlier report is withdrawn.", by="eve", at=AT)
FORMATS = ("text", "json", "html", "pdf")


def shown(made, output):
    page = render(made, output)
    if output == "pdf":
        return " ".join(" ".join(part.extract_text() for part in PdfReader(io.BytesIO(page)).pages).split())
    return page.decode()


@pytest.mark.parametrize("output", FORMATS)
def test_who_signed_and_what_was_added_is_told(output):
    told = shown(AMENDED, output)
    assert "Dr. Signer" in told
    assert "bob" in told
    assert "Called to" in told
    assert "No tension." in told
    assert "Research use only" in told
    assert "Dr. Signer" not in shown(BASE, output)


@pytest.mark.parametrize("output", ["text", "html", "pdf"])
def test_only_a_signed_report_is_called_final(output):
    assert "Final report" in shown(FINAL, output)
    assert "Preliminary report" not in shown(FINAL, output)
    assert "Final report" not in shown(BASE, output)


def test_what_a_human_writes_is_escaped_as_everything_else():
    assert "<the ward>" not in shown(AMENDED, "html")
    hostile = replace(AMENDED, impression="a\x1b[31m\u202eb")
    assert "\x1b" not in shown(hostile, "text")
    assert "\u202e" not in shown(hostile, "text") + shown(hostile, "html")


@pytest.mark.parametrize("made", [BASE, FINAL, AMENDED], ids=["preliminary", "final", "amended"])
def test_the_json_of_each_follows_the_schema(made):
    schema = json.loads(files("wetread.reporting").joinpath("report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(render(made, "json")), schema)


@pytest.mark.parametrize("output", FORMATS)
def test_a_withdrawn_report_says_so_why_and_by_whom_and_nothing_of_the_study(output):
    told = shown(TAKEN_BACK, output)
    assert "eve" in told
    assert "wrong" in told
    assert "withdrawn" in told.lower() or '"rejected"' in told
    assert "neumothorax" not in told
    assert "0.42" not in told
    assert "<patient>" not in shown(TAKEN_BACK, "html")


def test_a_withdrawn_report_keeps_to_the_schema_and_can_not_be_withdrawn_twice():
    schema = json.loads(files("wetread").joinpath("reporting", "report.schema.json").read_text())
    jsonschema.validate(json.loads(render(TAKEN_BACK, "json")), schema)
    with pytest.raises(ValueError, match="already"):
        withdrawn(TAKEN_BACK, reason="again", text="x", by="eve", at=AT)
    with pytest.raises(ValueError, match="for a reason"):
        withdrawn(FINAL, reason=" ", text="x", by="eve", at=AT)
    with pytest.raises(ValueError, match="none of its own"):
        replace(FINAL, status=ReportStatus.REJECTED)
