"""`clinical/stress.toml`: how test cases are changed on purpose, and what a reader's answers are held to then."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import with_config

from wetread.domain.clinical_data import shipped
from wetread.evaluate.strict_toml import STRICT, parsed

TRIALS = (
    "image_swap",
    "text_swap",
    "blank",
    "inverted",
    "mirrored",
    "jpeg_q30",
    "injected_picture",
    "injected_text",
)
"""Every way in which a case can be changed, in the order of the table."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One change, and the limits of what may follow from it; None: not asked. Shares are 0 to 1."""

    what: str
    flips: float | None = None
    lost: float | None = None
    auroc_drop: float | None = None
    false_findings: float | None = None
    sides_moved: float | None = None

    def __post_init__(self) -> None:
        shares = (self.flips, self.lost, self.auroc_drop, self.sides_moved)
        if any(share is not None and not 0 <= share <= 1 for share in shares):
            raise ValueError("a limit that is a share lies between 0 and 1")
        if self.false_findings is not None and self.false_findings < 0:
            raise ValueError("false_findings is 0 or more")
        if all(limit is None for limit in (*shares, self.false_findings)):
            raise ValueError("a trial holds at least one limit")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """Fewer pairs than this carry no verdict."""

    pairs: int


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """The orders that are planted, and how high their letters are as a share of the picture's height."""

    texts: tuple[str, ...]
    size: float

    def __post_init__(self) -> None:
        if not self.texts or not 0 < self.size < 1:
            raise ValueError("injection needs a text, and a size between 0 and 1")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class StressPolicy:
    """All of it. `signed_off_by` is empty until a clinician signed."""

    version: str
    date: str
    note: str
    reference: str
    signed_off_by: str
    least: Least
    injection: Injection
    trials: Mapping[str, Trial]

    def __post_init__(self) -> None:
        if set(self.trials) != set(TRIALS):
            raise ValueError(f"the trials are {', '.join(TRIALS)}")


@cache
def stress_policy() -> StressPolicy:
    """The policy that ships."""
    return parse_stress_policy(shipped("stress.toml"))


def parse_stress_policy(text: str) -> StressPolicy:
    """A policy from its TOML.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parsed("stress.toml", text, StressPolicy)
