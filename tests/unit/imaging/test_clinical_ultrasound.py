"""Ultrasound: colour kept, banner dropped, runs in spaced frames."""

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset

from wetread.domain.view import ViewPlan
from wetread.imaging import prepare_instance
from wetread.testing import phantoms

CLINICAL = ViewPlan(recipe="clinical", max_images=None)
FAN = (160, 90, 480, 430)  # x0, y0, x1, y1


def scan(frames=1):
    """A fan of speckle with a coloured box in it, under a banner with letters; a scale at the right."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:480, :640]
    fan = (np.abs(x - 320) < 40 + (y - 90) * 0.35) & (y >= 90) & (y < 430)
    shots = []
    for _ in range(frames):
        rgb = np.zeros((480, 640, 3), np.uint8)
        rgb[fan] = rng.integers(30, 200, (int(fan.sum()), 1))
        rgb[200:260, 290:350] = (220, 30, 10)
        rgb[5:30] = (60, 70, 90)
        cv2.putText(rgb, "DOE JANE 01.02.1960", (20, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
        cv2.putText(rgb, "MI 1.1", (20, 70), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
        rgb[100:400:20, 620:630] = 255
        shots.append(rgb)
    return np.stack(shots) if frames > 1 else shots[0]


def region(x0, y0, x1, y1, **headers):
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0 = x0, y0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = x1, y1
    for keyword, value in headers.items():
        setattr(item, keyword, value)
    return item


def us(pixels, *regions):
    dataset = phantoms.set_pixels(phantoms.colour(Modality="US"), pixels, photometric="RGB", bits_stored=8)
    if regions:
        dataset.SequenceOfUltrasoundRegions = list(regions)
    return dataset


def rgb_of(view):
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_the_headers_regions_crop_the_picture_and_give_its_scale(stored):
    scale = {
        "RegionSpatialFormat": 1,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.02,
        "PhysicalDeltaY": 0.03,
    }
    pixels = scan()
    (view,) = prepare_instance(stored(us(pixels, region(160, 90, 479, 429, **scale))), CLINICAL).views
    np.testing.assert_array_equal(rgb_of(view), pixels[90:430, 160:480])
    assert view.colour
    assert view.spacing_mm == pytest.approx((0.3, 0.2))
    assert view.mapping.to_source(0, 0) == (160, 90)
    assert view.label == "ultrasound, colour, image region"


def test_several_regions_are_kept_together_without_a_common_scale(stored):
    regions = (region(160, 90, 479, 200), region(0, 300, 300, 470))
    (view,) = prepare_instance(stored(us(scan(), *regions)), CLINICAL).views
    assert (view.width, view.height, view.spacing_mm) == (480, 381, None)
    assert "2 image regions" in view.label


@pytest.mark.parametrize("bad", [(9000, 9000, 9999, 9999), (50, 50, 50, 50), (400, 400, 100, 100)])
def test_a_region_outside_of_the_picture_is_passed_over(stored, bad):
    (view,) = prepare_instance(stored(us(scan(), region(*bad))), CLINICAL).views
    assert "ultrasound region: by its pixels" in view.recipe


def test_without_regions_the_banner_and_the_scale_are_dropped_and_the_image_kept(stored):
    (view,) = prepare_instance(stored(us(scan())), CLINICAL).views
    x0, y0 = view.mapping.to_source(0, 0)
    x1, y1 = view.mapping.to_source(view.width, view.height)
    assert 30 < y0 <= FAN[1]
    assert x0 <= FAN[0] + 2
    assert x1 >= FAN[2] - 2
    assert y1 >= FAN[3] - 2
    assert x1 < 620
    assert np.abs(rgb_of(view).astype(int) - np.array((220, 30, 10))).sum(axis=2).min() < 10


def test_where_no_image_is_found_the_whole_picture_is_sent_and_said_to_be(stored):
    empty = np.zeros((480, 640, 3), np.uint8)
    empty[5, 5] = (9, 0, 0)
    found = prepare_instance(stored(us(empty)), CLINICAL)
    assert (found.views[0].width, found.views[0].height) == (640, 480)
    assert [limit.code for limit in found.limitations] == ["ultrasound_region_unknown"]


def test_a_run_is_shown_in_twelve_spaced_frames_cropped_alike(stored):
    found = prepare_instance(stored(us(scan(frames=30))), CLINICAL)
    assert [v.origin.frame for v in found.views][:3] == [1, 4, 6]
    assert len(found.views) == 12
    assert {(v.mapping, v.width, v.height) for v in found.views} == {
        (found.views[0].mapping, found.views[0].width, found.views[0].height)
    }
    assert "12 of 30 images were sent" in found.limitations[0].text
    assert found.views[1].label == "ultrasound, colour, frame 4 of 30, cropped to the image"


def test_an_angiographic_run_is_spaced_but_not_cropped(stored):
    frames = np.stack([phantoms.ramp(40, 40, bits_stored=8)] * 20)
    found = prepare_instance(stored(phantoms.radiograph(pixels=frames, bits_stored=8, Modality="XA")), CLINICAL)
    assert len(found.views) == 12
    assert (found.views[0].width, found.views[0].mapping.offset_x) == (40, 0)
