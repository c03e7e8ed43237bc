"""What a call cost: what was billed, and whether a call that failed must be taken for billed."""

import math
from dataclasses import dataclass

from wetread.errors import BudgetSpent, EgressDenied, KeyRejected, RateLimited, ReaderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a provider says a call took; None is unknown."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

    def __post_init__(self) -> None:
        for name in ("input_tokens", "output_tokens", "cost_usd"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} of a bill is a number from 0 on, got {value!r}")


def charged(problem: BaseException | None) -> bool:
    """Whether a call that ended so counts as billed: only what is known to be free is free."""
    if isinstance(problem, RateLimited):
        return problem.billed is True
    if isinstance(problem, ReaderUnavailable):
        return problem.billed is not False
    return not isinstance(problem, KeyRejected | EgressDenied | BudgetSpent)
