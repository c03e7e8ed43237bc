"""No output says that nothing is wrong, whatever a reader claims and whatever the pictures hid."""

import json
import re

import pytest
from reports import report as report_of

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Quality
from wetread.domain.study import Patient
from wetread.reporting import render
from wetread.testing.studies import film_study, read


def report(*findings, patient=None, quality=None):
    return report_of(read(*findings, quality=quality), study=film_study(patient=Patient(name=patient)))


ABSENT = Finding(code="wr:pneumothorax", presence=Presence.ABSENT)
ALL_CLEAR = Finding(code="wr:no-acute-abnormality", presence=Presence.PRESENT)


@pytest.mark.parametrize("output", ["text", "html"])
def test_a_reader_s_all_clear_is_never_printed(output):
    page = render(report(ABSENT, ALL_CLEAR), output).decode().casefold()
    assert "no acute" not in page
    assert not re.search(r"\bnormal\b", page)


def test_an_all_clear_is_no_checked_finding_but_stays_in_the_reader_s_own_answer():
    told = json.loads(render(report(ABSENT, ALL_CLEAR), "json"))
    assert told["checked"] == ["wr:pneumothorax"]
    assert [finding["code"] for finding in told["findings"]] == ["wr:pneumothorax"]
    assert len(told["answers"][0]["findings"]) == 2


def test_non_diagnostic_pictures_count_nothing_as_checked():
    told = report(ABSENT, quality=Quality(grade="non_diagnostic"))
    assert told.checked == ()
    assert "None detected among 1 checked" not in told.impression
