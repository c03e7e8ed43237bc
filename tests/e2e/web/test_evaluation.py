"""The page of figures: real evaluations, each figure with its interval and n, errors that open the reader."""

import csv
import json
import random
import re
import subprocess
from importlib.resources import files

import pytest
from playwright.sync_api import expect
from reading_room import Watch, log_in, new_context, violations

import wetread.demo_studies as demo

PARTS = ["Figures", "Errors", "Discordance", "Drift", "Gate", "Queue"]
INTERVAL = re.compile(r"\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\] n \d+")


def evaluate(site, name, cases, *words):
    """`wetread evaluate` into the site's folder; exit code 1 says that some case could not be read."""
    out = site.running.folder / "data/evaluations" / name
    asked = site.running.command("evaluate", str(cases), "--out", str(out), "--draws", "100", *map(str, words))
    done = subprocess.run(asked, env=site.running.environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return out


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def measured(site, tmp_path_factory):
    """Two evaluations: `spring` of two files of probabilities on 80 cases, `house` of the demo films as read."""
    folder = tmp_path_factory.mktemp("cases")
    dice = random.Random(7)
    cases, good, poor = [], [], []
    for n in range(80):
        ill = n % 3 == 0
        label = "Pneumothorax" if ill else "No Finding"
        case = {"file": f"c{n}.png", "patient_id": f"p{n}", "labels": label, "split": "test", "age": 30 + n % 50}
        cases.append(case | {"sex": "MF"[n % 2], "modality": "DX"})
        for rows, spread in ((good, 0.25), (poor, 0.6)):
            score = min(0.999, max(0.001, 0.5 + 0.3 * (1 if ill else -1) + dice.gauss(0, spread)))
            rows.append({"file": case["file"], "prob_Pneumothorax": score})
    words = [
        f"--predictions={name}={write(folder / f'{name}.csv', rows)}" for name, rows in (("good", good), ("poor", poor))
    ]
    spring = evaluate(site, "spring", write(folder / "spring.csv", cases), *words)
    told = json.loads((spring / "metrics.json").read_text())
    area = {"value": 0.97, "low": 0.93, "high": 0.99, "n": 80}
    told["shortcuts"] = [{"looks_at": "the border", "n": 80, "n_pos": 27, "auroc": area, "tells": True}]
    (spring / "metrics.json").write_text(json.dumps(told))
    films = sorted(path for path in files(demo).iterdir() if path.name.startswith("film-"))
    rows = [
        {"file": path.name, "patient_id": path.name, "labels": "Pneumothorax|Fracture|Hernia", "split": "test"}
        for path in films
    ]
    words = [
        "--images",
        films[0].parent,
        "--reader",
        "embedded",
        "--modality",
        "DX",
        "--body-part",
        "CHEST",
        "--stress",
    ]
    evaluate(site, "house", write(folder / "house.csv", rows), *words)
    return site


def test_no_figure_is_shown_before_anything_was_measured(page, site):
    if (site.running.folder / "data/evaluations").exists():
        pytest.skip("something has been measured here already")
    page.goto("/evaluation")
    expect(page.get_by_role("status")).to_contain_text("No figures yet")
    shown = page.locator("main").inner_text()
    assert re.findall(r"\d+(?:\.\d+)? ?%", shown) == []
    page.goto("/evaluation?part=errors")
    expect(page.get_by_role("status")).to_contain_text("No errors yet")
    assert violations(page) == []


def table(page, name):
    return page.get_by_role("region", name=f"Table: {name}", exact=True)


def test_every_figure_of_a_finding_stands_with_its_interval_and_n(page, measured):
    page.goto("/evaluation?part=figures&name=spring&reader=good")
    row = table(page, "findings").get_by_role("row", name="Pneumothorax")
    assert INTERVAL.fullmatch(row.locator("td").nth(2).inner_text())
    told = json.loads((measured.running.folder / "data/evaluations/spring/metrics.json").read_text())
    finding = told["readers"][0]["findings"][0]
    auroc = finding["auroc"]
    wanted = f"{auroc['value']:.3f} [{auroc['low']:.3f}, {auroc['high']:.3f}] n {auroc['n']}"
    expect(row).to_contain_text(wanted)
    point = table(page, "operating points").get_by_role("row", name="Pneumothorax")
    expect(point).to_contain_text(f"n {finding['intervals']['sensitivity']['n']}")
    expect(table(page, "readers compared").get_by_role("row", name="Pneumothorax")).to_contain_text("good \u2212 poor")


def test_a_reader_is_chosen_and_the_address_keeps_it(page, measured):
    page.goto("/evaluation?part=figures&name=spring")
    page.get_by_label("Reader shown").select_option("poor")
    expect(page.get_by_role("heading", name="Reader poor")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Reader poor")).to_be_visible()
    page.get_by_role("link", name="Its errors").click()
    expect(page.get_by_role("combobox", name="Reader", exact=True)).to_have_value("poor")


def test_curves_are_pictures_with_a_name_and_a_table_beside(page, measured):
    page.goto("/evaluation?part=figures&name=spring")
    for title in ("ROC", "Precision and recall", "Reliability", "Risk by coverage"):
        expect(page.get_by_role("img", name=f"{title}: any finding")).to_be_visible()
    page.get_by_role("combobox", name="Finding").select_option("wr:pneumothorax")
    roc = page.get_by_role("img", name="ROC: Pneumothorax")
    expect(roc).to_be_visible()
    figure = page.locator("figure", has=roc)
    assert figure.locator(".chart-legend li").all_inner_texts() == ["good", "poor"]
    figure.get_by_text("The same as a table").click()
    rows = figure.locator("tbody tr")
    expect(rows.first).to_contain_text("0.000")
    assert {row.split()[0] for row in rows.all_inner_texts()} == {"good", "poor"}
    expect(page.get_by_role("img", name="AUROC of any finding by group")).to_be_visible()


def test_a_shortcut_that_tells_the_classes_is_a_warning_above_the_figures(page, measured):
    page.goto("/evaluation?part=figures&name=spring")
    note = page.get_by_role("note", name="Warning")
    expect(note).to_contain_text("from the border")
    expect(table(page, "shortcut controls")).to_contain_text("0.970 [0.930, 0.990]")
    assert note.bounding_box()["y"] < table(page, "findings").bounding_box()["y"]
    page.goto("/evaluation?part=figures&name=house")
    expect(page.get_by_role("heading", name="Reader embedded")).to_be_visible()
    expect(note).to_have_count(0)


def test_too_few_cases_give_no_figure_and_say_so(page, measured):
    page.goto("/evaluation?part=figures&name=house")
    row = table(page, "findings").get_by_role("row", name="Pneumothorax")
    expect(row).to_contain_text("n/a (too few)")
    assert not re.search(r"\d\.\d{3}", row.inner_text())
    expect(page.get_by_text("Too few cases for curves of this finding.")).to_be_visible()


def test_cases_changed_on_purpose_show_what_is_not_known_as_such(page, measured):
    page.goto("/evaluation?part=figures&name=house")
    rows = table(page, "stress").locator("tbody tr")
    expect(rows.filter(has_text="black and white exchanged")).to_contain_text("\u25cb not known")
    expect(rows.first).to_contain_text("too few pairs")
    assert violations(page) == []


@pytest.mark.parametrize("name", ["film-00003940.dcm", "film-00000211.jpg"])
def test_an_error_opens_the_study_in_the_reader(page, measured, name):
    """A DICOM object by its study's UID, a bare picture by the hash of its bytes."""
    page.goto("/evaluation?part=errors&name=house&kind=missed")
    row = table(page, "errors").get_by_role("row", name=name).first
    expect(row).to_contain_text("missed")
    expect(row).to_contain_text("opens in the reader")
    row.get_by_role("link", name=name).click()
    page.wait_for_url(f"**/study/{measured.sent[name.partition('.')[0]]}")
    page.get_by_role("heading", level=1).wait_for()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_errors_are_chosen_by_reader_finding_and_kind(page, measured):
    page.goto("/evaluation?part=errors&name=spring")
    shown = page.get_by_role("status").filter(has_text="of ")
    lines = (measured.running.folder / "data/evaluations/spring/errors.jsonl").read_text().splitlines()
    expect(shown).to_contain_text(f"of {len(lines)}")
    page.get_by_role("combobox", name="Reader", exact=True).select_option("poor")
    page.get_by_role("combobox", name="Error", exact=True).select_option("false")
    wanted = [one for one in map(json.loads, lines) if one["reader"] == "poor" and one["kind"] == "false"]
    expect(shown).to_contain_text(f"of {len(wanted)}")
    expect(table(page, "errors").locator("tbody tr")).to_have_count(min(50, len(wanted)))
    expect(table(page, "errors")).not_to_contain_text("opens in the reader")
    expect(table(page, "errors").get_by_role("link")).to_have_count(0)


def test_a_broken_evaluation_is_listed_with_what_is_wrong_and_opens_nothing(page, measured):
    broken = measured.running.folder / "data/evaluations/broken"
    broken.mkdir(exist_ok=True)
    (broken / "metrics.json").write_text("[]")
    try:
        page.goto("/evaluation?part=figures&name=broken")
        expect(table(page, "evaluations").get_by_role("row", name="broken")).to_contain_text("no wetread.metrics/1")
        expect(page.get_by_role("heading", name="Curves")).to_have_count(0)
    finally:
        (broken / "metrics.json").unlink()
        broken.rmdir()


@pytest.mark.parametrize("part", [one.lower() for one in PARTS])
def test_every_part_is_accessible_and_fits_a_small_screen(page, measured, part):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"/evaluation?part={part}")
    page.get_by_role("heading", level=2).first.wait_for()
    expect(page.get_by_text("Loading…")).to_have_count(0)
    names = page.get_by_role("navigation", name="Parts of the evaluation").get_by_role("link")
    assert names.all_inner_texts() == PARTS
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_with_details_open_it_is_accessible_too(page, measured):
    page.goto("/evaluation?part=figures&name=spring")
    page.get_by_role("img", name="ROC: any finding").wait_for()
    page.evaluate("[...document.querySelectorAll('details')].slice(0, 2).forEach((one) => { one.open = true; })")
    expect(table(page, "ROC: any finding")).to_be_visible()
    assert violations(page) == []


def test_who_may_not_see_figures_is_offered_none(browser, site):
    watch, context = Watch(site.url), new_context(browser, site)
    context.on("page", watch.on)
    log_in(context, site, "tech")
    page = context.new_page()
    page.goto("/evaluation")
    expect(page.get_by_role("alert")).to_contain_text("does not see evaluations")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Evaluation")).to_have_count(0)
    assert violations(page) == []
    context.close()
    watch.check()


def test_the_queue_is_simulated_as_asked(page, measured):
    page.goto("/evaluation?part=queue")
    page.get_by_label("Studies an hour").fill("6")
    page.get_by_label("Sensitivity for critical (%)").fill("90")
    page.get_by_role("button", name="Simulate").click()
    waits = table(page, "waits")
    waits.wait_for(timeout=120_000)
    expect(waits).to_contain_text("missed critical")
    expect(page.get_by_role("img", name="Opened by then")).to_be_visible()
    page.get_by_text("What it was made with").click()
    facts = page.locator(".evaluation-facts")
    expect(facts).to_contain_text("sensitivity")
    expect(facts).to_contain_text("0.900")
    assert violations(page) == []
