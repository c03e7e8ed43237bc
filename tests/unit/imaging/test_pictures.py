"""Pictures: depth, colour, alpha, orientation, pages, damage. Files are made by other libraries (Pillow)."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from wetread.domain.view import ViewPlan, WindowOrigin
from wetread.errors import FileUnreadable, PixelsUnreadable, TooLarge
from wetread.imaging import prepare_instance
from wetread.imaging.pictures import open_picture
from wetread.testing import phantoms

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
RGB = phantoms.colour_pixels(6, 8)


def saved(pixels, kind, **options):
    out = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(out, kind, **options)
    return out.getvalue()


def frame(instance, index=0):
    return open_picture(instance).frame(index)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_8_bit_is_shown_as_it_is(picture, kind):
    found = prepare_instance(picture(saved(GREY, kind)), ViewPlan()).views[0]
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(found.picture, np.uint8), -1), GREY)
    assert found.window.origin is WindowOrigin.FULL_RANGE
    assert not found.colour
    assert found.spacing_mm is None
    assert "spacing: uncalibrated" in found.recipe


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bit_gets_the_percentile_window(picture, kind):
    pixels = np.linspace(1000, 3000, 5000).astype(np.uint16).reshape(50, 100)
    found = prepare_instance(picture(saved(pixels, kind)), ViewPlan()).views[0]
    grey = cv2.imdecode(np.frombuffer(found.picture, np.uint8), -1)
    assert found.window.origin is WindowOrigin.PERCENTILE
    assert (grey.dtype, grey.min(), grey.max()) == (np.uint8, 0, 255)
    assert any("percentile" in step for step in found.recipe)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_colour_keeps_its_channels_in_order(picture, kind):
    found = frame(picture(saved(RGB, kind)))
    np.testing.assert_array_equal(found.pixels, RGB)
    assert found.tone is None


def test_jpeg_is_read(picture):
    smooth = phantoms.colour_pixels(64, 64)
    found = frame(picture(saved(smooth, "JPEG", quality=95, subsampling=0)))
    assert np.abs(found.pixels.astype(int) - smooth).max() < 10


def test_rgb_that_is_grey_is_no_colour(picture):
    found = prepare_instance(picture(saved(np.dstack([GREY] * 3), "PNG")), ViewPlan()).views[0]
    assert not found.colour


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_exif_orientation_is_obeyed(picture, kind, value):
    pixels = np.zeros((32, 64), np.uint8)
    pixels[:16, :16], pixels[:16, 48:] = 255, 128
    exif = Image.Exif()
    exif[274] = value
    data = saved(pixels, kind, exif=exif)
    expected = np.asarray(__import__("PIL.ImageOps", fromlist=["x"]).exif_transpose(Image.open(io.BytesIO(data))))
    found = frame(picture(data)).pixels
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() < 40


def test_opaque_alpha_is_dropped_and_other_alpha_lies_over_black(picture):
    opaque = frame(picture(saved(np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)]), "PNG")))
    np.testing.assert_array_equal(opaque.pixels, RGB)
    half = np.dstack([RGB, np.full(RGB.shape[:2], 51, np.uint8)])
    found = frame(picture(saved(half, "PNG")))
    np.testing.assert_allclose(found.pixels, RGB / 5, atol=0.51)
    assert "alpha: over black" in found.recipe


def test_a_tiff_has_as_many_images_as_pages(picture):
    pages = [Image.fromarray(GREY + k) for k in range(3)]
    instance = picture(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    found = prepare_instance(instance, ViewPlan()).views
    assert [view.origin.frame for view in found] == [1, 2, 3]
    np.testing.assert_array_equal(frame(instance, 2).pixels, GREY + 2)


def test_what_is_no_picture_is_refused_by_its_bytes(picture):
    with pytest.raises(FileUnreadable, match="no PNG, JPEG or TIFF"):
        open_picture(picture(b"GIF89a plus", "photo.png"))


def test_a_picture_bomb_is_refused_undecoded(picture):
    data = bytearray(saved(GREY, "PNG"))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    with pytest.raises(TooLarge, match="100000 x 100000"):
        open_picture(picture(bytes(data)))


def test_a_damaged_picture_is_an_error_with_its_name(picture):
    with pytest.raises(PixelsUnreadable, match="holiday"):
        frame(picture(saved(RGB, "PNG")[:40], "holiday"))
