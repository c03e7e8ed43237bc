"""What it is for, for whoever asks."""

from playwright.sync_api import expect
from reading_room import new_context, violations


def test_strangers_read_what_it_is_for_and_not_for_and_that_nobody_has_signed(browser, site, watch):
    context = new_context(browser, site)
    context.on("page", watch.on)
    page = context.new_page()
    page.goto("/about")
    expect(page.get_by_role("heading", name="What it is for", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="What it is not for")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Only a human makes a report final")
    expect(page.locator("main")).to_contain_text("not reviewed by a regulatory professional")
    expect(page.get_by_role("row").filter(has_text="Urgency policy")).to_contain_text("nobody yet")
    assert violations(page) == []
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_label("Login", exact=True)).to_be_focused()
    context.close()


def test_the_licences_of_the_parts_are_one_link_away(page):
    page.goto("/about")
    where = page.get_by_role("link", name="Licences of the parts").get_attribute("href")
    told = page.request.get(where)
    assert told.ok
    assert "react" in told.text()


def test_somebody_who_is_logged_in_finds_the_way_back(page):
    page.goto("/about")
    page.get_by_role("heading", name="Keys", exact=True).wait_for()
    expect(page.get_by_text("You are not logged in")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("link", name="Worklist").click()
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def test_it_fits_a_narrow_window(page):
    page.set_viewport_size({"width": 480, "height": 800})
    page.goto("/about")
    page.get_by_role("heading", name="Keys", exact=True).wait_for()
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")
