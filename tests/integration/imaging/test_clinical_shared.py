"""The clinical recipe on real files: each gives views or says why not, behind the guard too."""

import logging
import warnings

import cv2
import numpy as np
import pytest

from wetread.domain.study import Study
from wetread.domain.view import ViewKind, ViewPlan
from wetread.guard import Guard, Inline
from wetread.imaging import prepare
from wetread.intake import Declared, Folder

pytestmark = pytest.mark.shared
CLINICAL = ViewPlan(recipe="clinical", max_images=None)
OUR_OWN_WORDS = {"stroke", "patient", "modality"}  # which some test patients are called, too


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def studies(*paths, modality=None):
    with Folder(isolation=Inline(), declared=Declared(modality=modality)) as source:
        yield from (found for found in source.studies(paths) if isinstance(found, Study))


def test_every_dicom_file_gives_views_or_a_failure_and_no_view_is_over_the_plan(shared):
    plan = ViewPlan(recipe="clinical", max_edge_px=300, max_images=20)
    seen = 0
    for study in studies(shared / "dicom"):
        found = prepare(study, plan)
        seen += len(found.views)
        if any(i.is_image for i in study.instances):
            assert found.views or found.failures, [i.file for i in study.instances]
        for view in found.views:
            assert max(view.width, view.height) <= 300
            assert view.recipe[0].startswith("recipe: clinical")
            assert cv2.imdecode(np.frombuffer(view.picture, np.uint8), -1).shape[:2] == (view.height, view.width)
    assert seen > 120


def test_no_patients_name_gets_into_a_label_or_recipe(shared):
    for study in studies(shared / "dicom"):
        words = {w.lower() for w in (study.patient.name or "").replace("^", " ").split() if len(w) > 4 and w.isalpha()}
        words -= OUR_OWN_WORDS
        for view in prepare(study, ViewPlan(recipe="clinical", max_edge_px=64, max_images=6)).views:
            told = f"{view.label} {view.recipe}".lower()
            assert not any(word in told for word in words)


@pytest.mark.parametrize("name", ["highdicom__sm_image.dcm", "highdicom__sm_image_jpegls_nobot.dcm"])
def test_real_dicom_slides_open(shared, name):
    pytest.importorskip("wsidicom")
    (study,) = studies(shared / "dicom" / name)
    found = prepare(study, CLINICAL)
    assert (len(found.views), found.failures) == (1, ())
    assert (found.views[0].width, found.views[0].height) == (50, 50)


def test_a_slide_object_without_a_spacing_says_so(shared):
    pytest.importorskip("wsidicom")
    (study,) = studies(shared / "dicom" / "fo-dicom__multiframe.dcm")
    found = prepare(study, CLINICAL)
    assert "it states no pixel spacing" in found.failures[0].problem


def test_real_ultrasound_is_cropped_and_keeps_its_colour(shared):
    cropped = 0
    for path in sorted((shared / "dicom").iterdir()):
        for study in studies(path):
            if study.modalities == ("US",):
                for view in prepare(study, CLINICAL).views:
                    cropped += view.width * view.height < view.origin.source_width * view.origin.source_height
    assert cropped >= 30


def test_nearly_every_fundus_is_cropped_to_a_square(shared):
    folder = shared / "other" / "fundus"
    views = [v for study in studies(folder, modality="OP") for v in prepare(study, CLINICAL).views]
    square = [v for v in views if abs(v.width - v.height) <= 0.05 * v.width and "cropped" in v.label]
    assert len(views) > 50
    assert len(square) >= 0.9 * len(views)


def test_most_lesions_are_found_and_never_the_whole_picture(shared):
    folder = shared / "other" / "derm"
    found = [prepare(study, CLINICAL).views for study in studies(folder, modality="DMS")]
    crops = [v for views in found for v in views if v.kind is ViewKind.TILE]
    assert len(crops) >= 0.4 * len(found)
    assert all(v.width * v.height < v.origin.source_width * v.origin.source_height for v in crops)


def test_the_guards_child_gives_the_same_views(shared):
    names = ("dcm4che__will-jxl.dcm", "pydicom-data__emri_small_RLE.dcm", "kcr2019d1__anon_apct.dcm")
    found = list(studies(*(shared / "dicom" / name for name in names)))
    with Guard(warm=("wetread.imaging",)) as guard:
        for study in found:
            assert guard.call(prepare, study, CLINICAL, subject=study.ref) == prepare(study, CLINICAL)
