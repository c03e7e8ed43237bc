"""Is what is billed what was predicted? Watched for each reader over its last calls."""

import math
from collections import deque
from dataclasses import dataclass

from wetread.errors import BudgetSpent
from wetread.ports import Estimate
from wetread.readers.wrappers.charged import Bill
from wetread.readers.wrappers.log import log

LEAST_CALLS = 5
WINDOW_CALLS = 20
ALARM_ABOVE = 0.10
STOP_AT = 3.0
TOKENS, COST = "input tokens", "cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Billed over predicted, summed over the calls of the window."""

    what: str
    ratio: float
    calls: int

    @property
    def differs(self) -> bool:
        """Whether it is off by more than a tenth.

        Input tokens are predicted exactly, so both directions count. A predicted cost is an upper bound (the longest
        answer allowed), so only a bill above it does.
        """
        if self.calls < LEAST_CALLS:
            return False
        too_little = self.what == TOKENS and self.ratio < 1 - ALARM_ABOVE
        return too_little or self.ratio > 1 + ALARM_ABOVE


class BillWatch:
    """Warns ("bill differs") above 10 % over at least 5 calls; from three times on no further call is made.

    It forgets with the process: a price mended in the catalog is taken up with the next start.
    """

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], deque[tuple[float, float]]] = {}
        self._alarmed: set[tuple[str, str]] = set()
        self.alarms = 0

    def told(self, reader: str, *, predicted: Estimate, billed: Bill) -> None:
        """One call's prediction and bill. What is unknown on either side is left out, and so is a free call."""
        pairs = (
            (TOKENS, predicted.input_tokens or None, billed.input_tokens),
            (COST, predicted.cost_usd, billed.cost_usd),
        )
        for what, expected, actual in pairs:
            if expected is not None and actual:
                window = self._pairs.setdefault((reader, what), deque(maxlen=WINDOW_CALLS))
                window.append((expected, actual))
                self._alarm(reader, self._compare(what, window))

    def compared(self, reader: str) -> tuple[Compared, ...]:
        """Where a reader stands."""
        return tuple(self._compare(what, window) for (who, what), window in self._pairs.items() if who == reader)

    def check(self, reader: str) -> None:
        """Refuse a reader whose bills are far off.

        Raises: BudgetSpent naming the ratio and what to do.
        """
        for one in self.compared(reader):
            if one.calls >= LEAST_CALLS and one.ratio >= STOP_AT:
                raise BudgetSpent(
                    f"{reader}: billed {one.what} are {one.ratio:.1f} times what was predicted over the last "
                    f"{one.calls} calls, so no budget can be kept; correct its price and token family in the catalog, "
                    "then start again"
                )

    def _compare(self, what: str, window: deque[tuple[float, float]]) -> Compared:
        expected, actual = (math.fsum(side) for side in zip(*window, strict=True))
        return Compared(what=what, ratio=actual / expected if expected > 0 else math.inf, calls=len(window))

    def _alarm(self, reader: str, one: Compared) -> None:
        """Once when it begins to differ, and again only after it has been right in between."""
        key = reader, one.what
        if not one.differs:
            self._alarmed.discard(key)
        elif key not in self._alarmed:
            self._alarmed.add(key)
            self.alarms += 1
            log.warning("bill differs", reader=reader, what=one.what, ratio=round(one.ratio, 3), calls=one.calls)
