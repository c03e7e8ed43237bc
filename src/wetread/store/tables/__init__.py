"""Every table of the store, for SQLite and PostgreSQL alike. A change here needs a migration in `store/migrations`."""

from wetread.store.tables.base import metadata
from wetread.store.tables.flow import (
    alerts,
    calls,
    deliveries,
    events,
    executors,
    jobs,
    leases,
    reads,
    reports,
    tallies,
)
from wetread.store.tables.people import audit, decisions, drafts, locks, sessions, tokens, users
from wetread.store.tables.study import (
    arrivals,
    expectations,
    instances,
    orders,
    problems,
    series,
    series_metadata,
    studies,
    trace,
)

__all__ = [
    "alerts",
    "arrivals",
    "audit",
    "calls",
    "decisions",
    "deliveries",
    "drafts",
    "events",
    "executors",
    "expectations",
    "instances",
    "jobs",
    "leases",
    "locks",
    "metadata",
    "orders",
    "problems",
    "reads",
    "reports",
    "series",
    "series_metadata",
    "sessions",
    "studies",
    "tallies",
    "tokens",
    "trace",
    "users",
]
