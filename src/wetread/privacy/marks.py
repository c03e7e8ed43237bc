"""Marks that a picture may carry: sides, positions, exposure, scale. Everything else that is written is masked."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache

from wetread.domain.clinical_data import shipped
from wetread.errors import ClinicalDataInvalid
from wetread.privacy.identifiers import IDEOGRAPHS, Identifiers

PARTS = re.compile(r"[\s,;()\[\]|=_]+|:(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Words and numbers that stay, and how short a mark stays whatever it says."""

    words: frozenset[str] = field(repr=False)
    number: re.Pattern[str]
    joined: re.Pattern[str] = field(repr=False)
    letters_known: int
    letters_unknown: int
    ideographs_weigh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSettings:
    """How text in pixels is told from anatomy; confidences 0-1, the detector's and the recogniser's."""

    recognised_from: float
    hidden_recognised_from: float
    hidden_certain_from: float
    hidden_letters: int
    line_aspect: float
    line_certain_from: float
    letters_per_aspect: float
    finder_likeness: float
    most_rounds: int
    seen_from: float
    stretched_seen_from: float
    code_margin: float
    line_margin: float
    pale_margin: float
    least_margin_px: int
    stretches: tuple[tuple[float, float], ...]


@cache
def _data() -> tuple[Marks, PixelSettings]:
    try:
        data = tomllib.loads(shipped("injection.toml"))
        marks = dict(data["marks"])
        words = frozenset(marks.pop("words"))
        number = re.compile(marks.pop("number"))
        stretches = tuple((float(row["levels"]), float(row["blur_px"])) for row in data["stretch"])
        known = Marks(words=words, number=number, joined=_joined(words, number), **marks)
        return known, PixelSettings(**data["pixels"], stretches=stretches)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, re.error) as problem:
        raise ClinicalDataInvalid(f"injection.toml: {problem}; compare it with the shipped file") from None


def _joined(words: frozenset[str], number: re.Pattern[str]) -> re.Pattern[str]:
    """Marks whose spaces the recogniser lost: APSUPINE, W400L40. Short words count as views or before a number only."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    long = "|".join(re.escape(word) for word in ordered if len(word) >= 3 or word in ("AP", "PA"))
    short = "|".join(re.escape(word) for word in ordered if word.isalpha())
    return re.compile(rf"(?:{long}|(?:{short})[:.]?(?:{number.pattern}))+")


def marks() -> Marks:
    """The marks that ship.

    Raises: ClinicalDataInvalid.
    """
    return _data()[0]


def pixel_settings() -> PixelSettings:
    """The thresholds that ship.

    Raises: ClinicalDataInvalid.
    """
    return _data()[1]


def weight(text: str) -> int:
    """Letters and figures of a text; an ideograph says as much as several."""
    known = marks()
    return sum(known.ideographs_weigh if IDEOGRAPHS.match(c) else 1 for c in text if c.isalnum())


def may_stay(text: str, identifiers: Identifiers) -> bool:
    """Whether a mark stays in a picture: an ordinary one, or too short to say who somebody is.

    Where nothing is known of the patient, fewer letters stay.
    """
    known = marks()
    if identifiers.stand_in(text):
        return False
    is_known = identifiers.words is not None or identifiers.short is not None
    if weight(text) <= (known.letters_known if is_known else known.letters_unknown):
        return True
    parts = [part.strip(".:-*") for part in PARTS.split(text.upper()) if part.strip(".:-/*")]
    return all(part in known.words or known.number.fullmatch(part) or known.joined.fullmatch(part) for part in parts)
