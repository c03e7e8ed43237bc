"""Quantiles by nearest rank: a value that was really seen, never one in between."""

import math
from collections.abc import Iterable


def quantile(values: Iterable[float | None], share: float) -> float | None:
    """The smallest value that at least this share of the known ones do not exceed; None where none is known."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return known[max(0, math.ceil(share * len(known)) - 1)]
