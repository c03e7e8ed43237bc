"""Characters nobody sees: control, bidirectional, zero-width and tag characters, taken out of text and told."""

import re
import unicodedata
from dataclasses import dataclass

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # UAX 9: embeddings, overrides, isolates
TAGS = range(0xE0000, 0xE0080)
FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")  # letters by category, drawn as nothing
SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
INSIDE_A_WORD = re.compile(r"[A-Za-z][\u200b-\u200f\u2060-\u2064\ufeff\u180e\u00ad]+[A-Za-z]")
MANY_SELECTORS = 4  # emoji in a sentence come with one or two; bytes smuggled in selectors come by the dozen
MOST_MARKS = 3  # combining marks on one letter: Vietnamese needs two, text that climbs over its neighbours dozens
SOFT_HYPHEN_WORDS = 3  # word processors leave single ones
SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Visible:
    """A text without its invisible characters, what they spelt as tags, and whether they were put there to hide."""

    text: str
    smuggled: str
    hidden: bool


def visible(text: str) -> Visible:
    """What a human sees of a text. Line breaks stay, other white space becomes single spaces."""
    kept: list[str] = []
    marks = 0
    for letter in text.replace("\r\n", "\n").replace("\r", "\n"):
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks > MOST_MARKS or _is_invisible(letter):
            continue
        kept.append(letter if letter == "\n" or not letter.isspace() else " ")
    shown = SPACES.sub(" ", "".join(kept)).strip()
    smuggled = "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) < 0xE007F)
    return Visible(shown, smuggled, _is_hiding(text))


def _is_invisible(letter: str) -> bool:
    if letter in "\n\t":
        return False
    category = unicodedata.category(letter)
    return category in ("Cc", "Cf", "Co", "Cs", "Cn") or letter in FILLERS or _is_selector(letter)


def _is_selector(letter: str) -> bool:
    return any(ord(letter) in part for part in SELECTORS)


def _is_hiding(text: str) -> bool:
    """Single marks of Arabic, Persian or a word processor are no sign of anything."""
    if any(letter in BIDI or ord(letter) in TAGS for letter in text):
        return True
    words = INSIDE_A_WORD.findall(text)
    soft = all("\u00ad" in word for word in words)
    selectors = sum(map(_is_selector, text))
    return len(words) >= (SOFT_HYPHEN_WORDS if soft else 1) or selectors >= MANY_SELECTORS
