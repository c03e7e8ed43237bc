"""The parts of a report text that say what was seen, without what was asked, known, compared with or advised."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from wetread.evaluate.reports.phrases import Headings, report_phrases

LEAD = r"(?:^|\n|(?<=[.;!?])[ \t])[ \t>*#\-\u2022]{0,12}"
SENTENCE_END = re.compile(r"[.;!?](?=\s|$)")
EMPTY_LINE = re.compile(r"\n[ \t]*\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A heading (empty for what comes before the first) and the text below it."""

    heading: str
    body: str


def seen_text(text: str) -> Iterator[str]:
    """The runs of a report text that speak of the pictures, in their order."""
    headings = report_phrases().sections
    parts = list(_parts(text.replace("\r\n", "\n").replace("\r", "\n")))
    for place, part in enumerate(parts):
        if part.heading in headings.silent:
            yield _after_silence(part.body, whole=_body_follows(parts[place + 1 :], headings))
        elif part.heading in headings.parts:
            yield f"{part.heading} {part.body.strip()}"
        else:
            yield part.body


def _parts(text: str) -> Iterator[_Part]:
    heading, start = "", 0
    for found in _pattern().finditer(text):
        yield _Part(heading=heading, body=text[start : found.start()])
        heading, start = " ".join(found.group(1).casefold().split()), found.end()
    yield _Part(heading=heading, body=text[start:])


def _body_follows(later: list[_Part], headings: Headings) -> bool:
    """Whether the next part that is read holds findings: only then all of a silent part is silent."""
    nearest = next((part for part in later if part.heading not in headings.silent), None)
    return nearest is not None and nearest.heading not in headings.closing


def _after_silence(body: str, *, whole: bool) -> str:
    """What still speaks of findings behind the silent words of a part."""
    told = body.lstrip(" \t\n")
    gap = EMPTY_LINE.search(told)
    if whole:
        return told[gap.end() :] if gap else ""
    first = SENTENCE_END.search(told)
    ends = [found.end() for found in (first, gap) if found is not None]
    return told[min(ends) :] if ends else ""


@cache
def _pattern() -> re.Pattern[str]:
    told = report_phrases().sections
    words = sorted({*told.silent, *told.seen, *told.closing, *told.parts}, key=len, reverse=True)
    named = "|".join(r"[ \t]+".join(map(re.escape, word.split())) for word in words)
    return re.compile(rf"{LEAD}({named})\b[*_ \t]*(?::|(?=\n)|$)[*_]*", re.IGNORECASE)
