"""Text longer than a page is printed over several, never an error."""

import io

import pytest
from pypdf import PdfReader
from reports import report as report_of

from wetread.domain.finding import Finding, Presence
from wetread.domain.order import Order
from wetread.domain.study import Patient
from wetread.reporting import render
from wetread.testing.studies import film_study, read


def report(*findings, patient=None, question=None):
    study, order = film_study(patient=Patient(name=patient)), Order(clinical_question=question)
    return report_of(read(*findings), study=study, order=order)


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
