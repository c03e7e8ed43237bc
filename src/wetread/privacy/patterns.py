"""What identifies somebody in free text, whoever it is: patterns that are data, put together once."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache

from wetread.domain.clinical_data import shipped
from wetread.errors import ClinicalDataInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPatterns:
    """Patterns with the kind of thing each finds; ages that are told as "over …"; how a laboratory value looks.

    `limits` are the longest texts in characters, by field, and the oldest age in years.
    """

    identifiers: tuple[tuple[str, re.Pattern[str]], ...] = field(repr=False)
    ages: re.Pattern[str] = field(repr=False)
    value: re.Pattern[str] = field(repr=False)
    limits: dict[str, int]
    not_identifying: frozenset[str] = field(repr=False)


@cache
def text_patterns() -> TextPatterns:
    """The patterns that ship.

    Raises: ClinicalDataInvalid.
    """
    try:
        data = tomllib.loads(shipped("egress.toml"))
        fragments = data["fragments"]
        return TextPatterns(
            identifiers=tuple((row["kind"], _put_together(row["pattern"], fragments)) for row in data["identifier"]),
            ages=re.compile(_put_together(data["ages"]["years"], fragments).pattern, re.IGNORECASE),
            value=re.compile(data["laboratory"]["value"]),
            limits={name: int(value) for name, value in data["text"].items()},
            not_identifying=frozenset(data["not_identifying"]["words"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, re.error) as problem:
        raise ClinicalDataInvalid(f"egress.toml: {problem}; compare it with the shipped file") from None


def _put_together(pattern: str, fragments: dict[str, str]) -> re.Pattern[str]:
    for _ in range(2):  # a fragment may hold another
        for name, part in fragments.items():
            pattern = pattern.replace("{" + name + "}", part)
    return re.compile(pattern)
