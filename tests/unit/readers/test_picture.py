"""Pictures are fitted without stretching and boxes find their way back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.errors import ReaderRefused
from wetread.readers import activation, picture
from wetread.testing.views import view_of


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(20, 300), columns=st.integers(20, 300))
def test_padding_keeps_the_aspect_and_centres(rows, columns):
    square, (scale, left, top) = picture.fit(np.full((rows, columns), 200, np.uint8), 128, "pad")
    assert square.shape == (128, 128)
    lit = np.argwhere(square > 0)
    (y0, x0), (y1, x1) = lit.min(0), lit.max(0) + 1
    assert (x0, y0) == (left, top)
    assert abs((x1 - x0) / (y1 - y0) - columns / rows) < 0.1 * columns / rows + 0.05
    assert max(x1 - x0, y1 - y0) == 128
    assert scale == pytest.approx(128 / max(rows, columns))


def test_cropping_cuts_the_middle_out():
    source = np.zeros((100, 300), np.uint8)
    source[:, 100:200] = 255
    square, (scale, left, top) = picture.fit(source, 100, "crop")
    assert square.shape == (100, 100)
    assert square.min() == 255
    assert (scale, left, top) == (1.0, -100, 0)


def test_the_values_of_black_and_white_are_the_card_s():
    fed = picture.batch(np.array([[0, 255]], np.uint8), channels=3, black=-1024, white=1024)
    assert fed.shape == (1, 3, 1, 2)
    assert fed[0, 2].tolist() == [[-1024.0, 1024.0]]


def test_bytes_that_are_no_picture_are_refused():
    view = view_of(np.zeros((4, 4), np.uint8), picture=b"not a picture")
    with pytest.raises(ReaderRefused, match="does not decode"):
        picture.grey(view)


def test_a_hot_spot_becomes_a_box_at_its_place_in_the_source():
    heat = np.zeros((8, 8), np.float32)
    heat[2:4, 4:6] = [[1.0, 0.8], [0.7, 0.6]]
    box = activation.hot_box(heat)
    assert box == (0.5, 0.25, 0.75, 0.5)
    film = view_of(np.zeros((128, 256), np.uint8), scale=4.0)
    _, placed = picture.fit(picture.grey(film), 256, "pad")
    found = activation.evidence(film, box, placed, 256)
    assert found.origin == "cam"
    assert found.box == (0.5, 0.0, 0.75, 0.5)


@pytest.mark.parametrize("heat", [np.zeros((4, 4)), np.full((4, 4), -1.0), np.full((4, 4), np.nan)])
def test_a_map_that_says_nothing_gives_no_box(heat):
    assert activation.hot_box(heat.astype(np.float32)) is None


def test_a_box_in_the_letterbox_alone_is_dropped():
    film = view_of(np.zeros((64, 256), np.uint8))
    _, placed = picture.fit(picture.grey(film), 256, "pad")
    assert activation.evidence(film, (0.0, 0.0, 1.0, 0.2), placed, 256) is None
