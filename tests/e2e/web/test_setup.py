"""The first start of a real service: from the code on its output to example studies on the worklist."""

import json
import re

import pytest
from playwright.sync_api import expect
from reading_room import BUILT, PASSWORD, SETTINGS, Site, Watch, new_context, violations
from service.running import Running

CODE = re.compile(r"setup (http://\S+/setup) with code ([A-Z2-9]{4}-[A-Z2-9]{4})")
DEMO_STUDIES = 6


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A service in which nobody has an account yet."""
    if not BUILT.is_file():
        pytest.skip("the pages are not built: scripts/build-web (needs node)")
    pages = f"[service]\npages = {json.dumps(str(BUILT.parent))}\n"
    settings = SETTINGS.replace("[service.", pages + "[service.", 1)
    running = Running(tmp_path_factory.mktemp("fresh"), "http://127.0.0.1:9", settings=settings)
    try:
        running.__enter__()
        yield Site(running)
    finally:
        running.__exit__()


@pytest.fixture
def page(browser, fresh):
    watch, context = Watch(fresh.url), new_context(browser, fresh)
    watch.expect(403, 409)
    context.on("page", watch.on)
    yield context.new_page()
    context.close()
    watch.check()


def printed(site):
    """Address and code that the service printed last."""
    return CODE.findall(site.running.log)[-1]


def fill_in(page, code, **other):
    given = {"Code": code, "Login": "eve", "Password": PASSWORD, "The password again": PASSWORD, **other}
    for label, text in given.items():
        page.get_by_label(label, exact=True).fill(text)


def finish(page):
    page.get_by_role("button", name="Make the account").click()


def test_the_first_visitor_is_led_to_the_setup_wherever_they_wanted_to_go(page, fresh):
    where, _ = printed(fresh)
    assert where == f"{fresh.url}/setup"
    page.goto("/operations")
    page.wait_for_url("**/setup")
    expect(page.get_by_label("Code")).to_be_focused()
    expect(page.get_by_text("At least 12 characters")).to_be_visible()
    assert violations(page) == []


def test_what_is_wrong_stands_beside_its_field_before_anything_is_sent(page):
    page.goto("/setup")
    fill_in(page, "", Login="eve adams", Password="short", **{"The password again": "long"})
    finish(page)
    for label, words in (
        ("Code", "Copy the code"),
        ("Login", "no spaces"),
        ("Password", "5 of at least 12"),
        ("The password again", "not the same"),
    ):
        expect(page.get_by_label(label, exact=True)).to_have_accessible_description(re.compile(words))
    expect(page.get_by_label("Code")).to_be_focused()
    assert violations(page) == []


def test_a_wrong_code_makes_no_account(page):
    page.goto("/setup")
    fill_in(page, "AAAA-BBBB")
    finish(page)
    expect(page.get_by_label("Code")).to_have_accessible_description(re.compile("not right"))
    expect(page.get_by_label("Code")).to_be_focused()
    assert page.request.get("/api/v1/setup").json()["needed"]
    assert violations(page) == []


def test_with_the_code_the_first_person_is_logged_in_and_the_examples_arrive(page, fresh):
    page.goto("/setup")
    fill_in(page, printed(fresh)[1].lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    assert set(page.request.get("/api/v1/session").json()["roles"]) == {"admin", "operator", "radiologist"}
    rows = fresh.running.wait_for(
        lambda rows: len(rows) == DEMO_STUDIES and {row["status"] for row in rows} == {"reported"}, within_s=90
    )
    assert any(row["priority"] for row in rows)
    expect(page.locator("tbody tr[data-study]").or_(page.locator("tbody tr")).first).to_be_visible()
    assert printed(fresh)[1] not in page.url


def test_afterwards_the_setup_is_shut_for_ever(page, fresh):
    if page.request.get("/api/v1/setup").json()["needed"]:
        body = {"code": printed(fresh)[1], "login": "eve", "password": PASSWORD}
        assert page.request.post("/api/v1/setup", data=body).status == 201
        page.context.clear_cookies()
    page.goto("/setup")
    expect(page.get_by_role("heading", name="The service is set up already")).to_be_visible()
    assert violations(page) == []
    refused = page.request.post(
        "/api/v1/setup", data={"code": printed(fresh)[1], "login": "mallory", "password": PASSWORD}
    )
    assert refused.status == 409
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_label("Login", exact=True)).to_be_focused()
