"""What reports say and how they are laid out (clinical/report_phrases.toml), parsed once and strictly."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import with_config

from wetread.domain.clinical_data import shipped
from wetread.evaluate.strict_toml import STRICT, parsed

FILE = "report_phrases.toml"
Words = tuple[str, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How findings that are only held possible count."""

    uncertain_counts: bool


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Sentences that begin by denying, and the hints that go on with it unless one of `stops` stands before them."""

    starts: Words
    hints: Words
    stops: Words


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class HealthyPart:
    """What a part is called, and the codes that are absent where it is healthy."""

    subjects: Words
    absent: Words


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """Parts, what says that one is healthy, and what forbids the conclusion."""

    spoils: Words
    predicates: Words
    part: tuple[HealthyPart, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Headings:
    """Headings: what is passed over, what is read, and what is read with its name."""

    silent: Words
    seen: Words
    closing: Words
    parts: Words


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPhrases:
    """The whole file."""

    version: str
    date: str
    note: str
    reference: str
    scoring: Scoring
    families: Mapping[str, Words]
    implies: Mapping[str, Words]
    phrases: Mapping[str, Words]
    reads_as: Mapping[str, str]
    denied: Denied
    healthy: Healthy
    sections: Headings

    def __post_init__(self) -> None:
        codes = [*self.families, *self.implies, *self.phrases, *(c for part in self.healthy.part for c in part.absent)]
        codes += [code for table in (self.families, self.implies) for row in table.values() for code in row]
        wrong = next((code for code in codes if not code.startswith("wr:")), None)
        if wrong is not None:
            raise ValueError(f"a code starts with 'wr:', got {wrong!r}")
        members = Counter([*self.families, *(code for row in self.families.values() for code in row)])
        twice = next((code for code, n in members.items() if n > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} stands in two families")


def parse_report_phrases(text: str) -> ReportPhrases:
    """The phrases of a TOML file.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parsed(FILE, text, ReportPhrases)


@cache
def report_phrases() -> ReportPhrases:
    """The phrases that ship."""
    return parse_report_phrases(shipped(FILE))


def family_of(code: str) -> str:
    """The code under which a finding is counted, whatever its size."""
    return _heads().get(code, code)


@cache
def _heads() -> Mapping[str, str]:
    return {code: head for head, row in report_phrases().families.items() for code in row}
