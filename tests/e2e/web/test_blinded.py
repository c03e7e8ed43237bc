"""A study that chance drew to be read first: its pages hide what AI said, whatever the reader's own preference."""

import re
from importlib.resources import files
from pathlib import Path

import many
import pytest
from playwright.sync_api import expect
from reading_room import api, violations
from sqlalchemy import update

from wetread.store.tables import studies

FILM = Path(str(files("wetread.demo_studies") / "film-00012975.dcm"))  # embedded calls eight findings on it
SEEN = ".reader-finding"
TOLD = ("consolidation", "effusion", "embedded", "pneumonia")


@pytest.fixture
def drawn(site):
    """A study of the blinded arm, read by AI."""
    study = site.send(FILM, PatientName="Drawn^One")
    with many._database(site.running.folder).write() as connection:
        connection.execute(update(studies).where(studies.c.study_id == study).values(blinded=True))
    return study


def test_a_drawn_study_is_read_before_ai_is_shown_and_the_audit_keeps_when(page, context, site, drawn):
    page.goto(f"/study/{drawn}")
    page.get_by_role("button", name="Show what AI said").wait_for()
    button = page.get_by_role("button", name="Read first (drawn by chance)")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("aria-pressed", "true")
    told = page.locator("body").aria_snapshot().lower()
    assert not [word for word in TOLD if word in told]
    assert violations(page, ".reader-panel") == []
    page.get_by_role("button", name="Show what AI said").click()
    expect(page.locator(SEEN)).to_have_count(8)
    lines = api(context, site, "GET", f"/studies/{drawn}/audit")["lines"]
    assert "ai_shown" in {one["action"] for one in lines}


def test_the_list_hides_what_ai_found_on_a_drawn_study_and_on_no_other(page, site, drawn):
    plain = site.send(FILM, PatientName="Plain^Two")
    page.goto("/")
    row, other = (page.locator(f"[data-study='{one}']") for one in (drawn, plain))
    expect(row).to_contain_text("hidden: read first")
    assert not re.search("|".join((*TOLD, r"\d %")), row.inner_text())
    expect(other).to_contain_text("consolidation")
    row.click()
    page.keyboard.press("w")
    why = page.get_by_role("dialog", name="Why it stands here")
    expect(why.get_by_role("button", name="Show them all the same")).to_be_visible()
    expect(why.get_by_role("listitem")).to_have_count(0)
