"""What readers claim beyond coded findings: quoted by name, cut where endless, held back where it only reassures."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from wetread.domain.finding import Presence
from wetread.domain.read import Diagnosis, ImpressionItem, Read, Recommendation
from wetread.domain.report import Report
from wetread.reporting.words import inert, named, sentence, words_of

LONGEST = 600
MOST = 12
STANDING = (Presence.PRESENT, Presence.UNCERTAIN)
Claim = TypeVar("Claim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """One reader's claims as lines for people, and the sentences of its impression that the report quotes.

    `removed` of its impression's sentences cite nothing that stands; `held_back` counts all that pages don't show.
    """

    reader: str
    lines: tuple[str, ...]
    quotes: tuple[ImpressionItem, ...]
    removed: int
    held_back: int


def claims(report: Report) -> tuple[Claims, ...]:
    """The claims of every reader that makes any."""
    standing = _standing(report)
    every = (_claims(report, answer, standing) for answer in report.answers if isinstance(answer, Read))
    return tuple(one for one in every if one.lines)


def claim_lines(report: Report) -> Iterator[str]:
    """Every claim on a line of its own, behind its reader's name."""
    for one in claims(report):
        yield from (f"{clipped(one.reader)}: {line}" for line in one.lines)


def _standing(report: Report) -> frozenset[str]:
    """Codes that are present or uncertain in the consensus, under any name the readers gave them."""
    joined = report.consensus.findings if report.consensus else ()
    seen = [one for one in joined if one.finding.presence in STANDING]
    return frozenset({*(one.finding.code for one in seen), *(code for one in seen for _, code in one.told_as)})


def _claims(report: Report, read: Read, standing: frozenset[str]) -> Claims:
    based = [item for item in read.impression if standing & set(item.cites)]
    quotes = [item for item in based if not reassures(item.text)]
    told = [_impression(report, item, standing) for item in quotes[:MOST]]
    told += _more(quotes)
    diagnoses, soothing_diagnoses = _sayable(read.differential, _words_of_diagnosis)
    told += [_diagnosis(report, one) for one in diagnoses[:MOST]]
    told += _more(diagnoses)
    advice, soothing_advice = _sayable(read.recommendations, _words_of_recommendation)
    told += [sentence("claim", "recommendation", text=_recommendation(one)) for one in advice[:MOST]]
    told += _more(advice)
    removed = len(read.impression) - len(based)
    held_back = len(read.impression) - len(quotes) + soothing_diagnoses + soothing_advice
    if held_back:
        told.append(sentence("claim", "held_back_one" if held_back == 1 else "held_back", count=held_back))
    return Claims(
        reader=read.reader.name,
        lines=(*_of_the_whole(read), *told),
        quotes=tuple(quotes),
        removed=removed,
        held_back=held_back,
    )


def _of_the_whole(read: Read) -> Iterator[str]:
    if read.quality is not None:
        issues = (
            f" ({', '.join(clipped(issue) for issue in read.quality.issues[:MOST])})" if read.quality.issues else ""
        )
        yield sentence("claim", "quality", grade=clipped(read.quality.grade)) + issues
    if read.priority_claim is not None:
        yield sentence("claim", "priority", priority=read.priority_claim.value)


def _more(items: list[ImpressionItem] | list[Diagnosis] | list[Recommendation]) -> list[str]:
    return [sentence("claim", "more", count=len(items) - MOST)] if len(items) > MOST else []


def _sayable(items: Iterable[Claim], words: Callable[[Claim], str]) -> tuple[list[Claim], int]:
    told = list(items)
    kept = [one for one in told if not reassures(words(one))]
    return kept, len(told) - len(kept)


def _impression(report: Report, item: ImpressionItem, standing: frozenset[str]) -> str:
    cites = "; ".join(named(report, code) for code in item.cites if code in standing)
    return sentence("claim", "impression", text=clipped(item.text), cites=cites)


def _words_of_diagnosis(one: Diagnosis) -> str:
    return " ".join((one.condition, one.reasoning or "", *one.supports, *one.against))


def _diagnosis(report: Report, one: Diagnosis) -> str:
    """A condition with what the reader gave for it; its number is the reader's own and no percentage."""
    stated = one.probability is not None
    confidence = (
        sentence("claim", "confidence", value=one.probability) if stated else sentence("claim", "no_confidence")
    )
    told = sentence("claim", "differential", condition=clipped(one.condition), confidence=confidence)
    if one.reasoning:
        told += sentence("claim", "reasoning", text=clipped(one.reasoning))
    for key, codes in (("supports", one.supports), ("against", one.against)):
        if codes:
            told += sentence("claim", key, findings=clipped("; ".join(named(report, code) for code in codes)))
    return told


def _words_of_recommendation(one: Recommendation) -> str:
    return " ".join(part for part in (one.text, one.action, one.modality, one.timeframe, one.guideline) if part)


def _recommendation(one: Recommendation) -> str:
    details = [clipped(part) for part in (one.action, one.modality, one.timeframe, one.guideline) if part]
    return f"{clipped(one.text)} ({'; '.join(details)})" if details else clipped(one.text)


def clipped(foreign: str) -> str:
    """Foreign text on one line, cut where it is endless, saying how much is left."""
    text = inert(foreign)
    if len(text) <= LONGEST:
        return text
    return sentence("claim", "clipped", text=text[:LONGEST], count=len(text) - LONGEST)


def reassures(foreign: str) -> bool:
    """True where a reader's words tell people that nothing is wrong, which nobody can read off a list of absences."""
    seen = unicodedata.normalize("NFKC", foreign)
    words = " ".join("".join(c if c.isprintable() or c.isspace() else "" for c in seen).casefold().split())
    for disease in words_of("not_reassuring"):
        words = words.replace(disease, "")
    return _reassuring().search(words) is not None


@cache
def _reassuring() -> re.Pattern[str]:
    """Whole words where a script has spaces between them, any place where it has none."""
    parts = [re.escape(p) if p[0] > "\u2e80" else rf"(?<!\w){re.escape(p)}(?!\w)" for p in words_of("reassuring")]
    return re.compile("|".join(parts))
