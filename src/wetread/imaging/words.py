"""Labels of views in plain words, made of numbers and closed terms: no free text of a header gets into one."""

import itertools
import re
from collections.abc import Iterable

from wetread.domain.study import Instance, Series

SIDES = {"R": "right", "L": "left", "B": "both sides"}
PROJECTIONS = {"PA": "PA", "AP": "AP", "LATERAL": "lateral"}


def joined_words(*parts: str | None) -> str:
    """What is known, with commas."""
    return ", ".join(part for part in parts if part)


def side_of(instance: Instance) -> str | None:
    """The side in words, where it is a defined term. Source: PS3.3 C.7.3.1.1.1."""
    return SIDES.get((instance.laterality or "").upper())


def projection_of(instance: Instance) -> str | None:
    """The projection in words, where it is one that is known."""
    known = PROJECTIONS.get(instance.projection or "")
    return f"{known} projection" if known else None


def series_of(series: Series) -> str | None:
    """The series by its number."""
    return None if series.number is None else f"series {series.number}"


def slices(shown: tuple[int, ...], total: int) -> str:
    """Which slices a montage shows: `9 of 312 slices, key slices 18 apart: 1, 19, …`. shown: from 0."""
    if len(shown) >= total:
        return f"all {total} slices" if total > 1 else "one slice"
    numbers = ", ".join(str(index + 1) for index in shown)
    steps = [after - before for before, after in itertools.pairwise(shown)]
    apart = f", key slices {round(sum(steps) / len(steps))} apart" if steps else ""
    return f"{len(shown)} of {total} slices{apart}: {numbers}"


def page(number: int, pages: int) -> str:
    """` 1 of 2` where there is more than one page."""
    return f" {number} of {pages}" if pages > 1 else ""


def mentions(texts: Iterable[str], words: Iterable[str]) -> bool:
    """True where one of the texts holds one of the words; `*` at a word's end stands for any ending."""
    patterns = [
        rf"(?<![A-Z]){re.escape(word.rstrip('*'))}" + ("" if word.endswith("*") else r"(?![A-Z])") for word in words
    ]
    spaced = [re.sub(r"[^A-Z0-9]+", " ", text.upper()) for text in texts]
    return any(re.search(pattern, text) for pattern in patterns for text in spaced)
