"""Votes learnt from a site's own figures, per finding or group of findings. Units: log odds, natural logarithm."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from wetread.domain.finding import Presence
from wetread.domain.read import ReaderIdentity
from wetread.panel.figures import Figures, Judgement, why_excluded, why_unused
from wetread.panel.odds import logit, sigmoid

EVERYTHING = "*"
DECIDING = (Presence.PRESENT, Presence.ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A site's figures, groups, prevalences and the correlation of its readers' errors.

    `correlation` is the mean correlation of two readers' errors, 0 to 1; `prevalence` is by code or group.
    """

    name: str
    figures: tuple[Figures, ...]
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    prevalence: Mapping[str, float] = field(default_factory=dict)
    correlation: float = 0.0

    @property
    def calibrator_id(self) -> str:
        """What stands behind a probability that these weights decided."""
        return f"panel/learnt/{self.name}"

    def judge(self, reader: ReaderIdentity, code: str, today: date) -> Judgement | None:
        """What the figures say of a reader's vote on a finding; None without figures."""
        mine = {one.group: one for one in self.figures if one.reader == reader.name}
        figures = next((mine[group] for group in self._groups_of(code) if group in mine), None)
        if figures is None:
            return None
        unused = why_unused(figures, reader, today)
        if unused:
            return Judgement(figures=figures, reason=unused)
        degenerate = why_excluded(figures)
        return Judgement(figures=figures, counts=not degenerate, excluded=bool(degenerate), reason=degenerate)

    def prevalence_of(self, code: str) -> float | None:
        """How common a finding is on this site; None where nobody measured it."""
        return next((self.prevalence[group] for group in self._groups_of(code) if group in self.prevalence), None)

    def balance(self, votes: Iterable[tuple[Figures, Presence]]) -> float:
        """The votes' evidence in log odds: the sum of their ratios over D = 1 + (M - 1) * correlation.

        M counts the votes for present or absent: an uncertain one brings no evidence, correlated or not.
        """
        said = [one.log_likelihood_ratio(presence) for one, presence in votes if presence in DECIDING]
        return math.fsum(said) / (1 + (len(said) - 1) * self.correlation) if said else 0.0

    def posterior(self, prevalence: float, balance: float) -> float:
        """The probability after the votes."""
        return round(sigmoid(logit(prevalence) + balance), 6)

    def _groups_of(self, code: str) -> tuple[str, ...]:
        """The names under which a finding's figures may stand, the narrowest first."""
        return (code, *(name for name, codes in self.groups.items() if code in codes), EVERYTHING)
