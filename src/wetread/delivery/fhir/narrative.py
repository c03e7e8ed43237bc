"""The narrative of a resource: one XHTML div, in which nothing is live."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from wetread.delivery.fhir.parts import Json, words

XHTML = "http://www.w3.org/1999/xhtml"


def narrative(banner: str, lines: Iterable[str | None], *, block: str | None = None) -> Json:
    """The text of a resource: the banner, its lines, and a block of text as it stands.

    Source: https://hl7.org/fhir/R4/narrative.html (status, allowed elements).
    """
    told = [f"<p><b>{_inert(banner)}</b></p>"]
    told += [f"<p>{_inert(line)}</p>" for line in lines if line and line.strip()]
    if block and block.strip():
        told.append(f"<pre>{_inert(block)}</pre>")
    return {"status": "generated", "div": f'<div xmlns="{XHTML}">{"".join(told)}</div>'}


def _inert(text: str) -> str:
    return escape(words(text) or "", {'"': "&quot;"})
