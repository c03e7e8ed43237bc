"""An answer in sentences: what it found, without what it was asked, advises, or declines to do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from wetread.domain.finding import Presence
from wetread.domain.read import ImpressionItem
from wetread.domain.urgency import Priority
from wetread.readers.answers.items import DECLINED, Manner, Part, Setting, parts_of
from wetread.readers.answers.lexicon import language
from wetread.readers.answers.parts import LONGEST_TEXT, MOST_ITEMS
from wetread.readers.answers.refusals import declines
from wetread.readers.answers.scales import claimed
from wetread.readers.answers.statements import sentences, statements
from wetread.readers.answers.understood import SEEN, Dropped, plainly

IMPRESSIONS = frozenset({"impression", "impressions", "conclusion", "opinion", "summary"})
SENTENCE_END = re.compile(r"[.;!?](?=\s|$)")
LEAD = r"(?:^|\n|(?<=[.;!?])[ \t])[ \t>*#\-\u2022]{0,12}(?:\d{1,2}[.)][ \t]{0,4})?"
NARRATIVE = Manner(strict=False)
CRITICAL = Manner(critical=True)
ABSENT = Manner(presence=Presence.ABSENT, strict=False)
BLIND = Manner(presence=Presence.NOT_ASSESSABLE, strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What prose says. `declined` is the first sentence that declines to read, if one does."""

    parts: tuple[Part, ...]
    impression: tuple[ImpressionItem, ...]
    claim: Priority | None
    declined: str | None


@cache
def _headings() -> re.Pattern[str]:
    table = language()["sections"]
    words = sorted({word for row in table.values() for word in row}, key=len, reverse=True)
    return re.compile(rf"{LEAD}({'|'.join(map(re.escape, words))})\b[*_ \t]*(?::|(?=\r?\n)|$)[*_]*", re.IGNORECASE)


@cache
def _urgencies() -> re.Pattern[str]:
    return re.compile(r"\b(?:urgency|priority|triage|acuity)[^:=\n]{0,24}[:=]\s*([^\n.;]{1,60})", re.IGNORECASE)


def spoken(text: str, setting: Setting) -> Spoken:
    """The findings of a text in sentences, and its claim where it is P3 or more urgent: prose can only raise."""
    parts: list[Part] = []
    impression: list[ImpressionItem] = []
    declined = None
    critical = language()["sections"]["critical"]
    for heading, section in _sections(text):
        for sentence in sentences(section):
            if declines(sentence):
                declined = declined or plainly(sentence, LONGEST_TEXT)
                parts.append(Dropped(what=plainly(sentence, LONGEST_TEXT), why=DECLINED))
                continue
            parts += parts_of(sentence, setting, CRITICAL if heading in critical else NARRATIVE)
            if heading in IMPRESSIONS:
                impression += _cited(sentence, setting)
    return Spoken(
        parts=tuple(parts), impression=tuple(impression[:MOST_ITEMS]), claim=_claim(text, setting), declined=declined
    )


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text by heading, without what tells the history, the technique, the urgency or advice."""
    heading, start = "", 0
    for found in _headings().finditer(text):
        yield heading, _kept(text[start : found.start()], heading)
        heading, start = found.group(1).casefold(), found.end()
    yield heading, _kept(text[start:], heading)


def _kept(section: str, heading: str) -> str:
    """What of a section speaks of findings: of one that is passed over, what follows its end."""
    table = language()["sections"]
    if heading not in table["passed_over"] and heading not in table["one_sentence"]:
        return section
    first, _, rest = section.partition("\n")
    if not first.strip():
        return section.lstrip("\r\n \t").partition("\n\n")[2]
    if heading in table["passed_over"]:
        return section.partition("\n\n")[2]
    end = SENTENCE_END.search(first)
    return f"{first[end.end() :] if end else ''}\n{rest}"


def _cited(sentence: str, setting: Setting) -> Iterator[ImpressionItem]:
    seen = [said.term.code for said in statements(sentence, setting.lexicon) if said.presence in SEEN]
    if seen:
        yield ImpressionItem(text=plainly(sentence, LONGEST_TEXT), cites=tuple(dict.fromkeys(seen)))


def _claim(text: str, setting: Setting) -> Priority | None:
    claims = [claimed(found.group(1), setting.numbers, ours=True) for found in _urgencies().finditer(text)]
    raised = [claim for claim in claims if claim is not None and claim.rank <= Priority.P3.rank]
    return min(raised, key=lambda claim: claim.rank) if raised else None
