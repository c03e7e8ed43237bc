"""Vision models as data: what they take, cost and count, and when they end. Prices are dated; unknown is never 0."""

from wetread.readers.catalog.bill import Asked, Bill, Sized, bill_of
from wetread.readers.catalog.entries import Catalog, CatalogEntry, EndOfLife, Limits, Price, Tier, priced
from wetread.readers.catalog.estimate import cost_usd, estimate_call, plan_for
from wetread.readers.catalog.parsing import load_catalog
from wetread.readers.catalog.tokens import Family, image_tokens, sent_size, text_tokens
from wetread.readers.catalog.workload import Examination, Workload, load_workload, only

__all__ = [
    "Asked",
    "Bill",
    "Catalog",
    "CatalogEntry",
    "EndOfLife",
    "Examination",
    "Family",
    "Limits",
    "Price",
    "Sized",
    "Tier",
    "Workload",
    "bill_of",
    "cost_usd",
    "estimate_call",
    "image_tokens",
    "load_catalog",
    "load_workload",
    "only",
    "plan_for",
    "priced",
    "sent_size",
    "text_tokens",
]
