"""What a screen missed on a site's own cases, and what leaving the second reader out saves."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wetread.panel.odds import wilson
from wetread.panel.rulebook import rulebook
from wetread.panel.site_files import parse_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Tradeoff:
    """What a cascade saves and what it costs in sensitivity: one value, so that neither is told without the other.

    `saving` is the share of the second reader's cost; `sensitivity_change` a difference of proportions with its
    interval `low` to `high`, never above 0; `assumed` is True where nobody counted what the second reader would have
    found, so that every case the screen missed counts as lost.
    """

    saving: float
    sensitivity_change: float
    low: float
    high: float
    lost: int
    abnormal: int
    assumed: bool

    def __str__(self) -> str:
        worst = ", taking every missed case as lost" if self.assumed else ""
        return (
            f"saving {100 * self.saving:.1f} % of the second reader's cost; sensitivity changes by "
            f"{100 * self.sensitivity_change:+.1f} points (95 % interval {100 * self.low:+.1f} to "
            f"{100 * self.high:+.1f}; {self.lost} of {self.abnormal} abnormal cases lost{worst})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeFigures:
    """A screen on local data: `missed` of `abnormal` cases it was sure were clear, at `uncertain_from` or above it.

    `escalated` of `screened` studies went on to the second reader; `found_by_second` of the missed ones it would have
    found, None where nobody counted. Costs are US dollars a study. `calibration` names the site's own calibration that
    the screen's probabilities stood on.
    """

    screen: str
    abnormal: int
    missed: int
    screened: int
    escalated: int
    cost_first_usd: float
    cost_then_usd: float
    uncertain_from: float
    measured_on: str
    measured: date
    valid_until: date
    fingerprint: str | None = None
    found_by_second: int | None = None
    calibration: str | None = None

    @property
    def calibrators(self) -> frozenset[str]:
        """The site's calibration that the screen's probabilities stood on; none where they were its own."""
        return frozenset((self.calibration,)) if self.calibration else frozenset()

    @property
    def missed_bound(self) -> float:
        """(n / (n + 1)) * missed rate + 1 / (n + 1): what the next case's risk stays below (conformal risk control)."""
        return (self.missed + 1) / (self.abnormal + 1)

    def tradeoff(self) -> Tradeoff:
        """Saving 1 - p_escalate - c_first / c_then, together with the change in sensitivity and its Wilson interval."""
        lost = self.missed if self.found_by_second is None else self.found_by_second
        low, high = wilson(lost, self.abnormal, rulebook().z)
        return Tradeoff(
            saving=1 - self.escalated / self.screened - self.cost_first_usd / self.cost_then_usd,
            sensitivity_change=-lost / self.abnormal,
            low=-high,
            high=-low,
            lost=lost,
            abnormal=self.abnormal,
            assumed=self.found_by_second is None,
        )

    def summary(self) -> str:
        """Saving and change in sensitivity in one sentence, with where and when they were measured."""
        return f"{self.tradeoff()}; {self.measured_on}, {self.measured.isoformat()}"


_Day = date


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    screen: str = Field(min_length=1)
    fingerprint: str | None = None
    measured_on: str = Field(min_length=1)
    date: _Day
    valid_until: _Day
    uncertain_from: float = Field(ge=0, le=1)
    abnormal: int = Field(ge=1)
    missed: int = Field(ge=0)
    found_by_second: int | None = Field(None, ge=0)
    calibration: str | None = None
    screened: int = Field(ge=1)
    escalated: int = Field(ge=0)
    cost_first_usd: float = Field(ge=0, allow_inf_nan=False)
    cost_then_usd: float = Field(gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _fits(self) -> "_File":
        if self.missed > self.abnormal or self.abnormal > self.screened or self.escalated > self.screened:
            raise ValueError("missed <= abnormal <= screened and escalated <= screened must hold")
        if (self.found_by_second or 0) > self.missed:
            raise ValueError("found_by_second counts cases among the missed ones")
        return self


def load_figures(path: Path) -> CascadeFigures:
    """A screen's local figures from TOML or JSON.

    Raises: ClinicalDataInvalid naming the key.
    """
    told, _ = parse_file(path, _File)
    facts = told.model_dump()
    return CascadeFigures(measured=facts.pop("date"), **facts)
