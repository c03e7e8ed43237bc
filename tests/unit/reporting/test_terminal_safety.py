"""JSON goes to terminals too: nothing in it may steer one, and it stays one line and lossless."""

import json

import pytest
from reports import report as report_of

from wetread.domain.finding import Finding, Presence
from wetread.domain.study import Patient
from wetread.reporting import render
from wetread.testing.studies import film_study, read


def report(*findings, patient=None, quality=None):
    return report_of(read(*findings, quality=quality), study=film_study(patient=Patient(name=patient)))


ABSENT = Finding(code="wr:pneumothorax", presence=Presence.ABSENT)


@pytest.mark.parametrize("foreign", ["\x9b31m", "\x7f", "\u2028x", "\x85x", "\u202egpj", "\u200b", "\U000e0041"])
def test_json_escapes_what_a_terminal_obeys_and_loses_nothing(foreign):
    data = render(report(ABSENT, patient=foreign), "json")
    assert data.decode().isprintable()
    assert len(data.decode().splitlines()) == 1
    assert json.loads(data)["study"]["patient"]["name"] == foreign


def test_half_a_character_survives_as_an_escape():
    assert json.loads(render(report(ABSENT, patient="a\ud800"), "json"))["study"]["patient"]["name"] == "a\ud800"


@pytest.mark.parametrize("output", ["text", "html"])
def test_the_wide_space_of_a_japanese_name_is_a_space(output):
    page = render(report(ABSENT, patient="山田\u3000太郎"), output).decode()
    assert "山田 太郎" in page
