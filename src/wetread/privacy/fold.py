"""Text without case, accents and width, with the way back to where each letter stood."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

PLAIN = {
    "ß": "ss",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "\u0131": "i",  # dotless
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    **dict.fromkeys("\u02bc\u2019\u2018", "'"),  # apostrophes
}


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` in lower case without accents; `places[i]` is where its letter i stands in the original."""

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that a part of `text` came from."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """A text folded letter by letter."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        folded = _folded(letter)
        letters.append(folded)
        places.extend([place] * len(folded))
    return Folded("".join(letters), tuple(places))


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    apart = unicodedata.normalize("NFKD", letter).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    return "".join(PLAIN.get(c, c) for c in unicodedata.normalize("NFC", bare))  # Hangul was taken apart, too
