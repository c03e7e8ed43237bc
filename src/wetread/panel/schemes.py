"""Urgency scales and confidences of other systems, mapped in and out without loss."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from wetread.domain.clinical_data import shipped
from wetread.domain.urgency import Priority

UNREAD_ERROR = "AI did not read this"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPriority:
    """A priority as another system says it. `error` is set where there was no read; `priority` is ours."""

    scheme: str
    word: str
    priority: Priority
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One foreign scale."""

    name: str
    title: str
    inward: Mapping[str, Priority]
    outward: Mapping[Priority, str]

    def read(self, word: str | int) -> ForeignPriority:
        """Ours for their word, in any case of letters; the original word is kept.

        Raises: ValueError naming the word and the scale: an unknown word is never taken for routine.
        """
        told = str(word).strip()
        for known, priority in self.inward.items():
            if known.casefold() == told.casefold():
                return ForeignPriority(scheme=self.name, word=str(word), priority=priority)
        raise ValueError(f"{told!r} is no word of the scale {self.title}")

    def write(self, priority: Priority) -> ForeignPriority:
        """Their word for ours, rounded up; UNREAD is exported with its error."""
        error = UNREAD_ERROR if priority is Priority.UNREAD else None
        return ForeignPriority(scheme=self.name, word=self.outward[priority], priority=priority, error=error)


def load_schemes() -> dict[str, Scheme]:
    """Every scale that ships, by name."""
    tables = tomllib.loads(shipped("schemes.toml"))
    return {name: _scheme(name, table) for name, table in tables.items() if isinstance(table, dict) and "in" in table}


def _scheme(name: str, table: dict[str, object]) -> Scheme:
    inward, outward = table["in"], table["out"]
    assert isinstance(inward, dict)
    assert isinstance(outward, dict)
    return Scheme(
        name=name,
        title=str(table["title"]),
        inward={str(word): Priority(priority) for word, priority in inward.items()},
        outward={Priority(priority): str(word) for priority, word in outward.items()},
    )


def stated_confidence(value: str | float | None) -> tuple[float | None, str | None]:
    """A confidence as 0-1 with its kind: a word is "verbal", a number "stated". Nothing given stays nothing.

    Numbers above 1 up to 100 are per cent.
    Raises: ValueError for an unknown word or a number outside 0-100.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None, None
    if isinstance(value, str):
        words = tomllib.loads(shipped("schemes.toml"))["confidence_words"]
        word = value.strip().casefold()
        if word in words:
            return float(words[word]), "verbal"
        value = _number(word)
        if word.endswith("%"):
            return _percent(value), "stated"
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is no confidence")
    if not 0 <= value <= 100:
        raise ValueError(f"a confidence lies between 0 and 100, got {value!r}")
    return (value / 100 if value > 1 else float(value)), "stated"


def _percent(value: float) -> float:
    if not 0 <= value <= 100:
        raise ValueError(f"a confidence lies between 0 and 100 %, got {value!r}")
    return value / 100


def _number(word: str) -> float:
    try:
        return float(word.removesuffix("%"))
    except ValueError:
        raise ValueError(f"{word!r} is no confidence") from None
