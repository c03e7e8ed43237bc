"""Real reports in prose, where the data beside the project is at hand: a measurement, and no crash."""

import json

import pytest
from asked import CHEST, view

from wetread.domain.finding import Presence
from wetread.errors import AnswerUnusable
from wetread.readers.answers import understand

EVERY = 6  # one report of six keeps the test short
LEAST_AGREEMENT = 0.9


def present(report):
    try:
        got = understand(f"Findings: {report['findings']}\nImpression: {report['impression']}", CHEST, (view(),))
    except AnswerUnusable:
        return set()
    return {f.code for f in got.findings if f.presence in (Presence.PRESENT, Presence.UNCERTAIN)}


@pytest.mark.shared
def test_what_librarians_indexed_is_found_and_normal_reports_raise_little(shared):
    lines = (shared / "messages" / "openi_reports.jsonl").read_text().splitlines()[::EVERY]
    found = [(json.loads(line), present(json.loads(line))) for line in lines]
    effusions = [codes for report, codes in found if any("Effusion" in term for term in report["mesh_major"])]
    normal = [codes for report, codes in found if report["mesh_major"] == ["normal"]]
    assert sum(any("effusion" in code for code in codes) for codes in effusions) >= LEAST_AGREEMENT * len(effusions)
    assert sum("wr:pneumothorax" not in codes for codes in normal) >= LEAST_AGREEMENT * len(normal)
    assert len(effusions) > 10
    assert len(normal) > 100
