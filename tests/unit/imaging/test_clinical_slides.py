"""Whole slides: overview and tissue tiles, never loaded whole, labels never shown, a missing extra named."""

import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from wetread.domain.study import Series, Study
from wetread.domain.view import ViewKind, ViewPlan
from wetread.guard import Guard, Inline
from wetread.imaging import prepare, slides
from wetread.imaging.recipes import recipes
from wetread.imaging.tissue import tissue_mask, tissue_tiles
from wetread.intake import Folder
from wetread.testing.references import instance_of

pytest.importorskip("tiffslide")
pytest.importorskip("wsidicom")
CLINICAL = ViewPlan(recipe="clinical", max_images=None)
MARK = np.array((20, 40, 220))


def study_of(*instances):
    series = Series(series_uid="1", modality="SM", body_part=None, instances=instances)
    return Study(ref="s", study_uid="1", series=(series,))


def rgb_of(view):
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def marked(view):
    """Where the blue block is seen: (x0, y0, x1, y1) in view pixels, or None."""
    ys, xs = np.nonzero(np.abs(rgb_of(view).astype(int) - MARK).sum(axis=2) < 60)
    return (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(xs) > 20 else None


def leads_back(view, pattern):
    """How far, in view pixels, the blue block's corners lie from where they are on level 0; None where none is seen."""
    box = marked(view)
    if box is None:
        return None
    found = (*view.mapping.to_source(box[0], box[1]), *view.mapping.to_source(box[2], box[3]))
    return max(abs(a - b) for a, b in zip(found, pattern.mark_box, strict=True)) / view.mapping.scale_x


@pytest.fixture(params=["tiff", "svs", "dicom", "one level"])
def slide(request, slide_tiff, slide_dicom):
    if request.param == "dicom":
        return slide_dicom(6000, 5000)
    steps = (1,) if request.param == "one level" else (1, 4, 16)
    instance, pattern = slide_tiff(6000, 5000, steps=steps, svs=request.param == "svs")
    return (instance,), pattern


def test_a_slide_is_an_overview_and_eight_to_sixteen_tiles_that_hold_most_tissue(slide):
    instances, _ = slide
    found = prepare(study_of(*instances), CLINICAL)
    assert not found.failures
    assert [v.kind for v in found.views] == [ViewKind.IMAGE, *[ViewKind.TILE] * (len(found.views) - 1)]
    assert 8 <= len(found.views) - 1 <= 16
    assert found.views[0].mapping.to_source(found.views[0].width, found.views[0].height) == pytest.approx((6000, 5000))
    assert "tissue tile 1 of" in found.views[1].label
    assert "micrometres a pixel" in found.views[1].label
    (limit,) = found.limitations
    assert limit.code == "slide_low_magnification"


def test_every_view_leads_back_to_pixels_of_level_0(slide):
    instances, pattern = slide
    views = prepare(study_of(*instances), CLINICAL).views
    assert all((v.origin.source_width, v.origin.source_height) == (6000, 5000) for v in views)
    seen = [distance for v in views if (distance := leads_back(v, pattern)) is not None]
    assert seen[0] <= 1.5
    assert min(seen[1:]) <= 1.5


def test_the_spacing_of_a_view_is_that_of_its_pixels(slide):
    instances, _ = slide
    for view in prepare(study_of(*instances), CLINICAL).views:
        assert view.spacing_mm[1] == pytest.approx(0.0005 * view.mapping.scale_x, rel=1e-3)


def test_label_macro_and_overview_images_never_come_out(slide_tiff, slide_dicom):
    svs, _ = slide_tiff(6000, 5000, svs=True)
    levels, _ = slide_dicom(6000, 5000)
    for study in (study_of(svs), study_of(*levels)):
        for view in prepare(study, CLINICAL).views:
            rgb = rgb_of(view).reshape(-1, 3).astype(int)
            assert not ((rgb[:, 0] > 240) & (rgb[:, 1] < 20)).any()
            assert view.origin.file not in ("LABEL.dcm", "OVERVIEW.dcm")


def test_a_label_alone_is_a_failure_and_never_a_view(slide_dicom):
    levels, _ = slide_dicom(6000, 5000)
    (label,) = (i for i in levels if i.file == "LABEL.dcm")
    found = prepare(study_of(label), CLINICAL)
    assert found.views == ()
    assert "a label or overview alone" in found.failures[0].problem


def test_a_dicom_series_of_several_levels_is_one_slide(slide_dicom):
    levels, _ = slide_dicom(6000, 5000)
    views = prepare(study_of(*reversed(levels)), CLINICAL).views
    assert sum(v.kind is ViewKind.IMAGE for v in views) == 1
    assert {v.origin.file for v in views} == {"level1.dcm"}


def test_a_slide_behind_a_link_is_the_same_slide(slide_dicom, tmp_path):
    levels, _ = slide_dicom(3000, 2500)
    link = tmp_path / "link"
    link.symlink_to(levels[0].path.parent, target_is_directory=True)
    linked = tuple(replace(level, path=link / level.path.name) for level in levels)
    assert prepare(study_of(*linked), CLINICAL).failures == prepare(study_of(*levels), CLINICAL).failures == ()


def test_a_level_that_can_not_be_opened_is_a_failure_and_the_rest_is_shown(slide_dicom):
    levels, _ = slide_dicom(6000, 5000)
    levels[1].path.write_bytes(levels[1].path.read_bytes()[:300])
    found = prepare(study_of(*levels), CLINICAL)
    assert [f.file for f in found.failures] == ["level4.dcm"]
    assert len(found.views) > 8


@pytest.mark.parametrize("cut", [100, 3000])
def test_a_broken_slide_is_a_failure_that_quotes_nothing_of_the_file(slide_tiff, cut):
    instance, _ = slide_tiff(3000, 2000, svs=True)
    instance.path.write_bytes(instance.path.read_bytes()[:cut])
    found = prepare(study_of(instance), CLINICAL)
    assert found.views == ()
    assert found.failures[0].file == "slide.tif"
    assert "Aperio" not in found.failures[0].problem


@pytest.mark.parametrize("most", [1, 4, 12])
def test_the_plans_size_and_number_are_obeyed(slide_tiff, most):
    instance, _ = slide_tiff(6000, 5000)
    views = prepare(study_of(instance), ViewPlan(recipe="clinical", max_images=most, max_edge_px=400)).views
    assert len(views) == most
    assert max(max(v.width, v.height) for v in views) <= 400


def test_a_slide_without_tissue_is_its_overview_and_says_so(slide_tiff, monkeypatch):
    instance, _ = slide_tiff(3000, 2500)
    monkeypatch.setattr("wetread.imaging.slide.tissue_mask", lambda thumbnail, _: np.zeros(thumbnail.shape[:2], bool))
    found = prepare(study_of(instance), CLINICAL)
    assert len(found.views) == 1
    assert "only its overview was sent" in found.limitations[0].text


@pytest.mark.parametrize(("library", "kind"), [("tiffslide", "tiff"), ("wsidicom", "dicom")])
def test_a_missing_extra_is_a_failure_that_names_it(slide_tiff, slide_dicom, monkeypatch, library, kind):
    instances = (slide_tiff(1000, 800)[0],) if kind == "tiff" else slide_dicom(1000, 800, steps=(1,))[0]
    slides._library.cache_clear()
    monkeypatch.setitem(sys.modules, library, None)
    found = prepare(study_of(*instances), CLINICAL)
    slides._library.cache_clear()
    assert found.views == ()
    assert {f.file for f in found.failures} == {i.file for i in instances}
    assert all("pip install 'wetread[slides]'" in f.remedy for f in found.failures)


LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="memory limits are enforced on Linux only")


def prepared_within(memory_bytes, *instances):
    """The clinical views, made by a child that may use so much memory more than it uses when idle."""
    with Guard(memory_bytes=memory_bytes, timeout_s=120, warm=("wetread.imaging",)) as guard:
        found = guard.call(prepare, study_of(*instances), CLINICAL, subject="slide")
    assert not found.failures
    return found.views


@LINUX_ONLY
@pytest.mark.parametrize(
    ("width", "height", "steps", "share"), [(40_000, 30_000, (1, 4, 16), 10), (20_000, 15_000, (1,), 4)]
)
def test_a_slide_is_prepared_in_a_fraction_of_the_memory_of_its_pixels(slide_tiff, width, height, steps, share):
    instance, pattern = slide_tiff(width, height, side=512, steps=steps)
    views = prepared_within(width * height * 3 // share, instance)
    assert 8 <= len(views) - 1 <= 16
    assert leads_back(views[0], pattern) <= 1.5


@LINUX_ONLY
def test_a_dicom_slide_is_prepared_in_a_tenth_of_the_memory_of_its_pixels(slide_dicom):
    levels, pattern = slide_dicom(40_000, 30_000, side=512)
    views = prepared_within(40_000 * 30_000 * 3 // 10, *levels)
    assert 8 <= len(views) - 1 <= 16
    assert leads_back(views[0], pattern) <= 1.5


def test_intake_lets_slides_in_whatever_their_size(slide_tiff, slide_dicom, tmp_path):
    slide_tiff(24_000, 18_000, side=1024, steps=(1, 16), name="big.svs", svs=True)
    slide_dicom(24_000, 18_000, side=1024, steps=(1, 16))
    with Folder(isolation=Inline()) as source:
        studies = list(source.studies((tmp_path,)))
    assert {s.series[0].modality for s in studies} == {"SM"}
    assert sorted(len(s.instances) for s in studies) == [1, 4]
    svs = next(s for s in studies if len(s.instances) == 1)
    assert (svs.instances[0].rows, svs.instances[0].columns) == (18_000, 24_000)


def test_the_plain_recipe_refuses_a_slide_that_does_not_fit_before_reading_it(slide_tiff, slide_dicom):
    tiff, _ = slide_tiff(1000, 800)
    levels, _ = slide_dicom(1000, 800, steps=(1,), extras=False)
    for instance in (replace(tiff, rows=30_000, columns=40_000), replace(levels[0], frames=10_000)):
        instance.path.write_bytes(b"")
        found = prepare(study_of(instance), ViewPlan())
        assert "recipe 'clinical'" in found.failures[0].remedy


def test_other_files_that_a_tiff_names_are_never_opened(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    red, grey = (np.full((600, 600, 3), colour, np.uint8) for colour in ((255, 0, 0), (90, 90, 90)))
    tifffile.imwrite(tmp_path / "secret.ome.tif", red, tile=(256, 256), photometric="rgb", metadata={"axes": "YXS"})
    path = tmp_path / "slide.ome.tif"
    image = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1"><Image '
        'ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="600" SizeY="600" SizeC="3" '
        'SizeZ="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="3"/><TiffData IFD="0" PlaneCount="1">'
        '<UUID FileName="secret.ome.tif">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>'
    )
    tifffile.imwrite(path, grey, tile=(256, 256), photometric="rgb", metadata=None, description=image)
    found = prepare(study_of(replace(instance_of(path), modality="SM", rows=600, columns=600)), CLINICAL)
    for view in found.views:
        assert not (rgb_of(view)[..., 0] > 200).any()


def test_a_small_tiled_picture_is_no_slide(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((600, 600, 3), np.uint8), tile=(256, 256), photometric="rgb")
    with Folder(isolation=Inline()) as source:
        (study,) = source.studies((tmp_path,))
    assert study.instances[0].modality is None


def test_pale_tissue_is_told_from_glass_and_black_is_none():
    rgb = np.full((200, 300, 3), (240, 239, 241), np.uint8)
    rgb[50:150, 60:160] = (225, 190, 215)
    rgb[:, 250:] = 0
    mask = tissue_mask(rgb, recipes().slide.saturation_least)
    assert mask[60:140, 70:150].all()
    assert not mask[:, 200:].any()


def test_tiles_of_scattered_tissue_keep_the_cap_and_their_coverage():
    rng = np.random.default_rng(2)
    mask = np.zeros((300, 400), bool)
    for y, x in rng.integers(20, 280, (30, 2)):
        mask[y : y + 8, x : x + 8] = True
    found = tissue_tiles(mask, (80_000, 60_000), recipes().slide)
    assert len(found.boxes) <= 16
    assert found.coverage >= 0.8
    assert all(0 <= b[0] < b[2] <= 80_000 and 0 <= b[1] < b[3] <= 60_000 for b in found.boxes)
