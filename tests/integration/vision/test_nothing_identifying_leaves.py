"""Identifiers planted everywhere; the wire, the logs and the report's trace are searched for them byte by byte."""

import base64
import json
import logging
import re

import cv2
import numpy as np
import pytest
from fake_providers import PATHS, answer, at, finding, reports, site

from wetread.domain.read import Read
from wetread.testing import phantoms

pytest.importorskip("rapidocr", reason="text in pictures is looked for by the extra ocr")

NAME, PATIENT_ID, ACCESSION = "Quixotelli^Zebediah", "MRN-7741906", "ACC-9930127"
PHYSICIAN, INSTITUTION, PHONE = "Vanderquist^Ottoline", "Mount Bellwether Infirmary", "+1 555 0142 887"
WORDS = (
    "Quixotelli", "Zebediah", "7741906", "9930127", "Vanderquist", "Ottoline", "Bellwether", "0142", "zebediah_chest",
    "19510304", "1951-03-04", "2.25.7741906",
)  # fmt: skip


def planted(folder):
    """A film whose headers, name, private tags and pixels all say whose it is."""
    dataset = phantoms.radiograph(
        pixels=(phantoms.chest_pattern(1024, 900) * 3600 + 200).astype(np.uint16),
        PatientName=NAME,
        PatientID=PATIENT_ID,
        PatientBirthDate="19510304",
        AccessionNumber=ACCESSION,
        ReferringPhysicianName=PHYSICIAN,
        InstitutionName=INSTITUTION,
        StudyDescription=f"chest of {NAME}",
        StudyInstanceUID="2.25.7741906",
        Modality="DX",
        BodyPartExamined="CHEST",
    )
    dataset.add_new((0x0011, 0x0010), "LO", "WETREAD TEST")
    dataset.add_new((0x0011, 0x1001), "LO", f"{NAME} {PATIENT_ID}")
    pixels = np.frombuffer(dataset.PixelData, np.uint16).reshape(1024, 900).copy()
    ink = np.zeros(pixels.shape, np.uint8)
    cv2.putText(ink, "QUIXOTELLI ZEBEDIAH", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3)
    cv2.putText(ink, PATIENT_ID, (40, 980), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2)
    pixels[ink > 127] = 4000
    phantoms.set_pixels(dataset, pixels, photometric="MONOCHROME2", bits_stored=12)
    path = folder / "zebediah_chest.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def context(folder):
    path = folder / "context.json"
    told = {
        "accession_number": ACCESSION,
        "clinical_question": f"Mr Zebediah Quixotelli, {PATIENT_ID}: pneumothorax? Call {PHONE}",
        "history": ["Seen by Dr Ottoline Vanderquist at Mount Bellwether Infirmary, born 1951-03-04. COPD."],
        "priors": [{"date": "2024-02-03", "text": "QUIXOTELLI, ZEBEDIAH. Emphysema. Signed: O. Vanderquist"}],
    }
    path.write_text(json.dumps(told))
    return path


@pytest.mark.parametrize("provider", sorted(PATHS))
def test_no_identifier_is_on_the_wire_in_a_log_or_in_the_trace(llmock, tap, tmp_path, caplog, capfd, provider):
    caplog.set_level(logging.DEBUG)
    llmock.reply(json.dumps(answer(finding("wr:pneumothorax"))), times=None)
    (report,) = reports(
        site(tmp_path, fake=at(tap, provider)), "fake", films=(planted(tmp_path),), context=context(tmp_path)
    )
    (read,) = report.answers
    assert isinstance(read, Read), read
    assert len(tap.requests) == 2, "pictures alone, then with the clinical text"
    sent = tap.sent
    assert "COPD" in sent, "what matters clinically is still told"
    logged = caplog.text + "".join(capfd.readouterr())
    for word in WORDS:
        assert word.casefold() not in _without_pictures(sent).casefold(), f"{word} was sent"
        assert word.casefold() not in logged.casefold(), f"{word} was logged"
        assert word.casefold() not in repr(read.trace).casefold(), f"{word} is in the trace"


def test_the_names_in_the_pixels_are_masked_before_they_are_sent(llmock, tap, tmp_path):
    from rapidocr import RapidOCR

    llmock.reply(json.dumps(answer(finding("wr:pneumothorax"))), times=None)
    (report,) = reports(site(tmp_path, fake=at(tap, "openai")), "fake", films=(planted(tmp_path),))
    (picture,) = _pictures(tap.sent)
    read = RapidOCR()(picture)
    legible = " ".join(read.txts or ()).upper()
    assert "QUIX" not in legible
    assert "7741906" not in legible
    assert any(limit.code == "pixel_text_masked" for limit in report.limitations)


def _without_pictures(sent: str) -> str:
    return re.sub(r"[A-Za-z0-9+/=]{400,}", "", sent)


def _pictures(sent: str) -> list[np.ndarray]:
    encoded = re.findall(r"base64,([A-Za-z0-9+/=]{400,})", sent)
    return [cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), cv2.IMREAD_COLOR) for one in encoded]
