"""The report on paper: the banner on every page, whether a human stands behind it, nothing that was rejected."""

import io
import re
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import expect
from pypdf import PdfReader
from reading_room import api, violations

FILM = Path(str(files("wetread.demo_studies") / "film-00012975.dcm"))
BANNER = "Research use only, AI preliminary, not for diagnosis"


def decided(context, site, study: str) -> dict:
    """Everything accepted but emphysema, which is rejected; the report."""
    report = api(context, site, "GET", f"/studies/{study}/report")
    for one in report["findings"]:
        if one["needs_decision"]:
            said = "reject" if one["label"] == "emphysema" else "accept"
            api(context, site, "POST", f"/findings/{one['finding_id']}/decisions", decision=said)
    return report


def paper(page, size: str) -> list[str]:
    """The words of each printed page, on one line."""
    pages = PdfReader(io.BytesIO(page.pdf(format=size))).pages
    return [re.sub(r"\s+", " ", one.extract_text()) for one in pages]


def test_every_printed_page_says_what_it_is(page, context, site):
    study = site.send(FILM, PatientName="Paper^Anna")
    report = decided(context, site, study)
    page.goto(f"/study/{study}/report")
    expect(page.get_by_role("heading", name="PRELIMINARY: not signed by a human")).to_be_visible()
    assert violations(page) == []
    long = "Line of a long impression.\n" * 90
    api(context, site, "POST", f"/studies/{study}/report/sign", report_id=report["report_id"], text=long)
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("FINAL: signed by rad"))).to_be_visible()
    assert violations(page) == []
    for size in ("A4", "Letter"):
        told = paper(page, size)
        assert len(told) > 1
        assert all(BANNER in one for one in told)
        assert "FINAL: signed by rad" in told[0]
        assert "Paper, Anna" in told[0]
        assert not any("Log out" in one or "Back to the pictures" in one for one in told)


def test_what_was_rejected_is_no_finding_on_paper(page, context, site):
    study = site.send(FILM)
    report = decided(context, site, study)
    page.goto(f"/study/{study}/report")
    table = page.get_by_role("table")
    expect(table).to_contain_text("consolidation")
    expect(table).not_to_contain_text("emphysema")
    api(context, site, "POST", f"/studies/{study}/report/sign", report_id=report["report_id"], text="Consolidation.")
    made = api(context, site, "GET", f"/studies/{study}/report")
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("FINAL"))).to_be_visible()
    expect(table).not_to_contain_text("emphysema")
    expect(page.get_by_role("article")).to_contain_text("embedded")
    withdrawn = {"report_id": made["report_id"], "reason": "Wrong patient"}
    api(context, site, "POST", f"/studies/{study}/report/withdraw", **withdrawn)
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("WITHDRAWN: .*by rad: Wrong patient"))).to_be_visible()
    expect(page.get_by_role("article")).not_to_contain_text("onsolidation")


def test_a_study_that_nobody_read_says_so_on_paper(page, site):
    page.goto(f"/study/{site.sent['CT_small']}/report")
    expect(page.get_by_role("article")).to_contain_text("not a negative read")
    assert violations(page) == []
