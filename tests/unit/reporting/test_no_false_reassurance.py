"""No output says that nothing is wrong, whatever a reader claims and whatever the pictures hid."""

import json
import re
from pathlib import Path

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Quality, Read, ReaderIdentity
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
ALL_CLEAR = Finding(code="wr:no-acute-abnormality", presence=Presence.PRESENT)


@pytest.mark.parametrize("output", ["text", "html"])
def test_a_reader_s_all_clear_is_never_printed(output):
    page = render(report(ABSENT, ALL_CLEAR), output).decode().casefold()
    assert "no acute" not in page
    assert not re.search(r"\bnormal\b", page)


def test_an_all_clear_is_no_checked_finding_but_stays_in_the_reader_s_own_answer():
    told = json.loads(render(report(ABSENT, ALL_CLEAR), "json"))
    assert told["checked"] == ["wr:pneumothorax"]
    assert [finding["code"] for finding in told["findings"]] == ["wr:pneumothorax"]
    assert len(told["answers"][0]["findings"]) == 2


def test_non_diagnostic_pictures_count_nothing_as_checked():
    told = report(ABSENT, quality=Quality(grade="non_diagnostic"))
    assert told.checked == ()
    assert "None detected among 1 checked" not in told.impression
