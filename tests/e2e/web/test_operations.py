"""The operator's page: how things stand, what failed and is tried again, what it cost, messages and orders."""

import socket
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from reading_room import violations

UNKNOWN = "\u2013"
PARTS = ["Now", "Day", "Jobs", "Readers and costs", "Messages", "Orders"]
ORDER = (
    "MSH|^~\\&|RIS|HOSP|WETREAD||20260101120000||ORM^O01|{control}|P|2.5.1\r"
    "PID|||{patient}^^^HOSP||Fire^Test\r"
    "PV1||E\r"
    "ORC|NW|PLACER-{control}|FILLER-{control}||||^^^^^S\r"
    "OBR|1|PLACER-{control}|FILLER-{control}|CXR^Chest film^L|||||||||||||||||||||||||||fall from a ladder\r"
)


def tell(port: int, message: str) -> bytes:
    """Send an HL7 message and wait for its acknowledgement."""
    with socket.create_connection(("127.0.0.1", port), 20) as peer:
        peer.sendall(b"\x0b" + message.encode() + b"\x1c\r")
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            answer += peer.recv(4096)
        return answer


def parts(page) -> list[str]:
    return page.get_by_role("navigation", name="Parts of operations").get_by_role("link").all_inner_texts()


def figure(page, name: str):
    return page.locator(".operations-figures > div", has=page.get_by_text(name, exact=True)).locator("dd")


@pytest.mark.parametrize("part", ["now", "day", "jobs", "readers", "messages", "orders"])
def test_every_part_is_accessible_and_fits_a_small_screen(desk, panel, part):
    page = desk("chief").page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"/operations?part={part}")
    page.get_by_role("heading", level=2).first.wait_for()
    expect(page.get_by_text("Loading…")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_the_figures_of_the_moment_are_those_of_the_service(desk, panel):
    page = desk("op").page
    page.goto("/operations")
    told = panel.site.running  # asked as the operator, not with the service's token
    figure(page, "Studies waiting").wait_for()
    assert told.child.poll() is None
    rows = panel.site.get("/worklist?open=true&limit=1")
    expect(figure(page, "Studies waiting")).to_contain_text(str(rows["total"]))
    expect(page.get_by_role("cell", name="lives")).to_be_visible()
    assert parts(page) == PARTS[:-1], "an operator sees no orders: they name patients"


def test_a_study_that_arrives_shows_without_a_reload(desk, panel):
    page = desk("chief").page
    page.goto("/operations")
    waiting = figure(page, "Studies waiting")
    before = int(waiting.inner_text())
    panel.send()
    expect(waiting).to_have_text(str(before + 1))


def test_a_day_on_which_nothing_came_has_no_rate(desk, panel):
    page = desk("chief").page
    page.goto("/operations?part=day")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    page.get_by_role("heading", name=today).wait_for()
    assert int(figure(page, "Studies arrived").inner_text()) >= 1
    expect(page.get_by_role("button", name="Day after")).to_be_disabled()
    page.get_by_role("button", name="Day before").click()
    expect(figure(page, "Studies arrived")).to_have_text("0")
    expect(figure(page, "AI success rate")).to_have_text(UNKNOWN)
    page.get_by_label("Day (UTC)").fill(today)
    expect(page.get_by_role("button", name="Day after")).to_be_disabled()


def test_costs_stand_against_the_budget_and_can_be_read_as_a_table(desk, panel):
    page = desk("chief").page
    page.goto("/operations?part=readers")
    expect(page.get_by_text("of $5.00")).to_be_visible()
    page.get_by_text("The same as a table").click()
    row = page.get_by_role("region", name="Table: costs by day").get_by_role("row", name="paid")
    expect(row).to_contain_text("$0.0")
    health = page.locator("tr[data-reader=local]")
    expect(health).to_contain_text("qwen2.5-vl")
    asked = page.locator("tr[data-reader=three]")
    expect(asked).to_contain_text(UNKNOWN)


def test_a_failed_delivery_is_asked_about_and_tried_again(desk, panel):
    page = desk("chief").page
    page.goto("/operations?part=jobs")
    expect(page.get_by_text("There is no failed job.")).to_be_visible()
    panel.outside.down.add("/deliver")
    try:
        study = panel.send()
        panel.wait_for(f"/studies/{study}/deliveries", lambda told: told and told[0]["state"] == "failed")
        row = page.locator("tr[data-state=failed]", has=page.locator(f"a[href='/study/{study}']"))
        expect(row).to_contain_text("the counting destination does not answer")
        assert violations(page) == []
        row.get_by_role("button", name="Try again").click()
    finally:
        panel.outside.down.discard("/deliver")
    dialog = page.get_by_role("dialog", name="Try this job again?")
    assert violations(page) == []
    dialog.get_by_role("button", name="Leave it").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Try again").click()
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).to_have_count(0)
    panel.wait_for(f"/studies/{study}/deliveries", lambda told: told[0]["state"] == "delivered")
    expect(row).to_have_count(0)


def test_a_refused_retry_keeps_the_question_open_with_the_services_words(desk, panel):
    panel.outside.down.add("/deliver")
    try:
        study = panel.send()
        panel.wait_for(f"/studies/{study}/deliveries", lambda told: told and told[0]["state"] == "failed")
    finally:
        panel.outside.down.discard("/deliver")
    sitting = desk("chief")
    page = sitting.page
    sitting.watch.expect(409)
    page.goto("/operations?part=jobs")
    row = page.locator("tr[data-state=failed]", has=page.locator(f"a[href='/study/{study}']"))
    row.get_by_role("button", name="Try again").click()
    sitting.api("POST", f"/ops/jobs/{row.get_attribute('data-job')}/retry")
    dialog = page.get_by_role("dialog", name="Try this job again?")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("alert")).to_contain_text("only a failed one can be retried")


def test_who_may_only_look_is_offered_no_retry(desk, panel):
    page = desk("adm").page
    page.goto("/operations?part=jobs&state=done")
    page.locator("tr[data-state=done]").first.wait_for()
    expect(page.get_by_role("columnheader", name="Act")).to_have_count(0)
    expect(page.get_by_role("link", name="st-")).to_have_count(0)


def test_an_order_without_a_study_is_matched_by_hand(desk, panel):
    tell(panel.hl7, ORDER.format(control="C7", patient="P-ORDERED"))
    study = panel.send("film-00012975.dcm", PatientID="P-STUDIED", PatientName="Fire^Test")
    page = desk("chief").page
    page.goto("/operations?part=orders")
    row = page.get_by_role("row", name="P-ORDERED")
    expect(row).to_contain_text("stat")
    row.get_by_role("button", name="Choose the study").click()
    dialog = page.get_by_role("dialog", name="Which study is this order of?")
    search = dialog.get_by_label("Search studies")
    search.fill("P-STUDIED")
    expect(dialog.get_by_role("status")).to_contain_text("1 studies found")
    assert violations(page) == []
    dialog.get_by_role("radio").check()
    dialog.get_by_role("button", name="This is its study").click()
    expect(dialog).to_have_count(0)
    expect(row).to_have_count(0)
    assert panel.site.get(f"/studies/{study}")["order_priority"] == "stat"
    page.get_by_label("State").select_option("matched")
    page.get_by_role("button", name="Part order").click()
    page.get_by_role("button", name="Part them").click()
    expect(page.get_by_text("There is no matched order.")).to_be_visible()


def test_a_message_that_could_not_be_taken_is_tried_again_and_says_what_is_wrong(desk, panel):
    tell(panel.hl7, "MSH|^~\\&|RIS|HOSP|WETREAD||20260101120000||ORM^O01|BAD1|P|2.5.1\rPID|||\rORC|NW\r")
    page = desk("chief").page
    page.goto("/operations?part=messages")
    row = page.get_by_role("row", name="BAD1")
    row.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Still not:")).to_be_visible()
    assert violations(page) == []


def test_the_parts_are_walked_by_keys(desk, panel):
    page = desk("chief").page
    page.goto("/operations")
    now = page.get_by_role("navigation", name="Parts of operations").get_by_role("link", name="Now")
    now.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/operations?part=day")
    expect(page.get_by_role("link", name="Day", exact=True)).to_have_attribute("aria-current", "page")


def test_each_role_sees_its_parts_only(desk, panel):
    page = desk("rad").page
    page.goto("/operations")
    page.get_by_role("heading", name="Orders").wait_for()
    assert parts(page) == ["Orders"]
    page = desk("aud").page
    page.goto("/operations")
    expect(page.get_by_role("alert")).to_contain_text("sees nothing of the operations")
