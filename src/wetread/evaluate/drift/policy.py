"""The limits of the drift charts (clinical/drift.toml), parsed once and strictly."""

from dataclasses import dataclass
from functools import cache

from pydantic import with_config

from wetread.domain.clinical_data import shipped
from wetread.evaluate.strict_toml import STRICT, parsed


def _refuse(wrong: bool, told: str) -> None:
    if wrong:
        raise ValueError(told)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataLimits:
    """Of the population stability index."""

    warn: float
    alarm: float
    noise_p: float
    least: int
    bins: int
    rare_share: float

    def __post_init__(self) -> None:
        _refuse(not 0 < self.warn <= self.alarm, "warn is above 0 and at most alarm")
        _refuse(not (0 < self.noise_p < 1 and 0 <= self.rare_share < 1), "noise_p and rare_share lie between 0 and 1")
        _refuse(self.bins < 2 or self.least < 1, "bins is 2 or more, least 1 or more")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLimits:
    """Of the discrepancy between descriptors."""

    alarm_p: float
    in_a_row: int
    permutations: int
    seed: int
    least: int
    most: int

    def __post_init__(self) -> None:
        _refuse(not 0 < self.alarm_p < 1, "alarm_p lies between 0 and 1")
        _refuse(self.alarm_p * (self.permutations + 1) <= 1, "too few permutations for any p below alarm_p")
        _refuse(not 2 <= self.least <= self.most or self.in_a_row < 1, "least is 2 or more, at most `most`")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class PrevalenceLimits:
    """Of the share of studies with a finding."""

    warn_p: float
    alarm_p: float
    odds_ratio: float
    studies_per_false_alarm: float
    least: int

    def __post_init__(self) -> None:
        _refuse(not 0 < self.alarm_p <= self.warn_p < 1, "alarm_p is above 0 and at most warn_p")
        _refuse(self.odds_ratio <= 1 or self.studies_per_false_alarm <= 1, "odds_ratio is above 1")
        _refuse(self.least < 1, "least is 1 or more")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLimits:
    """Of a drop of kappa."""

    drop: float
    z: float
    in_a_row: int
    least: int
    least_seen: int

    def __post_init__(self) -> None:
        _refuse(self.drop <= 0 or self.z < 0, "drop is above 0, z from 0 on")
        _refuse(self.in_a_row < 1 or self.least < 2, "in_a_row is 1 or more, least 2 or more")
        _refuse(self.least_seen < 1, "least_seen is 1 or more")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class RatioLimits:
    """Of a median over the baseline's."""

    warn: float
    alarm: float
    least: int

    def __post_init__(self) -> None:
        _refuse(not 1 < self.warn <= self.alarm or self.least < 1, "warn is above 1 and at most alarm")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelLimits:
    """Of the fixed cases."""

    probability_shift: float

    def __post_init__(self) -> None:
        _refuse(not 0 < self.probability_shift < 1, "probability_shift lies between 0 and 1")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPolicy:
    """Every limit by name. `signed_off_by` is empty until a clinician signed."""

    version: str
    date: str
    note: str
    reference: str
    signed_off_by: str
    metadata: MetadataLimits
    pictures: PictureLimits
    prevalence: PrevalenceLimits
    agreement: AgreementLimits
    latency: RatioLimits
    tokens: RatioLimits
    sentinel: SentinelLimits


@cache
def drift_policy() -> DriftPolicy:
    """The shipped limits."""
    return parse_drift_policy(shipped("drift.toml"))


def parse_drift_policy(text: str) -> DriftPolicy:
    """Limits from their TOML.

    Raises: ClinicalDataInvalid naming the key.
    """
    return parsed("drift.toml", text, DriftPolicy)
