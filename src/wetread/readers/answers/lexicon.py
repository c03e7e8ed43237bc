"""Phrases to codes: the vocabulary's labels, what public data sets call them, and synonyms. The longest match wins."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from wetread.domain.clinical_data import shipped
from wetread.domain.vocabulary import Term, Vocabulary
from wetread.readers.answers.understood import OTHER
from wetread.readers.prompts import Sheet

BEFORE, AFTER = 5, 6  # tokens within which a qualifier belongs to its head
ENDINGS = re.compile(r"\s+(?:on (?:ct|mr|us|lung us|echo|mammogram|chest radiograph|us symptomatic)|suspected)$")
TOKEN = re.compile(r"[^\W_]+(?:\.\d+)?|[,:;|()/?]|(?<=\s)[-\u2013\u2014](?=\s)")
STANDS_FOR_COLON = "|-\u2013\u2014"
STANDS_FOR_COMMA = "()"
SPELLING = (("ae", "e"), ("oe", "e"), ("tumour", "tumor"), ("ising", "izing"), ("ised", "ized"), ("isation", "ization"))
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A term that a phrase stands for; with qualifiers, only where each group has a word near the phrase."""

    term: Term
    qualifiers: tuple[frozenset[Phrase], ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in tokens [start, end) and the term it stands for; None for a head that says nothing alone."""

    start: int
    end: int
    term: Term | None


@cache
def language() -> Mapping[str, Any]:
    """clinical/synonyms.toml as it stands."""
    return MappingProxyType(tomllib.loads(shipped("synonyms.toml")))


@lru_cache(maxsize=8192)
def folded(word: str) -> str:
    """A word without case, accents and plural s, in one spelling."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    for british, american in SPELLING:
        plain = plain.replace(british, american)
    return _singular(plain)


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    for plural, single in (("sses", "ss"), ("thoraces", "thorax"), ("ases", "asis"), ("oses", "osis"), ("ies", "y")):
        if word.endswith(plural):
            return word[: -len(plural)] + single
    return word[:-1]


def tokens(text: str) -> tuple[str, ...]:
    """Folded words and signs; "can't" is "can not", brackets are commas, table bars and dashes are colons."""
    plain = text.casefold().replace("\u2019", "'").replace("can't", "can not").replace("cannot", "can not")
    return tuple(_sign(token) for token in TOKEN.findall(plain.replace("n't", " not")))


def _sign(token: str) -> str:
    if token in STANDS_FOR_COLON:
        return ":"
    return "," if token in STANDS_FOR_COMMA else folded(token)


def phrase(text: str) -> Phrase:
    """The words of a phrase, without signs."""
    return tuple(token for token in tokens(text) if token[0].isalnum())


class Lexicon:
    """All phrases of one vocabulary, weighed for one examination; `more` are phrases beyond synonyms.toml, by code."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        sheet_codes: Iterable[str],
        modalities: Sequence[str],
        *,
        more: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self.asked = frozenset(sheet_codes)
        self.modalities = frozenset(modalities)
        self.entries: dict[Phrase, list[Entry]] = {}
        for term in vocabulary:
            self._learn_labels(term)
        for code, phrases in (*language()["phrases"].items(), *more.items()):
            if code in vocabulary.terms:
                for text in phrases:
                    self._learn(text, vocabulary.terms[code])
        self.longest = max((len(key) for key in self.entries), default=0)

    def _learn_labels(self, term: Term) -> None:
        if term.code == OTHER:  # its label's words ("other finding") are everyday words, no finding
            return
        label = re.sub(r"\(.*?\)", " ", term.label)
        self._add(phrase(label), Entry(term))
        self._add(phrase(term.code.removeprefix("wr:")), Entry(term))
        self._add(phrase(ENDINGS.sub("", label)), Entry(term))
        head, comma, rest = label.partition(",")
        if comma and rest.strip():
            self._add(phrase(f"{rest} {head}"), Entry(term))
            self._add(phrase(head), Entry(term, tuple(_alternatives(word) for word in rest.split())))
        if term.public_label and term.code in self.asked:
            self._add(phrase(term.public_label.replace("_", " ")), Entry(term))

    def _learn(self, text: str, term: Term) -> None:
        head, plus, near = text.partition(" + ")
        groups = (frozenset().union(*(_alternatives(word) for word in near.split("|"))),) if plus else ()
        self._add(phrase(head), Entry(term, groups))

    def _add(self, key: Phrase, entry: Entry) -> None:
        if key and entry not in self.entries.setdefault(key, []):
            self.entries[key].append(entry)

    def exact(self, text: str) -> Term | None:
        """The term whose whole phrase a text is, without a qualifier; None where there is none."""
        found = [entry for entry in self.entries.get(phrase(text), ()) if not entry.qualifiers]
        return self._best(found)

    def matches(self, words: Sequence[str]) -> tuple[Match, ...]:
        """Every phrase in a run of tokens, the longest at each place, none overlapping another."""
        spans: list[tuple[int, int]] = []
        at = 0
        while at < len(words):
            farthest = min(len(words), at + self.longest)
            end = next((e for e in range(farthest, at, -1) if tuple(words[at:e]) in self.entries), at)
            if end > at:
                spans.append((at, end))
            at = max(end, at + 1)
        return tuple(Match(start, end, self._meant(words, start, end, spans)) for start, end in spans)

    def _meant(self, words: Sequence[str], start: int, end: int, spans: Sequence[tuple[int, int]]) -> Term | None:
        """The qualified term whose words stand near, else the plain one."""
        entries = self.entries[tuple(words[start:end])]
        low = max([start - BEFORE, *(e for _, e in spans if e <= start)], default=0)
        high = min([end + AFTER, *(s for s, _ in spans if s >= end)], default=len(words))
        near = (_reach(words[max(0, low) : start], back=True), _reach(words[end:high], back=False))
        return self._best([entry for entry in entries if all(_any_of(group, near) for group in entry.qualifiers)])

    def _best(self, entries: Sequence[Entry]) -> Term | None:
        """Of what a phrase can mean: what fits the modality, the qualified, what was asked, the most urgent."""
        return min(entries, key=self._rank).term if entries else None

    def _rank(self, entry: Entry) -> tuple[bool, bool, bool, int, str]:
        term = entry.term
        fits = bool(self.modalities & set(term.modalities))
        return not fits, not entry.qualifiers, term.code not in self.asked, term.floor.rank, term.code


def _alternatives(word: str) -> frozenset[Phrase]:
    words = language()["qualifiers"].get(word.strip(), [word])
    return frozenset(phrase(text) for text in words)


def _reach(words: Sequence[str], *, back: bool) -> tuple[str, ...]:
    """The tokens up to the next comma, colon or "and", seen from the head."""
    run = list(words)[::-1] if back else list(words)
    stop = next((i for i, word in enumerate(run) if word in (",", ":", ";", "and", "with", "but", "or")), len(run))
    return tuple(run[:stop][::-1] if back else run[:stop])


def _any_of(group: frozenset[Phrase], near: Sequence[Sequence[str]]) -> bool:
    return any(_holds(run, words) for words in near for run in group)


def _holds(run: Phrase, words: Sequence[str]) -> bool:
    """The run stands in the words and is not denied just before ("not large")."""
    for at in range(len(words) - len(run) + 1):
        if tuple(words[at : at + len(run)]) == run and not (at and words[at - 1] == "not"):
            return True
    return False


_MADE: dict[tuple[str, frozenset[str], tuple[str, ...]], Lexicon] = {}
MOST_KEPT = 32


def lexicon_for(sheet: Sheet) -> Lexicon:
    """The lexicon of a sheet, made once for each vocabulary, checklist and modality."""
    codes = frozenset(term.code for term in sheet.terms)
    key = (sheet.vocabulary.sha256, codes, sheet.modalities)
    if key not in _MADE:
        if len(_MADE) >= MOST_KEPT:
            _MADE.clear()
        _MADE[key] = Lexicon(sheet.vocabulary, codes, sheet.modalities)
    return _MADE[key]
