"""Modality and VOI transforms against hand-made answers (PS3.3 C.11)."""

import re
from importlib.resources import files

import numpy as np
import pytest
from pydicom.sequence import Sequence

from wetread.dicom import open_dataset
from wetread.domain.view import Window, WindowOrigin
from wetread.imaging import presets, voi
from wetread.imaging.tone import tone_of
from wetread.imaging.transform import is_inverted, modality_transform
from wetread.testing import phantoms


def tone(dataset, pixels, *, modality="DX", body_part=None, frame=0):
    return tone_of(dataset, frame, np.asarray(pixels), modality=modality, body_part=body_part)


RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("LINEAR", [0, 0, 127.5 + 255 * 0.5 / 99, 255, 255]),
        ("LINEAR_EXACT", [0, 0, 127.5, 255, 255]),
        (
            "SIGMOID",
            [255 / (1 + np.exp(4)), 255 / (1 + np.exp(2)), 127.5, 255 / (1 + np.exp(-2)), 255 / (1 + np.exp(-4))],
        ),
    ],
)
def test_each_window_function_follows_its_formula(function, expected):
    values = np.array([0.0, 50.0, 100.0, 150.0, 200.0])
    found = voi.levels(values, Window(center=100, width=100, function=function))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_width_one_is_a_step_at_the_centre_less_a_half():
    found = voi.levels(np.array([99.0, 99.5, 100.0]), Window(center=100, width=1))
    assert found.tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("center", "width", "function"),
    [(40, 0, None), (40, -5, None), (40, 0.5, None), (40, 0, "SIGMOID"), (None, 80, None)],
)
def test_an_unusable_header_window_is_ignored_and_said_so(center, width, function):
    dataset = phantoms.radiograph(WindowCenter=center, WindowWidth=width, VOILUTFunction=function)
    found = tone(dataset, RAMP)
    assert found.window.origin is WindowOrigin.PERCENTILE
    assert any("header window ignored" in note for note in found.notes)


def test_a_malformed_window_is_ignored(stored):
    dataset = phantoms.radiograph(WindowCenter=40, WindowWidth=80)
    path = stored(dataset).path
    path.write_bytes(re.sub(rb"(\x28\x00[\x50\x51]\x10DS..).", rb"\1x", path.read_bytes(), flags=re.DOTALL))
    found = tone(open_dataset(path, "x", pixels=False).dataset, RAMP)
    assert found.window.origin is WindowOrigin.PERCENTILE
    assert any("malformed" in note for note in found.notes)


def test_an_unusable_first_window_leaves_the_second():
    found = tone(phantoms.radiograph(WindowCenter=[40, 50], WindowWidth=[0, 350]), RAMP)
    assert (found.window.center, found.window.width, found.others) == (50, 350, ())


def test_ct_without_a_window_gets_its_regions_preset_never_min_max():
    dataset = phantoms.ct_slice(WindowCenter=None, WindowWidth=None)
    found = tone(dataset, RAMP, modality="CT", body_part="HEAD")
    assert (found.window.center, found.window.width, found.window.origin) == (40, 80, WindowOrigin.PRESET)
    unknown = tone(dataset, RAMP, modality="CT", body_part=None)
    assert (unknown.window.center, unknown.window.width) == (40, 400)


def test_ct_that_gives_no_rescale_is_not_taken_for_hu():
    dataset = phantoms.ct_slice(WindowCenter=None, WindowWidth=None, RescaleSlope=None, RescaleIntercept=None)
    assert tone(dataset, RAMP, modality="CT").window.origin is WindowOrigin.PERCENTILE


def test_per_frame_groups_carry_their_own_rescale_and_window():
    dataset = phantoms.enhanced_ct(3)
    for frame in range(3):
        transform = modality_transform(dataset, frame)
        assert (transform.slope, transform.intercept) == (frame + 1, -1000)
        assert voi.header_windows(dataset, frame)[0][0].width == 100 * (frame + 1)


def test_shared_groups_hold_where_a_frame_has_none():
    dataset = phantoms.enhanced_ct(2)
    groups = dataset.PerFrameFunctionalGroupsSequence
    dataset.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence = groups[0].FrameVOILUTSequence
    for group in groups:
        del group.FrameVOILUTSequence
    assert voi.header_windows(dataset, 1)[0][0].width == 100


def test_a_modality_table_comes_before_the_window():
    table = phantoms.lut(np.array([0, 10, 20, 1000]), first=5)
    dataset = phantoms.radiograph(ModalityLUTSequence=Sequence([table]), WindowCenter=500, WindowWidth=1000)
    found = tone(dataset, RAMP)
    values = found.modality.apply(np.array([0, 5, 7, 8, 4000]))
    assert values.tolist() == [0, 0, 20, 1000, 1000]
    assert found.line(found.window) is None


def test_a_voi_table_is_preferred_and_the_windows_offered():
    table = phantoms.lut(np.arange(256) * 257, first=100, explanation="FILM")
    dataset = phantoms.radiograph(VOILUTSequence=Sequence([table]), WindowCenter=50, WindowWidth=80)
    found = tone(dataset, RAMP)
    assert (found.window.origin, found.window.explanation) == (WindowOrigin.VOI_LUT, "FILM")
    assert [w.center for w in found.others] == [50]
    np.testing.assert_allclose(found.levels(np.array([0, 100, 228, 355, 9999]), found.window), [0, 0, 128, 255, 255])


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME2", "IDENTITY", False),
    ],
)
def test_inversion_is_what_photometric_or_shape_say(photometric, shape, inverted):
    assert is_inverted(phantoms.radiograph(photometric=photometric, PresentationLUTShape=shape)) is inverted


def test_without_a_window_the_half_percent_at_either_end_is_clipped():
    pixels = np.tile(np.arange(1000, dtype=np.uint16), (4, 1))
    window = tone(phantoms.radiograph(), pixels).window
    low, high = voi.limits(window)
    assert low == pytest.approx(np.percentile(pixels, 0.5))
    assert high == pytest.approx(np.percentile(pixels, 99.5))


def test_a_line_that_float32_could_not_hold_is_refused():
    found = tone(phantoms.radiograph(WindowCenter=60000, WindowWidth=2), RAMP)
    assert found.line(found.window) is None


def test_malformed_presets_are_refused():
    with pytest.raises(KeyError, match="unknown"):
        presets.parse('preset = []\n[regions]\nhead = ["HEAD"]\n')


def test_every_region_of_the_clinical_data_has_presets_with_a_usable_width():
    parts, found = presets.parse(files("wetread").joinpath("clinical/windows.toml").read_text(encoding="utf-8"))
    assert set(parts.values()) | {presets.UNKNOWN} == set(found)
    assert all(voi.usable(w) and w.explanation for windows in found.values() for w in windows)
