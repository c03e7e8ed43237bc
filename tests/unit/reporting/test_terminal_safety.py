"""JSON goes to terminals too: nothing in it may steer one, and it stays one line and lossless."""

import json
from pathlib import Path

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Read, ReaderIdentity
from wetread.domain.report import Provenance
from wetread.domain.study import Instance, InstanceKind, Patient, Series, Study
from wetread.errors import NobodyRead
from wetread.panel import assess, consolidate
from wetread.reporting import Rest, compose, render

VOCABULARY, POLICY = load_vocabulary(), load_policy()
TRACE = Provenance(
    software="wetread", vocabulary_version="1", vocabulary_sha256="0" * 64, vocabulary_signed_off_by=None,
    policy_version="1", policy_sha256="1" * 64,
)  # fmt: skip


def report(*findings, patient=None, quality=None):
    picture = Instance(
        file="a.dcm", path=Path("a.dcm"), sha256="0" * 64, size_bytes=1, kind=InstanceKind.DICOM_IMAGE,
        modality="DX", body_part="CHEST",
    )  # fmt: skip
    series = Series(series_uid="1", modality="DX", body_part="CHEST", instances=(picture,))
    study = Study(ref="st-1", study_uid="1.2", series=(series,), patient=Patient(name=patient))
    reader = ReaderIdentity(name="a", version="1", fingerprint="f")
    answers = (Read(reader=reader, findings=findings, quality=quality),)
    try:
        consensus = consolidate(answers, {})
    except NobodyRead:
        consensus = None
    urgency = assess(answers, Order(), study=study, vocabulary=VOCABULARY, policy=POLICY)
    rest = Rest(urgency=urgency, vocabulary=VOCABULARY, policy=POLICY, provenance=TRACE)
    return compose(study, Order(), answers, consensus, rest=rest)


ABSENT = Finding(code="wr:pneumothorax", presence=Presence.ABSENT)


@pytest.mark.parametrize("foreign", ["\x9b31m", "\x7f", "\u2028x", "\x85x", "\u202egpj", "\u200b", "\U000e0041"])
def test_json_escapes_what_a_terminal_obeys_and_loses_nothing(foreign):
    data = render(report(ABSENT, patient=foreign), "json")
    assert data.decode().isprintable()
    assert len(data.decode().splitlines()) == 1
    assert json.loads(data)["study"]["patient"]["name"] == foreign


def test_half_a_character_survives_as_an_escape():
    assert json.loads(render(report(ABSENT, patient="a\ud800"), "json"))["study"]["patient"]["name"] == "a\ud800"


@pytest.mark.parametrize("output", ["text", "html"])
def test_the_wide_space_of_a_japanese_name_is_a_space(output):
    page = render(report(ABSENT, patient="山田\u3000太郎"), output).decode()
    assert "山田 太郎" in page
