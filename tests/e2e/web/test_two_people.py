"""Two people on one study: who holds it, whose words count, and that nobody's words are lost."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from reading_room import api, log_in, new_context, violations

CLEAR = Path(str(files("wetread.demo_studies") / "film-00003940.dcm"))


def words(page: Page):
    return page.get_by_label("Impression (draft)")


def opened(page: Page, study: str) -> Page:
    page.goto(f"/study/{study}?tab=report")
    words(page).wait_for()
    return page


def held(page: Page) -> None:
    """The study is this person's: the words can be written."""
    expect(words(page)).not_to_have_attribute("readonly", "")


def saved(page: Page) -> None:
    expect(page.locator("#reader-saved")).to_have_text("Saved")


@pytest.fixture
def other(browser, site, watch):
    """The second radiologist's window."""
    made = new_context(browser, site)
    made.on("page", watch.on)
    log_in(made, site, "rad2")
    yield made
    made.close()


def test_what_one_person_holds_another_reads_and_takes_over_once_it_is_given_back(page, other, site):
    study = site.send(CLEAR)
    opened(page, study)
    held(page)
    second = opened(other.new_page(), study)
    strip = second.locator(".reader-strip")
    expect(strip).to_contain_text("rad works on this study until")
    expect(words(second)).to_have_attribute("readonly", "")
    assert second.get_by_role("button", name=re.compile("^(Sign|Save|Decide)")).count() == 0
    assert violations(second, ".reader-panel") == []
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.url.endswith("/lock")):
        page.get_by_role("link", name="Worklist").click()
    second.get_by_role("button", name="Take over").click()
    held(second)
    words(second).fill("Mine now.")
    saved(second)


def test_two_windows_that_wrote_over_each_other_offer_both_texts(page, context, site, watch):
    study = site.send(CLEAR)
    watch.expect(409)
    opened(page, study)
    held(page)
    api_draft = api(context, site, "GET", f"/studies/{study}/report")["draft"]
    assert api_draft["revision"] == 0
    second = opened(context.new_page(), study)
    held(second)
    words(second).fill("Theirs.")
    saved(second)
    words(page).fill("Mine.")
    dialog = page.get_by_role("dialog", name="The draft was changed meanwhile")
    expect(dialog).to_contain_text("Theirs.")
    expect(dialog).to_contain_text("Mine.")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(words(page)).to_have_value("Mine.")
    expect(page.locator("#reader-saved")).to_contain_text("Not saved: rad changed the draft meanwhile")
    page.get_by_role("button", name="Compare both texts").click()
    page.get_by_label("Both, joined").fill("Theirs. And mine.")
    page.get_by_role("button", name="Save the joined text").click()
    saved(page)
    assert api(context, site, "GET", f"/studies/{study}/report")["draft"]["text"] == "Theirs. And mine."


def test_words_not_saved_before_somebody_signed_are_offered_as_an_addendum(page, context, site):
    study = site.send(CLEAR)
    opened(page, study)
    held(page)
    report = api(context, site, "GET", f"/studies/{study}/report")["report_id"]
    page.goto("/about")  # a page of the reader that hears of the signature tidies up what it did not write itself
    page.evaluate(
        "([id, me]) => sessionStorage.setItem(`wetread.words.${id}`,"
        " JSON.stringify({by: me, text: 'Too late.', saved: '', revision: 0}))",
        [study, "rad"],
    )
    api(context, site, "POST", f"/studies/{study}/report/sign", report_id=report, text="Signed elsewhere.")
    page.goto(f"/study/{study}?tab=report")
    expect(page.locator(".reader-signature")).to_contain_text("Signed by rad")
    expect(page.get_by_label("Addendum")).to_have_value("Too late.")
    expect(page.locator(".reader-final")).to_have_text("Signed elsewhere.")
