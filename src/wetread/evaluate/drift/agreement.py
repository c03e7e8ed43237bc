"""Do AI and the signed report still say the same? Kappa against the baseline's, twice in a row."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wetread.evaluate.drift.measure import DriftKind, Level, Measure, too_few
from wetread.evaluate.drift.policy import AgreementLimits
from wetread.evaluate.statistics.agreement import cohen_kappa, confusion

Table = tuple[tuple[int, int], tuple[int, int]]


def counted(pairs: Sequence[tuple[bool, bool]]) -> Table:
    """Counts by (AI, signed report) of absent and present."""
    table = confusion([int(one) for one, _ in pairs], [int(other) for _, other in pairs], 2)
    return (int(table[0, 0]), int(table[0, 1])), (int(table[1, 0]), int(table[1, 1]))


def kappa_error(table: NDArray[np.int64]) -> float:
    """The standard error of Cohen's kappa (Fleiss JL, Cohen J, Everitt BS, Psychol Bull 1969; 72: 323-327).

    NaN where chance explains all.
    """
    n, kinds = table.sum(), len(table)
    shares = table / n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    agreed, chance = float(np.trace(shares)), float(rows @ columns)
    if chance >= 1:
        return math.nan
    same = sum(shares[i, i] * ((1 - chance) - (rows[i] + columns[i]) * (1 - agreed)) ** 2 for i in range(kinds))
    apart = sum(shares[i, j] * (columns[i] + rows[j]) ** 2 for i in range(kinds) for j in range(kinds) if i != j)
    spread = same + (1 - agreed) ** 2 * apart - (agreed * chance - 2 * chance + agreed) ** 2
    return math.sqrt(max(0.0, float(spread)) / float(n)) / (1 - chance) ** 2


def agreement_measures(
    reference: Mapping[str, Table],
    window: Mapping[str, Sequence[tuple[bool, bool]]],
    limits: AgreementLimits,
    before: Mapping[str, int],
) -> tuple[list[Measure], dict[str, int]]:
    """The drop of kappa for each reader (or reader and finding) of the baseline, and the looks in a row with a drop.

    One drop warns, `in_a_row` alarm; where too few were signed, or chance explains all, the count stays as it was.
    """
    told, after = [], dict(before)
    for what in reference:
        if what not in window:
            continue
        old, new = np.array(reference[what]), np.array(counted(window[what]))
        kappas, errors = [cohen_kappa(table) for table in (old, new)], [kappa_error(table) for table in (old, new)]
        n, seen = int(min(old.sum(), new.sum())), int(min(table.sum() - table[0, 0] for table in (old, new)))
        if n < limits.least or not all(math.isfinite(figure) for figure in (*kappas, *errors)):
            told.append(too_few(DriftKind.AGREEMENT, what, n, limits.least))
            continue
        if seen < limits.least_seen:
            told.append(too_few(DriftKind.AGREEMENT, what, seen, limits.least_seen))
            continue
        drop, limit = kappas[0] - kappas[1], max(limits.drop, limits.z * math.hypot(*errors))
        after[what] = before.get(what, 0) + 1 if drop >= limit else 0
        level = Level.ALARM if after[what] >= limits.in_a_row else Level.WARN if after[what] else Level.QUIET
        told.append(
            Measure(
                kind=DriftKind.AGREEMENT,
                what=what,
                level=level,
                value=drop,
                limit=limit,
                n=int(new.sum()),
                text=f"kappa {kappas[0]:.2f} in the baseline, {kappas[1]:.2f} now",
            )
        )
    return told, after
