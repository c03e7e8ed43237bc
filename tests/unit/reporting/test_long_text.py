"""Text longer than a page is printed over several, never an error."""

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

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


def report(*findings, patient=None, question=None):
    picture = Instance(
        file="a.dcm", path=Path("a.dcm"), sha256="0" * 64, size_bytes=1, kind=InstanceKind.DICOM_IMAGE,
        modality="DX", body_part="CHEST",
    )  # fmt: skip
    series = Series(series_uid="1", modality="DX", body_part="CHEST", instances=(picture,))
    study = Study(ref="st-1", study_uid="1.2", series=(series,), patient=Patient(name=patient))
    reader = ReaderIdentity(name="a", version="1", fingerprint="f")
    answers = (Read(reader=reader, findings=findings),)
    try:
        consensus = consolidate(answers, {})
    except NobodyRead:
        consensus = None
    urgency = assess(answers, Order(clinical_question=question), study=study, vocabulary=VOCABULARY, policy=POLICY)
    rest = Rest(urgency=urgency, vocabulary=VOCABULARY, policy=POLICY, provenance=TRACE)
    return compose(study, Order(clinical_question=question), answers, consensus, rest=rest)


def pneumonia(**facts):
    return Finding(code="wr:pneumonia", presence=Presence.PRESENT, **facts)


@pytest.mark.parametrize(
    "made",
    [
        lambda: report(pneumonia(), question="why " * 6000),
        lambda: report(pneumonia(), patient="x" * 20000),
        lambda: report(pneumonia(location="here " * 6000)),
        lambda: report(pneumonia(), patient="山" * 9000),
    ],
    ids=["question", "name", "place", "chinese"],
)
def test_a_pdf_of_endless_text_has_more_pages(made):
    pages = PdfReader(io.BytesIO(render(made(), "pdf"))).pages
    assert len(pages) > 2
    assert all("not for diagnosis" in page.extract_text() for page in pages)
