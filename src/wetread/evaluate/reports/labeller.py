"""A rule labeller: report text in English to coded findings with their presence. No network, no weights, no chance.

The sentences of what was seen go through the cues that read answers in prose (synonyms.toml), after a report's own
wording has been put into theirs (report_phrases.toml). Ideas: NegEx (Chapman 2001) and the CheXpert labeller (Irvin
2019): find mentions, classify each, then join them: present before uncertain before absent.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from wetread.domain.finding import Laterality, Presence
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.reports.phrases import HealthyPart, report_phrases
from wetread.evaluate.reports.sections import seen_text
from wetread.readers.answers.lexicon import Lexicon, phrase, tokens
from wetread.readers.answers.statements import sentences, statements

CHEST, FILMS = "CHEST", ("CR", "DX")
NOT_FINDINGS = frozenset({"wr:no-acute-abnormality", "wr:other"})
LONGEST_TEXT = 200_000
MOST_KEPT = 8
LOUD = frozenset({Presence.PRESENT, Presence.UNCERTAIN})
LOUDNESS = (Presence.NOT_ASSESSABLE, Presence.ABSENT, Presence.UNCERTAIN, Presence.PRESENT)
CLAUSE_ENDS = frozenset({",", ";", ":", "but", "with", "however"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """What a text says of one finding, and the sentence that says it loudest. `unchanged`: known from before."""

    code: str
    presence: Presence
    side: Laterality | None = None
    unchanged: bool = False
    sentence: str = ""


class Labeller:
    """Labels the texts of one kind of examination. Build it once: it holds the phrases of the whole vocabulary."""

    def __init__(self, vocabulary: Vocabulary, *, region: str = CHEST, modalities: Sequence[str] = FILMS) -> None:
        asked = [term.code for term in vocabulary if term.region == region and {*term.modalities} & {*modalities}]
        self._known = frozenset(vocabulary.terms)
        fitting = {term.code for term in vocabulary if {*term.modalities} & {*modalities}}
        more = {code: told for code, told in report_phrases().phrases.items() if code in fitting}
        self._lexicon = Lexicon(vocabulary, asked, modalities, more=more)

    def label(self, text: str) -> tuple[Coded, ...]:
        """Everything the text says of findings, one entry a code, in the order of the codes.

        A text of more than 200,000 characters is read up to there.
        """
        found: dict[str, Coded] = {}
        for run in seen_text(text[:LONGEST_TEXT]):
            for sentence in sentences(run):
                for said in self._said(sentence):
                    found[said.code] = _louder(found.get(said.code), said)
        return tuple(found[code] for code in sorted(found))

    def _said(self, sentence: str) -> Iterator[Coded]:
        read = _in_known_words(sentence)
        told = tuple(said for said in statements(read, self._lexicon) if said.term.code not in NOT_FINDINGS)
        for said in told:
            yield Coded(
                code=said.term.code,
                presence=said.presence,
                side=said.side,
                unchanged=said.unchanged,
                sentence=sentence,
            )
        for code in _healthy(read):
            if code in self._known:
                yield Coded(code=code, presence=Presence.ABSENT, sentence=sentence)


_MADE: dict[tuple[str, str, tuple[str, ...]], Labeller] = {}


def labeller_for(vocabulary: Vocabulary, *, region: str = CHEST, modalities: Sequence[str] = FILMS) -> Labeller:
    """The labeller of a vocabulary and examination, made once."""
    key = (vocabulary.sha256, region, tuple(modalities))
    if key not in _MADE:
        if len(_MADE) >= MOST_KEPT:
            _MADE.clear()
        _MADE[key] = Labeller(vocabulary, region=region, modalities=modalities)
    return _MADE[key]


def codes_of(text: str, vocabulary: Vocabulary, *, uncertain: bool = False) -> frozenset[str]:
    """The codes that a chest report text says are present; with `uncertain` those held possible too."""
    counted = LOUD if uncertain else {Presence.PRESENT}
    return frozenset(said.code for said in labeller_for(vocabulary).label(text) if said.presence in counted)


def louder(before: Presence | None, now: Presence) -> Presence:
    """Of two presences of one finding the one that stands: present, then uncertain, absent, not assessable."""
    return now if before is None else max(before, now, key=LOUDNESS.index)


def _louder(before: Coded | None, now: Coded) -> Coded:
    """Of two sayings on one finding the louder; both sides where they differ."""
    if before is None or louder(before.presence, now.presence) is not before.presence:
        return now
    same = now.presence is before.presence is Presence.PRESENT
    if same and now.side is not None and before.side is not now.side:
        both = now.side if before.side is None else Laterality.BILATERAL
        return replace(before, side=both)
    return before


def _in_known_words(sentence: str) -> str:
    """The sentence with a report's own wording put into wording whose reach is known."""
    told = _reads_as().sub(lambda found: report_phrases().reads_as[_plain(found.group(0))], sentence)
    denied = report_phrases().denied
    start = _words(denied.starts).match(told)
    hint = _words(denied.hints).search(told)
    if start is None or hint is None or _words(denied.stops).search(told[start.end() : hint.start()]):
        return told
    return f"{told[: hint.start()]} or {told[hint.end() :]}"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


@cache
def _reads_as() -> re.Pattern[str]:
    return _words(tuple(report_phrases().reads_as))


@cache
def _words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Any of these phrases as whole words, the longest first."""
    longest = sorted(phrases, key=len, reverse=True)
    anyone = "|".join(r"\s+".join(map(re.escape, text.split())) for text in longest)
    return re.compile(rf"\b(?:{anyone})\b", re.IGNORECASE)


def _healthy(sentence: str) -> Iterator[str]:
    """The codes that are absent since the part that would show them is called healthy."""
    spoils, predicates, parts = _healthy_words()
    for clause in _clauses(tokens(sentence)):
        if _any(predicates, clause) and not _any(spoils, clause):
            for subjects, part in parts:
                if _any(subjects, clause):
                    yield from part.absent


@cache
def _healthy_words() -> tuple[
    tuple[tuple[str, ...], ...],
    tuple[tuple[str, ...], ...],
    tuple[tuple[tuple[tuple[str, ...], ...], HealthyPart], ...],
]:
    told = report_phrases().healthy
    return _runs(told.spoils), _runs(told.predicates), tuple((_runs(part.subjects), part) for part in told.part)


def _runs(words: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(phrase(word) for word in words)


def _clauses(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    start = 0
    for at, word in enumerate(words):
        if word in CLAUSE_ENDS:
            yield tuple(words[start:at])
            start = at + 1
    yield tuple(words[start:])


def _any(runs: Iterable[tuple[str, ...]], words: tuple[str, ...]) -> bool:
    return any(words[at : at + len(run)] == run for run in runs for at in range(len(words) - len(run) + 1))
