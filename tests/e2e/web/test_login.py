"""Coming in, being sent away and coming back to where one was."""

import re
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect
from reading_room import PASSWORD, api, log_in, new_context, violations

SIGNED_LIST = re.compile(r"/api/v1/worklist\?.*sort=signed_at")


@pytest.fixture
def stranger(browser, site, watch):
    """A watched page of a browser that nobody has logged in with."""
    context = new_context(browser, site)
    context.on("page", watch.on)
    yield context.new_page()
    context.close()


def fill_in(page, login="rad", password=PASSWORD):
    page.get_by_label("Login", exact=True).fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def test_whoever_is_not_logged_in_comes_in_by_keyboard_alone_and_stands_where_they_wanted(stranger, site):
    where = f"/settings?from={site.sent['CT_small']}"
    stranger.goto(where)
    expect(stranger.get_by_role("heading", name="Log in", level=1)).to_be_visible()
    expect(stranger.get_by_label("Login", exact=True)).to_be_focused()
    assert violations(stranger) == []
    stranger.keyboard.type("rad")
    stranger.keyboard.press("Tab")
    stranger.keyboard.type(PASSWORD)
    stranger.keyboard.press("Enter")
    stranger.wait_for_url(f"**{where}")
    expect(stranger.get_by_role("button", name="Log out")).to_be_visible()


def test_a_wrong_password_is_told_and_the_next_try_begins_at_once(stranger, watch):
    watch.expect(401)
    stranger.goto("/login")
    fill_in(stranger, login="rad2", password="not the password")
    expect(stranger.get_by_role("alert")).to_contain_text("Login or password is wrong")
    expect(stranger.get_by_label("Login", exact=True)).to_have_value("rad2")
    expect(stranger.get_by_label("Password", exact=True)).to_be_focused()
    expect(stranger.get_by_label("Password", exact=True)).to_have_value("")
    assert violations(stranger) == []
    stranger.keyboard.type(PASSWORD)
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_role("heading", name="Worklist")).to_be_visible()


def test_somebody_who_tries_too_often_is_asked_to_wait(stranger, watch):
    watch.expect(401, 429)
    stranger.goto("/login")
    for _ in range(10):
        told = stranger.request.post("/api/v1/login", data={"login": "nobody-here", "password": "x"})
        assert told.status == 401
    stranger.route("**/api/v1/login", without_retry)
    fill_in(stranger, login="nobody-here", password="x")
    expect(stranger.get_by_role("alert")).to_contain_text("Wait a minute")
    assert violations(stranger) == []


def without_retry(route):
    """The client waits as long as it is told to; the test does not."""
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "retry-after"}
    route.fulfill(response=answer, headers={**headers, "retry-after": "3600"} if answer.status == 429 else headers)


@pytest.mark.parametrize("evil", ["//evil.example/", "/\\evil.example/", "https://evil.example/", "/\t/evil.example"])
def test_the_login_never_leads_to_another_site(stranger, site, evil):
    stranger.goto(f"/login?next={quote(evil, safe='')}")
    fill_in(stranger)
    expect(stranger.get_by_role("heading", name="Worklist")).to_be_visible()
    assert urlsplit(stranger.url)[:3] == urlsplit(f"{site.url}/")[:3]


def test_whoever_is_logged_in_already_goes_straight_on(page):
    page.goto(f"/login?next={quote('/about', safe='')}")
    expect(page.get_by_role("heading", name="About wetread")).to_be_visible()


def test_a_session_that_ends_in_the_middle_of_work_comes_back_to_the_same_list(browser, site, watch):
    watch.expect(401)
    context = new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, fresh=True)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()

    def end_first(route):
        api(context, site, "POST", "/logout")
        route.continue_()

    page.route(SIGNED_LIST, end_first, times=1)  # a page that hears of the end before the click is sent to log in
    page.get_by_role("navigation", name="Lists").get_by_role("link", name=re.compile("^Signed")).click()
    expect(page.get_by_role("heading", name="Log in", level=1)).to_be_visible()
    wanted = page.evaluate("new URLSearchParams(location.search).get('next')")
    assert wanted.startswith("/?"), "the list that was asked for, not only the page"
    fill_in(page)
    page.wait_for_url(f"**{wanted}")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    context.close()


def test_logging_out_leaves_nothing_to_go_back_to(browser, site, watch):
    watch.expect(401)
    context = new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, fresh=True)
    page = context.new_page()
    page.goto("/settings")
    page.goto("/")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in", level=1)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Log in", level=1)).to_be_visible()
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage])") == "[{},{}]"
    context.close()


def test_a_service_that_does_not_answer_is_told_with_a_way_on(stranger, watch):
    watch.expect(503)
    trouble = {"title": "Service Unavailable", "status": 503, "detail": "the database does not answer"}
    stranger.route("**/api/v1/login", lambda route: route.fulfill(status=503, json=trouble))
    stranger.goto("/login")
    expect(stranger.get_by_role("alert")).to_contain_text("the database does not answer", timeout=15_000)
    assert violations(stranger) == []
    stranger.unroute("**/api/v1/login")
    stranger.get_by_role("button", name="Try again").click()
    expect(stranger.get_by_label("Login", exact=True)).to_be_visible()
