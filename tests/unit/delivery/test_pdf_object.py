"""Encapsulated PDF: the document arrives whole, and says whether anybody has verified it."""

import pytest

from object_rules import read
from object_states import image, in_state, preliminary
from wetread.delivery.objects.encapsulated_pdf import make_pdf
from wetread.delivery.originals import read_originals


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return preliminary(image(tmp_path_factory.mktemp("pdf")))


@pytest.mark.parametrize("pdf", [b"%PDF-1.4 odd.", b"%PDF-1.4 even."])
def test_the_documents_own_bytes_are_told_from_the_padding(report, pdf):
    dataset = read(make_pdf(report, read_originals(report), pdf))
    assert len(dataset.EncapsulatedDocument) % 2 == 0
    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == pdf


@pytest.mark.parametrize(
    ("state", "flag", "words"),
    [
        ("preliminary", "UNVERIFIED", "AI PRELIMINARY - NOT VERIFIED"),
        ("unread", "UNVERIFIED", "UNREAD"),
        ("final", "VERIFIED", "signed by Dr A. Signer"),
        ("amended", "VERIFIED", "AMENDED by Dr B"),
        ("rejected", "UNVERIFIED", "WITHDRAWN by Dr C"),
    ],
)
def test_only_what_a_human_signed_is_verified(report, state, flag, words):
    given = in_state(report, state)
    dataset = read(make_pdf(given, read_originals(given), b"%PDF-1.4 nothing"))
    assert dataset.VerificationFlag == flag
    assert words in dataset.DocumentTitle
    assert report.banner in dataset.DocumentTitle


def test_what_is_no_pdf_is_refused(report):
    with pytest.raises(ValueError, match="no PDF"):
        make_pdf(report, read_originals(report), b"<html>")
