"""A reader that is data: it reads its own examination and abstains, with the reason, on every other."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from networks import CODES, densenet121, write_reader

from wetread.domain.finding import Presence
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.view import ViewKind
from wetread.errors import CardInvalid, ReaderRefused
from wetread.readers import OnnxReader, load_card
from wetread.testing.readers import check_reader
from wetread.testing.views import view_of

FILM = {"modality": "DX", "body_part": "CHEST", "projection": "PA"}


def film(level: int, **facts):
    return view_of(np.full((64, 48), level, np.uint8), **{**FILM, **facts})


def ask(reader, *views, age_years=None):
    request = ReadRequest(study_ref="st-1", views=views, order=Order(), age_years=age_years)
    return asyncio.run(reader.read(request))


def presence(read, code):
    return next(finding.presence for finding in read.findings if finding.code == code)


def test_every_code_on_the_card_is_answered(bright_reader):
    read = ask(OnnxReader(bright_reader), film(255))
    assert tuple(finding.code for finding in read.findings) == CODES
    assert presence(read, CODES[0]) is Presence.PRESENT
    assert presence(read, CODES[1]) is Presence.ABSENT


def test_a_score_without_a_calibrator_is_stated_as_a_score_and_not_as_a_probability(bright_reader):
    finding = ask(OnnxReader(bright_reader), film(255)).findings[0]
    assert finding.probability is None
    assert finding.confidence_kind == "score"


def test_the_view_that_speaks_loudest_for_a_finding_decides(bright_reader):
    reader = OnnxReader(bright_reader)
    both = ask(reader, film(0), film(255))
    assert presence(both, CODES[0]) is presence(both, CODES[1]) is Presence.PRESENT


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"modality": "CT"}, "modality CT"),
        ({"body_part": "RIBCAGE"}, "body part RIBCAGE"),
        ({"projection": "LATERAL"}, "projection LATERAL"),
        ({"colour": True}, "colour"),
        ({"kind": ViewKind.MONTAGE}, "montage"),
    ],
)
def test_a_view_of_another_examination_is_an_abstention_with_the_reason(bright_reader, facts, word):
    with pytest.raises(ReaderRefused, match=word):
        ask(OnnxReader(bright_reader), replace(film(128), **facts))


def test_a_thumbnail_is_an_abstention(bright_reader):
    with pytest.raises(ReaderRefused, match="31 pixels"):
        ask(OnnxReader(bright_reader), view_of(np.zeros((40, 31), np.uint8), **FILM))


def test_a_child_is_an_abstention_and_an_unknown_age_is_not(bright_reader):
    reader = OnnxReader(bright_reader)
    with pytest.raises(ReaderRefused, match="4 years"):
        ask(reader, film(128), age_years=4)
    assert ask(reader, film(128), age_years=None).findings
    teenager = ask(reader, film(128), age_years=18.5)
    assert any("19 years on" in limitation.text for limitation in teenager.limitations)


def test_a_lateral_beside_a_frontal_film_is_left_out_and_said(bright_reader):
    read = ask(OnnxReader(bright_reader), film(128), film(128, projection="LATERAL"))
    assert len(read.views_read) == 1
    assert any("LATERAL" in limitation.text for limitation in read.limitations)


def test_what_nobody_declared_is_a_limitation(bright_reader):
    read = ask(OnnxReader(bright_reader), view_of(np.zeros((64, 64), np.uint8), modality="DX"))
    assert any("body part, projection" in limitation.text for limitation in read.limitations)


def test_weights_that_do_not_match_their_hash_never_load(bright_reader, tmp_path):
    folder = write_reader(tmp_path / "tampered", codes=CODES)
    (folder / "net.onnx").write_bytes((folder / "net.onnx").read_bytes() + b"\0")
    with pytest.raises(CardInvalid, match="SHA-256"):
        OnnxReader(folder)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('fit = "pad"', 'fit = "stretch"', "fit"),
        ("edge_px = 64", "edge_pixels = 64", "edge_p"),
        ('file = "net.onnx"', 'file = "../net.onnx"', "file"),
        ("uncertain_at = 0.3", "uncertain_at = 0.9", "uncertain_at"),
        ("index = 1", "index = 0\nextra = 1", "extra"),
        ("[input]", "[input", "TOML"),
    ],
)
def test_a_wrong_card_names_its_field(bright_reader, tmp_path, old, new, word):
    folder = write_reader(tmp_path / "wrong", codes=CODES)
    path = folder / "card.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CardInvalid, match=word):
        load_card(folder)


def test_a_network_that_does_not_fit_its_card_says_so(tmp_path):
    folder = write_reader(tmp_path / "misfit", codes=CODES, edge=32)
    with pytest.raises(CardInvalid, match="does not fit its card"):
        ask(OnnxReader(folder), film(128))


def test_a_densenet_of_the_published_shape_loads_and_reads(tmp_path):
    codes = tuple(f"wr:finding-{n}" for n in range(18))
    card = {"build": densenet121, "edge": 224, "black": -1024.0, "white": 1024.0, "fit": "crop", "form": "probability"}
    folder = write_reader(tmp_path / "densenet", codes=codes, **card)
    ramp = np.tile(np.linspace(0, 255, 500, dtype=np.uint8), (400, 1))
    reader = OnnxReader(folder)
    assert reader.plan.max_edge_px == 448
    read = ask(reader, view_of(ramp, **FILM))
    assert len(read.findings) == 18
    assert all(0 < finding.confidence_raw < 1 for finding in read.findings)


def test_the_contract_of_readers_holds(bright_reader):
    check_reader(OnnxReader(bright_reader), (film(10), film(200)), known_codes=CODES)
