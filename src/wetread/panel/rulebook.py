"""The panel's numbers and tables (clinical/panel.toml), parsed once and strictly."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from wetread.domain.clinical_data import shipped
from wetread.errors import ClinicalDataInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Every number of the panel by name. `line` leads from a code to the same disease told less exactly."""

    version: str
    same_iou: float
    prior_hits: float
    prior_misses: float
    least_cases: int
    z: float
    gap_steps: int
    least_reads: int
    least_asked: int
    unsure_limitations: frozenset[str]
    line: Mapping[str, str]
    zone: Mapping[str, tuple[str, ...]]
    side: Mapping[str, tuple[str, ...]]

    def above(self, code: str) -> tuple[str, ...]:
        """The codes of the same disease that say less, nearest first."""
        found: list[str] = []
        while code in self.line:
            code = self.line[code]
            found.append(code)
        return tuple(found)

    def is_under(self, code: str, other: str) -> bool:
        """True where `code` is the same disease as `other`, told more exactly."""
        return other in self.above(code)


@cache
def rulebook() -> Rulebook:
    """The shipped rulebook."""
    return parse_rulebook(shipped("panel.toml"))


def parse_rulebook(text: str) -> Rulebook:
    """A rulebook from its TOML.

    Raises: ClinicalDataInvalid naming the key, or the code whose line leads back to itself.
    """
    try:
        data = tomllib.loads(text)
        figures, escalation = data["figures"], data["escalation"]
        book = Rulebook(
            version=str(data["version"]),
            same_iou=float(data["places"]["same_iou"]),
            prior_hits=float(figures["prior_hits"]),
            prior_misses=float(figures["prior_misses"]),
            least_cases=int(figures["least_cases"]),
            z=float(figures["z"]),
            gap_steps=int(escalation["gap_steps"]),
            least_reads=int(escalation["least_reads"]),
            least_asked=int(escalation["least_asked"]),
            unsure_limitations=frozenset(data["cascade"]["unsure_limitations"]),
            line=dict(data["line"]),
            zone={name: tuple(words) for name, words in data["zone"].items()},
            side={name: tuple(words) for name, words in data["side"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise ClinicalDataInvalid(f"panel.toml: {problem}; compare it with the shipped file") from None
    _refuse_circles(book.line)
    return book


def _refuse_circles(line: Mapping[str, str]) -> None:
    for start in line:
        code, seen = start, {start}
        while code in line:
            code = line[code]
            if code in seen:
                raise ClinicalDataInvalid(f"panel.toml: the line of {start} leads back to itself")
            seen.add(code)
