"""Secondary capture: the banner is in the pixels, boxes lie where they should, and no letter becomes another."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from object_rules import read
from object_states import STATES, image, in_state, preliminary
from wetread.delivery.objects import labels
from wetread.delivery.objects.sc import make_sc
from wetread.delivery.objects.sc_boxes import boxes
from wetread.delivery.objects.sc_lines import lines
from wetread.delivery.objects.sc_pages import BOX, MOST_TEXT_PAGES, pages
from wetread.delivery.objects.sc_text import Pen, drawable
from wetread.delivery.objects.tracking import tracked
from wetread.delivery.originals import read_originals
from wetread.domain.report import Addendum


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return preliminary(image(tmp_path_factory.mktemp("sc")))


@pytest.fixture(scope="module")
def ocr():
    rapidocr = pytest.importorskip("rapidocr", reason="text in pixels is read by rapidocr: pip install 'wetread[ocr]'")
    engine = rapidocr.RapidOCR(params={"Global.log_level": "error"})

    def words(pixels: np.ndarray) -> str:
        found = engine(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        return " ".join(found.txts or ()).upper().replace(" ", "")

    return words


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("preliminary", ("PRELIMINARY", "NOTVERIFIED", "RESEARCHUSEONLY")),
        ("final", ("FINAL", "SIGNEDBY", "SIGNER", "RESEARCHUSEONLY")),
        ("amended", ("AMENDEDBY", "SIGNEDBY", "RESEARCHUSEONLY")),
        ("rejected", ("WITHDRAWN", "RESEARCHUSEONLY", "WRONGPATIENT")),
        ("unread", ("UNREAD", "NOBODYHASREAD", "RESEARCHUSEONLY")),
    ],
)
def test_the_banner_can_be_read_off_the_pixels_of_every_state(report, ocr, state, said):
    first = pages(in_state(report, state))[0][0]
    seen = ocr(first)
    assert [word for word in said if word not in seen] == []


def test_the_banner_can_be_read_off_every_picture(report, ocr):
    *_, picture = pages(report)[0]
    seen = ocr(picture)
    assert "PRELIMINARY" in seen
    assert "PNEUMOTHORAX" in seen


def test_the_page_is_not_the_source_and_the_source_is_on_the_page(report):
    (_, picture), (view,) = pages(report)
    source = cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture.shape[0] > source.shape[0]
    shown = picture[90:-70, 100:-100, 0].astype(float)
    assert shown.std() > 10


def test_the_box_lies_where_the_finding_was_seen(report):
    (view,) = report.pictures
    (box,) = boxes(view, tracked(report))
    assert box.corners == pytest.approx((0.2 * view.width, 0.3 * view.height, 0.6 * view.width, 0.7 * view.height))
    drawn = pages(report)[0][1]
    ys, xs = np.nonzero((drawn == BOX).all(axis=2))
    side = 512.0  # of the picture on the page: 128 pixels, enlarged four times
    left = (drawn.shape[1] - side) / 2
    assert xs.min() == pytest.approx(left + 0.2 * side, abs=2)
    body = drawn[:, int(left + 0.2 * side) - 1 : int(left + 0.2 * side) + 2]
    assert (body == BOX).all(axis=2).any()
    assert ys.max() - ys.min() > 0.4 * side


@pytest.mark.parametrize("state", ["rejected", "unread"])
def test_a_picture_without_a_read_is_never_shown(report, state):
    made, shown = pages(in_state(report, state))
    assert (len(made), shown) == (1, ())


@pytest.mark.parametrize("state", STATES)
def test_no_page_says_who_the_patient_is_or_what_the_file_is_called(report, state):
    named = replace(report, study=replace(report.study, patient=replace(report.study.patient, name="Doe^Jane")))
    said = " ".join(line.text for line in lines(in_state(named, state), 1, 0))
    patient = report.study.patient
    for secret in ("Doe", "Jane", patient.patient_id, report.study.instances[0].file):
        assert secret
        assert secret not in said


def test_endless_words_end_and_say_how_many_lines_are_left(report):
    words = "\n".join(f"Line {number} of a very long addendum" for number in range(400))
    final = in_state(report, "final")
    added = replace(final, addenda=(Addendum(text=words, by="Dr B", at=final.signature.at),))
    assert len(pages(added)[0]) == MOST_TEXT_PAGES + 1


def test_a_broken_picture_is_left_out_and_the_rest_is_shown(report):
    broken = replace(report.pictures[0], picture=b"\x89PNG no picture")
    made, shown = pages(replace(report, pictures=(broken, *report.pictures)))
    assert (len(made), len(shown)) == (2, 1)
    assert any("1 more pictures" in line.text for line in lines(report, 1, 1))


@pytest.mark.parametrize("text", ["Łódź", "Ä é ñ", "ПНЕВМО", "肺炎 山田太郎", "폐렴", "ナカグロ"])
def test_what_the_font_has_is_drawn_as_it_is(text):
    assert drawable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ปอด", "[U+0E1B][U+0E2D][U+0E14]"),
        ("😀", "[U+1F600]"),
        ("رئة", "[U+0631][U+0626][U+0629]"),
        ("a\x1b[2Jb\r\nc", "a\N{REPLACEMENT CHARACTER}[2Jb c"),
        ("left\u202eright", "left\N{REPLACEMENT CHARACTER}right"),
    ],
)
def test_what_the_font_lacks_is_told_as_its_code(text, shown):
    assert drawable(text) == shown


def test_lines_fit_and_lose_no_letter():
    pen, text = Pen(), "pneumothorax " * 12 + "肺" * 90
    wrapped = list(pen.wrapped(text, 20, 300))
    assert max(pen.width(line, 20) for line in wrapped) <= 300
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")


def test_the_object_tells_of_pages_sources_and_loss(report):
    (made,) = make_sc(report, read_originals(report))
    dataset = read(made)
    assert dataset.NumberOfFrames == 2
    assert list(dataset.PageNumberVector) == [1, 2]
    assert dataset.SourceImageSequence[0].ReferencedSOPInstanceUID == report.study.instances[0].sop_instance_uid
    assert "LossyImageCompression" not in dataset


def test_a_lossy_picture_is_said_to_be_one(report):
    seen = cv2.imdecode(np.frombuffer(report.pictures[0].picture, np.uint8), cv2.IMREAD_COLOR)
    lossy = cv2.imencode(".jpg", seen)[1].tobytes()
    given = replace(report, pictures=(replace(report.pictures[0], picture=lossy, media_type="image/jpeg"),))
    (made,) = make_sc(given, read_originals(given))
    dataset = read(made)
    assert (dataset.LossyImageCompression, dataset.LossyImageCompressionMethod) == ("01", "ISO_10918_1")


def test_a_percentage_needs_a_calibrator_of_its_own(report):
    (present, _) = tracked(report)
    finding = present.joined.finding
    assert labels.percent(finding) == " 83 %"
    assert labels.percent(replace(finding, calibrator_id="mean/pooled/3")) == ""
    assert labels.percent(replace(finding, calibrator_id=None)) == ""
