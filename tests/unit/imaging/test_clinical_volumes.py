"""The clinical recipe of CT, MR and radiographs: windows, montages, key slices, labels, limits."""

import cv2
import numpy as np
import pytest

from wetread.domain.study import Series, Study
from wetread.domain.view import ViewKind, ViewPlan, WindowOrigin
from wetread.imaging import prepare, prepare_instance
from wetread.testing import phantoms
from wetread.testing.references import instance_of, linear_levels

CLINICAL = ViewPlan(recipe="clinical", max_images=None)


def study_of(datasets, folder, modality, body_part=None, **facts):
    instances = tuple(
        instance_of(phantoms.write(dataset, folder / f"{k:03d}.dcm"), dataset) for k, dataset in enumerate(datasets)
    )
    series = Series(series_uid="1", modality=modality, body_part=body_part, number=2, instances=instances, **facts)
    return Study(ref="s", study_uid="1", series=(series,))


def ct(folder, slices=40, body_part="CHEST", description=None, **headers):
    datasets = [phantoms.ct_slice(k, BodyPartExamined=body_part, **headers) for k in range(slices)]
    return study_of(datasets, folder, "CT", body_part, description=description)


def mr_slice(k, **headers):
    pixels = (phantoms.ramp(32, 32, bits_stored=12) // (k + 1)).astype(np.uint16)
    return phantoms.radiograph(
        pixels=pixels, name=f"mr{k}", Modality="MR", InstanceNumber=k + 1, WindowCenter=9, WindowWidth=9, **headers
    )


def pixels_of(view):
    return cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_UNCHANGED)


def names(found):
    return list(dict.fromkeys(v.window.explanation for v in found.views if v.kind is ViewKind.MONTAGE))


@pytest.mark.parametrize(
    ("body_part", "windows"),
    [
        ("HEAD", ["brain", "subdural", "stroke", "bone"]),
        ("CHEST", ["lung", "mediastinum", "bone"]),
        ("ABDOMEN", ["soft tissue", "liver", "free air"]),
        (None, ["soft tissue", "lung", "bone"]),
    ],
)
def test_a_ct_is_shown_under_the_windows_of_its_region(tmp_path, body_part, windows):
    found = prepare(ct(tmp_path, body_part=body_part), CLINICAL)
    assert names(found) == windows
    assert all(v.window.origin is WindowOrigin.PRESET for v in found.views)


def test_the_number_of_tiles_is_capped_and_the_rest_is_a_limitation(tmp_path):
    found = prepare(ct(tmp_path, slices=60), CLINICAL)
    tiles = sum(len(v.cells) or 1 for v in found.views)
    shown = {c.origin.file for v in found.views for c in v.cells}
    assert 24 <= tiles <= 48
    (limitation,) = found.limitations
    assert limitation.code == "slices_not_sent"
    assert f"{len(shown)} of 60 slices were sent; {60 - len(shown)} were not looked at" in limitation.text


def test_all_windows_show_the_same_slices_from_the_first_to_the_last(tmp_path):
    found = prepare(ct(tmp_path), CLINICAL)
    lung = [c.origin.file for v in found.views if "lung" in (v.label or "") for c in v.cells]
    for name in ("mediastinum", "bone"):
        others = [c.origin.file for v in found.views if f"{name} window montage" in v.label for c in v.cells]
        assert set(others) <= set(lung)
        assert (others[0], others[-1]) == ("000.dcm", "039.dcm")


def test_the_label_says_window_slices_and_their_distance(tmp_path):
    views = prepare(ct(tmp_path), CLINICAL).views
    assert views[0].label.startswith("series 2, lung window montage 1 of 2, 8 of 40 slices, key slices 2 apart: 1, 3, ")
    assert "CT slice" in views[-1].label
    assert "at full size, lung window" in views[-1].label


def test_key_slices_keep_every_pixel_and_follow_the_montages(tmp_path):
    views = prepare(ct(tmp_path), CLINICAL).views
    kinds = [v.kind for v in views]
    assert kinds == sorted(kinds, key=lambda kind: kind is ViewKind.IMAGE)
    keys = [v for v in views if v.kind is ViewKind.IMAGE]
    assert [(v.width, v.height, v.mapping.scale_x) for v in keys] == [(64, 64, 1.0)] * 4


def test_a_ct_montage_is_windowed_in_hu_and_never_by_its_own_values(tmp_path):
    view = prepare(ct(tmp_path), CLINICAL).views[0]
    grey = pixels_of(view)
    x0, y0, x1, y1 = view.cells[0].box
    hu = phantoms.ct_slice(0).pixel_array.astype(float) - 1024
    np.testing.assert_allclose(grey[y0:y1, x0:x1], linear_levels(hu, -600, 1500), atol=1)


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"description": "CT Angio thorax"}, True),
        ({"ProtocolName": "PE PROTOCOL"}, True),
        ({"ProtocolName": "Pulmonary vessels", "ContrastBolusAgent": "iohexol"}, True),
        ({"ProtocolName": "Pulmonary nodule"}, False),
        ({"ProtocolName": "Thorax", "ContrastBolusAgent": "iohexol"}, False),
    ],
)
def test_the_pulmonary_artery_window_needs_an_angiography_or_contrast_in_the_lung(tmp_path, facts, shown):
    found = prepare(ct(tmp_path, **facts), CLINICAL)
    assert ("pulmonary arteries" in names(found)) is shown


def test_no_word_of_a_description_gets_into_a_view(tmp_path):
    study = ct(tmp_path, description="CTPA Mrs Doe", ProtocolName="CTPA Mrs Doe", SeriesDescription="Mrs Doe")
    assert "Doe" not in repr([(v.label, v.recipe, v.window) for v in prepare(study, CLINICAL).views])


@pytest.mark.parametrize("most", [1, 2, 5, 48])
def test_the_plans_cap_of_images_holds(tmp_path, most):
    found = prepare(ct(tmp_path), ViewPlan(recipe="clinical", max_images=most))
    assert 1 <= len(found.views) <= most


def test_slices_that_are_not_in_hu_share_one_window(tmp_path):
    plain = {"RescaleSlope": None, "RescaleIntercept": None, "RescaleType": None}
    study = ct(tmp_path, WindowCenter=None, WindowWidth=None, **plain)
    views = [v for v in prepare(study, CLINICAL).views if v.kind is ViewKind.MONTAGE]
    assert {v.window for v in views} == {views[0].window}
    assert views[0].window.origin is WindowOrigin.PERCENTILE


def test_a_ct_image_alone_is_shown_under_each_window(stored):
    views = prepare_instance(stored(phantoms.ct_slice()), CLINICAL).views
    assert [v.label for v in views] == [f"CT image, {n} window" for n in ("lung", "mediastinum", "bone")]


def test_a_localiser_is_shown_once_under_its_own_window(stored):
    (view,) = prepare_instance(
        stored(phantoms.ct_slice(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])), CLINICAL
    ).views
    assert (view.label, view.window.origin) == ("CT localiser", WindowOrigin.HEADER)


def test_a_slice_that_does_not_decode_is_a_failure_and_the_rest_is_shown(tmp_path):
    study = ct(tmp_path, slices=6)
    broken = study.series[0].instances[2]
    broken.path.write_bytes(broken.path.read_bytes()[:-500])
    found = prepare(study, CLINICAL)
    assert [f.file for f in found.failures] == ["002.dcm"]
    assert "002.dcm" not in {c.origin.file for v in found.views for c in v.cells}
    assert found.views


def test_a_sequence_is_named_by_its_defined_terms_only(tmp_path):
    headers = {
        "ScanningSequence": ["SE", "IR"],
        "SequenceVariant": "DOE^JANE",
        "ScanOptions": "FS",
        "MRAcquisitionType": "2D",
        "RepetitionTime": 9000,
        "EchoTime": 120.04,
        "InversionTime": 2500,
        "ContrastBolusAgent": "Given by Jane Doe",
        "SeriesDescription": "FLAIR Jane Doe",
    }
    study = study_of([mr_slice(k, **headers) for k in range(20)], tmp_path, "MR", description="FLAIR Jane Doe")
    (view,) = prepare(study, CLINICAL).views
    assert view.label == (
        "series 2, MR spin echo, inversion recovery, fat saturation, 2D, TR 9000 ms, TE 120 ms, TI 2500 ms, "
        "contrast agent given: montage, 16 of 20 slices, key slices 1 apart: "
        "1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20 in reading order"
    )
    assert "Doe" not in repr((view.label, view.recipe))


def test_echoes_that_differ_are_told_as_a_range(tmp_path):
    study = study_of([mr_slice(k, EchoTime=10 * (k + 1)) for k in range(4)], tmp_path, "MR")
    assert "TE 10 to 40 ms" in prepare(study, CLINICAL).views[0].label


def test_a_sequence_that_is_not_stated_is_said_to_be_so(tmp_path):
    (view,) = prepare(study_of([mr_slice(0)], tmp_path, "MR"), CLINICAL).views
    assert (view.kind, view.label) == (ViewKind.IMAGE, "series 2, MR sequence not stated in the header")


def test_each_mr_series_is_one_montage_under_one_percentile_window(tmp_path):
    found = prepare(study_of([mr_slice(k) for k in range(20)], tmp_path, "MR"), CLINICAL)
    (view,) = found.views
    assert (view.kind, len(view.cells), view.window.origin) == (ViewKind.MONTAGE, 16, WindowOrigin.PERCENTILE)
    assert "16 of 20 slices" in found.limitations[0].text


def test_all_projections_of_a_radiograph_are_sent_under_their_own_windows(tmp_path):
    datasets = [
        phantoms.chest_like(2000, 1700, name="pa"),
        phantoms.chest_like(name="lat", WindowCenter=None, WindowWidth=None),
    ]
    views = prepare(study_of(datasets, tmp_path, "DX", "CHEST"), CLINICAL).views
    assert [v.window.origin for v in views] == [WindowOrigin.HEADER, WindowOrigin.PERCENTILE]
    assert max(views[0].width, views[0].height) == 1536


def test_every_view_names_the_version_of_the_recipes(stored):
    for view in prepare_instance(stored(phantoms.chest_like()), CLINICAL).views:
        assert view.recipe[0].startswith("recipe: clinical 20")


def test_the_same_input_gives_the_same_views(tmp_path):
    study = ct(tmp_path, slices=12)
    assert prepare(study, CLINICAL) == prepare(study, CLINICAL)
