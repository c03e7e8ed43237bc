"""Mammograms: one scale for four views, each alone at nearly full size."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from wetread.domain.study import Series, Study
from wetread.domain.view import ViewKind, ViewPlan
from wetread.imaging import prepare
from wetread.testing import phantoms
from wetread.testing.references import instance_of

CLINICAL = ViewPlan(recipe="clinical", max_images=None)
DISC_MM = 20.0


def film(folder, side, position, *, spacing=0.1, size=(2400, 1800), frames=None):
    """A mammogram with one bright disc of 20 mm; each film may have a spacing of its own."""
    y, x = np.mgrid[: size[0], : size[1]]
    inside = np.hypot(x - size[1] / 2, y - size[0] / 2) * (spacing or 0.1) <= DISC_MM / 2
    pixels = np.where(inside, 4000, 100).astype(np.uint16)
    if frames:
        pixels = np.stack([pixels] * frames)
    name = f"{side}{position}{frames or ''}"
    dataset = phantoms.radiograph(
        pixels=pixels,
        name=name,
        Modality="MG",
        PixelSpacing=[spacing, spacing] if spacing else None,
        WindowCenter=2048,
        WindowWidth=4096,
    )
    instance = instance_of(phantoms.write(dataset, folder / f"{name}.dcm"), dataset)
    return replace(instance, projection=position, laterality=side)


def study_of(*films):
    series = tuple(
        Series(series_uid=str(k), modality="MG", body_part="BREAST", instances=(one,)) for k, one in enumerate(films)
    )
    return Study(ref="s", study_uid="1", series=series)


def pixels_of(view):
    return cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_UNCHANGED)


def four(folder, **second):
    return study_of(
        film(folder, "L", "MLO"),
        film(folder, "R", "CC", **second),
        film(folder, "L", "CC"),
        film(folder, "R", "MLO"),
    )


def test_four_views_come_in_one_montage_and_each_alone(tmp_path):
    found = prepare(four(tmp_path), CLINICAL)
    assert [v.kind for v in found.views] == [ViewKind.MONTAGE, *[ViewKind.IMAGE] * 4]
    assert [c.origin.file for c in found.views[0].cells] == ["RCC.dcm", "LCC.dcm", "RMLO.dcm", "LMLO.dcm"]
    assert found.views[1].label == "right breast, craniocaudal (CC)"
    assert found.views[4].label == "left breast, mediolateral oblique (MLO)"
    assert found.limitations == ()
    assert all(max(v.width, v.height) >= 2000 for v in found.views[1:])


def test_a_length_is_equally_long_in_every_cell(tmp_path):
    view = prepare(four(tmp_path, spacing=0.05, size=(3000, 2000)), CLINICAL).views[0]
    grey = pixels_of(view)
    widths = []
    for cell in view.cells:
        x0, y0, x1, y1 = cell.box
        widths.append((grey[y0:y1, x0:x1] > 128).any(axis=0).sum() * view.spacing_mm[1])
    assert widths == pytest.approx([DISC_MM] * 4, abs=2 * view.spacing_mm[1])


def test_cells_lead_back_to_their_films(tmp_path):
    view = prepare(four(tmp_path, spacing=0.05, size=(3000, 2000)), CLINICAL).views[0]
    for cell in view.cells:
        x0, y0, x1, y1 = cell.box
        assert cell.mapping.to_source(x0, y0) == pytest.approx((0, 0), abs=1e-6)
        corner = (cell.origin.source_width, cell.origin.source_height)
        assert cell.mapping.to_source(x1, y1) == pytest.approx(corner)


def test_films_without_a_spacing_share_the_scale_of_their_pixels_and_say_so(tmp_path):
    view = prepare(four(tmp_path, spacing=None), CLINICAL).views[0]
    assert view.spacing_mm is None
    assert "not calibrated" in view.label
    assert any("uncalibrated" in step for step in view.recipe)


def test_missing_views_are_a_limitation(tmp_path):
    found = prepare(study_of(film(tmp_path, "L", "MLO"), film(tmp_path, "L", "CC")), CLINICAL)
    assert [(limit.code, "R CC, R MLO" in limit.text) for limit in found.limitations] == [("views_missing", True)]


def test_the_plans_size_and_number_are_obeyed(tmp_path):
    views = prepare(four(tmp_path), ViewPlan(recipe="clinical", max_edge_px=500, max_images=3)).views
    assert len(views) == 3
    assert all(max(v.width, v.height) <= 500 for v in views)


def test_a_tomosynthesis_is_shown_in_spaced_slices_outside_of_the_montage(tmp_path):
    found = prepare(
        study_of(film(tmp_path, "L", "CC"), film(tmp_path, "L", "MLO", frames=9, size=(300, 200))), CLINICAL
    )
    labels = [v.label for v in found.views]
    assert sum("tomosynthesis slice" in label for label in labels) == 6
    assert not any(v.kind is ViewKind.MONTAGE for v in found.views)
    assert "7 of 10 images were sent" in found.limitations[-1].text
