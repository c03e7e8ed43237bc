"""`clinical/evaluation.toml`: what a figure needs before it is told."""

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from wetread.domain.clinical_data import shipped
from wetread.evaluate.strict_toml import STRICT, parsed


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """With fewer positives, or fewer negatives, a figure is not told."""

    positives: int
    negatives: int

    def are_in(self, positives: int, cases: int) -> bool:
        """Whether so many cases, of which so many are positive, carry a figure."""
        return positives >= self.positives and cases - positives >= self.negatives


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Positives from which a map of each kind is fitted, bins of its plot, days until it expires."""

    temperature: int
    platt: int
    isotonic: int
    bins: int
    valid_days: int

    @property
    def fewest(self) -> int:
        """The fewest positives that carry a map of any kind."""
        return min(self._from.values())

    def map_for(self, positives: int) -> str | None:
        """The richest kind of map that so many positives carry; None where they carry none."""
        carried = {kind: least for kind, least in self._from.items() if positives >= least}
        return max(carried, key=carried.__getitem__, default=None)

    @property
    def _from(self) -> dict[str, int]:
        return {"temperature": self.temperature, "platt": self.platt, "isotonic": self.isotonic}


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """How a threshold is chosen, and the positives it takes."""

    rule: Literal["youden"]
    positives: int


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Conformal:
    """A set misses the priority that is due in at most the share `alpha` of cases."""

    alpha: float

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError("alpha lies between 0 and 1")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Probabilities from which a cascade goes on, tried one after the other."""

    cascade_from: tuple[float, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How intervals are drawn."""

    draws: int
    seed: int

    def __post_init__(self) -> None:
        if self.draws < 2 or self.seed < 0:
            raise ValueError("draws is 2 or more, seed 0 or more")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPolicy:
    """All of it, by the names of the file."""

    version: str
    date: str
    note: str
    reference: str
    least: Least
    calibration: Calibration
    operating_point: OperatingPoint
    conformal: Conformal
    frontier: Frontier
    intervals: Intervals


def load_evaluation_policy(text: str | None = None) -> EvaluationPolicy:
    """The policy that ships, or one given as TOML.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parsed("evaluation.toml", text if text is not None else shipped("evaluation.toml"), EvaluationPolicy)
