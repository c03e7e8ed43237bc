"""A picture's bytes: what was looked at is what leaves, and nothing rides along."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from wetread.errors import EgressDenied
from wetread.privacy.contrast import stretched
from wetread.privacy.masking import masked, widened
from wetread.privacy.picture import JPEG, bare, decoded, with_pixels
from wetread.testing.views import view_of

RANDOM = np.random.default_rng(3)
GREY = RANDOM.integers(0, 255, (40, 60), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 255, (40, 60, 3), dtype=np.uint8)


def jpeg(pixels):
    return view_of(pixels, picture=cv2.imencode(".jpg", pixels)[1].tobytes(), media_type=JPEG)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("view", [view_of(GREY), view_of(COLOUR), jpeg(GREY), jpeg(COLOUR)])
def test_a_picture_of_our_own_passes_byte_by_byte(view):
    pixels = decoded(view)
    assert pixels.shape[:2] == (40, 60)
    assert (decoded(bare(view)) == pixels).all()


def test_our_own_png_is_not_even_touched():
    assert bare(view_of(GREY)).picture == view_of(GREY).picture


@pytest.mark.parametrize("kind", [b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"prIV"])
def test_what_rides_along_in_a_png_stays_here(kind):
    data = view_of(GREY).picture
    laden = data[:33] + chunk(kind, b"Jane Doe") + data[33:] + b"Jane Doe"
    view = bare(view_of(GREY, picture=laden))
    assert view.picture == data


@pytest.mark.parametrize("marker", [0xE0, 0xE1, 0xE2, 0xED, 0xFE])
def test_what_rides_along_in_a_jpeg_stays_here(marker):
    plain = jpeg(COLOUR)
    segment = b"\xff" + bytes([marker]) + struct.pack(">H", 10) + b"Jane Doe"
    laden = plain.picture[:2] + segment + plain.picture[2:] + b"Jane Doe"
    view = bare(view_of(COLOUR, picture=laden, media_type=JPEG))
    assert b"Jane" not in view.picture
    assert (decoded(view) == decoded(plain)).all()


@pytest.mark.parametrize(
    "facts",
    [{"picture": b""}, {"picture": b"GIF89a"}, {"media_type": "image/gif"}, {"width": 61}, {"height": 1}],
)
def test_a_picture_that_can_not_be_looked_at_does_not_leave(facts):
    with pytest.raises(EgressDenied):
        decoded(view_of(GREY, **facts))


@pytest.mark.parametrize("cut", [0, 5, 20, 40, -1, -13])
def test_a_damaged_png_does_not_leave(cut):
    with pytest.raises(EgressDenied):
        bare(view_of(GREY, picture=view_of(GREY).picture[:cut]))


@pytest.mark.parametrize("cut", [0, 1, 2, 9, 100, -2])
def test_a_damaged_jpeg_does_not_leave(cut):
    with pytest.raises(EgressDenied):
        bare(view_of(GREY, picture=jpeg(GREY).picture[:cut], media_type=JPEG))


@pytest.mark.parametrize("view", [view_of(GREY), view_of(COLOUR), jpeg(GREY), jpeg(COLOUR)])
def test_a_changed_picture_keeps_size_and_type_and_gets_a_hash_and_a_step(view):
    done = with_pixels(view, np.zeros_like(decoded(view)), "masked: 1 text boxes")
    assert (done.width, done.height, done.media_type, done.colour) == (60, 40, view.media_type, view.colour)
    assert done.recipe == (*view.recipe, "masked: 1 text boxes")
    assert done.pixel_sha256 != view.pixel_sha256
    assert decoded(done).max() <= 2


def test_nothing_of_a_masked_region_shows_through():
    quad = np.array([[10, 10], [40, 10], [40, 22], [10, 22]], np.float32)
    one, other = GREY.copy(), GREY.copy()
    other[10:22, 10:40] = 255 - other[10:22, 10:40]
    region = widened(quad, share=0.2, least_px=3)
    assert (masked(one, [region]) == masked(other, [region])).all()


def test_outside_a_masked_region_nothing_changes():
    done = masked(GREY, [np.array([[10, 10], [40, 10], [40, 22], [10, 22]], np.float32)])
    done[10:23, 10:41] = GREY[10:23, 10:41]
    assert (done == GREY).all()


def test_a_mask_takes_the_level_of_what_lies_around_it():
    ground = np.tile(np.linspace(40, 200, 200), (100, 1)).astype(np.uint8)
    inked = ground.copy()
    inked[40:60, 60:140] = 255
    done = masked(inked, [np.array([[58, 38], [142, 38], [142, 62], [58, 62]], np.float32)])
    assert np.abs(done.astype(int) - ground).max() < 12


def test_a_picture_that_is_all_mask_is_filled_without_an_error():
    corners = np.array([[-5, -5], [70, -5], [70, 50], [-5, 50]], np.float32)
    assert masked(COLOUR, [corners]).shape == COLOUR.shape


def test_five_grey_levels_become_as_plain_as_print():
    ground = np.tile(np.linspace(40, 200, 200), (100, 1))
    ground[40:42, 50:150] += 5
    seen = stretched(ground.astype(np.uint8), levels=4, blur_px=1.2)
    assert seen[40:42, 60:140].mean() - seen[10:30, 60:140].mean() > 60
