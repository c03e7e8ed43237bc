"""What became of one file."""

from dataclasses import dataclass, field
from enum import StrEnum


class Fate(StrEnum):
    """Whether there is a copy."""

    COPIED = "copied"
    STAYS = "stays on site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One pair for the crosswalk: what it is, what it was, what stands for it."""

    kind: str
    original: str = field(repr=False)
    pseudonym: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy's bytes and what was done. `covered` counts regions of pixels; `remarks` name nobody."""

    data: bytes = field(repr=False)
    suffix: str
    notes: tuple[Note, ...] = ()
    removed: int = 0
    replaced: int = 0
    covered: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """No copy, and why; neither names anybody."""

    why: str
    remedy: str = ""
