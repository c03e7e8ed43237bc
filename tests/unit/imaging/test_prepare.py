"""Studies to views: selection, montages, tiles, limits, provenance, failures."""

import itertools

import cv2
import numpy as np
import pytest

from wetread.domain.study import Series, Study
from wetread.domain.view import ViewKind, ViewPlan, WindowOrigin
from wetread.errors import ConfigurationError
from wetread.imaging import prepare, prepare_instance
from wetread.imaging.presets import presets_for, region_of
from wetread.imaging.select import evenly
from wetread.imaging.tiles import tile_boxes
from wetread.testing import phantoms
from wetread.testing.references import instance_of


def pixels_of(view):
    return cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_UNCHANGED)


def ct_study(folder, slices=12, **options):
    paths = phantoms.ct_series(folder, slices=slices, **options)
    instances = tuple(instance_of(p, phantoms.ct_slice(k, **options)) for k, p in enumerate(paths))
    series = Series(series_uid="1", modality="CT", body_part="CHEST", number=2, instances=instances)
    return Study(ref="s", study_uid="1", series=(series,))


def test_key_slices_keep_the_first_and_the_last_and_say_what_is_missing(tmp_path):
    found = prepare(ct_study(tmp_path), ViewPlan(max_images=4))
    assert [v.origin.file for v in found.views] == ["CT001.dcm", "CT005.dcm", "CT008.dcm", "CT012.dcm"]
    (limitation,) = found.limitations
    assert limitation.code == "slices_not_sent"
    assert "4 of 12 slices were sent; 8 were not looked at" in limitation.text


def test_without_a_cap_everything_is_sent_and_nothing_limited(tmp_path):
    found = prepare(ct_study(tmp_path), ViewPlan(max_images=None))
    assert (len(found.views), found.limitations) == (12, ())


@pytest.mark.parametrize(("count", "most"), [(1, 1), (5, 5), (300, 48), (10, 1), (10, 2), (7, None), (3, 0)])
def test_chosen_places_are_distinct_and_evenly_spaced(count, most):
    found = evenly(count, most)
    assert len(set(found)) == len(found) == (count if most is None else min(count, most))
    if len(found) > 1:
        assert (found[0], found[-1]) == (0, count - 1)
        assert np.ptp(np.diff(found)) <= 1


def test_one_montage_a_preset_then_single_slices(tmp_path):
    found = prepare(ct_study(tmp_path), ViewPlan(montage=True, windows="presets", max_images=6))
    montages = [v for v in found.views if v.kind is ViewKind.MONTAGE]
    assert [v.label for v in montages] == ["mediastinum", "lung", "bone", "pulmonary arteries"]
    assert len(found.views) == 6
    assert all(v.window.origin is WindowOrigin.PRESET and len(v.cells) == 9 for v in montages)


def test_each_montage_cell_leads_back_to_its_slice(tmp_path):
    view = prepare(ct_study(tmp_path), ViewPlan(montage=True, max_edge_px=150)).views[0]
    grey = pixels_of(view)
    assert max(grey.shape) <= 150
    for cell in view.cells:
        x0, y0, x1, y1 = cell.box
        assert cell.mapping.to_source(x0, y0) == pytest.approx((0, 0), abs=1e-9)
        assert cell.mapping.to_source(x1, y1) == pytest.approx((64, 64))
        bone = np.argwhere(grey[y0:y1, x0:x1] == grey[y0:y1, x0:x1].max())[0]
        sx, sy = cell.mapping.to_source(x0 + bone[1] + 0.5, y0 + bone[0] + 0.5)
        left = 21 + (int(cell.origin.file[2:5]) - 1) % 16
        assert left - 1 <= sx <= left + 5
        assert 31 <= sy <= 37


def test_a_mr_montage_has_one_percentile_window_for_the_series(tmp_path):
    instances = []
    for k in range(5):
        dataset = phantoms.radiograph(
            32, 32, modality=None, name=f"mr{k}", Modality="MR", WindowCenter=9, WindowWidth=9
        )
        instances.append(instance_of(phantoms.write(dataset, tmp_path / f"{k}.dcm"), dataset))
    series = Series(series_uid="1", modality="MR", body_part=None, instances=tuple(instances))
    view = prepare(Study(ref="s", study_uid=None, series=(series,)), ViewPlan(montage=True)).views[0]
    assert (view.kind, view.window.origin) == (ViewKind.MONTAGE, WindowOrigin.PERCENTILE)


def test_presets_follow_the_header_window_of_a_single_ct_image(stored):
    found = prepare_instance(stored(phantoms.ct_slice(WindowCenter=11)), ViewPlan(windows="presets"))
    assert [v.window.origin for v in found.views] == [WindowOrigin.HEADER, *[WindowOrigin.PRESET] * 4]
    assert found.views[2].label == "lung"
    assert (
        len(prepare_instance(stored(phantoms.ct_slice(BodyPartExamined=None)), ViewPlan(windows="presets")).views) == 1
    )


@pytest.mark.parametrize(
    ("part", "region"), [("CHEST", "chest"), ("c-spine", "spine"), (None, "unknown"), ("TAIL", "unknown")]
)
def test_regions_come_from_the_body_part(part, region):
    assert region_of(part) == region
    assert bool(presets_for(part)) is (region != "unknown")


def test_a_bad_object_is_a_failure_and_the_rest_goes_on(tmp_path):
    study = ct_study(tmp_path, slices=3)
    broken = study.series[0].instances[1]
    broken.path.write_bytes(broken.path.read_bytes()[:-500])
    found = prepare(study, ViewPlan())
    assert [v.origin.file for v in found.views] == ["CT001.dcm", "CT003.dcm"]
    assert [(f.file, bool(f.problem), bool(f.remedy)) for f in found.failures] == [("CT002.dcm", True, True)]


def test_large_images_are_tiled_at_full_detail(stored):
    found = prepare_instance(stored(phantoms.chest_like(300, 200)), ViewPlan(tiles=True, max_edge_px=100)).views
    assert [v.kind for v in found] == [ViewKind.IMAGE, *[ViewKind.TILE] * (len(found) - 1)]
    whole = pixels_of(prepare_instance(stored(phantoms.chest_like(300, 200)), ViewPlan()).views[0])
    covered = np.zeros((300, 200), bool)
    for view in found[1:]:
        x, y = (round(v) for v in view.mapping.to_source(0, 0))
        assert (view.mapping.scale_x, view.mapping.scale_y) == (1, 1)
        np.testing.assert_array_equal(pixels_of(view), whole[y : y + view.height, x : x + view.width])
        covered[y : y + view.height, x : x + view.width] = True
    assert covered.all()
    assert max(max(v.width, v.height) for v in found) <= 100


@pytest.mark.parametrize(
    ("width", "height", "edge", "most"), [(3064, 4664, 1024, None), (3064, 4664, 1024, 4), (999, 10, 100, 5)]
)
def test_tiles_overlap_and_cover(width, height, edge, most):
    boxes = tile_boxes(width, height, edge=edge, most=most)
    assert most is None or len(boxes) <= most
    for axis in (0, 1):
        spans = sorted({(b[axis], b[axis + 2]) for b in boxes})
        assert (spans[0][0], spans[-1][1]) == (0, (width, height)[axis])
        assert all(a[1] > b[0] for a, b in itertools.pairwise(spans))


def test_a_cine_is_thinned_and_says_so(stored):
    frames = np.stack([phantoms.ramp(8, 8, bits_stored=8)] * 20)
    dataset = phantoms.radiograph(pixels=frames, bits_stored=8, Modality="US")
    found = prepare_instance(stored(dataset), ViewPlan(max_images=5))
    assert [v.origin.frame for v in found.views] == [1, 6, 11, 15, 20]
    assert found.limitations[0].code == "images_not_sent"


@pytest.mark.parametrize("spacing", [[0, 0], None, [0.5, -1]])
def test_a_spacing_that_is_none_is_uncalibrated(stored, spacing):
    view = prepare_instance(stored(phantoms.radiograph(PixelSpacing=spacing)), ViewPlan()).views[0]
    assert view.spacing_mm is None
    assert "spacing: uncalibrated" in view.recipe


def test_the_spacing_is_that_of_a_view_pixel(stored):
    dataset = phantoms.radiograph(100, 200, PixelSpacing=[0.5, 0.25])
    view = prepare_instance(stored(dataset), ViewPlan(max_edge_px=50)).views[0]
    assert view.spacing_mm == pytest.approx((2.0, 1.0))


@pytest.mark.parametrize("limit", [20_000, 4_000, 800])
def test_the_byte_limit_shrinks_the_picture_and_keeps_the_aspect(stored, limit):
    view = prepare_instance(stored(phantoms.chest_like()), ViewPlan(max_bytes=limit)).views[0]
    assert len(view.picture) <= limit
    assert view.width / view.height == pytest.approx(224 / 256, rel=0.1)


def test_jpeg_is_tried_before_shrinking_where_it_is_allowed(stored):
    rng = np.random.default_rng(1)
    noisy = rng.normal(2000, 200, (256, 256)).astype(np.uint16)
    instance = stored(phantoms.radiograph(pixels=noisy, WindowCenter=2048, WindowWidth=4096))
    exact = prepare_instance(instance, ViewPlan()).views[0]
    plan = ViewPlan(media_types=("image/png", "image/jpeg"), max_bytes=len(exact.picture) - 1)
    view = prepare_instance(instance, plan).views[0]
    assert (view.media_type, view.picture[:2], view.width) == ("image/jpeg", b"\xff\xd8", 256)


def test_an_impossible_limit_is_an_error_never_an_empty_picture(stored):
    with pytest.raises(ConfigurationError, match="max_bytes 10"):
        prepare_instance(stored(phantoms.chest_like()), ViewPlan(max_bytes=10))


def test_max_pixels_is_obeyed(stored):
    view = prepare_instance(stored(phantoms.chest_like()), ViewPlan(max_pixels=1000)).views[0]
    assert 900 < view.width * view.height <= 1000


def test_colour_is_told_truthfully(stored):
    plan = ViewPlan(grey_only=True)
    assert prepare_instance(stored(phantoms.colour()), plan).views[0].colour
    grey = np.dstack([phantoms.ramp(8, 8, bits_stored=8)] * 3)
    dataset = phantoms.set_pixels(phantoms.colour(), grey, photometric="RGB", bits_stored=8)
    assert not prepare_instance(stored(dataset), plan).views[0].colour


def test_the_same_input_gives_the_same_bytes_recipe_and_hash(stored):
    views = [prepare_instance(stored(phantoms.chest_like()), ViewPlan(max_edge_px=99)).views[0] for _ in range(2)]
    assert views[0] == views[1]
    assert views[0].recipe == (
        "decode: 1.2.840.10008.1.2.1",
        "spacing: 0.5 x 0.5 mm in the patient",
        "modality: stored values",
        "window: LINEAR 2048/4096 (header)",
        "area average: 224x256 to 87x99",
        "encode: png",
    )
