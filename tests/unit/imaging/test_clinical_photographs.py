"""Fundus and skin photographs: cropped to field and lesion, sRGB, nothing of the file but its pixels."""

import io
from dataclasses import replace

import cv2
import imagecodecs
import numpy as np
import pytest
from PIL import Image

from wetread.domain.view import ViewKind, ViewPlan
from wetread.imaging import prepare_instance
from wetread.testing import phantoms

CLINICAL = ViewPlan(recipe="clinical", max_images=None)
SKIN, LESION = (222, 170, 150), (90, 50, 45)


def saved(pixels, kind="PNG", **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


def rgb_of(view):
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def fundus(width=800, height=600, centre=(420, 310), radius=250):
    y, x = np.mgrid[:height, :width]
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[np.hypot(x - centre[0], y - centre[1]) < radius] = (180, 80, 40)
    cv2.putText(rgb, "DOE JANE", (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    return rgb


def skin(lesion=(300, 220), size=(40, 30), shape=(400, 500)):
    rng = np.random.default_rng(5)
    rgb = np.clip(np.array(SKIN) + rng.normal(0, 4, (*shape, 3)), 0, 255).astype(np.uint8)
    if lesion:
        cv2.ellipse(rgb, lesion, size, 0, 0, 360, LESION, -1)
    return rgb


def photograph(picture, pixels, modality, kind="PNG", **options):
    return replace(picture(saved(pixels, kind, **options)), modality=modality, colour=True)


def test_a_fundus_is_cropped_to_its_field_and_black_outside(picture):
    (view,) = prepare_instance(photograph(picture, fundus(), "OP"), CLINICAL).views
    assert (view.width, view.height) == pytest.approx((500, 500), abs=12)
    x, y = view.mapping.to_source(view.width / 2, view.height / 2)
    assert (x, y) == pytest.approx((420, 310), abs=5)
    rgb = rgb_of(view)
    assert rgb[0, 0].max() == 0
    assert tuple(rgb[view.height // 2, view.width // 2]) == (180, 80, 40)
    assert rgb.max() == 180  # the white letters are gone
    assert "cropped to the field" in view.label


def test_a_field_cut_off_above_and_below_keeps_its_whole_width(picture):
    pixels = fundus(height=460, centre=(400, 230))
    pixels[:60, :330] = 0
    (view,) = prepare_instance(photograph(picture, pixels, "OP"), CLINICAL).views
    assert view.width == pytest.approx(500, abs=12)
    assert view.height >= 455


@pytest.mark.parametrize("pixels", [phantoms.colour_pixels(300, 400), np.full((300, 300, 3), (90, 40, 9), np.uint8)])
def test_a_picture_without_a_round_field_stays_whole(picture, pixels):
    (view,) = prepare_instance(photograph(picture, pixels, "OP"), CLINICAL).views
    assert (view.width, view.height) == pixels.shape[1::-1]
    assert "field: not found, whole picture" in view.recipe


def test_a_grey_fundus_is_cropped_too(stored):
    grey = cv2.cvtColor(fundus(), cv2.COLOR_RGB2GRAY)
    dataset = phantoms.radiograph(pixels=grey, bits_stored=8, Modality="OP", WindowCenter=128, WindowWidth=256)
    (view,) = prepare_instance(stored(dataset), CLINICAL).views
    assert view.width == pytest.approx(500, abs=12)


def test_the_eyes_side_is_said_where_it_is_known(picture):
    instance = replace(photograph(picture, fundus(), "OP"), laterality="L")
    assert "left eye" in prepare_instance(instance, CLINICAL).views[0].label


def test_a_lesion_comes_as_a_crop_beside_the_whole(picture):
    whole, crop = prepare_instance(photograph(picture, skin(), "XC"), CLINICAL).views
    assert (whole.width, whole.height, whole.kind) == (500, 400, ViewKind.IMAGE)
    assert crop.kind is ViewKind.TILE
    x0, y0 = crop.mapping.to_source(0, 0)
    x1, y1 = crop.mapping.to_source(crop.width, crop.height)
    assert x0 <= 260
    assert y0 <= 190
    assert x1 >= 340
    assert y1 >= 250
    assert (x1 - x0) * (y1 - y0) < 0.25 * 500 * 400


@pytest.mark.parametrize("pixels", [skin(None), skin((250, 200), (240, 190))])
def test_no_lesion_is_cropped_where_none_stands_out(picture, pixels):
    assert len(prepare_instance(photograph(picture, pixels, "XC"), CLINICAL).views) == 1


def test_faces_are_said_not_to_have_been_looked_for(picture):
    for modality in ("XC", "DMS", None):
        found = prepare_instance(photograph(picture, skin(), modality), CLINICAL)
        assert [limit.code for limit in found.limitations] == ["faces_not_looked_for"]


def test_a_grey_picture_that_nobody_declared_is_no_photograph(picture):
    instance = replace(picture(saved(np.full((40, 40), 9, np.uint8))), colour=False)
    assert prepare_instance(instance, CLINICAL).limitations == ()


def test_a_colour_picture_that_nobody_declared_has_no_lesion(picture):
    assert len(prepare_instance(photograph(picture, skin(), None), CLINICAL).views) == 1


def test_neither_exif_nor_profile_nor_text_of_the_file_is_carried_over(picture):
    exif = Image.Exif()
    exif[0x010E] = "Jane Doe"
    profile = bytes(imagecodecs.cms_profile("adobergb"))
    instance = photograph(picture, skin(), "XC", "JPEG", exif=exif, icc_profile=profile, comment=b"Jane Doe")
    for view in prepare_instance(instance, CLINICAL).views:
        assert b"Jane" not in view.picture
        assert not Image.open(io.BytesIO(view.picture)).info


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_colours_of_another_profile_become_srgb(picture, kind):
    pixels = np.full((64, 64, 3), (60, 160, 60), np.uint8)
    pixels[0, 0, 0] += 1
    profile = bytes(imagecodecs.cms_profile("adobergb"))
    instance = photograph(
        picture, pixels, "XC", kind, icc_profile=profile, **({"quality": 95} if kind == "JPEG" else {})
    )
    view = prepare_instance(instance, CLINICAL).views[0]
    red, green, blue = (int(v) for v in rgb_of(view)[32, 32])
    assert "colour: embedded profile to sRGB" in view.recipe
    assert red < 35  # Adobe RGB's green is more saturated: sRGB needs less red for it
    assert green == pytest.approx(161, abs=4)
    assert blue < 60


def test_an_unusable_profile_is_passed_over_and_said_to_be(picture):
    instance = photograph(picture, skin(), "XC", icc_profile=b"no profile" * 40)
    assert "colour: profile unusable, taken as sRGB" in prepare_instance(instance, CLINICAL).views[0].recipe


def test_a_big_endian_palette_shows_its_colours(stored):
    dataset = phantoms.palette()
    little = prepare_instance(stored(dataset), ViewPlan()).views[0]
    for colour in ("Red", "Green", "Blue"):
        element = dataset[f"{colour}PaletteColorLookupTableData"]
        element.value = np.frombuffer(element.value, "<u2").astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.2"
    big = prepare_instance(stored(dataset, "big.dcm"), ViewPlan()).views[0]
    np.testing.assert_array_equal(rgb_of(big), rgb_of(little))
