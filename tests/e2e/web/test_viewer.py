"""The viewer draws what the service draws, says what it shows, and its marks stay where they belong: in both lanes."""

import numpy as np
import pytest
from reading_room import Watch, api, log_in, new_context, violations
from viewer_house import at, canvas, drag, hand, made, matrix, open_study, picture, settled, shown_part, slices

HU = {"RescaleSlope": 1, "RescaleIntercept": -1024}
PLACE = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [0, 0, 0]}


@pytest.fixture(params=["cpu", "gpu"])
def lane(request):
    return request.param


@pytest.fixture
def view(lane, browsers, site):
    """A radiologist's page in a browser of the lane, watched."""
    watch = Watch(site.url)
    context = new_context(browsers[lane], site)
    context.on("page", watch.on)
    log_in(context, site)
    page = context.new_page()
    page.watch = watch
    yield page
    context.close()
    watch.check()


@pytest.fixture(scope="module")
def gradient(site):
    """A CT picture with four bright spots on a gradient; its pixels are twice as high as wide."""
    pixels = np.tile(np.arange(100, dtype=np.int16) * 4 + 800, (60, 1))
    for column, row in SPOTS:
        pixels[row : row + 2, column : column + 2] = 3000
    tags = {**HU, **PLACE, "PixelSpacing": [1.0, 0.5], "WindowCenter": 40, "WindowWidth": 400}
    return site.send(made(pixels, BodyPartExamined="CHEST", **tags))


SPOTS = ((20, 10), (70, 12), (30, 45), (80, 40))


def window(page) -> str:
    return page.get_by_test_id("window").first.inner_text()


def rendered(page, site, study_id: str, frame: int = 1):
    """The service's own picture of the first object of a study."""
    study = site.get(f"/studies/{study_id}")
    series = study["series_list"][0]["series_uid"]
    base = f"/dicom-web/studies/{study['study_uid']}/series/{series}"
    told = page.request.get(f"{base}/metadata").json()[0]
    sop = told["00080018"]["Value"][0]
    answer = page.request.get(f"{base}/instances/{sop}/frames/{frame}/rendered", headers={"accept": "image/png"})
    return picture(answer.body())


def test_the_canvas_shows_what_the_service_draws(view, lane, site):
    for name in ("film-00003940", "CT_small", "MR_small"):
        open_study(view, site.sent[name], lane)
        drawn = rendered(view, site, site.sent[name])
        assert view.locator(".viewer-grid").get_attribute("data-lane") == lane
        assert abs(shown_part(view, *drawn.shape[:2]).mean() - drawn.mean()) < 0.01 * 255


def test_a_bare_picture_is_shown_and_says_who_drew_it(view, lane, site):
    open_study(view, site.sent["film-00000211"], lane)
    assert "drawn by the server" in view.get_by_test_id("corner-slice").inner_text()
    assert "uncalibrated" in view.get_by_test_id("corner-slice").inner_text()
    assert shown_part(view, 512, 512).std() > 10


def test_the_window_is_said_as_the_header_says_it_and_a_drag_changes_text_and_pixels(view, lane, gradient):
    open_study(view, gradient, lane)
    assert window(view) == "W 400 L 40"
    before = canvas(view)
    drag(view, (300, 200), (400, 260))
    assert window(view) not in ("", "W 400 L 40")
    assert np.abs(canvas(view) - before).mean() > 1
    view.keyboard.press("r")
    assert window(view) == "W 400 L 40"
    assert np.abs(canvas(view) - before).mean() < 0.1


def test_presets_are_those_of_the_body_region(view, lane, gradient, site):
    open_study(view, gradient, lane)
    first = next(one for one in site.get("/windows")["presets"] if one["region"] == "chest")
    view.keyboard.press("1")
    assert window(view).startswith(f"W {first['width_hu']:g} L {first['center_hu']:g}")
    assert view.get_by_role("button", name=first["name"]).get_attribute("aria-pressed") == "true"


def test_marks_stay_on_their_pixels_through_zoom_pan_turns_flips_and_resizing(view, lane, gradient):
    open_study(view, gradient, lane)
    for change in ("fit", "]", "f", "]", "]", "pan", "]", "f", "-", "resize"):
        if change == "pan":
            drag(view, (300, 300), (330, 280), button="middle")
        elif change == "resize":
            view.set_viewport_size({"width": 1280, "height": 720})
            settled(view)
        elif change != "fit":
            view.keyboard.press(change)
        assert worst(view) < 1.0, change


def worst(page) -> float:
    """How far, in CSS pixels, the drawn spots lie from where the matrix of the marks says."""
    drawn = canvas(page)[..., 0]
    # beyond white: only the spots are
    far = []
    for column, row in SPOTS:
        x, y = at(page, column + 1, row + 1)
        (x0, y0), (x1, y1) = at(page, column - 2, row - 2), at(page, column + 4, row + 4)
        left, right = sorted((max(0, round(x0)), max(0, round(x1))))
        top, bottom = sorted((max(0, round(y0)), max(0, round(y1))))
        part = drawn[top:bottom, left:right]
        if min(part.shape) < 4 or part.shape != (bottom - top, right - left):
            continue  # out of the canvas
        bright = np.clip(part - np.median(part) - 5, 0, None) if part.max() > np.median(part) + 5 else part * 0
        assert bright.sum() > 0, "the spot is not where it should be"
        rows, columns = np.indices(part.shape)
        far.append(np.hypot((columns + 0.5 + left - x) * bright, (rows + 0.5 + top - y) * bright).size and max(
            abs(((columns + 0.5 + left) * bright).sum() / bright.sum() - x),
            abs(((rows + 0.5 + top) * bright).sum() / bright.sum() - y),
        ))  # fmt: skip
    assert far, "no spot is on the canvas"
    return max(far)


def words(page) -> str:
    return page.locator("[data-length]").text_content()


def test_a_length_is_the_spacings_and_pixels_where_there_is_none(view, lane, gradient, site):
    open_study(view, gradient, lane)
    view.keyboard.press("l")
    drag(view, at(view, 10, 20), at(view, 70, 50))
    told = words(view)
    assert float(told.removesuffix(" mm")) == pytest.approx(np.hypot(60 * 0.5, 30 * 1.0), rel=0.01)
    view.keyboard.press("Delete")
    assert view.locator("[data-length]").count() == 0
    none = site.send(made(np.full((64, 64), 1000, np.int16), PixelSpacing=[0, 0], **HU))
    open_study(view, none, lane)
    assert "uncalibrated" in view.get_by_test_id("corner-slice").inner_text()
    view.keyboard.press("l")
    drag(view, at(view, 10, 20), at(view, 40, 60))
    assert float(words(view).removesuffix(" px")) == pytest.approx(50, rel=0.01)


def test_monochrome1_keeps_its_polarity_through_reset_and_inversion(view, lane, site):
    pixels = np.tile(np.arange(128, dtype=np.uint16) * 8, (128, 1))
    study = site.send(
        made(pixels, PhotometricInterpretation="MONOCHROME1", Modality="CR", WindowCenter=512, WindowWidth=1024)
    )
    open_study(view, study, lane)

    def falls() -> bool:
        part = shown_part(view, 128, 128)[..., 0]
        return bool(part[:, :20].mean() > part[:, -20:].mean())

    assert falls()
    drag(view, (300, 200), (340, 230))
    view.keyboard.press("r")
    assert falls()
    view.keyboard.press("i")
    assert not falls()
    assert "inverted" in window(view)
    view.keyboard.press("r")
    assert falls()


def test_scrolling_shows_every_slice_and_keeps_the_window_that_was_chosen(view, lane, site):
    open_study(view, site.send(*slices(12)), lane)
    view.keyboard.press("1")
    chosen = window(view)
    view.keyboard.press("End")
    view.get_by_text("Image 12 / 12").wait_for()
    assert window(view) == chosen
    x, y = hand(view)
    view.mouse.move(x + 200, y + 200)
    view.mouse.wheel(0, -180)
    view.get_by_text("Image 9 / 12").wait_for()
    view.get_by_test_id("corner-slice").get_by_text("8.0 mm").wait_for()


def test_a_broken_frame_says_so_in_words_and_the_next_one_is_shown(view, lane, site):
    good, bad = slices(2, side=64)
    bad.PixelData = bad.PixelData[:1000]
    view.watch.expect(422, 404)
    open_study(view, site.send(good, bad), lane)
    view.keyboard.press("End")
    view.locator(".viewer-notice[role=alert]").wait_for()
    assert "can't be shown" in view.locator(".viewer-notice").inner_text()
    assert view.locator(".viewer-canvas").first.is_hidden()
    view.keyboard.press("Home")
    view.locator(".viewer-cell[data-state=shown]").wait_for()


FRAMES_SEEN = """count => new Promise(done => {
  const corner = document.querySelector('[data-testid=corner-study]');
  const seen = [];
  new MutationObserver((_, watcher) => {
    const frame = Number(/frame (\\d+) of/.exec(corner.textContent)?.[1]);
    if (frame !== seen.at(-1)) seen.push(frame);
    if (seen.length < count) return;
    watcher.disconnect();
    done(seen);
  }).observe(corner, {subtree: true, childList: true, characterData: true});
})"""  # a frame stands for some hundredths of a second: whoever looks now and then may never see it


def test_frames_of_one_object_are_scrolled_and_played(view, lane, site):
    ramp = np.tile(np.arange(64, dtype=np.uint16), (64, 1))
    frames = np.stack([ramp + np.uint16(100 * number) for number in range(6)])
    study = site.send(made(frames, Modality="XA", WindowCenter=350, WindowWidth=700, FrameTime=40))
    open_study(view, study, lane)
    first = shown_part(view, 64, 64).mean()
    view.keyboard.press(".")
    view.get_by_text("frame 2 of 6").wait_for()
    assert shown_part(view, 64, 64).mean() - first == pytest.approx(100 / 699 * 255, abs=2)
    view.keyboard.press("c")
    seen = view.evaluate(FRAMES_SEEN, 13)
    assert seen == [(seen[0] - 1 + step) % 6 + 1 for step in range(13)]  # each frame in its turn, and round again
    view.keyboard.press(",")
    assert view.get_by_role("button", name="Play").get_attribute("aria-pressed") == "false"


def test_letters_follow_the_patient_when_the_picture_is_turned(view, lane, gradient):
    open_study(view, gradient, lane)

    def letters() -> str:
        return view.get_by_test_id("orientation").inner_text().split().__str__()

    assert letters() == str(["R", "L", "A", "P"])
    view.keyboard.press("f")
    assert letters() == str(["L", "R", "A", "P"])
    view.keyboard.press("]")
    assert letters() == str(["P", "A", "L", "R"])


def test_two_viewports_are_scrolled_together(view, lane, site):
    open_study(view, site.send(*slices(8)), lane)
    view.keyboard.press("g")
    view.locator(".viewer-cell").nth(1).focus()
    view.get_by_role("button", name="8 images").click()
    view.locator(".viewer-cell[data-state=shown]").nth(1).wait_for()
    view.keyboard.press("End")
    view.locator(".viewer-cell").first.get_by_text("Image 8 / 8").wait_for()
    view.keyboard.press("k")
    view.keyboard.press("Home")
    view.locator(".viewer-cell").nth(1).get_by_text("Image 1 / 8").wait_for()
    assert "Image 8 / 8" in view.locator(".viewer-cell").first.inner_text()


def test_a_prior_stands_beside_and_is_never_mistaken_for_the_study(view, lane, site):
    one, other = (
        made(np.full((64, 64), 900 + n, np.int16), StudyDate=date, **HU)
        for n, date in ((0, "20200102"), (1, "20200602"))
    )
    site.send(one, PatientID=f"PRIOR-{lane}", PatientBirthDate="19600102")
    study = site.send(other, PatientID=f"PRIOR-{lane}", PatientBirthDate="19600102")
    open_study(view, study, lane)
    view.locator(".viewer-prior-study summary").click()
    view.get_by_role("button", name="Open beside").click()
    prior = view.locator(".viewer-cell[data-prior=true]")
    prior.get_by_text("PRIOR · 5 months earlier").wait_for()
    assert "5 months earlier" in (prior.get_attribute("aria-label") or "")
    assert view.locator(".viewer-cell").first.get_attribute("data-prior") == "false"


def test_a_human_box_lies_on_its_own_frame_alone(view, lane, site):
    study = site.send(*slices(3))
    open_study(view, study, lane)
    series = site.get(f"/studies/{study}")["series_list"][0]["series_uid"]
    uid = site.get(f"/studies/{study}")["study_uid"]
    sop = view.request.get(f"/dicom-web/studies/{uid}/series/{series}/metadata").json()[1]["00080018"]["Value"][0]
    box = {"sop_instance_uid": sop, "frame": 1, "box": [0.25, 0.25, 0.5, 0.75]}
    api(view.context, site, "POST", f"/studies/{study}/findings", code="wr:pneumothorax", evidence=[box])
    open_study(view, study, lane)
    seen = {}
    for number in (1, 2, 3):
        view.get_by_test_id("corner-study").get_by_text(f"image {number}").wait_for()
        seen[number] = view.locator("[data-mark]").count()
        if seen[number]:
            mark = view.locator("[data-mark]").first
            corner, (x, y), (a, *_), start = mark.bounding_box(), hand(view), matrix(view), at(view, 32, 32)
            assert corner["x"] == pytest.approx(x + start[0], abs=2)  # the line's own half lies outside
            assert corner["y"] == pytest.approx(y + start[1], abs=2)
            assert corner["width"] == pytest.approx(32 * a, abs=3)
        view.keyboard.press("ArrowDown")
    assert sorted(seen.values()) == [0, 0, 1]


def test_the_reader_has_no_violations(view, lane, gradient):
    open_study(view, gradient, lane)
    assert violations(view, ".viewer") == []


def test_three_hundred_slices_show_the_first_long_before_the_last(view, lane, site, tmp_path):
    if lane == "gpu":
        pytest.skip("loading is the same in both lanes")
    study = site.send(*slices(300, side=256), within_s=180)
    open_study(view, study, lane)
    view.wait_for_function("() => performance.getEntriesByName('wetread:all-cached').length > 0", timeout=60_000)
    first, last = view.evaluate(
        "['wetread:first-image', 'wetread:all-cached'].map(name => performance.getEntriesByName(name)[0].startTime)"
    )
    started = view.evaluate(
        "performance.getEntriesByType('resource').find(one => one.name.includes('/frames/')).startTime"
    )
    assert (first - started) < (last - started) / 5
