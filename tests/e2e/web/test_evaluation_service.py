"""What the service learns while it works: AI against reports and who was right, drift, the gate and its line-up."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import expect
from reading_room import Watch, api, log_in, new_context, violations

import wetread.demo_studies as demo
from wetread.evaluate.gate import Check, Outcome, Verdict
from wetread.settings import Settings
from wetread.store.database import Database, store_url
from wetread.store.drift import keep_look, looks_of
from wetread.store.gate import GateRun, keep_run
from wetread.store.records import to_record
from wetread.wiring import lineup

FILM = Path(str(files(demo) / "film-00012975.dcm"))
SLOT = "paid"  # a reader of the site's own that nobody asks here


@pytest.fixture
def store(site):
    opened = Database(store_url(None, site.running.folder / "data"))
    yield opened
    opened.close()


@pytest.fixture
def chief(browser, site):
    """A window of somebody who may change the line-up."""
    watch, context = Watch(site.url), new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, "chief")
    page = context.new_page()
    page.watch = watch
    yield page
    context.close()
    watch.check()


def table(page, name):
    return page.get_by_role("region", name=f"Table: {name}", exact=True)


@pytest.fixture(scope="module")
def disputed(site, browser):
    """A study whose finding of AI a radiologist rejected and signed; the finding's words and the study's id."""
    study = site.send(FILM, PatientName="Two^Views")
    context = new_context(browser, site)
    log_in(context, site, "rad")
    report = api(context, site, "GET", f"/studies/{study}/report")
    present = [one for one in report["findings"] if one["needs_decision"]]
    assert present, "the film was chosen because AI sees something on it"
    for one in present:
        api(context, site, "POST", f"/findings/{one['finding_id']}/decisions", decision="reject")
    api(context, site, "POST", f"/studies/{study}/report/sign", report_id=report["report_id"], text="Nothing of it.")
    context.close()
    return study, [one["label"] for one in present]


def test_a_rejected_finding_of_ai_waits_for_an_adjudicator_and_its_study_opens(page, disputed):
    study, labels = disputed
    page.goto("/evaluation?part=discordance")
    rows = table(page, "adjudications").locator("tbody tr", has=page.locator(f"a[href='/study/{study}']"))
    rows.first.wait_for()
    assert {one.split("\t")[0].strip() for one in rows.all_inner_texts()} & set(labels)
    expect(rows.first).to_contain_text("by you")
    assert violations(page) == []
    rows.first.get_by_role("link", name="open in the reader").click()
    page.wait_for_url(f"**/study/{study}")


def test_an_adjudicator_says_who_was_right_and_why(page, disputed):
    page.goto("/evaluation?part=discordance")
    rows = table(page, "adjudications").locator("tbody tr")
    rows.first.wait_for()
    before = rows.count()
    rows.first.get_by_role("button", name="Settle").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Settle it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose a verdict")
    dialog.get_by_label("AI was right").check()
    dialog.get_by_role("button", name="Settle it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Say why")
    assert violations(page) == []
    dialog.get_by_label("Reason").fill("Seen on the lateral view.")
    dialog.get_by_role("button", name="Settle it").click()
    expect(dialog).to_have_count(0)
    expect(rows).to_have_count(before - 1)
    page.get_by_label("State").select_option("settled")
    settled = table(page, "adjudications")
    expect(settled).to_contain_text("AI was right, by rad (who signed): Seen on the lateral view.")


def test_an_agreement_that_chance_drew_is_asked_about_as_one(page, watch, disputed):
    def as_agreed(route):
        answer = route.fetch()
        told = answer.json()
        told["rows"] = [{**row, "kind": "agreed", "ai": row["human"], "readers": ["panel"]} for row in told["rows"]]
        route.fulfill(response=answer, json=told)

    watch.expect(422)
    page.route("**/api/v1/adjudications?**", as_agreed)
    page.goto("/evaluation?part=discordance")
    rows = table(page, "adjudications").locator("tbody tr")
    expect(rows.first).to_contain_text("absent (agreed)")
    rows.first.get_by_role("button", name="Settle").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("AI and the signed report both say absent. Chance drew this question.")
    assert dialog.get_by_role("radio").count() == 3
    dialog.get_by_label("both are wrong").check()
    dialog.get_by_label("Reason").fill("Seen on the lateral view.")
    assert violations(page) == []
    dialog.get_by_role("button", name="Settle it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("answer one of ai_right")  # in truth it is a difference


def test_ai_is_held_against_signed_reports_with_n_and_never_a_figure_of_too_few(page, disputed):
    page.goto("/evaluation?part=discordance")
    row = table(page, "readers against reports").get_by_role("row", name="panel")
    row.wait_for()
    shares = re.findall(
        r"(n/a \(too few\)|\d+ % \[\d+, \d+\])\s*n\s*(\d+)", " ".join(row.locator("td").all_inner_texts())
    )
    assert shares, row.inner_text()
    assert all((told == "n/a (too few)") is (int(n) < 10) for told, n in shares), shares
    expect(table(page, "weeks").locator("tbody tr")).not_to_have_count(0)
    expect(table(page, "decisions").get_by_role("row", name="all findings")).to_be_visible()
    expect(table(page, "arms")).to_be_visible()
    page.get_by_role("combobox", name="Groups", exact=True).select_option("sex")
    expect(table(page, "groups").locator("tbody tr")).not_to_have_count(0)
    assert violations(page) == []
    page.get_by_label("until before (UTC)").fill("2020-02-01")
    expect(page.get_by_text("Nothing to compare yet")).to_be_visible()


def planted(store, *, outcome=Outcome.PASSED):
    """A run of the gate that was kept: the embedded reader in the place of another one."""
    who = lineup.standing(Settings(), "embedded")
    checks = tuple(
        Check(name=name, outcome=outcome, value=0.012, limit=0.02, says="as planted")
        for name in ("cases", "any finding", "critical cases lost")
    )
    verdict = Verdict(present=SLOT, candidate="embedded", checks=checks, policy_version="test")
    kept = lineup.Kept(verdict=verdict, manifest={"seed": 7}, present_fingerprint="p", mark=who.mark)
    run = GateRun(
        run_id=secrets.token_hex(16),
        at=datetime.now(UTC),
        present=SLOT,
        candidate="embedded",
        fingerprint=who.fingerprint,
        cases_sha256="0" * 64,
        lets_through=verdict.lets_through,
        body=to_record(lineup.Kept, kept),
    )
    with store.write() as connection:
        keep_run(connection, run)
    return run.run_id


def test_a_stopped_candidate_shows_its_checks_and_can_not_be_promoted(chief, store):
    run = planted(store, outcome=Outcome.STOPPED)
    chief.goto("/evaluation?part=gate")
    shown = chief.locator(f"article[aria-labelledby='run-{run}']")
    expect(shown).to_contain_text("▲ stopped")
    expect(shown).to_contain_text("It cannot be promoted: the gate stopped embedded")
    expect(shown.get_by_role("row", name="any finding")).to_contain_text("0.012")
    expect(shown.get_by_role("button", name="Promote")).to_have_count(0)


def test_an_administrator_promotes_by_name_and_reason_and_takes_it_back(chief, store, page):
    run = planted(store)
    page.goto("/evaluation?part=gate")
    expect(page.locator(f"article[aria-labelledby='run-{run}']")).to_contain_text("● let through")
    expect(page.get_by_role("button", name="Promote")).to_have_count(0)  # a radiologist looks on
    chief.goto("/evaluation?part=gate")
    shown = chief.locator(f"article[aria-labelledby='run-{run}']")
    shown.get_by_role("button", name="Promote").click()
    dialog = chief.get_by_role("dialog")
    expect(dialog.get_by_label("Slot")).to_have_value(SLOT)
    dialog.get_by_role("button", name="Promote it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Say why")
    assert violations(chief) == []
    dialog.get_by_label("Slot").fill("nowhere")
    dialog.get_by_label("Reason").fill("better on our films")
    chief.watch.expect(409)
    dialog.get_by_role("button", name="Promote it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("there is no slot nowhere")
    dialog.get_by_label("Slot").fill(SLOT)
    dialog.get_by_role("button", name="Promote it").click()
    expect(dialog).to_have_count(0)
    row = table(chief, "line-up").get_by_role("row", name=SLOT)
    expect(row).to_contain_text("embedded")
    expect(row).to_contain_text("better on our films")
    row.get_by_role("button", name="Roll back").click()
    dialog.get_by_label("Reason").fill("it was not")
    dialog.get_by_role("button", name="Roll it back").click()
    expect(dialog).to_have_count(0)
    expect(table(chief, "changes of the line-up").locator("tbody tr").first).to_contain_text("rolled back")
    assert violations(chief) == []


def test_a_look_that_alarms_says_what_has_moved_and_how_it_went(page, chief, store):
    now = datetime.now(UTC)
    measure = {
        "kind": "metadata",
        "what": "manufacturer (PSI)",
        "limit": 0.25,
        "low": None,
        "n": 60,
        "text": "by headers",
    }
    after = None
    for day, (value, level) in enumerate([(0.05, "quiet"), (0.12, "warn"), (0.61, "alarm")]):
        until = now - timedelta(days=3 - day)
        body = {"studies": 60, "measures": [{**measure, "value": value, "level": level}]}
        since = until - timedelta(days=7)
        assert keep_look(store, "lab-reader", body, since=since, until=until, level=level, after=after, now=until)
        with store.read() as connection:
            after = looks_of(connection, "lab-reader", limit=1)[0].look_id
    page.goto("/evaluation?part=drift")
    shown = page.get_by_role("article", name="lab-reader")
    expect(shown).to_contain_text("▲ alarm")
    expect(shown).to_contain_text("It has no baseline yet")
    expect(shown.get_by_role("row", name="manufacturer")).to_contain_text("0.610")
    shown.get_by_text("How the measures went").click()
    expect(shown.get_by_role("img", name="metadata: manufacturer (PSI)")).to_be_visible()
    expect(page.get_by_role("button", name="New baseline")).to_have_count(0)  # a radiologist looks on
    assert violations(page) == []
    chief.goto("/evaluation?part=drift")
    chief.get_by_role("article", name="lab-reader").get_by_role("button", name="New baseline").click()
    dialog = chief.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("after the new detector")
    chief.watch.expect(400, 404, 409)
    dialog.get_by_role("button", name="Make it the baseline").click()
    expect(dialog.get_by_role("alert")).to_be_visible()  # nobody of that name has read anything
    assert violations(chief) == []
