"""Text that gives orders to a reader: told by patterns in several languages, misread letters allowed in pixels."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache

from wetread.domain.clinical_data import shipped
from wetread.errors import ClinicalDataInvalid
from wetread.privacy.fold import fold

SPACES = re.compile(r"[^\S\n]+")
JOINED = re.compile(r"[\W_]+")
CONFUSED = str.maketrans({"1": "i", "l": "i", "j": "i", "0": "o", "5": "s", "8": "b", "6": "b", "v": "u", "c": "e"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What orders look like: expressions over folded text, and phrases without spaces."""

    version: str
    expressions: tuple[re.Pattern[str], ...] = field(repr=False)
    phrases: tuple[str, ...] = field(repr=False)
    misread_share: float
    misread_from_letters: int


@cache
def patterns() -> Patterns:
    """The patterns that ship.

    Raises: ClinicalDataInvalid.
    """
    try:
        data = tomllib.loads(shipped("injection.toml"))
        phrases = data["phrases"]
        return Patterns(
            version=str(data["version"]),
            expressions=tuple(re.compile(told) for group in data["patterns"].values() for told in group),
            phrases=tuple(_squeezed(phrase) for phrase in phrases["squeezed"]),
            misread_share=float(phrases["misread_share"]),
            misread_from_letters=int(phrases["misread_from_letters"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, re.error) as problem:
        raise ClinicalDataInvalid(f"injection.toml: {problem}; compare it with the shipped file") from None


def gives_orders(text: str, *, misread: bool = False) -> bool:
    """Whether a text talks to a reader instead of about a patient.

    misread: the text was recognised in a picture, so a few letters of a phrase may be wrong.
    """
    known = patterns()
    folded = SPACES.sub(" ", fold(text).text)
    one_line = folded.replace("\n", " ")
    if any(told.search(folded) or told.search(one_line) for told in known.expressions):
        return True
    squeezed = _squeezed(text)
    if any(phrase in squeezed for phrase in known.phrases):
        return True
    blurred = squeezed.translate(CONFUSED)
    return misread and any(_nearly(phrase.translate(CONFUSED), blurred, known) for phrase in known.phrases)


def _squeezed(text: str) -> str:
    return JOINED.sub("", fold(text).text)


def _nearly(phrase: str, text: str, known: Patterns) -> bool:
    """Whether a part of the text is the phrase but for a few letters.

    Source: Myers, J ACM 1999;46:395, a column of the edit distance kept as bits.
    """
    if len(phrase) < known.misread_from_letters:
        return False
    allowed = int(len(phrase) * known.misread_share)
    places = {letter: sum(1 << i for i, own in enumerate(phrase) if own == letter) for letter in set(phrase)}
    full, last = (1 << len(phrase)) - 1, 1 << (len(phrase) - 1)
    up, down, distance = full, 0, len(phrase)
    for letter in text:
        here = places.get(letter, 0)
        across = (((here & up) + up) ^ up) | here | down
        more, less = down | (~(across | up) & full), up & across
        distance += bool(more & last) - bool(less & last)
        more, less = (more << 1) & full, (less << 1) & full
        up, down = less | (~((here | down) | more) & full), more & (here | down)
        if distance <= allowed:
            return True
    return False
