"""The worklist as a reader works with it: order, clock, keys, lists of any length, live changes, what is asked for."""

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import many
import pytest
from playwright.sync_api import Page, expect
from reading_room import BUILT, Site, api, log_in, new_context, violations

MANY, VERY_MANY = 2_000, 100_000
ROW_PX = 31
DEMO = Path(str(files("wetread"))) / "demo_studies"
FILM, SLICE = DEMO / "film-00003940.dcm", DEMO / "CT_small.dcm"
FLING = """async box => {
  let most = 0;
  for (let turn = 1; turn <= 40; turn++) {
    box.scrollTop = 60000 * turn;
    await new Promise(requestAnimationFrame);
    most = Math.max(most, document.querySelectorAll('tr').length);
  }
  return most;
}"""
"""Fly over the list without a stop; the most rows that the document ever held."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A service of these tests' own: 2,000 made-up studies, one film that AI read, one slice that it can't read."""
    if not BUILT.is_file():
        pytest.skip("the pages are not built: scripts/build-web (needs node)")
    made = Site.start(tmp_path_factory.mktemp("list"))
    try:
        many.fill(made, 0, MANY)
        made.sent["film"] = made.upload(FILM)
        made.sent["slice"] = made.upload(SLICE)
        yield made
    finally:
        made.stop()


@pytest.fixture
def rad2(browser, site):
    """Another radiologist, who works at the same time."""
    made = new_context(browser, site)
    log_in(made, site, "rad2")
    yield made
    made.close()


def test_the_list_stands_in_the_services_order(page, site):
    opened(page)
    told = [row["study_id"] for row in site.get("/worklist?open=true&limit=20")["rows"]]
    assert shown(page)[:20] == told
    assert page.locator("tr[aria-rowindex='2']").get_attribute("data-study") == told[0]
    expect(page.get_by_role("status").filter(has_text="studies")).to_contain_text("2,002 studies")
    assert violations(page) == []


def test_the_title_counts_critical_studies_and_names_nobody(page, site):
    opened(page)
    critical = site.get("/worklist?open=true&priority=P1&limit=1")["total"]
    expect(page).to_have_title(f"({critical} critical) Worklist · wetread")


def test_what_is_due_is_reckoned_by_the_services_clock_and_goes_on_by_itself(page, site):
    due = datetime.now(UTC) + timedelta(minutes=9, seconds=50)
    study = many.arrive(site, 3_000_001, deadline=due, priority="P1", lane=1)
    page.clock.install(time=datetime.now(UTC) - timedelta(hours=5))
    opened(page)
    cell = row_of(page, study).locator("td").nth(1)
    expect(cell).to_have_text("9 min")
    page.route("**/api/**", lambda _: None)  # the service, whose clock does not jump, is not heard any more
    page.clock.fast_forward("03:00")
    expect(cell).to_have_text(re.compile("[67] min"))
    page.clock.fast_forward("09:00")
    expect(cell).to_have_text(re.compile("overdue [0-3] min"))


def test_the_keyboard_does_it_all(page, site):
    opened(page)
    ids = shown(page)
    expect(selected(page)).to_have_attribute("data-study", ids[0])
    press(page, "j", "j", "ArrowDown", "k")
    expect(selected(page)).to_have_attribute("data-study", ids[2])
    expect(selected(page)).to_be_focused()
    for key, urgency in (("2", ["P1"]), ("3", ["P2"]), ("4", ["P3"]), ("1", [])):
        press(page, key)
        page.wait_for_url(lambda url, urgency=urgency: parse_qs(urlsplit(url).query).get("urgency", []) == urgency)
    press(page, "/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    press(page, "j", "Escape", "Escape", "?")
    keys = page.get_by_role("dialog", name="Keys of this page")
    expect(keys.get_by_role("row")).to_have_count(19)
    press(page, "Escape")
    expect(keys).to_have_count(0)
    expect(selected(page)).to_have_attribute("data-study", ids[0])
    press(page, "j", "Enter")
    page.wait_for_url(f"**/study/{ids[1]}")


def test_the_whole_list_comes_back_whole_after_a_narrower_one(page, site):
    opened(page)
    ids = shown(page)
    for key, priority in (("3", "P2"), ("2", "P1")):
        press(page, key)
        told = site.get(f"/worklist?open=true&priority={priority}&limit=100")
        expect(page.get_by_role("status").filter(has_text="studies")).to_contain_text(f"{told['total']:,} studies")
        expect(rows(page).first).to_have_attribute("data-study", told["rows"][0]["study_id"])
    press(page, "1")
    expect(row_of(page, ids[-1])).to_have_count(1)
    assert shown(page) == ids


def test_coming_back_finds_the_list_as_it_was_left(page, site):
    opened(page)
    scroll_to(page, 700 * ROW_PX)
    study = shown(page)[15]
    row_of(page, study).locator("a").click()
    page.wait_for_url(f"**/study/{study}")
    page.go_back()
    expect(selected(page)).to_have_attribute("data-study", study)
    page.wait_for_function("top => document.querySelector('.worklist-box').scrollTop === top", arg=700 * ROW_PX)


def test_two_thousand_rows_stay_few_in_the_document_and_the_last_one_is_right(page, site):
    opened(page)
    for top in (9_000, 58_000, 20_000, 61_500):
        scroll_to(page, top)
        assert page.locator("tr").count() < 100
    assert_the_end_is_right(page, site, total=site.get("/worklist?open=true&limit=1")["total"])


def test_a_newcomer_moves_neither_the_selection_nor_what_is_looked_at(page, site):
    opened(page)
    scroll_to(page, 800 * ROW_PX)
    study = shown(page)[14]
    row_of(page, study).click()
    before = row_of(page, study).bounding_box()["y"]
    index = int(row_of(page, study).get_attribute("aria-rowindex"))
    came = many.arrive(site, 3_000_002, priority="P1", lane=1, patient_name="Storm^Ada", deadline=many.BASE)
    expect(page.get_by_role("alert").filter(has_text="1 new critical study")).to_have_count(1)
    expect(row_of(page, study)).to_have_attribute("aria-rowindex", str(index + 1))
    expect(selected(page)).to_have_attribute("data-study", study)
    assert row_of(page, study).bounding_box()["y"] == before
    assert violations(page) == []
    page.get_by_role("button", name="1 new critical study: show").click()
    expect(selected(page)).to_have_attribute("data-study", came)
    expect(selected(page)).to_contain_text("Storm, Ada")


def test_an_escalated_study_moves_up_and_its_why_says_who_did_it(page, site, rad2):
    opened(page)
    study = shown(page)[20]
    row_of(page, study).click()
    told = api(rad2, site, "PATCH", f"/studies/{study}", override={"priority": "P1", "reason": "called by the ward"})
    assert told["priority"] == "P1"
    expect(row_of(page, study)).to_contain_text("critical")
    expect(page.get_by_role("button", name="new critical")).to_be_visible()
    expect(selected(page)).to_have_attribute("data-study", study)
    press(page, "w")
    why = page.get_by_role("dialog", name="Why it stands here")
    expect(why.get_by_role("listitem").first).to_contain_text("set to P1 by rad2")
    expect(why.get_by_role("row").last).to_contain_text("called by the ward")
    assert violations(page) == []


def test_facets_stand_in_the_address_and_back_undoes_them(page, site):
    opened(page)
    page.get_by_role("button", name="critical", exact=False).first.click()
    page.get_by_label("Modality").select_option("DX")
    page.get_by_role("button", name="Readers disagree").click()
    expect(page).to_have_url(f"{site.url}/?urgency=P1&modality=DX&disagree=yes")
    asked = "/worklist?open=true&priority=P1&modality=DX&disputed=true"
    expect(rows(page)).to_have_count(site.get(asked)["total"])
    page.reload()
    expect(page.get_by_role("button", name="Readers disagree")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(page).to_have_url(f"{site.url}/?urgency=P1&modality=DX")
    page.get_by_role("link", name="Unassigned").click()
    expect(page).to_have_url(f"{site.url}/?list=unassigned&urgency=P1&modality=DX")
    page.get_by_role("combobox", name="AI", exact=True).select_option("failed")
    expect(page.get_by_text("No study passes these filters.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Show all of this list").click()
    expect(rows(page).first).to_be_visible()
    page.get_by_label("Site").fill("TEST")
    page.get_by_label("Site").press("Enter")
    expect(page).to_have_url(f"{site.url}/?list=unassigned&site=TEST")


def test_what_is_searched_for_may_be_a_name_and_never_shows_in_the_address(page, site):
    opened(page)
    press(page, "/")
    page.keyboard.type("000042", delay=5)
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("Patient, 000042")
    assert page.url == f"{site.url}/"
    page.reload()
    expect(rows(page)).to_have_count(1)
    press(page, "/", "Escape")
    expect(rows(page).nth(5)).to_be_visible()


def test_a_saved_view_survives_a_reload_is_renamed_and_removed(page, site):
    opened(page, "/?urgency=P2&modality=CT")
    page.get_by_role("button", name="Views…").click()
    page.get_by_label("Name of this view").fill("Night <CT>")
    page.get_by_role("button", name="Save this view").click()
    expect(page.get_by_label("Name of view Night <CT>")).to_be_visible()
    assert violations(page) == []
    page.goto("/")
    page.get_by_role("link", name="Night <CT>").click()
    expect(page).to_have_url(f"{site.url}/?urgency=P2&modality=CT")
    page.get_by_role("button", name="Views…").click()
    page.get_by_label("Name of view Night <CT>").fill("Night CT")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Night CT", include_hidden=True)).to_have_count(1)
    page.get_by_role("button", name="Remove view Night CT").click()
    expect(page.get_by_role("link", name="Night", include_hidden=True)).to_have_count(0)


def test_columns_are_chosen_and_fold_in_a_narrow_window(page):
    page.set_viewport_size({"width": 1920, "height": 1080})
    opened(page)
    expect(heads(page)).to_have_count(15)
    page.set_viewport_size({"width": 1280, "height": 720})
    expect(page.get_by_role("columnheader", name="Images")).to_have_count(0)
    box = page.locator(".worklist-box")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
    page.get_by_role("button", name="Columns…").click()
    page.get_by_label("Assignee").click()
    expect(page.get_by_role("columnheader", name="Assignee", include_hidden=True)).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_role("columnheader", name="Assignee", include_hidden=True)).to_have_count(1)


def test_m_takes_a_study_and_gives_it_back(page, site):
    opened(page, "/?list=unassigned")
    study = shown(page)[0]
    press(page, "m")
    expect(page.get_by_role("status").filter(has_text="assigned to you")).to_be_visible()
    page.get_by_role("link", name="My").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_have_attribute("data-study", study)
    press(page, "m")
    expect(page.get_by_text("No study is assigned to you.")).to_be_visible()
    assert site.get(f"/studies/{study}")["assignee"] is None


def test_a_change_over_somebody_elses_is_refused_and_nothing_is_written(page, site, watch):
    watch.expect(409)
    opened(page)
    study = shown(page)[12]
    page.route(re.compile(rf"/studies/{study}$"), stale)
    row_of(page, study).click()
    press(page, "a")
    dialog = page.get_by_role("dialog", name="Actions")
    dialog.get_by_label("Urgency").select_option("P1")
    dialog.get_by_label("Reason").fill("too late")
    assert violations(page) == []
    with page.expect_response(re.compile(rf"/studies/{study}$")):
        dialog.get_by_role("button", name="Set urgency").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Somebody changed this study meanwhile")
    assert site.get(f"/studies/{study}")["priority"] != "P1"
    page.unroute_all(behavior="ignoreErrors")


def test_an_override_needs_a_reason_and_moves_the_study(page, site):
    opened(page)
    study = shown(page)[12]
    row_of(page, study).click()
    page.get_by_role("button", name="Actions for").nth(12).click()
    dialog = page.get_by_role("dialog", name="Actions")
    dialog.get_by_label("Urgency").select_option("P1")
    dialog.get_by_role("button", name="Set urgency").click()
    assert site.get(f"/studies/{study}")["priority"] != "P1"
    dialog.get_by_label("Reason").fill("seen on the phone")
    dialog.get_by_role("button", name="Set urgency").click()
    expect(dialog).to_have_count(0)
    expect(row_of(page, study)).to_contain_text("critical")


def test_hostile_text_stays_text_and_the_layout_holds(page, site):
    script = "<script>window.caught = 1</script><img src=x onerror='window.caught = 1'>"
    turned = "\u202egnp.exe\u05d0\u05d1\u05d2 " + "W" * 400
    study = many.arrive(
        site,
        3_000_003,
        priority="P1",
        lane=1,
        deadline=many.BASE - timedelta(hours=2),
        patient_name=f"{script}^{turned}",
        description=turned,
        indication=script,
        top_finding=f"{script} {turned}",
        assignee="W" * 60,
        why=[script, turned],
    )
    opened(page)
    row = row_of(page, study)
    expect(row).to_contain_text("<script>window.caught = 1</script>")
    assert page.evaluate("window.caught") is None
    assert {round(one.bounding_box()["height"]) for one in rows(page).all()[:10]} == {ROW_PX}
    assert page.locator(".worklist-box").evaluate("box => box.scrollWidth <= box.clientWidth")
    assert violations(page) == []
    row.click()
    press(page, "w")
    expect(page.get_by_role("dialog")).to_contain_text("onerror=")
    assert page.evaluate("window.caught") is None


def test_what_ai_did_not_read_never_looks_like_a_negative(page, site):
    failed = many.arrive(
        site, 3_000_004, status="failed", priority="UNREAD", top_finding=None, top_probability=None, agreement=None,
        lane=1, deadline=many.BASE - timedelta(hours=3), problem="the reader broke",
    )  # fmt: skip
    opened(page)
    expect(row_of(page, failed)).to_contain_text("AI failed")
    expect(row_of(page, failed)).to_contain_text("unread")
    press(page, "/")
    page.keyboard.type("CompressedSamples")
    unread = row_of(page, site.sent["slice"])
    expect(unread).to_contain_text("AI did not read this")
    for row in (unread,):
        assert not re.search(r"negative|normal|no finding|nothing found|\d %", row.inner_text())


def test_read_first_hides_what_ai_found(page, context, site):
    opened(page)
    study = shown(page)[10]
    finding = many.WORDS
    expect(row_of(page, study)).to_contain_text(re.compile("|".join(finding)))
    kept = api(context, site, "PUT", "/me/preferences", **{"reader.readFirst": True})
    assert kept["reader.readFirst"]
    try:
        opened(page)
        expect(page.get_by_text("what AI found is hidden")).to_be_visible()
        text = page.locator("tbody").inner_text()
        assert not re.search("|".join((*finding, r"\d %", "disagree")), text)
        press(page, "w")
        why = page.get_by_role("dialog", name="Why it stands here")
        expect(why.get_by_role("listitem")).to_have_count(0)
        why.get_by_role("button", name="Show them all the same").click()
        expect(why.get_by_role("listitem").first).to_be_visible()
    finally:
        api(context, site, "PUT", "/me/preferences", **{"reader.readFirst": False})


def test_files_are_uploaded_and_what_can_not_be_used_is_said_by_its_name(page, tmp_path):
    (tmp_path / "notes & <b>.txt").write_text("no image")
    opened(page)
    page.get_by_role("button", name="Upload…").click()
    dialog = page.get_by_role("dialog", name="Upload images")
    expect(dialog).to_be_visible()
    assert violations(page) == []
    dialog.locator("input[type=file]").set_input_files([DEMO / "film-00005067.dcm", tmp_path / "notes & <b>.txt"])
    expect(dialog.get_by_role("status")).to_contain_text("1 placed, 1 could not be used", timeout=30_000)
    expect(dialog.get_by_role("listitem").filter(has_text="notes & <b>.txt")).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("link", name="Open study 1").click()
    page.wait_for_url("**/study/*")


def test_a_technologist_sees_and_sends_but_changes_nothing(browser, site, watch):
    context = new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, "tech")
    page = context.new_page()
    opened(page)
    expect(page.get_by_role("button", name="Upload…")).to_be_visible()
    press(page, "j", "m", "a")
    dialog = page.get_by_role("dialog", name="Actions")
    expect(dialog.get_by_role("button", name="Why it stands here")).to_be_enabled()
    expect(dialog.get_by_role("button", name="Assign")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Set urgency")).to_have_count(0)
    assert violations(page) == []
    context.close()


def test_an_ended_session_leads_to_the_login_page(browser, site, watch):
    watch.expect(401)
    context = new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, "rad", fresh=True)
    page = context.new_page()
    opened(page)
    context.clear_cookies()
    press(page, "u")
    page.wait_for_url("**/login**")
    context.close()


def test_a_service_that_fails_is_said_and_the_list_stays(page, watch):
    watch.expect(500, 503)
    opened(page)
    page.route("**/api/v1/worklist?**", lambda route: route.fulfill(status=500, json={"title": "broken"}))
    press(page, "u")
    expect(page.get_by_role("alert").filter(has_text="broken")).to_be_visible()
    expect(rows(page).first).to_be_visible()
    assert violations(page) == []
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert").filter(has_text="broken")).to_have_count(0)


def test_the_list_comes_within_its_budget(page):
    """120 KB by gzip for everything that a cold start of the list asks for, the API's answers aside."""
    sizes = {}
    page.on("response", lambda answer: sizes.update({answer.url: answer}))
    opened(page)
    coming = [answer for url, answer in sizes.items() if "/api/" not in url]
    total = sum(answer.request.sizes()["responseBodySize"] for answer in coming)
    assert 20_000 < total <= 120 * 1024, {answer.url: answer.request.sizes() for answer in coming}


def test_a_hundred_thousand_studies_scroll_like_twenty(page, site):
    many.fill(site, MANY, VERY_MANY)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "offset=" in request.url else None)
    opened(page)
    total = site.get("/worklist?open=true&limit=1")["total"]
    assert total >= VERY_MANY
    assert page.locator(".worklist-box").evaluate(FLING) < 100
    scroll_to(page, 1_500_000)
    assert page.locator("tr").count() < 100
    assert len(asked) < 10, asked
    assert_the_end_is_right(page, site, total=total)
    page.get_by_role("link", name="Unassigned").click()
    expect(page.get_by_role("status").filter(has_text="2,000+ studies")).to_be_visible()
    assert page.locator("table").get_attribute("aria-rowcount") == "-1"
    press(page, "End")
    expect(page.get_by_role("status").filter(has_text="2,000+")).to_be_visible()
    expect(page.locator("tr[aria-rowindex='2001'][data-study]")).to_be_visible()
    assert page.locator("tr").count() < 100


def opened(page: Page, address: str = "/") -> None:
    page.goto(address)
    rows(page).first.wait_for()


def rows(page: Page):
    return page.locator("tr[data-study]")


def row_of(page: Page, study: str):
    return page.locator(f"tr[data-study='{study}']")


def heads(page: Page):
    return page.locator(".worklist-table th")


def selected(page: Page):
    return page.locator("tr[aria-selected='true']")


def shown(page: Page) -> list[str]:
    """The studies in the document, in their order."""
    return rows(page).evaluate_all("rows => rows.map(row => row.dataset.study)")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def scroll_to(page: Page, top: int) -> None:
    """Scroll there and wait for the rows."""
    page.locator(".worklist-box").evaluate(f"box => {{ box.scrollTop = {top} }}")
    first = top // ROW_PX + 3
    expect(page.locator(f"tr[aria-rowindex='{first}'][data-study]")).to_have_count(1)


def assert_the_end_is_right(page: Page, site: Site, *, total: int) -> None:
    """The key End shows the last study of the list, and it is the service's last one."""
    press(page, "End")
    last = page.locator(f"tr[aria-rowindex='{total + 1}'][data-study]")
    expect(last).to_be_visible()
    told = site.get(f"/worklist?open=true&limit=1&offset={total - 1}")["rows"][0]
    expect(last).to_have_attribute("data-study", told["study_id"])
    expect(selected(page)).to_have_attribute("data-study", told["study_id"])
    assert page.locator("tr").count() < 100
    assert page.locator("table").get_attribute("aria-rowcount") == str(total + 1)


def stale(route) -> None:
    """A study as it was before somebody changed it."""
    if route.request.method != "GET":
        route.continue_()
        return
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | {"etag": '"0"'})
