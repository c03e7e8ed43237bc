"""The comparing page: who said what, where, at what cost, and how it differs from what was signed."""

from pathlib import Path

import pydicom
import pytest
from panel_site import FILMS, HOSTILE
from playwright.sync_api import expect
from pydicom.uid import generate_uid
from reading_room import PASSWORD, violations

PNEUMOTHORAX = "wr:pneumothorax"


def row(page, code: str = PNEUMOTHORAX):
    return page.locator(f"tr[data-code='{code}']")


def cells(page, code: str = PNEUMOTHORAX) -> dict[str, str]:
    """What each column says of a finding."""
    row(page, code).wait_for()
    heads = page.locator(".compare-matrix thead th").all_inner_texts()
    heads = [one.split("\n")[0].split(" ⊘")[0].strip() for one in heads]
    return dict(zip(heads[1:], row(page, code).locator("td").all_inner_texts(), strict=True))


@pytest.fixture(scope="module")
def broken(panel) -> str:
    """A film that one of the three readers failed on."""
    panel.outside.down.add("/read")
    try:
        return panel.send("film-00012975.dcm", PatientName="<script>document.title='owned'</script>")
    finally:
        panel.outside.down.discard("/read")


def test_readers_stand_side_by_side_and_disagreement_stands_out(desk, panel):
    page = desk("rad").page
    page.goto(f"/study/{panel.film}/compare")
    told = cells(page)
    assert "absent" in told["embedded"]
    assert "absent" in told["paid"]
    assert "present" in told["local"]
    assert "stated 80 %" in told["local"], "what a model states is no calibrated probability"
    assert "present: local; absent: embedded, paid" in told["Panel"]
    expect(row(page).get_by_role("rowheader")).to_contain_text("readers disagree")
    assert page.locator("tbody tr[data-code]").first.get_attribute("data-code") == PNEUMOTHORAX
    assert page.title() == "Compare · wetread", "a patient's name is in no title"
    assert violations(page) == []


def test_what_nobody_sees_is_folded_and_counted(desk, panel):
    page = desk("rad").page
    page.goto(f"/study/{panel.film}/compare")
    row(page).wait_for()
    before = page.locator("tr[data-code]").count()
    page.get_by_label("also what nobody sees").check()
    assert page.locator("tr[data-code]").count() > before
    assert "absent" in cells(page, "wr:pneumonia")["local"]


def test_a_reader_that_failed_is_never_shown_as_nothing_found(desk, panel, broken):
    page = desk("rad").page
    page.goto(f"/study/{broken}/compare")
    told = cells(page)
    assert "did not read" in told["paid"]
    assert "absent" not in told["paid"]
    answers = page.locator(".compare-answers tr", has=page.get_by_role("rowheader", name="Answer", exact=True))
    expect(answers).to_contain_text("failed: the paid reader does not answer")
    assert page.title() == "Compare · wetread"
    assert violations(page) == []


def test_what_each_answer_took_is_metered_or_said_to_be_predicted(desk, panel):
    page = desk("rad").page
    page.goto(f"/study/{panel.film}/compare")
    table = page.locator(".compare-answers")
    expect(table).to_contain_text("1,234 metered")
    expect(table).to_contain_text("56 metered")
    expect(table).to_contain_text("predicted")
    expect(table).to_contain_text("qwen2.5-vl")
    latency = table.locator("tr", has=page.get_by_role("rowheader", name="Latency")).locator("td").all_inner_texts()
    assert latency[1] == "\u2013", "a time that nobody took is no 0"
    expect(page.get_by_text("configured votes")).to_be_visible()


def test_boxes_lie_where_the_reader_said_in_its_own_dashes(desk, broken):
    page = desk("rad").page
    page.goto(f"/study/{broken}/compare")
    figure = page.locator("figure[data-reader=local]").first
    image = figure.locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 100", arg=image.element_handle())
    frame, drawn = image.bounding_box(), figure.locator("rect.compare-line").bounding_box()
    assert drawn["x"] == pytest.approx(frame["x"] + 0.6 * frame["width"], abs=1.5)
    assert drawn["y"] == pytest.approx(frame["y"] + 0.1 * frame["height"], abs=1.5)
    assert drawn["width"] == pytest.approx(0.3 * frame["width"], abs=2.5)
    both = page.locator("figure[data-reader='All readers']").first
    dashes = {
        name: both.locator(f"rect[data-reader={name}]").first.get_attribute("stroke-dasharray")
        for name in ("embedded", "local")
    }
    assert dashes["embedded"] != dashes["local"]


def test_a_models_words_stay_text_and_can_be_copied(desk, panel):
    sitting = desk("rad")
    page = sitting.page
    sitting.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=panel.site.url)
    page.goto(f"/study/{panel.film}/compare")
    page.get_by_role("button", name="Words and prompt of local").click()
    dialog = page.get_by_role("dialog", name="Words of local")
    words = dialog.locator("pre").first
    expect(words).to_contain_text("<script>document.title='owned'</script>")
    assert dialog.locator("img, script").count() == 0
    assert page.title() == "Compare · wetread"
    assert violations(page) == []
    dialog.get_by_role("button", name="Copy the answer").click()
    expect(dialog.get_by_text("copied")).to_be_visible()
    assert HOSTILE[:20] in page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Words and prompt of paid").click()
    expect(page.get_by_text("This reader is not asked in words.")).to_be_visible()


def test_the_signed_report_says_how_each_reader_differed(desk, panel):
    sitting, page = desk("rad"), None
    study = panel.send()
    report = sitting.api("GET", f"/studies/{study}/report")
    for one in report["findings"]:
        if one["needs_decision"]:
            sitting.api("POST", f"/findings/{one['finding_id']}/decisions", decision="accept")
    sitting.api("POST", f"/studies/{study}/findings", code="wr:cardiomegaly", presence="present")
    sitting.api("POST", f"/studies/{study}/report/sign", report_id=report["report_id"], text="As seen.")
    page = sitting.page
    page.goto(f"/study/{study}/compare")
    told = cells(page)
    assert "missed" in told["embedded"], told
    assert "missed" in told["paid"]
    assert "Signed report" in told
    assert "present" in told["Panel, before the signature"]
    assert "rad" not in told["Panel, before the signature"].split(), "the human is none of the readers"
    expect(page.get_by_text("Signed by rad")).to_be_visible()
    assert violations(page) == []


def test_reads_of_earlier_images_can_be_looked_at_and_say_that_they_are(desk, panel, tmp_path):
    study = panel.send()
    uid = panel.site.get(f"/studies/{study}")["study_uid"]
    more = pydicom.dcmread(Path(str(FILMS / "film-00012975.dcm")))
    first = panel.site.get(f"/studies/{study}")
    more.StudyInstanceUID, more.PatientID = uid, first["patient"]["patient_id"]
    more.SeriesInstanceUID, more.SOPInstanceUID = generate_uid(), generate_uid()
    more.file_meta.MediaStorageSOPInstanceUID = more.SOPInstanceUID
    more.save_as(tmp_path / "more.dcm")
    panel.site.upload(tmp_path / "more.dcm")
    panel.wait_for(f"/studies/{study}/reads", lambda told: {one["version"] for one in told["reads"]} >= {1, 2})
    page = desk("rad").page
    page.goto(f"/study/{study}/compare")
    row(page).wait_for()
    page.get_by_label("Reads of the study's images, version").select_option("1")
    expect(page.get_by_text("did not see every image")).to_be_visible()
    expect(page.get_by_text("made from other images")).to_be_visible()
    assert violations(page) == []


def test_who_reads_first_sees_no_readers_answer_before_asking_for_it(desk, panel):
    desk("chief").api("POST", "/users", login="first", name="First", roles=["radiologist"], password=PASSWORD)
    sitting = desk("first", fresh=True)
    sitting.api("PUT", "/me/preferences", **{"reader.readFirst": True})
    page = sitting.page
    page.goto(f"/study/{panel.film}/compare")
    show = page.get_by_role("button", name="Show what AI said")
    show.wait_for()
    assert "pneumothorax" not in page.content().lower()
    assert violations(page) == []
    show.click()
    assert "present" in cells(page)["local"]


def test_a_study_is_left_and_found_again_by_keys(desk, panel):
    page = desk("rad").page
    page.goto(f"/study/{panel.film}/compare")
    row(page).wait_for()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of this page")).to_contain_text("back to the study")
    page.keyboard.press("Escape")
    page.get_by_role("region", name="Table: the readers").focus()
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/study/{panel.film}")


def test_who_may_see_no_study_is_told_so(desk, panel):
    page = desk("aud").page
    page.goto(f"/study/{panel.film}/compare")
    expect(page.get_by_role("alert")).to_contain_text("Your role does not see studies.")
    assert violations(page) == []
