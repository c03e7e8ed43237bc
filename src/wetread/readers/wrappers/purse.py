"""Budgets in US dollars, of a run and of a day, for one reader and for the site: reserved before each call."""

from dataclasses import dataclass

from wetread.errors import BudgetSpent
from wetread.ports import Estimate
from wetread.readers.wrappers.bills import BillWatch
from wetread.readers.wrappers.charged import Bill
from wetread.readers.wrappers.clock import SYSTEM_TIME, Time
from wetread.readers.wrappers.ledger import SITE, Limit, Reservation, SpendLedger, day_of, nanodollars


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """US dollars that may be spent in one run and on one day (UTC); None is no limit."""

    per_run_usd: float | None = None
    per_day_usd: float | None = None


class Purse:
    """What one reader may still spend. All purses of a site share one ledger, and all of a command one `run`.

    While every bill is at most its estimate, no budget is passed, whatever is retried, falls back or runs at once.
    """

    def __init__(
        self,
        reader: str,
        *,
        ledger: SpendLedger,
        run: str,
        own: Budget = Budget(),
        site: Budget = Budget(),
        watch: BillWatch | None = None,
        time: Time = SYSTEM_TIME,
    ) -> None:
        self.reader = reader
        self._ledger = ledger
        self._run = run
        budgets = (
            (reader, "run", own.per_run_usd, f"{reader}'s budget of this run (budget_usd_per_run)"),
            (reader, "day", own.per_day_usd, f"{reader}'s budget of this day, UTC (budget_usd_per_day)"),
            (SITE, "run", site.per_run_usd, "the site's budget of this run (budget_usd_per_run)"),
            (SITE, "day", site.per_day_usd, "the site's budget of this day, UTC (budget_usd_per_day)"),
        )
        self._limited = tuple(
            (who, period, nanodollars(usd, up=False), name) for who, period, usd, name in budgets if usd is not None
        )
        self._watch = watch
        self._time = time

    def reserve(self, estimate: Estimate) -> Reservation:
        """Set the estimate aside.

        Raises: BudgetSpent where it is more than is left, where no price is known but a budget is set, and where the
        reader's bills are far from what was predicted; ReaderUnavailable if the ledger can't be written.
        """
        if self._watch is not None:
            self._watch.check(self.reader)
        now = self._time.now()
        day = day_of(now)
        limits = self._limits(day)
        if estimate.cost_usd is None and limits:
            raise BudgetSpent(
                f"{self.reader}: no price is known, so {limits[0].name} can't be kept; put a price into the catalog or "
                "into price_input_usd and price_output_usd of the reader"
            )
        amount = nanodollars(estimate.cost_usd or 0.0)
        claim = Reservation(reader=self.reader, day=day, run=self._run, nanodollars=amount)
        self._ledger.reserve(claim, limits, now=now)
        return claim

    def settle(self, reservation: Reservation, *, estimate: Estimate, bill: Bill | None, counts: bool) -> None:
        """What the call took in the end; an unknown bill is the whole reservation if the call `counts`, else none."""
        nano = reservation.nanodollars if counts else 0
        if bill is not None and bill.cost_usd is not None:
            nano = nanodollars(bill.cost_usd)
        self._ledger.settle(reservation, nano)
        if bill is not None and self._watch is not None:
            self._watch.told(self.reader, predicted=estimate, billed=bill)

    def _limits(self, day: str) -> tuple[Limit, ...]:
        periods = {"run": f"run:{self._run}", "day": f"day:{day}"}
        return tuple(
            Limit(reader=reader, period=periods[period], nanodollars=amount, name=name)
            for reader, period, amount, name in self._limited
        )
