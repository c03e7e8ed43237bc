"""`views`, `readers`, `demo`, `doctor`."""

import json
from importlib.metadata import version

import cv2
import numpy as np
import pytest

from wetread.testing import phantoms


def test_views_are_png_files_with_a_line_each_at_native_size(wetread, demo, tmp_path):
    outcome = wetread("views", demo / "film-00003940.dcm", demo / "CT_small.dcm", "--out", tmp_path)
    assert outcome.code == 0, outcome.err
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert (tmp_path / "views.jsonl").read_text() == outcome.out
    assert {(line["width"], line["height"]) for line in lines} == {(512, 512), (128, 128)}
    for line in lines:
        picture = cv2.imread(str(tmp_path / line["picture"]), cv2.IMREAD_UNCHANGED)
        assert picture.shape[:2] == (line["height"], line["width"])
        assert line["mapping"] == {"scale_x": 1.0, "scale_y": 1.0, "offset_x": 0.0, "offset_y": 0.0}
        assert set(line["window"]) == {"center", "width"}


def test_a_limit_keeps_the_aspect_and_maps_back(wetread, tmp_path):
    phantoms.write(phantoms.radiograph(300, 200), tmp_path / "film.dcm")
    outcome = wetread("views", tmp_path / "film.dcm", "--out", tmp_path / "out", "--max-edge-px", "150")
    (line,) = [json.loads(text) for text in outcome.out.splitlines()]
    assert (line["width"], line["height"]) == (100, 150)
    assert (line["mapping"]["scale_x"], line["mapping"]["scale_y"]) == (2.0, 2.0)


def test_a_file_that_can_not_be_decoded_ends_with_1_and_its_name(wetread, tmp_path):
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    outcome = wetread("views", tmp_path / "broken.dcm", "--out", tmp_path / "out")
    assert outcome.code == 1
    assert "broken.dcm" in outcome.err


def test_the_version_is_the_installed_packages(wetread):
    outcome = wetread("--version")
    assert (outcome.code, outcome.out) == (0, f"wetread {version('wetread')}\n")


def test_readers_lists_the_embedded_one(wetread):
    outcome = wetread("readers")
    assert outcome.code == 0
    assert "embedded" in outcome.out
    assert "ready, offline" in outcome.out


def test_doctor_reads_a_film_and_finds_nothing_broken(wetread):
    outcome = wetread("doctor")
    assert outcome.code == 0, outcome.out
    assert "the shipped film is read" in outcome.out
    assert "BAD" not in outcome.out


@pytest.fixture(scope="module")
def demo_outcome(wetread, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return wetread("demo", "--out", folder), folder


def test_the_demo_shows_a_worklist_and_writes_reports(demo_outcome):
    outcome, folder = demo_outcome
    assert outcome.code == 0, outcome.err
    assert "Worklist" in outcome.out
    assert "not for diagnosis" in outcome.out
    assert len(list(folder.glob("*.html"))) == len(list(folder.glob("*.json"))) == 6


def test_the_demo_s_pages_hold_their_pictures_and_ask_nothing_of_the_network(demo_outcome):
    _, folder = demo_outcome
    for page in folder.glob("*.html"):
        text = page.read_text()
        assert "data:image/png;base64," in text
        assert "http://" not in text.replace("http://www.w3.org/", "")
        assert "https://" not in text
        assert "<script" not in text


def test_monochrome1_is_shown_with_black_air(wetread, demo, tmp_path):
    """The lungs of the MONOCHROME1 film are darker than its mediastinum, as on every film."""
    wetread("views", demo / "film-00003940.dcm", "--out", tmp_path)
    picture = cv2.imread(str(next(tmp_path.glob("*.png"))), cv2.IMREAD_GRAYSCALE)
    lung, middle = picture[150:300, 110:190], picture[150:300, 230:280]
    assert np.mean(lung) + 30 < np.mean(middle)
