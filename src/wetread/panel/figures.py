"""How a reader did on a site's own cases, and whether that earns it a vote."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wetread.domain.finding import Presence
from wetread.domain.read import ReaderIdentity
from wetread.panel.odds import wilson
from wetread.panel.rulebook import rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How one reader did on one group of findings, in cases. `group` is a code, a named group or * for all."""

    reader: str
    group: str
    tp: int
    fn: int
    fp: int
    tn: int
    measured_on: str
    measured: date
    valid_until: date
    fingerprint: str | None = None

    @property
    def sensitivity(self) -> float:
        """Shrunk by the rulebook's Beta prior."""
        return _shrunk(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Shrunk by the rulebook's Beta prior."""
        return _shrunk(self.tn, self.tn + self.fp)

    @property
    def counted(self) -> str:
        """The figures in words."""
        return (
            f"sensitivity {self.tp}/{self.tp + self.fn}, specificity {self.tn}/{self.tn + self.fp}, "
            f"{self.measured_on}, {self.measured.isoformat()}"
        )

    def log_likelihood_ratio(self, presence: Presence) -> float:
        """ln(Se / (1 - Sp)) for present, ln((1 - Se) / Sp) for absent, 0 for everything else."""
        if presence is Presence.PRESENT:
            return math.log(self.sensitivity / (1 - self.specificity))
        if presence is Presence.ABSENT:
            return math.log((1 - self.sensitivity) / self.specificity)
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What figures make of a reader's vote: it counts by them, is excluded by them, or they can't be used."""

    figures: Figures
    counts: bool = False
    excluded: bool = False
    reason: str = ""


def _shrunk(hits: int, cases: int) -> float:
    book = rulebook()
    return (hits + book.prior_hits) / (cases + book.prior_hits + book.prior_misses)


def why_unused(figures: Figures, reader: ReaderIdentity, today: date) -> str:
    """Why figures can't be used for a reader on a day; empty where they can."""
    about = f"the figures of {figures.reader} for {figures.group} are not used"
    if today > figures.valid_until:
        return f"{about}: they expired on {figures.valid_until.isoformat()}"
    if figures.fingerprint is not None and figures.fingerprint != reader.fingerprint:
        return f"{about}: the reader has changed since (another fingerprint)"
    ill, well, least = figures.tp + figures.fn, figures.tn + figures.fp, rulebook().least_cases
    if min(ill, well) < least:
        return f"{about}: {ill} diseased and {well} healthy cases are too few, {least} of each are needed"
    return ""


def why_excluded(figures: Figures) -> str:
    """Why a reader has no vote: it is not shown to tell disease from health. Empty where it is.

    Source of the interval of Se + Sp - 1: Newcombe 1998, method 10.
    """
    if figures.tp == 0:
        return f"it found none of the cases ({figures.counted})"
    if figures.tn == 0:
        return f"it cleared none of the healthy ({figures.counted})"
    ill, well, z = figures.tp + figures.fn, figures.tn + figures.fp, rulebook().z
    sensitivity, specificity = figures.tp / ill, figures.tn / well
    below = math.hypot(sensitivity - wilson(figures.tp, ill, z)[0], specificity - wilson(figures.tn, well, z)[0])
    youden = sensitivity + specificity - 1
    shrunk = figures.sensitivity + figures.specificity - 1
    if youden - below <= 0 or shrunk <= 0:
        return f"it is not shown to be better than chance ({figures.counted})"
    return ""


def describe(used: Sequence[Figures]) -> str:
    """Where figures were measured and when, each place once."""
    return "; ".join(sorted({f"{one.measured_on} ({one.measured.isoformat()})" for one in used}))
