"""A reader in the shadow beside what was reported: on the same studies, before anybody knows who was right.

Agreement is no accuracy. It says what would change if the reader went live, so that a human can look at those studies.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.finding import Finding, Presence
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.log import ORDER
from wetread.evaluate.statistics import Interval, wilson
from wetread.evaluate.statistics.agreement import confusion
from wetread.evaluate.triage import KINDS, due, percentile_ms

CRITICAL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one side said of one study. `presences` is None where nobody read it; dollars and seconds where unknown."""

    presences: Mapping[str, Presence] | None
    cost_usd: float | None = None
    latency_s: float | None = None

    @property
    def present(self) -> frozenset[str]:
        """The codes told present."""
        return frozenset(code for code, one in (self.presences or {}).items() if one is Presence.PRESENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One study: what was reported, what the shadow said."""

    study_id: str
    live: Said
    shadow: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One finding over all studies: told present by both, only in the shadow (gained), only in the report (lost).

    A flip counts only where both sides judged the code.
    """

    code: str
    label: str
    category: int | None
    both: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowFigures:
    """How a reader in the shadow compares. Shares are of the `n_both` studies that both sides read.

    `priorities`: rows are what the findings of the report ask for, P1 to P5, columns those of the shadow. Dollars are
    per 100 studies, milliseconds by nearest rank; None where unknown.
    """

    n: int
    n_both: int
    live_unread: int
    shadow_unread: int
    agreement: Interval
    same_priority: Interval
    raised: Interval
    lowered: Interval
    critical_gained: int
    critical_lost: int
    priorities: tuple[tuple[int, ...], ...]
    flips: tuple[Flip, ...]
    live_per_100_usd: float | None
    shadow_per_100_usd: float | None
    live_p95_ms: float | None
    shadow_p95_ms: float | None
    changed: tuple[str, ...] = field(default=())  # studies whose priority would be another


def said(findings: Iterable[Finding], *, cost_usd: float | None = None, latency_s: float | None = None) -> Said:
    """A side that read, from its findings; of a code told of both sides, the presence that counts more."""
    told: dict[str, Presence] = {}
    for one in findings:
        if one.code not in told or ORDER[one.presence] > ORDER[told[one.code]]:
            told[one.code] = one.presence
    return Said(presences=told, cost_usd=cost_usd, latency_s=latency_s)


def shadow_figures(rows: Sequence[Beside], *, vocabulary: Vocabulary, policy: UrgencyPolicy) -> ShadowFigures:
    """The comparison over all rows."""
    both = [row for row in rows if row.live.presences is not None and row.shadow.presences is not None]
    n = len(both)
    ranks = [
        (_priority(row.live, vocabulary, policy).rank, _priority(row.shadow, vocabulary, policy).rank) for row in both
    ]
    told = np.array(ranks, dtype=np.int64).reshape(n, 2)
    live, shadow = told[:, 0], told[:, 1]
    return ShadowFigures(
        n=len(rows),
        n_both=n,
        live_unread=sum(row.live.presences is None for row in rows),
        shadow_unread=sum(row.shadow.presences is None for row in rows),
        agreement=wilson(sum(bool(row.live.present) == bool(row.shadow.present) for row in both), n),
        same_priority=wilson(int((live == shadow).sum()), n),
        raised=wilson(int((shadow < live).sum()), n),
        lowered=wilson(int((shadow > live).sum()), n),
        critical_gained=int(((shadow == CRITICAL) & (live != CRITICAL)).sum()),
        critical_lost=int(((shadow != CRITICAL) & (live == CRITICAL)).sum()),
        priorities=tuple(tuple(int(x) for x in row) for row in confusion(live - 1, shadow - 1, KINDS)),
        flips=_flips(both, vocabulary),
        live_per_100_usd=_per_100([row.live for row in both]),
        shadow_per_100_usd=_per_100([row.shadow for row in both]),
        live_p95_ms=_p95([row.live for row in both]),
        shadow_p95_ms=_p95([row.shadow for row in both]),
        changed=tuple(row.study_id for row, (one, other) in zip(both, ranks, strict=True) if one != other),
    )


def _priority(side: Said, vocabulary: Vocabulary, policy: UrgencyPolicy) -> Priority:
    """What the present findings alone ask for: the order's own priority is the same on both sides."""
    return due((code for code in side.present if code in vocabulary.terms), vocabulary, policy)


def _flips(rows: Sequence[Beside], vocabulary: Vocabulary) -> tuple[Flip, ...]:
    """Codes on which the sides differ somewhere, the critical ones first, then those with most flips."""
    same: Counter[str] = Counter()
    gained: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for row in rows:
        judged = _judged(row.live) & _judged(row.shadow)
        same.update(row.live.present & row.shadow.present)
        gained.update((row.shadow.present - row.live.present) & judged)
        lost.update((row.live.present - row.shadow.present) & judged)
    told = []
    for code in set(gained) | set(lost):
        term = vocabulary.terms.get(code)
        told.append(
            Flip(
                code=code,
                label=term.label if term else code,
                category=term.acr_category if term else None,
                both=same[code],
                gained=gained[code],
                lost=lost[code],
            )
        )
    return tuple(sorted(told, key=lambda one: (one.category or 9, -(one.gained + one.lost), one.code)))


def _judged(side: Said) -> frozenset[str]:
    return frozenset(code for code, one in (side.presences or {}).items() if one is not Presence.NOT_ASSESSABLE)


def _per_100(sides: Sequence[Said]) -> float | None:
    known = [side.cost_usd for side in sides if side.cost_usd is not None]
    return 100 * sum(known) / len(sides) if sides and len(known) == len(sides) else None


def _p95(sides: Sequence[Said]) -> float | None:
    return percentile_ms([side.latency_s for side in sides if side.latency_s is not None], 0.95)
