"""Every new field of a read, filled with hostile text: pages stay inert, the data stay whole."""

import io
import json
import re

import pytest
from pypdf import PdfReader
from reports import report

from wetread.domain.finding import Size
from wetread.domain.read import (
    Abstention,
    Diagnosis,
    ImpressionItem,
    Quality,
    Read,
    ReaderIdentity,
    Recommendation,
    Trace,
    Usage,
)
from wetread.domain.view import Limitation
from wetread.reporting import render
from wetread.reporting.claims import LONGEST
from wetread.testing.studies import finding

CODE = "wr:pneumonia"
HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>",
    "ansi": "\x1b[31mred\x1b]0;title\x07\x9b2J\r\x08",
    "bidi": "\u202egnp.exe\u2066\u2069\u200f\u200b\U000e0041",
    "latex": "$\\input{/etc/passwd}$ \\write18{rm} %n%s {0.__class__} {reader} ${HOME}",
    "markup": '<font color="red">x</font> &amp; <a href="javascript:alert(1)">y</a> ]]> <para>',
    "lines": "one\nP5 routine\r\nMSH|^~\\&|\u2028two\u2029three\x85four",
    "half": "a\ud800b",
    "long": "word " * 4000 + "x" * 3000,
}


def hostile(text):
    identity = ReaderIdentity(name=text, version=text, fingerprint=text, model_id=text)
    found = finding(
        CODE, location=text, temporal=text, rationale=text, severity=text,
        size=Size(value=3, unit=text, method=text), context_dependent=True,
    )  # fmt: skip
    seen = Read(
        reader=identity,
        findings=(found,),
        quality=Quality(grade=text, issues=(text,)),
        impression=(ImpressionItem(text=text, cites=(CODE, text)),),
        differential=(Diagnosis(condition=text, code=text, reasoning=text, supports=(text, CODE), against=(text,)),),
        recommendations=(Recommendation(text=text, action=text, modality=text, timeframe=text, guideline=text),),
        limitations=(Limitation(code=text, text=text),),
        usage=Usage(calls=1),
        trace=Trace(
            prompt=text, prompt_sha256=text, answered_by=text, form=text, passes=(text,), hops=(text,), egress=text
        ),
        original=text,
    )
    broken = Abstention(reader=identity, reason=text, code=text, failed=True, original=text)
    return report(seen, broken)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_html_holds_no_markup_of_a_reader_s(text):
    page = render(hostile(text), "html").decode()
    assert not re.search(r"<(script|img|a|font|para|iframe|link)\b", page)
    assert all(c.isprintable() or c == "\n" for c in page)
    assert "javascript:" not in re.sub(r">[^<]*<", "><", page)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_plain_text_steers_no_terminal_and_forges_no_line(text):
    page = render(hostile(text), "text").decode()
    assert all(c.isprintable() or c == "\n" for c in page)
    assert not any(line.startswith(("P5", "MSH")) for line in page.splitlines())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_json_is_one_inert_line_and_loses_nothing(text):
    data = render(hostile(text), "json")
    assert data.decode().isprintable()
    answer, broken = json.loads(data)["answers"]
    assert answer["original"] == broken["original"] == text
    assert answer["impression"][0]["text"] == text
    assert answer["differential"][0]["supports"] == [text, CODE]
    assert answer["trace"]["hops"] == [text]
    assert answer["recommendations"][0]["guideline"] == text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_pdf_of_it_is_made_with_its_banner_on_every_page(text):
    pages = PdfReader(io.BytesIO(render(hostile(text), "pdf"))).pages
    assert all("not for diagnosis" in page.extract_text() for page in pages)
    assert all("\x1b" not in page.extract_text() for page in pages)


def test_braces_of_a_reader_are_shown_and_never_filled_in():
    page = render(hostile(HOSTILE["latex"]), "text").decode()
    assert "{0.__class__}" in page
    assert "{reader}" in page


def test_endless_claims_are_cut_on_pages_with_what_is_left():
    page = re.sub(r"\s+", " ", render(hostile(HOSTILE["long"]), "text").decode())
    left = len(HOSTILE["long"]) - LONGEST
    assert f"… ({left} more characters in the data)" in page
