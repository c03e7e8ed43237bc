"""Does a reader do worse for some? Any finding by age, sex, view, modality and site, each group against all others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wetread.evaluate.cases import Case
from wetread.evaluate.log import Answered
from wetread.evaluate.metrics import SubgroupFigures
from wetread.evaluate.policy import EvaluationPolicy
from wetread.evaluate.score import NOTHING, Splits
from wetread.evaluate.statistics import auroc
from wetread.evaluate.table import any_finding


def subgroups(splits: Splits, answers: Mapping[str, Answered], policy: EvaluationPolicy) -> tuple[SubgroupFigures, ...]:
    """Any finding by age, sex, view, modality and site: each group against all the others."""
    column = any_finding(splits.test, answers)
    made = []
    for by, groups in _grouped(splits.test).items():
        for group, inside in sorted(groups.items()):
            mask = np.array(inside)
            n, n_pos = int((mask & column.judged).sum()), int(column.truth[mask & column.judged].sum())
            enough = policy.least.are_in(n_pos, n)

            def area(which: NDArray[np.int64], mask: NDArray[np.bool_] = mask) -> float:
                return auroc(*column.among(which[mask[which]]))

            def gap(which: NDArray[np.int64], mask: NDArray[np.bool_] = mask) -> float:
                return auroc(*column.among(which[mask[which]])) - auroc(*column.among(which[~mask[which]]))

            size = len(column.truth)
            made.append(
                SubgroupFigures(
                    by=by,
                    group=group,
                    n=n,
                    n_pos=n_pos,
                    auroc=replace(splits.draws.interval(area, size), n=n) if enough else NOTHING,
                    gap=replace(splits.draws.interval(gap, size), n=n) if enough else NOTHING,
                )
            )
    return tuple(made)


def _grouped(cases: Sequence[Case]) -> dict[str, dict[str, list[bool]]]:
    kinds = {
        "age": [age_band(case.age_years) for case in cases],
        "sex": [case.sex or "unknown" for case in cases],
        "view": [case.view or "unknown" for case in cases],
        "modality": [case.modality or "unknown" for case in cases],
        "site": [case.site or "unknown" for case in cases],
    }
    return {
        by: {group: [one == group for one in told] for group in sorted(set(told))}
        for by, told in kinds.items()
        if len(set(told)) > 1
    }


def age_band(age: float | None) -> str:
    """The group of an age in years."""
    if age is None:
        return "unknown"
    limits = ((18, "under 18"), (40, "18-39"), (60, "40-59"))
    return next((name for limit, name in limits if age < limit), "60 and over")
