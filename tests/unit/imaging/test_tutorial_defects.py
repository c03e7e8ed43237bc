"""The defects of the loaders this room replaces, one test each (design note, section 2)."""

import cv2
import numpy as np
import pytest

from wetread.domain.view import ViewPlan, WindowOrigin
from wetread.imaging import prepare_instance
from wetread.testing import phantoms
from wetread.testing.references import linear_levels


def shown(instance, **plan):
    """The only view and its grey levels, decoded by another library."""
    found = prepare_instance(instance, ViewPlan(**plan))
    assert not found.failures
    view = found.views[0]
    return view, cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_UNCHANGED)


def test_a_window_saturates_and_is_no_mask_that_zeroes_what_lies_above(stored):
    pixels = np.array([[0, 100, 200, 4000]], np.uint16)
    _, grey = shown(stored(phantoms.radiograph(pixels=pixels, WindowCenter=100, WindowWidth=101)))
    assert grey[0, 3] == 255
    assert grey[0, 0] == 0


def test_a_window_in_hu_is_not_laid_on_stored_values(stored):
    _, grey = shown(stored(phantoms.ct_slice(WindowCenter=0, WindowWidth=100)))
    assert {0, 129, 255} == set(np.unique(grey))  # air, water, bone


def test_several_windows_are_no_crash_the_first_is_shown_the_others_offered(stored):
    instance = stored(
        phantoms.ct_slice(
            WindowCenter=[40, -600], WindowWidth=[400, 1500], WindowCenterWidthExplanation=["SOFT", "LUNG"]
        )
    )
    view, _ = shown(instance)
    assert (view.window.center, view.window.explanation) == (40, "SOFT")
    assert [(w.center, w.width, w.explanation) for w in view.other_windows] == [(-600, 1500, "LUNG")]


@pytest.mark.parametrize("headers", [{}, {"PresentationLUTShape": "INVERSE"}])
def test_monochrome1_is_inverted_once(stored, headers):
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    one = stored(phantoms.radiograph(photometric="MONOCHROME1", **window, **headers), "1.dcm")
    two = stored(phantoms.radiograph(**window), "2.dcm")
    np.testing.assert_allclose(shown(one)[1].astype(int), 255 - shown(two)[1].astype(int), atol=1)


def test_no_min_max_stretch_follows_the_window(stored):
    pixels = np.array([[1000, 1100, 1200]], np.uint16)
    _, grey = shown(stored(phantoms.radiograph(pixels=pixels, WindowCenter=2048, WindowWidth=4096)))
    np.testing.assert_array_equal(grey, np.rint(linear_levels(pixels, 2048, 4096)))
    assert grey.max() - grey.min() < 20


@pytest.mark.parametrize("level", [0, 7, 4095])
def test_a_constant_image_divides_by_nothing(stored, level):
    with np.errstate(all="raise"):
        view, grey = shown(stored(phantoms.radiograph(pixels=np.full((9, 7), level, np.uint16))))
    assert np.unique(grey).tolist() == [128]
    assert view.window.origin is WindowOrigin.PERCENTILE


@pytest.mark.parametrize("limit", [None, -1990])
def test_padding_does_not_set_the_range(stored, limit):
    pixels = np.tile(np.arange(0, 1000, 10, dtype=np.int16), (50, 1))
    pixels[:20] = -2000
    padding = phantoms.radiograph(
        pixels=pixels, bits_stored=16, signed=True, PixelPaddingValue=-2000, PixelPaddingRangeLimit=limit
    )
    view, grey = shown(stored(padding))
    assert 0 <= view.window.center - view.window.width / 2 <= 10
    assert grey[30, 99] == 255
    assert "percentile 0.5-99.5 without padding" in " ".join(view.recipe)


@pytest.mark.parametrize(("rows", "columns"), [(300, 100), (100, 300), (1000, 3)])
def test_nothing_is_stretched_to_a_square(stored, rows, columns):
    view, grey = shown(stored(phantoms.radiograph(rows, columns)), max_edge_px=64)
    assert max(view.width, view.height) == 64
    shorter = max(1, 64 * min(rows, columns) / max(rows, columns))
    assert abs(min(view.width, view.height) - shorter) <= 0.5
    assert grey.shape == (view.height, view.width)


def test_jpeg_is_within_a_few_levels_of_the_picture(stored):
    """Quality 85 costs 16 to 29 levels on a radiograph."""
    instance = stored(phantoms.chest_like())
    exact, lossy = shown(instance)[1].astype(int), shown(instance, media_types=("image/jpeg",))[1].astype(int)
    assert np.abs(exact - lossy).max() <= 4


def test_a_picture_called_dcm_is_a_picture_and_dicom_called_png_is_dicom(stored, picture):
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    named = picture(cv2.imencode(".png", grey)[1].tobytes(), "scan.dcm")
    np.testing.assert_array_equal(shown(named)[1], grey)
    assert shown(stored(phantoms.chest_like(), "scan.png"))[0].modality == "DX"


@pytest.mark.parametrize(("dataset", "frames"), [(phantoms.enhanced_ct(3), 3), (phantoms.colour(), 1)])
def test_the_number_of_images_is_that_of_frames_not_of_array_dimensions(stored, dataset, frames):
    found = prepare_instance(stored(dataset), ViewPlan())
    assert [view.origin.frame for view in found.views] == list(range(1, frames + 1))


@pytest.mark.parametrize("limit", [None, 2_000, 100_000_000])
def test_a_file_under_the_byte_limit_is_never_empty(stored, limit):
    view, grey = shown(stored(phantoms.chest_like()), max_bytes=limit)
    assert 0 < len(view.picture) <= (limit or len(view.picture))
    assert grey.shape == (view.height, view.width)
