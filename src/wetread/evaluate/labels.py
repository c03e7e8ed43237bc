"""Words of a case file to codes of the vocabulary: a code, a label, what public data sets call it, or a synonym."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from wetread.domain.vocabulary import Vocabulary
from wetread.readers.answers.lexicon import language

NOTHING = "no finding"
SEPARATOR = "|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One word of the case file and the codes that a reader may say it by; the first one stands for it in tables.

    A reader's score for it is the highest among its codes: who says "pneumothorax, large" says "pneumothorax".
    """

    word: str
    codes: tuple[str, ...]

    @property
    def code(self) -> str:
        """The code that stands for it."""
        return self.codes[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The labels of a case file, by the word as it was written, and words that nobody knows."""

    known: Mapping[str, Label] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Label]:
        return iter({label.code: label for label in self.known.values()}.values())


def plain(word: str) -> str:
    """A word for comparison: without case, with spaces for underscores and hyphens."""
    return re.sub(r"[\s_-]+", " ", word).strip().casefold()


def labels_of(words: Iterable[str], vocabulary: Vocabulary) -> Labels:
    """What the words of a case file stand for. "No Finding" stands for none."""
    names = _names(vocabulary)
    known, unknown = {}, []
    for word in sorted({word for word in words if plain(word) not in {"", NOTHING}}):
        code = word if word in vocabulary.terms else names.get(plain(word))
        if code is None:
            unknown.append(word)
        else:
            known[word] = Label(word=word, codes=(code, *_narrower(code, vocabulary)))
    return Labels(known=known, unknown=tuple(unknown))


def _names(vocabulary: Vocabulary) -> dict[str, str]:
    """Comparable words by code, the surest first: public label, own label, synonym that stands for one code alone."""
    names: dict[str, str] = {}
    for term in vocabulary:
        if term.public_label:
            names.setdefault(plain(term.public_label), term.code)
    for term in vocabulary:
        names.setdefault(plain(term.label), term.code)
        names.setdefault(plain(term.code.removeprefix("wr:")), term.code)
    for code, phrases in language()["phrases"].items():
        if code in vocabulary.terms:
            for text in phrases:
                if " + " not in text:
                    names.setdefault(plain(text), code)
    return names


def _narrower(code: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Codes that say the same more exactly: "pneumothorax, large" and "pneumothorax, small" for "pneumothorax"."""
    stem = vocabulary.term(code).label + ","
    return tuple(term.code for term in vocabulary if term.code != code and term.label.startswith(stem))
