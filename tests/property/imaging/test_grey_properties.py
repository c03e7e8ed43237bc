"""What holds for every image, window and size."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wetread.domain.view import ViewPlan, Window
from wetread.imaging import size as sizes
from wetread.imaging import voi
from wetread.imaging.kernel import window_area
from wetread.imaging.render import draw_grey
from wetread.imaging.tiles import tile_boxes
from wetread.imaging.tone import Tone
from wetread.imaging.transform import ModalityTransform
from wetread.testing.references import area_average

FEW = settings(max_examples=40, deadline=None)
centers = st.floats(-3000, 3000)
widths = st.floats(1, 8000)
functions = st.sampled_from(voi.FUNCTIONS)
windows = st.builds(Window, center=centers, width=widths, function=functions)
images = arrays.arrays(np.int16, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(-3000, 4000))
sides = st.integers(1, 5000)
LADDER = np.arange(-4000, 4001, dtype=np.float64)


@FEW
@given(windows)
def test_a_window_is_monotone_and_stays_within_0_and_255(window):
    grey = voi.levels(LADDER, window)
    assert (np.diff(grey) >= 0).all()
    assert 0 <= grey.min() <= grey.max() <= 255


@FEW
@given(centers, st.floats(2, 4000), st.floats(1.01, 8))
def test_a_narrower_window_never_adds_grey_levels(center, width, factor):
    """Of what the wider one shows between black and white, the narrower one shows no more values."""
    wide, narrow = (voi.levels(LADDER, Window(center=center, width=w)) for w in (width * factor, width))
    assert ((narrow > 0) & (narrow < 255)).sum() <= ((wide > 0) & (wide < 255)).sum()


@FEW
@given(windows, st.sampled_from([0.5, 1.0, -1.0, 2.0]), st.integers(-1024, 1024))
def test_inversion_is_the_mirror_image(window, slope, intercept):
    transform = ModalityTransform(slope=slope, intercept=float(intercept), declared=True)
    plain, inverted = (Tone(modality=transform, window=window, inverted=i) for i in (False, True))
    stored = np.arange(-2000, 2001, 7, dtype=np.int16)
    np.testing.assert_allclose(plain.levels(stored, window) + inverted.levels(stored, window), 255)


@FEW
@given(images, windows, st.data())
def test_every_path_is_within_a_level_of_window_then_average(pixels, window, data):
    size = (data.draw(st.integers(1, pixels.shape[1])), data.draw(st.integers(1, pixels.shape[0])))
    tone = Tone(modality=ModalityTransform(slope=0.5, intercept=10.0, declared=True), window=window)
    expected = area_average(tone.levels(pixels, window), size)
    for engine in ("numba", "opencv"):
        assert np.abs(draw_grey(pixels, tone, window, size, engine=engine).astype(float) - expected).max() <= 1


@FEW
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))), st.data())
def test_the_area_average_preserves_the_mean(pixels, data):
    size = (data.draw(st.integers(1, pixels.shape[1])), data.draw(st.integers(1, pixels.shape[0])))
    assert window_area(pixels, 0.0, 1.0, size).mean() == pytest.approx(pixels.mean(), abs=0.51)


@FEW
@given(sides, sides, st.integers(1, 2000) | st.none(), st.integers(1, 10**6) | st.none())
def test_a_fitted_size_keeps_the_limits_and_the_aspect(width, height, edge, pixels):
    fitted = sizes.fit(width, height, ViewPlan(max_edge_px=edge, max_pixels=pixels))
    assert 1 <= fitted[0] <= width
    assert 1 <= fitted[1] <= height
    assert edge is None or max(fitted) <= edge
    assert pixels is None or fitted[0] * fitted[1] <= pixels or 1 in fitted
    scale = max(fitted) / max(width, height)
    assert all(abs(max(1, s * scale) - f) <= 1 for s, f in zip((width, height), fitted, strict=True))


@FEW
@given(sides, sides, st.integers(1, 300), st.integers(1, 300), st.integers(0, 500), st.integers(0, 500))
def test_a_mapping_leads_corners_to_corners_and_back(width, height, w, h, x0, y0):
    way = sizes.mapping((x0, y0, x0 + width, y0 + height), (w, h), at=(5, 7))
    assert way.to_source(5, 7) == pytest.approx((x0, y0), abs=1e-6)
    assert way.to_source(5 + w, 7 + h) == pytest.approx((x0 + width, y0 + height), abs=1e-6)
    assert way.to_view(*way.to_source(11.5, 3.25)) == pytest.approx((11.5, 3.25), abs=1e-6)


@FEW
@given(st.integers(1, 6000), st.integers(1, 6000), st.integers(64, 2048))
def test_tiles_cover_everything_within_the_edge(width, height, edge):
    boxes = tile_boxes(width, height, edge=edge)
    assert all(0 <= b[0] < b[2] <= width and 0 <= b[1] < b[3] <= height for b in boxes)
    assert max(max(b[2] - b[0], b[3] - b[1]) for b in boxes) <= edge
    for axis, length in ((0, width), (1, height)):
        spans = sorted({(b[axis], b[axis + 2]) for b in boxes})
        assert (spans[0][0], spans[-1][1]) == (0, length)
        assert all(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans))
