"""The settings: each role sees its own sections, people and tokens are kept, the audit can be searched."""

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect
from reading_room import PASSWORD, violations

SECTIONS = {
    "account": "My account",
    "service": "Service",
    "readers": "Readers and panels",
    "rules": "Routing rules",
    "prices": "Prices",
    "urgency": "Urgency",
    "egress": "What may leave",
    "windows": "Windows",
    "vocabulary": "Vocabulary",
    "users": "People and roles",
    "tokens": "Tokens",
    "audit": "Audit",
    "reidentify": "Pseudonyms",
}
SITE = ["Service", "Readers and panels", "Routing rules", "Prices", "Urgency", "What may leave"]
SEEN = {
    "rad": ["My account", "Windows", "Vocabulary", "Pseudonyms"],
    "tech": ["My account", "Windows", "Vocabulary"],
    "op": ["My account", *SITE],
    "aud": ["My account", "Audit"],
    "adm": ["My account", *SITE, "People and roles", "Tokens"],
    "chief": list(SECTIONS.values()),
}


def sections(page) -> list[str]:
    return page.get_by_role("navigation", name="Sections of the settings").get_by_role("link").all_inner_texts()


@pytest.fixture
def ada(desk):
    """A technologist's account of this test alone; her login."""
    chief = desk("chief")
    login = f"ada{len(chief.api('GET', '/users')['users'])}"
    chief.api("POST", "/users", login=login, name="Ada", roles=["technologist"], password=PASSWORD)
    return login


@pytest.mark.parametrize("section", list(SECTIONS))
def test_every_section_is_accessible_and_fits_a_small_screen(desk, section):
    page = desk("chief").page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"/settings/{section}")
    page.get_by_role("heading", level=2).wait_for()
    expect(page.get_by_text("Loading…")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


@pytest.mark.parametrize("login", list(SEEN))
def test_each_role_sees_exactly_its_sections(desk, login):
    page = desk(login).page
    page.goto("/settings")
    page.get_by_role("heading", name="My account").wait_for()
    assert sections(page) == SEEN[login]


def test_a_section_that_is_not_ones_own_is_not_shown_by_its_address(desk):
    page = desk("tech").page
    page.goto("/settings/users")
    expect(page.get_by_role("alert")).to_contain_text("your role does not see it")


def test_settings_say_which_key_changes_them_and_hold_no_secret(desk, panel):
    page = desk("op").page
    page.goto("/settings/service")
    row = page.get_by_role("region", name="Table: service.flow", exact=True).get_by_role("row", name="attempts")
    expect(row).to_contain_text("WETREAD_SERVICE__FLOW__ATTEMPTS")
    expect(row).to_contain_text("2")
    page.goto("/settings/readers")
    votes = page.get_by_role("region", name="Table: panels.three.votes").get_by_role("row", name="local")
    expect(votes).to_contain_text("1.5")
    assert "/v1" not in page.locator("main").inner_text(), "of an endpoint's address only the host is told"
    page.goto("/settings/prices")
    page.get_by_label("Search models").fill("qwen2.5-vl")
    expect(page.get_by_role("region", name="Table: prices").get_by_role("row", name="local").first).to_be_visible()


def test_words_are_searched(desk):
    page = desk("rad").page
    page.goto("/settings/vocabulary")
    page.get_by_label("Search findings").fill("tension pneumo")
    expect(page.get_by_role("row", name="wr:tension-pneumothorax")).to_be_visible()
    page.get_by_label("Search findings").fill("no such finding")
    expect(page.get_by_role("status").filter(has_text="0 of")).to_be_visible()
    page.goto("/settings/windows")
    expect(page.get_by_role("row", name="head brain 40 80")).to_be_visible()


def test_a_person_is_added_logs_in_and_gets_another_role(desk, panel):
    chief = desk("chief")
    page, login = chief.page, "grace"
    page.goto("/settings/users")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("Login").fill(login)
    dialog.get_by_label("Password").fill("short")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_text("it needs 12 characters or more")).to_be_visible()
    expect(dialog.get_by_text("at least one role")).to_be_visible()
    assert violations(page) == []
    assert dialog.get_by_label("Login").input_value() == login, "what was typed stays"
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_label("technologist").check()
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("grace may log in now.")).to_be_visible()
    hers = desk(login, fresh=True)
    hers.page.goto("/settings")
    hers.page.get_by_role("heading", name="My account").wait_for()
    assert sections(hers.page) == SEEN["tech"]
    page.get_by_role("button", name="Change grace").click()
    dialog = page.get_by_role("dialog", name="Change grace")
    assert violations(page) == []
    dialog.get_by_label("technologist").uncheck()
    dialog.get_by_label("auditor").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("tr[data-login=grace]")).to_contain_text("auditor")
    again = desk(login, fresh=True)
    again.page.goto("/settings")
    again.page.get_by_role("heading", name="My account").wait_for()
    assert sections(again.page) == SEEN["aud"]


def test_a_refused_person_keeps_what_was_typed(desk, panel, ada):
    chief = desk("chief")
    chief.watch.expect(400, 409)
    page = chief.page
    page.goto("/settings/users")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("Login").fill(ada)
    dialog.get_by_label("Name").fill("Another Ada")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_label("operator").check()
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_contain_text(ada)
    assert dialog.get_by_label("Name").input_value() == "Another Ada"
    assert violations(page) == []


def test_somebody_is_logged_out_everywhere_after_a_question(desk, panel, ada):
    hers = desk(ada, fresh=True)
    hers.watch.expect(401)
    page = desk("chief").page
    page.goto("/settings/users")
    page.get_by_role("button", name=f"Log out {ada}").click()
    dialog = page.get_by_role("dialog", name=f"Log {ada} out everywhere?")
    assert violations(page) == []
    dialog.get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_text(f"1 sessions of {ada} have ended.")).to_be_visible()
    hers.page.goto("/settings")
    hers.page.wait_for_url("**/login**")


def test_a_token_is_shown_once_works_and_ends_when_it_is_revoked(desk, panel):
    chief = desk("chief")
    page = chief.page
    page.goto("/settings/tokens")
    form = page.get_by_role("form", name="Make a token")
    form.get_by_label("For what").fill("the archive")
    form.get_by_label("Good for days").fill("nine")
    expect(form.get_by_role("alert")).to_contain_text("1 to 36500")
    form.get_by_label("Good for days").fill("9")
    form.get_by_role("button", name="Make a token").click()
    dialog = page.get_by_role("dialog", name="The new token")
    token = dialog.get_by_label("Token").input_value()
    assert violations(page) == []
    dialog.get_by_role("button", name="I have kept it").click()
    expect(dialog).to_have_count(0)
    assert token not in page.content(), "it is shown once"

    def me() -> dict:
        request = urllib.request.Request(
            f"{panel.site.url}/api/v1/worklist", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    assert me()["rows"]
    row = page.get_by_role("row", name="the archive")
    row.get_by_role("button", name="Revoke").click()
    assert violations(page) == []
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("revoked")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        me()


def test_the_audit_is_searched_exported_and_its_chain_checked(desk, panel, ada):
    page = desk("aud").page
    page.goto("/settings/audit")
    page.get_by_label("Did what").fill("user_create")
    page.get_by_label("To what").fill(f"user/{ada}")
    page.get_by_role("button", name="Search", exact=True).click()
    table = page.get_by_role("region", name="Table: audit")
    expect(table.get_by_role("row", name=f"user/{ada}")).to_have_count(1)
    expect(table.get_by_role("row")).to_have_count(2)
    assert "action=user_create" in page.url, "the search is an address that can be kept"
    page.get_by_role("button", name="Check the chain").click()
    expect(page.get_by_text("The chain holds")).to_be_visible()
    assert violations(page) == []
    with page.expect_download() as told:
        page.get_by_role("link", name="lines of JSON").click()
    lines = told.value.path().read_text().splitlines()
    assert [json.loads(line)["object"] for line in lines] == [f"user/{ada}"]
    page.get_by_role("button", name="All lines").click()
    page.get_by_role("button", name="Earlier lines").click()
    expect(table.get_by_role("row")).to_have_count(101)
    page.get_by_label("Who").fill("nobody at all")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("No line matches.")).to_be_visible()


def test_a_password_is_changed_and_a_wrong_one_is_told_beside_its_field(desk, panel, ada):
    hers = desk(ada, fresh=True)
    hers.watch.expect(400, 401, 403, 409)
    page = hers.page
    page.goto("/settings/account")
    page.get_by_label("Present password").fill("not my password")
    page.get_by_label("New password", exact=True).fill("another-wide-awake-night")
    page.get_by_label("New password again").fill("another-wide-awake-nigh")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("it is not the same as above")).to_be_visible()
    page.get_by_label("New password again").fill("another-wide-awake-night")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("Present password")).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your other sessions have ended.")).to_be_visible()
    page.get_by_label("Read first").check()
    expect(page.get_by_text("AI waits for you.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Read first")).to_be_checked()


def test_a_pseudonym_is_asked_for_with_a_reason(desk, panel):
    sitting = desk("rad")
    sitting.watch.expect(409)
    page = sitting.page
    page.goto("/settings/reidentify")
    page.get_by_label("Pseudonym").fill("PSEUDO-1")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("a reason is needed")).to_be_visible()
    page.get_by_label("Why you must know").fill("a critical result must reach the ward")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("crosswalk")
    assert page.get_by_label("Pseudonym").input_value() == "PSEUDO-1", "what was typed stays"
    assert violations(page) == []


def test_sections_are_walked_by_keys(desk):
    page = desk("chief").page
    page.goto("/settings")
    page.get_by_role("link", name="My account").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/service")
    expect(page.get_by_role("link", name="Service", exact=True)).to_have_attribute("aria-current", "page")
