"""The gate before a change: a new reader against the present one on the same frozen cases. It stops, or lets through.

Nothing goes live by itself: a gate that lets through is the ground on which a named person decides.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from wetread.domain.clinical_data import UrgencyPolicy, shipped
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.cases import Case
from wetread.evaluate.log import Answered
from wetread.evaluate.metrics import Comparison, ReaderFigures
from wetread.evaluate.statistics.intervals import Z_95
from wetread.evaluate.strict_toml import parsed
from wetread.evaluate.table import any_finding
from wetread.evaluate.triage import due, told


class Outcome(StrEnum):
    """What a check came to. UNKNOWN: too few cases, or a figure that nobody has; a human must look."""

    PASSED = "passed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Auroc(_Part):
    any_finding_margin: float = Field(ge=0, le=1)
    finding_margin: float = Field(ge=0, le=1)


class _Decision(_Part):
    sensitivity_margin: float = Field(ge=0, le=1)
    specificity_margin: float = Field(ge=0, le=1)


class _Critical(_Part):
    lost: int = Field(ge=0)
    p: float = Field(gt=0, lt=1)


class _Answers(_Part):
    unread_more: float = Field(ge=0, le=1)
    false_p1_more_per_100: float = Field(ge=0)
    latency_times: float = Field(gt=0)
    cost_times: float = Field(gt=0)


class _Least(_Part):
    cases: int = Field(ge=1)
    critical: int = Field(ge=1)


class GatePolicy(_Part):
    """The margins of `clinical/gate.toml`; every one must be there, and nothing else."""

    version: str
    date: str
    note: str
    reference: str
    signed_off_by: str = ""
    auroc: _Auroc
    decision: _Decision
    critical: _Critical
    answers: _Answers
    least: _Least


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was asked: what, how it came out, the figure, the limit it was held to."""

    name: str
    outcome: Outcome
    value: float | None
    limit: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says: it lets through only where no check stopped and the main ones are known."""

    present: str
    candidate: str
    checks: tuple[Check, ...]
    policy_version: str

    @property
    def lets_through(self) -> bool:
        """Whether a person may put the candidate in the present reader's place."""
        main = [check for check in self.checks if check.name in MAIN]
        stopped = any(check.outcome is Outcome.STOPPED for check in self.checks)
        return not stopped and all(check.outcome is Outcome.PASSED for check in main)


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalPairs:
    """True critical cases: how many there are, those only the present reader told, those only the candidate did."""

    n: int
    lost: int
    won: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPairs:
    """Cases that both judged: how many, those that only the present reader got right, those only the candidate did."""

    name: str
    n: int
    lost: int
    won: int


MAIN = ("cases", "any finding", "critical cases lost")
SENSITIVITY, SPECIFICITY = "sensitivity, any finding", "specificity, any finding"
FEW_PAIRS = 10


def load_gate_policy(text: str | None = None) -> GatePolicy:
    """The margins that ship, or a site's own as TOML.

    Raises: ClinicalDataInvalid naming the first key that is wrong.
    """
    return parsed("gate.toml", text if text is not None else shipped("gate.toml"), GatePolicy)


def judge(
    present: ReaderFigures,
    candidate: ReaderFigures,
    *,
    compared: Sequence[Comparison],
    decided: Sequence[DecisionPairs],
    critical: CriticalPairs,
    policy: GatePolicy,
) -> Verdict:
    """The verdict. `compared` are differences present minus candidate, `decided` what `decision_pairs` tells."""
    answers = policy.answers
    checks = (
        _cases(candidate, policy),
        *_areas(compared, policy),
        *(_decided(pairs, policy) for pairs in decided),
        _critical(critical, policy),
        _more(
            "cases without a read",
            (present.urgency.unread_share.value, candidate.urgency.unread_share.value),
            answers.unread_more,
        ),
        _more(
            "false P1 per 100",
            (present.urgency.false_p1_per_100, candidate.urgency.false_p1_per_100),
            answers.false_p1_more_per_100,
        ),
        _times("latency, p95", (present.latency_ms.p95, candidate.latency_ms.p95), answers.latency_times),
        _times("cost", (present.cost.per_100_usd, candidate.cost.per_100_usd), answers.cost_times),
    )
    return Verdict(present=present.name, candidate=candidate.name, checks=checks, policy_version=policy.version)


def critical_pairs(
    cases: Sequence[Case],
    present: Mapping[str, Answered],
    candidate: Mapping[str, Answered],
    *,
    vocabulary: Vocabulary,
    policy: UrgencyPolicy,
) -> CriticalPairs:
    """What becomes of the true critical cases: who tells them critical, the present reader, the candidate."""
    n = lost = won = 0
    for case in cases:
        if due(case.codes, vocabulary, policy) is not Priority.P1:
            continue
        before = told(present.get(case.case_id), vocabulary, policy) is Priority.P1
        after = told(candidate.get(case.case_id), vocabulary, policy) is Priority.P1
        n += 1
        lost += before and not after
        won += after and not before
    return CriticalPairs(n=n, lost=lost, won=won)


def decision_pairs(
    cases: Sequence[Case], present: Mapping[str, Answered], candidate: Mapping[str, Answered]
) -> tuple[DecisionPairs, DecisionPairs]:
    """How both readers decide on "is anything there?" by themselves: on abnormal cases, then on normal ones."""
    one, other = any_finding(cases, present), any_finding(cases, candidate)
    both = ~np.isnan(one.said) & ~np.isnan(other.said)

    def pairs(name: str, truth: float) -> DecisionPairs:
        mine = both & (one.truth == truth)
        before, after = one.said[mine] == truth, other.said[mine] == truth
        lost, won = int((before & ~after).sum()), int((after & ~before).sum())
        return DecisionPairs(name=name, n=int(mine.sum()), lost=lost, won=won)

    return pairs(SENSITIVITY, 1.0), pairs(SPECIFICITY, 0.0)


def _cases(candidate: ReaderFigures, policy: GatePolicy) -> Check:
    least = policy.least.cases
    enough = candidate.n_read >= least
    return Check(
        name="cases",
        outcome=Outcome.PASSED if enough else Outcome.UNKNOWN,
        value=candidate.n_read,
        limit=least,
        says=f"{candidate.n_read} cases read, at least {least} are needed",
    )


def _areas(compared: Sequence[Comparison], policy: GatePolicy) -> Iterator[Check]:
    for row in compared:
        overall = row.code == "any_finding"
        margin = policy.auroc.any_finding_margin if overall else policy.auroc.finding_margin
        name = "any finding" if overall else row.label
        if row.high is None or row.difference is None:
            yield Check(name=name, outcome=Outcome.UNKNOWN, value=None, limit=margin, says="too few cases to say")
            continue
        worse = row.high  # of present minus candidate: how much worse the candidate may be
        inferior = row.low is not None and row.low > 0
        passed = worse <= margin
        outcome = Outcome.PASSED if passed else Outcome.STOPPED if overall or inferior else Outcome.UNKNOWN
        says = f"AUROC may be lower by {max(0.0, worse):.3f}; {margin:g} is allowed"
        yield Check(name=name, outcome=outcome, value=worse, limit=margin, says=says)


def _decided(pairs: DecisionPairs, policy: GatePolicy) -> Check:
    """The paired difference of two proportions, by Wald's interval (Newcombe RG, Stat Med 1998; 17: 2635-2650)."""
    sensitivity = pairs.name == SENSITIVITY
    margin = policy.decision.sensitivity_margin if sensitivity else policy.decision.specificity_margin
    if pairs.n < FEW_PAIRS:
        return Check(name=pairs.name, outcome=Outcome.UNKNOWN, value=None, limit=margin, says="n/a (too few)")
    loss = (pairs.lost - pairs.won) / pairs.n
    half = Z_95 * math.sqrt(max(0.0, pairs.lost + pairs.won - (pairs.lost - pairs.won) ** 2 / pairs.n)) / pairs.n
    worse, sure = loss + half, loss - half > 0
    outcome = Outcome.PASSED if worse <= margin else Outcome.STOPPED if sure else Outcome.UNKNOWN
    says = f"of {pairs.n} cases {pairs.lost} lost, {pairs.won} won; may be lower by {max(0.0, worse):.3f}"
    return Check(name=pairs.name, outcome=outcome, value=worse, limit=margin, says=f"{says}; {margin:g} is allowed")


def _critical(pairs: CriticalPairs, policy: GatePolicy) -> Check:
    """Losing more than the policy allows passes only where the exact test finds no loss and as many were won."""
    p, limit = one_sided(pairs.lost, pairs.won), policy.critical.lost
    fine = pairs.lost <= limit or (pairs.lost <= pairs.won and p > policy.critical.p)
    outcome = Outcome.PASSED if fine else Outcome.STOPPED
    says = f"of {pairs.n} critical cases {pairs.lost} lost, {pairs.won} won (exact p {p:.3f}); {limit} may be lost"
    if fine and pairs.n < policy.least.critical:
        outcome, says = Outcome.UNKNOWN, f"{says}; at least {policy.least.critical} critical cases are needed"
    return Check(name="critical cases lost", outcome=outcome, value=pairs.lost, limit=limit, says=says)


def _more(name: str, figures: tuple[float | None, float | None], limit: float) -> Check:
    before, after = figures
    if before is None or after is None:
        return Check(name=name, outcome=Outcome.UNKNOWN, value=None, limit=limit, says="not known")
    grown = after - before
    outcome = Outcome.PASSED if grown <= limit else Outcome.STOPPED
    return Check(name=name, outcome=outcome, value=grown, limit=limit, says=f"{before:.3f} before, {after:.3f} now")


def _times(name: str, figures: tuple[float | None, float | None], limit: float) -> Check:
    before, after = figures
    if before is None or after is None or before == after == 0:
        outcome = Outcome.PASSED if before == after == 0 else Outcome.UNKNOWN
        return Check(name=name, outcome=outcome, value=None, limit=limit, says="nothing to compare")
    ratio = after / before if before else math.inf
    outcome = Outcome.PASSED if ratio <= limit else Outcome.STOPPED
    return Check(name=name, outcome=outcome, value=ratio, limit=limit, says=f"{before:.4g} before, {after:.4g} now")


def one_sided(lost: int, won: int) -> float:
    """McNemar's exact test: how likely at least so many of the pairs that differ were lost, if both were alike."""
    n = lost + won
    return sum(math.comb(n, k) for k in range(lost, n + 1)) / 2**n if n else 1.0
