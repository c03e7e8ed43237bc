"""Urgency and confidence as others say them. No unknown word is taken for routine, nothing given stays nothing."""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from wetread.domain.clinical_data import shipped
from wetread.domain.urgency import Priority
from wetread.readers.answers.keys import tables, words_of
from wetread.readers.answers.tolerant import Several
from wetread.readers.answers.understood import OURS, more_urgent

FIVE_NUMBERS = "five_numbers"
FREE_TEXT = "free_text"
OUR_WORDS = re.compile(r"P[1-5]", re.IGNORECASE)
HALVES = re.compile(r"[^a-z0-9]+")
MOST_WORDS = 24


@cache
def foreign_scales() -> Mapping[str, Mapping[str, Any]]:
    """The scales of clinical/schemes.toml: `in` and `out`, by name."""
    scales = tomllib.loads(shipped("schemes.toml"))
    return MappingProxyType(
        {name: scale for name, scale in scales.items() if isinstance(scale, dict) and "in" in scale}
    )


@cache
def _confidence_words() -> Mapping[str, float]:
    words: dict[str, float] = tomllib.loads(shipped("schemes.toml"))["confidence_words"]
    return MappingProxyType(words)


def claimed(value: Any, numbers: str, *, ours: bool) -> Priority | None:  # noqa: ANN401 - any JSON value
    """The priority that a value claims: the most urgent of all it says; None where it says none.

    numbers: the scale of a bare 1-5; in an answer that otherwise follows our schema, 1 could as well be meant as P1,
    so there the more urgent reading stands.
    """
    if isinstance(value, Several | list):
        return more_urgent(*(claimed(item, numbers, ours=ours) for item in list(value)[:MOST_WORDS]))
    if isinstance(value, dict):
        return more_urgent(*(claimed(item, numbers, ours=ours) for item in list(value.values())[:MOST_WORDS]))
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _number(value, numbers, ours=ours)
    return _words(str(value)[:200], numbers, ours=ours)


def _number(value: float, numbers: str, *, ours: bool) -> Priority | None:
    word = f"{value:g}"
    reading = foreign_scales()[numbers]["in"].get(word)
    if reading is None:
        return None
    return more_urgent(Priority(reading), Priority(f"P{word}") if ours else None)


def _words(text: str, numbers: str, *, ours: bool) -> Priority | None:
    told = [word for word in HALVES.split(text.casefold()) if word]
    if len(told) == 1 and told[0].isdigit():
        return _number(int(told[0][:3]), numbers, ours=ours)
    return more_urgent(*_said(told))


def _said(told: list[str]) -> Iterator[Priority]:
    """Each word of urgency that is not denied, the longest first at each place ("not urgent" before "urgent")."""
    known = words_of("urgency")
    denials = set(tables()["urgency"]["denials"])
    at = 0
    while at < len(told):
        for length in (3, 2, 1):
            phrase = told[at : at + length]
            name = known.get("".join(phrase)) if len(phrase) == length else None
            if name is not None and name != "denials":
                if not (at and told[at - 1] in denials):
                    yield Priority(name)
                at += length - 1
                break
        at += 1


def scale_of(value: Any, numbers: str) -> str | None:  # noqa: ANN401 - any JSON value
    """Which scale a single word or number belongs to: ours, a foreign one, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    word = f"{value:g}" if isinstance(value, int | float) else value.strip()
    if OUR_WORDS.fullmatch(word):
        return OURS
    if word in foreign_scales()[numbers]["in"]:
        return numbers
    scales = [(name, scale["in"]) for name, scale in foreign_scales().items() if name != numbers]
    exact = [name for name, words in scales if word in words]
    alike = [name for name, words in scales if word.casefold() in {known.casefold() for known in words}]
    return next(iter((*exact, *alike)), None)


def stated(value: Any, *, ours: bool) -> tuple[float | None, str | None]:  # noqa: ANN401 - any JSON value
    """A confidence as 0-1 with its kind: "verbal" or "stated". Nothing, 0, and what makes no sense is (None, None).

    Numbers above 1 up to 100 are per cent. A bare 1 in our schema could be 1 % or certainty: nobody knows, so None.
    """
    if isinstance(value, str):
        word = value.strip().casefold().removesuffix("confidence").strip()
        if word in _confidence_words():
            return float(_confidence_words()[word]), "verbal"
        return _from_digits(word, ours=ours)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, None
    if not math.isfinite(value) or not 0 < value <= 100 or (ours and value == 1):
        return None, None
    return (value / 100 if value > 1 else float(value)), "stated"


def _from_digits(word: str, *, ours: bool) -> tuple[float | None, str | None]:
    digits = word.removesuffix("%").strip()
    if not re.fullmatch(r"\d{1,3}(?:\.\d{1,6})?", digits):
        return None, None
    if word.endswith("%"):
        share = float(digits) / 100
        return (share, "stated") if 0 < share <= 1 else (None, None)
    return stated(float(digits), ours=ours)
