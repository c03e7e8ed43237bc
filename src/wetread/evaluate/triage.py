"""Urgency told against urgency due: what the true findings ask for by the site's own floors, P1 to P5."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wetread.domain.clinical_data import UrgencyPolicy
from wetread.domain.finding import Presence
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.evaluate.cases import Case
from wetread.evaluate.log import Answered
from wetread.evaluate.metrics import UrgencyFigures
from wetread.evaluate.score import NOTHING
from wetread.evaluate.statistics import Interval, Resampled, quadratic_kappa, wilson
from wetread.evaluate.statistics.agreement import confusion

KINDS = 5


def due(codes: Iterable[str], vocabulary: Vocabulary, policy: UrgencyPolicy) -> Priority:
    """The most urgent floor of these findings; what nothing raises where there is none."""
    floors = [vocabulary.term(code).floor for code in codes]
    return min(floors, key=lambda priority: priority.rank, default=policy.state["nothing_raised"])


def told(answer: Answered | None, vocabulary: Vocabulary, policy: UrgencyPolicy) -> Priority:
    """The priority of an answer; a file of probabilities has none of its own, so its present findings decide."""
    if answer is None or not answer.is_read:
        return Priority.UNREAD
    if answer.priority is not None:
        return answer.priority
    present = [code for code, one in answer.findings.items() if one.presence is Presence.PRESENT]
    return due(present, vocabulary, policy)


def urgency_figures(
    cases: Sequence[Case],
    answers: Mapping[str, Answered],
    *,
    vocabulary: Vocabulary,
    policy: UrgencyPolicy,
    draws: Resampled,
) -> UrgencyFigures:
    """Told against due. Under-triage: less urgent than it should be, by however much."""
    wanted = [due(case.codes, vocabulary, policy) for case in cases]
    given = [told(answers.get(case.case_id), vocabulary, policy) for case in cases]
    due_rank = np.array([one.rank for one in wanted])
    told_rank = np.array([one.rank for one in given])
    n, critical = len(cases), due_rank == 1
    false_p1 = int((~critical & (told_rank == 1)).sum())

    def kappa(which: NDArray[np.int64]) -> float:
        return quadratic_kappa(confusion(due_rank[which] - 1, told_rank[which] - 1, KINDS))

    return UrgencyFigures(
        n=n,
        table=tuple(tuple(int(x) for x in row) for row in confusion(due_rank - 1, told_rank - 1, KINDS)),
        kappa=draws.interval(kappa, n) if n else NOTHING,
        under_triage=wilson(int((told_rank > due_rank).sum()), n),
        over_triage=wilson(int((told_rank < due_rank).sum()), n),
        critical_sensitivity=wilson(int((critical & (told_rank == 1)).sum()), int(critical.sum())),
        false_p1_per_100=100 * false_p1 / int((~critical).sum()) if (~critical).any() else None,
        unread_share=_share([one is Priority.UNREAD for one in given]),
    )


def _share(is_so: Sequence[bool]) -> Interval:
    return wilson(sum(is_so), len(is_so))


def percentile_ms(seconds: Sequence[float], share: float) -> float | None:
    """Milliseconds that at least `share` of the reads did not exceed (nearest rank); None of none."""
    return 1000 * sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)] if seconds else None
