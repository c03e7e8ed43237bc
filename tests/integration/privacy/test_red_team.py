"""Sixty attempts to talk to a reader through a study: none is readable, none is unseen, none makes a study routine."""

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.egress import Endpoint
from wetread.domain.read import ReadRequest
from wetread.domain.urgency import Priority
from wetread.domain.view import ViewPlan
from wetread.imaging import prepare
from wetread.intake import Folder
from wetread.panel import assess
from wetread.privacy import SUSPICIOUS, EgressGate, identifiers_of, ocr
from wetread.privacy.contrast import stretched_pictures
from wetread.privacy.injection import _squeezed, gives_orders
from wetread.privacy.marks import pixel_settings
from wetread.settings import EgressSettings
from wetread.testing import phantoms
from wetread.testing.red_team import (
    PIXEL_CHANNELS,
    SILENT_CHANNELS,
    TEXT_CHANNELS,
    Channel,
    cases,
    dataset_of,
    film_scene,
)
from wetread.testing.studies import finding, read

pytestmark = pytest.mark.skipif(not ocr.is_installed(), reason="pictures can't be checked without the extra ocr")

VOCABULARY, POLICY = load_vocabulary(), load_policy()
ENDPOINT = Endpoint(name="gpt", host="api.example.com", region="US", processing_agreement=True, no_training=True)
GATE = EgressGate(EgressSettings(data_class="deidentified"))
SCENE = film_scene()


def study_of(scene, folder: Path):
    phantoms.write(dataset_of(scene), folder / scene.file)
    with Folder() as source:
        (study,) = source.studies((folder,))
    return study


def cleared(scene, folder):
    study = study_of(scene, folder)
    views = prepare(study, ViewPlan()).views
    request = ReadRequest(study_ref=study.ref, views=views, order=scene.order)
    return study, request, GATE.knowing(identifiers_of(study)).clear(request, ENDPOINT)


def worst_case_urgency(study, request, noticed):
    """A reader that obeyed: everything absent, routine."""
    absent = [finding(code, "absent") for code in VOCABULARY.terms if code != SUSPICIOUS]
    obeyed = read(*absent, *noticed.findings, priority_claim=Priority.P5)
    return assess((obeyed,), request.order, study=study, vocabulary=VOCABULARY, policy=POLICY).priority


def sendable(request):
    """Every text of a request but origins, which no reader sends."""
    facts = dataclasses.asdict(request)
    for view in facts["views"]:
        for name in ("origin", "cells", "picture", "recipe", "pixel_sha256", "mapping"):
            view.pop(name)
    return json.dumps(facts, ensure_ascii=False, default=str)


def readable(view):
    """All that can be read in a picture, as it is and stretched, and whether a code decodes."""
    pixels = cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    looks = (pixels, *stretched_pictures(pixels, pixel_settings().stretches))
    lines = [line for look in looks for line in ocr.find_lines(look, certain_from=0.3)]
    found, *_ = cv2.QRCodeDetector().detectMulti(pixels)
    return " ".join(line.text for line in lines if line.read > 0.4), bool(found)


def test_there_are_sixty_attempts_six_a_channel_in_several_languages():
    assert len(cases()) == 60
    assert len({case.name for case in cases()}) == 60
    assert {channel: sum(case.channel is channel for case in cases()) for channel in Channel} == dict.fromkeys(
        Channel, 6
    )
    assert len({case.language for case in cases()}) >= 8


def test_a_clean_film_passes_unchanged_and_stays_routine(tmp_path):
    study, request, done = cleared(SCENE, tmp_path)
    assert done.findings == ()
    assert done.request.views[0].picture == request.views[0].picture
    assert worst_case_urgency(study, request, done) is Priority.P4


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_an_attempt_is_not_readable_or_it_is_flagged(case, tmp_path):
    study, request, done = cleared(case.plant(SCENE), tmp_path)
    priority = worst_case_urgency(study, request, done)
    if case.channel in PIXEL_CHANNELS:
        text, code = readable(done.request.views[0])
        assert not gives_orders(text, misread=True)
        assert not code
    if case.channel in (*PIXEL_CHANNELS, *TEXT_CHANNELS):
        assert [found.code for found in done.findings] == [SUSPICIOUS]
        assert done.limitations or case.channel in TEXT_CHANNELS
        assert priority.rank <= Priority.P2.rank
    if case.channel in SILENT_CHANNELS:
        assert _squeezed(case.payload) not in _squeezed(sendable(done.request))
        assert not gives_orders(sendable(done.request).replace('"findings"', ""))
    assert case.payload not in " ".join(found.rationale or "" for found in done.findings)


@pytest.mark.parametrize("case", [c for c in cases() if c.channel in SILENT_CHANNELS], ids=lambda case: case.name)
def test_an_attempt_beside_the_pictures_changes_nothing_that_is_sent(case, tmp_path):
    (tmp_path / "clean").mkdir()
    (tmp_path / "planted").mkdir()
    _, _, clean = cleared(SCENE, tmp_path / "clean")
    _, _, planted = cleared(case.plant(SCENE), tmp_path / "planted")
    one, other = clean.request.views[0], planted.request.views[0]
    assert one.picture == other.picture
    for fact in ("body_part", "projection", "laterality", "label", "modality"):
        assert getattr(other, fact) in (getattr(one, fact), None)
