"""Readers around readers, and the turnstile every call of a provider passes.

From the outside in: Calibrated, Fallback, Guarded, Timed, Cached, Consistent, Retried, Limited.
"""

from wetread.readers.wrappers.bills import BillWatch
from wetread.readers.wrappers.breaker import Breaker
from wetread.readers.wrappers.cached import Cached
from wetread.readers.wrappers.calibrated import Calibrated, calibrated
from wetread.readers.wrappers.charged import Bill, charged
from wetread.readers.wrappers.clock import SYSTEM_TIME, SystemTime, Time
from wetread.readers.wrappers.consistent import Consistent
from wetread.readers.wrappers.fallback import Fallback
from wetread.readers.wrappers.guarded import Guarded
from wetread.readers.wrappers.ledger import DaySpend, SpendLedger
from wetread.readers.wrappers.purse import Budget, Purse
from wetread.readers.wrappers.retry import Outcome, Retried, retrying
from wetread.readers.wrappers.stores import DiskCache, RunCache, Store
from wetread.readers.wrappers.timed import Timed
from wetread.readers.wrappers.turnstile import Limited, Toll, Turnstile

__all__ = [
    "SYSTEM_TIME",
    "Bill",
    "BillWatch",
    "Breaker",
    "Budget",
    "Cached",
    "Calibrated",
    "Consistent",
    "DaySpend",
    "DiskCache",
    "Fallback",
    "Guarded",
    "Limited",
    "Outcome",
    "Purse",
    "Retried",
    "RunCache",
    "SpendLedger",
    "Store",
    "SystemTime",
    "Time",
    "Timed",
    "Toll",
    "Turnstile",
    "calibrated",
    "charged",
    "retrying",
]
