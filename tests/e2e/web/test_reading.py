"""The reading page: decide, write, sign, add to, withdraw; by keyboard alone; and what nobody read is no negative."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom.uid import generate_uid
from reading_room import Watch, api, log_in, new_context, violations

FILM = Path(str(files("wetread.demo_studies") / "film-00012975.dcm"))  # embedded calls eight findings on it
CLEAR = Path(str(files("wetread.demo_studies") / "film-00003940.dcm"))  # and none on this one
CT = Path(str(files("wetread.demo_studies") / "CT_small.dcm"))
SEEN = ".reader-finding"


def opened(page: Page, study: str, tab: str = "") -> Page:
    """The reading page with its study in hand."""
    page.goto(f"/study/{study}{tab}")
    page.get_by_role("tablist", name="Findings and report").wait_for()
    expect(page.get_by_text("Taking the study")).to_have_count(0)
    return page


def card(page: Page, name: str):
    return page.locator(SEEN).filter(has=page.get_by_role("button", name=name, exact=True))


def accept_all(page: Page) -> None:
    """Every finding that waits is accepted by keys."""
    for _ in range(page.locator(f"{SEEN}[data-state=open]").count()):
        before = page.locator(f"{SEEN}[data-state=open]").count()
        page.keyboard.press("n")
        while page.locator(f"{SEEN}[data-selected=true][data-state=open]").count() == 0:
            page.keyboard.press("n")
        page.keyboard.press("a")
        expect(page.locator(f"{SEEN}[data-state=open]")).to_have_count(before - 1)


def words(page: Page):
    return page.get_by_label("Impression (draft)")


def saved(page: Page) -> None:
    expect(page.locator("#reader-saved")).to_have_text("Saved")


def test_a_report_goes_from_its_findings_to_a_locked_signature(page, context, site):
    study = site.send(FILM, PatientName="Lang^Ada")
    opened(page, study)
    expect(page.locator(f"{SEEN}[data-state=open]")).to_have_count(8)
    assert violations(page, ".reader-panel") == []
    page.get_by_role("button", name="Accept consolidation").click()
    expect(card(page, "consolidation")).to_have_attribute("data-state", "decided")
    page.get_by_role("button", name="Reject emphysema").click()
    expect(card(page, "emphysema")).to_have_attribute("data-state", "rejected")
    page.get_by_role("button", name="Edit pleural effusion").click()
    page.get_by_label("Side").select_option("right")
    page.get_by_label("Place", exact=True).fill("base")
    assert violations(page) == []
    page.get_by_role("button", name="Save the edit").click()
    expect(card(page, "right pleural effusion")).to_contain_text("edited by rad")
    page.keyboard.press("+")
    page.get_by_role("combobox", name="Finding").press_sequentially("rib fr")
    expect(page.get_by_role("option").first).to_contain_text("rib fracture")
    page.keyboard.press("Enter")
    assert violations(page) == []
    page.get_by_role("button", name="Add the finding").click()
    expect(page.locator(SEEN).filter(has_text="rib fracture")).to_contain_text("added by rad")
    accept_all(page)
    assert violations(page, ".reader-panel") == []
    page.get_by_role("tab", name="Report").click()
    page.get_by_role("button", name="Add the decided findings").click()
    expect(words(page)).to_have_value(re.compile("Right pleural effusion \\(base\\)"))
    assert "mphysema" not in words(page).input_value(), "what was rejected is in no impression"
    saved(page)
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog", name="Sign this report")
    expect(dialog).to_contain_text("emphysema: rejected, goes out as not seen")
    expect(dialog).to_contain_text("Right pleural effusion (base).")
    assert violations(page) == []
    page.get_by_role("button", name="Sign as rad").click()
    expect(page.locator(".reader-signature")).to_contain_text("Signed by rad")
    expect(words(page)).to_have_count(0)
    page.get_by_label("Addendum").fill("Told the ward.")
    page.get_by_role("button", name="Sign the addendum").click()
    expect(page.locator(".reader-addendum")).to_contain_text("Told the ward.")
    assert violations(page, ".reader-panel") == []
    page.get_by_role("tab", name="Audit").click()
    told = page.locator(".reader-audit")
    for act in ("sign", "addendum", "decision reject", "decision edit", "decision add", "draft"):
        expect(told).to_contain_text(act)
    assert violations(page, ".reader-panel") == []
    page.get_by_role("tab", name="Findings").click()
    expect(page.get_by_role("button", name=re.compile("^(Accept|Reject) "))).to_have_count(0)
    kept = api(context, site, "GET", f"/studies/{study}/report")
    assert kept["status"] == "amended"
    there = [one["label"] for one in kept["findings"] if one["finding"]["presence"] == "present"]
    assert any(label.startswith("rib fracture") for label in there)
    assert "emphysema" not in there


def test_an_undecided_finding_blocks_the_signature_and_is_named(page, site):
    study = site.send(FILM)
    opened(page, study, "?tab=report")
    blocked = page.get_by_role("button", name="Decide on consolidation, pneumonia, pleural effusion and 5 more first")
    blocked.click()
    expect(page.get_by_role("button", name="consolidation", exact=True)).to_be_focused()
    accept_all(page)
    page.get_by_role("button", name="Reject pneumonia").click()
    expect(card(page, "pneumonia")).to_have_attribute("data-state", "rejected")
    page.keyboard.press("Control+Enter")
    expect(words(page)).to_be_focused()
    expect(page.get_by_role("button", name="Write an impression first")).to_be_visible()
    assert page.get_by_role("dialog").count() == 0


def test_from_the_list_to_a_signed_report_without_a_mouse(page, context, site):
    study = site.send(FILM, PatientName=f"Keys^{generate_uid()[-8:]}")
    name = api(context, site, "GET", f"/studies/{study}")["patient"]["name"].partition("^")[2]
    page.goto("/")
    page.get_by_role("heading", name="Worklist").wait_for()
    page.keyboard.press("/")
    page.keyboard.type(name)
    expect(page.locator("tbody tr").filter(has_text=f"Keys, {name}")).to_have_count(1)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("tablist", name="Findings and report").wait_for()
    expect(page).to_have_url(re.compile(study))
    page.locator(SEEN).first.wait_for()
    accept_all(page)
    page.keyboard.press("e")
    page.keyboard.press("Tab")
    page.keyboard.type("left")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f"{SEEN}[data-selected=true]")).to_contain_text("edited by rad")
    page.keyboard.press("Control+Enter")
    expect(words(page)).to_be_focused()
    page.keyboard.type("Consolidation with effusion.")
    page.keyboard.press("Control+s")
    saved(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Sign as rad")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".reader-signature")).to_contain_text("Signed by rad")
    assert api(context, site, "GET", f"/studies/{study}/report")["impression"] == "Consolidation with effusion."
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Worklist").wait_for()


def test_unsaved_words_survive_a_reload(page, context, site):
    study = site.send(CLEAR)
    opened(page, study, "?tab=report")
    words(page).press_sequentially("Half a sent")
    page.reload()
    expect(words(page)).to_have_value("Half a sent")
    saved(page)
    assert api(context, site, "GET", f"/studies/{study}/report")["draft"]["text"] == "Half a sent"
    page.reload()
    expect(words(page)).to_have_value("Half a sent")
    assert page.evaluate("Object.keys(sessionStorage).filter(name => name.startsWith('wetread.words'))") == []
    assert "Half" not in page.evaluate("JSON.stringify(localStorage)")


def test_words_survive_a_session_that_ends(browser, site, watch):
    study = site.send(CLEAR)
    context = new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, fresh=True)
    page = context.new_page()
    opened(page, study, "?tab=report")
    words(page).fill("Before the end.")
    saved(page)
    cookies = context.cookies()
    watch.expect(401)
    context.clear_cookies()
    words(page).fill("Before the end. And after.")
    page.wait_for_url(re.compile("/login"))
    context.add_cookies(cookies)
    page.goto(f"/study/{study}?tab=report")
    expect(words(page)).to_have_value("Before the end. And after.")
    saved(page)
    context.close()


def test_words_that_one_person_left_are_not_shown_to_the_next(page, site):
    study = site.send(CLEAR)
    page.goto("/about")
    kept = '{"by": "somebody else", "text": "theirs", "saved": "", "revision": 0}'
    page.evaluate("([name, kept]) => sessionStorage.setItem(name, kept)", [f"wetread.words.{study}", kept])
    opened(page, study, "?tab=report")
    expect(words(page)).to_have_value("")


def test_what_ai_did_not_read_is_no_negative_and_is_reported_by_hand(page, context, site):
    study = site.send(CT, PatientName="Unread^One")
    opened(page, study)
    expect(page.locator(".reader-page")).to_contain_text("AI did not read this study")
    expect(page.locator(".reader-page")).to_contain_text("not a negative read")
    expect(page.locator(".reader-page")).to_contain_text("modality CT is not one of CR, DX")
    assert violations(page, ".reader-panel") == []
    page.keyboard.press("Control+Enter")
    expect(words(page)).to_be_focused()
    page.keyboard.type("Read by hand.")
    saved(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Sign as rad").click()
    expect(page.locator(".reader-signature")).to_contain_text("Signed by rad")
    assert api(context, site, "GET", f"/studies/{study}/report")["impression"] == "Read by hand."


def test_a_signed_report_is_withdrawn_for_a_reason_and_waits_again(page, context, site):
    study = site.send(CLEAR)
    opened(page, study, "?tab=report")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_contain_text("the preliminary one: you wrote none")
    page.keyboard.press("Enter")
    expect(page.locator(".reader-signature")).to_be_visible()
    page.get_by_role("button", name="Withdraw this report").click()
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.get_by_role("dialog")).to_contain_text("Say why it is withdrawn")
    page.get_by_label("Reason").fill("Wrong patient")
    assert violations(page) == []
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.locator(".reader-page")).to_contain_text("Wrong patient")
    words(page).fill("Read anew.")
    saved(page)
    assert api(context, site, "GET", f"/studies/{study}")["open"] is True


def test_reading_first_hides_everything_that_ai_said(page, context, site):
    study = site.send(FILM, PatientName="Blind^One")
    api(context, site, "PUT", "/me/preferences", **{"reader.readFirst": True})
    try:
        opened(page, study)
        show = page.get_by_role("button", name="Show what AI said")
        show.wait_for()
        for tab in ("Findings", "Report"):
            page.get_by_role("tab", name=tab).click()
            told = page.locator("body").aria_snapshot().lower()
            for word in ("consolidation", "effusion", "urgent", "embedded", "pneumonia"):
                assert word not in told, f"{word} is told on {tab}"
        assert violations(page, ".reader-panel") == []
        assert page.locator("[data-by]").count() == 0, "no mark lies over the pictures"
        page.get_by_role("tab", name="Report").click()
        words(page).fill("My own words.")
        saved(page)
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="My impression is written: show what AI said").click()
        expect(page.locator(SEEN)).to_have_count(8)
        page.reload()
        expect(page.locator(SEEN)).to_have_count(8)
        lines = api(context, site, "GET", f"/studies/{study}/audit")["lines"]
        assert "ai_shown" in {one["action"] for one in lines}
    finally:
        api(context, site, "PUT", "/me/preferences", **{"reader.readFirst": False})


def test_a_technologist_sees_it_all_and_changes_nothing(browser, site, watch):
    study = site.send(FILM)
    context = new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, "tech")
    page = opened(context.new_page(), study)
    expect(page.locator(SEEN)).to_have_count(8)
    expect(page.locator(".reader-panel")).to_contain_text("You may look at this study, not report on it.")
    for act in ("Accept", "Edit", "Reject", "Add a finding", "Assign", "Ask AI", "Sign", "Withdraw", "Save"):
        assert page.get_by_role("button", name=re.compile(act)).count() == 0
    assert violations(page, ".reader-panel") == []
    page.get_by_role("tab", name="Report").click()
    expect(words(page)).to_have_attribute("readonly", "")
    assert page.get_by_role("tab", name="Audit").count() == 0
    assert violations(page, ".reader-panel") == []
    context.close()


def test_it_says_why_a_study_stands_here_and_what_asking_again_would_take(page, site):
    study = site.send(FILM)
    opened(page, study)
    page.get_by_role("button", name="Why?").click()
    dialog = page.get_by_role("dialog", name="Why it stands here")
    expect(dialog).to_contain_text("consolidation present (embedded)")
    expect(dialog).to_contain_text("read by embedded")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ask AI again").click()
    expect(page.get_by_role("dialog")).to_contain_text("Predicted: nothing")
    assert violations(page) == []
    before = page.locator(f"{SEEN}").first.get_attribute("data-finding")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(SEEN).first).not_to_have_attribute("data-finding", before, timeout=30_000)


def test_the_next_study_of_the_list_is_one_key_away(page, site):
    first, second = site.send(CLEAR), site.send(CLEAR)
    page.goto("/about")
    page.evaluate("ids => sessionStorage.setItem('wetread.list', JSON.stringify(ids))", [first, second])
    opened(page, first)
    page.keyboard.press("Shift+N")
    expect(page).to_have_url(re.compile(second))


def test_a_box_is_drawn_for_a_finding_that_no_reader_told(page, context, site):
    study = site.send(CLEAR)
    opened(page, study)
    page.get_by_role("button", name="Add a finding").click()
    page.get_by_role("combobox", name="Finding").press_sequentially("pneumothorax")
    page.keyboard.press("Enter")
    page.get_by_label("Place", exact=True).fill("apex")
    page.get_by_role("button", name="Draw a place").click()
    expect(page.locator(".reader-drawing")).to_be_visible()
    picture = page.locator("canvas").first
    picture.wait_for()
    page.get_by_text("Image 1 / 1").first.wait_for()
    place = picture.bounding_box()
    page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + place["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.6, steps=5)
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_contain_text("frame 1: from")
    expect(page.get_by_label("Place", exact=True)).to_have_value("apex")
    page.get_by_role("button", name="Add the finding").click()
    expect(page.locator(SEEN).filter(has_text="pneumothorax")).to_contain_text("marked on 1 place")
    added = api(context, site, "GET", f"/studies/{study}/report")["added"][0]["finding"]["evidence"][0]
    assert added["origin"] == "human"
    assert 0 <= added["box"][0] < added["box"][2] <= 1


@pytest.fixture
def critical(panel) -> str:
    """A study with a critical finding that one reader calls and two do not, in hostile words."""
    return panel.send(PatientName="<script>alert(1)</script>^" + "Long" * 14)


def test_foreign_words_stay_text_and_who_was_told_is_written_down(desk, critical):
    rad = desk("rad")
    page = opened(rad.page, critical)
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)</script>")
    found = card(page, "left pneumothorax")
    expect(found).to_contain_text("Readers disagree.")
    expect(found).to_contain_text("document.title='owned'")  # the reading side has taken the tags out
    expect(found.locator("script, img")).to_have_count(0)
    assert page.title() == "Reading · wetread"
    box = page.locator(".reader-panel").bounding_box()
    assert box["x"] + box["width"] <= 1600, "a long name moves nothing off the page"
    assert violations(page, ".reader-panel") == []
    page.get_by_role("button", name="Accept left pneumothorax").click()
    expect(found).to_have_attribute("data-state", "decided")
    accept_all(page)
    page.get_by_role("tab", name="Report").click()
    page.get_by_role("button", name="Sign… (Ctrl+Enter)").wait_for()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Critical, and nobody is written down as told.")
    page.get_by_role("button", name="Not yet").click()
    page.get_by_role("tab", name="Report").click()
    page.get_by_role("button", name="Write down whom you told").click()
    page.get_by_label("Told to").fill("Dr Ward")
    page.get_by_label("They read it back").check()
    page.get_by_label("left pneumothorax").check()
    page.get_by_label("What was said").fill("Left pneumothorax, drain now.")
    assert violations(page) == []
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator(".reader-told")).to_contain_text("Dr Ward, by phone")
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).not_to_contain_text("nobody is written down")
    page.get_by_role("button", name="Sign as rad").click()
    expect(page.locator(".reader-signature")).to_contain_text("Signed by rad")


def test_a_study_on_which_ai_failed_is_reported_by_hand(desk, panel):
    panel.outside.down.update({"/read", "/v1/chat/completions"})
    try:
        study = panel.site.send(CT, PatientName="Broken^One")
    finally:
        panel.outside.down.clear()
    page = opened(desk("rad").page, study)
    warning = page.locator(".reader-page .reader-warning").first
    expect(warning).to_contain_text("not a negative read")
    expect(page.locator(".reader-readers")).to_contain_text("failed")
    page.keyboard.press("Control+Enter")
    expect(words(page)).to_be_focused()
    page.keyboard.type("Read without AI.")
    saved(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Sign as rad").click()
    expect(page.locator(".reader-signature")).to_contain_text("Signed by rad")


def test_it_fits_a_small_screen(page, site):
    study = site.send(FILM, PatientName="Verylongname" * 5 + "^" + "Given" * 10)
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page, study)
    page.locator(SEEN).first.wait_for()
    for spacing in ("0", "0.06em"):  # the second stands for a wide font
        page.evaluate("spacing => { document.documentElement.style.letterSpacing = spacing }", spacing)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator(".frame-top").bounding_box()["height"] < 60, "the head is one line"


def test_nobody_sees_the_page_without_a_session(browser, site):
    context = new_context(browser, site)
    watch = Watch(site.url)
    context.on("page", watch.on)
    page = context.new_page()
    page.goto(f"/study/{site.sent['film-00012975']}")
    page.wait_for_url(re.compile(r"/login\?next="))
    context.close()
    watch.check()
