"""What was done to studies and what is under way."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from wetread.store.moments import Moment
from wetread.store.tables.base import HASH, NAME, Counter, metadata, study_column

# What each reader answered for one version of a study; a finished paid read is never asked for again.
reads = Table(
    "reads",
    metadata,
    Column("read_id", String(32), primary_key=True),
    study_column(),
    Column("version", Integer, nullable=False),
    Column("reader", NAME, nullable=False),
    Column("fingerprint", NAME, nullable=False),
    Column("body", Text, nullable=False),  # Read | Abstention as JSON
    Column("answered", Boolean, nullable=False),
    Column("cost_usd", Float),
    Column("latency_s", Float),
    Column("at", Moment, nullable=False, index=True),
    Column(
        "shadow", Boolean, nullable=False, default=False, server_default=false()
    ),  # asked on the side: part of no report
    UniqueConstraint("study_id", "version", "reader", "fingerprint"),
)

# Single finished calls of a read under way, so that a restart does not pay for them twice.
calls = Table(
    "calls",
    metadata,
    Column("call_id", HASH, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

reports = Table(
    "reports",
    metadata,
    Column("report_id", NAME, primary_key=True),
    study_column(),
    Column("version", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("priority", String(6), nullable=False),
    Column("body", Text, nullable=False),  # domain Report as JSON
    Column("predecessor", NAME),  # the report that this one supersedes
    Column("superseded_at", Moment),
    Column("revision", Integer, nullable=False, default=0),  # of an amended report: each addendum makes one
    Column("at", Moment, nullable=False, index=True),
    UniqueConstraint("study_id", "version", "status", "revision"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("report_id", NAME, ForeignKey("reports.report_id", ondelete="CASCADE"), primary_key=True),
    Column("destination", NAME, primary_key=True),
    study_column(),
    Column("state", String(12), nullable=False),  # waiting, sending, delivered, failed, void
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Moment),
    Column("reference", Text),
    Column("problem", Text),
    Column("at", Moment, nullable=False),
    Index("ix_deliveries_state", "state", "next_at"),
)

# Every flow, for people: what runs, what failed and why. A failed one is a dead letter until it is retried.
jobs = Table(
    "jobs",
    metadata,
    Column("job_id", NAME, primary_key=True),  # the flow's id
    study_column(),
    Column("kind", String(12), nullable=False),  # read, deliver
    Column("state", String(12), nullable=False),  # queued, running, done, failed, cancelled
    Column("attempts", Integer, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),  # how often it failed for now
    Column("problem", Text),
    Column("next_at", Moment),  # when it is tried again by itself
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("executor", NAME),
    Index("ix_jobs_state", "state", "created_at"),
    Index("ix_jobs_study", "study_id"),
)

# What changed, for whoever listens (server-sent events); old rows are removed.
events = Table(
    "events",
    metadata,
    Column("event_id", Counter, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("study_id", String(32)),
    Column("data", JSON, nullable=False),
)

# Sums kept beside the rows they count, so that a page of the list needs no count of a million rows.
tallies = Table(
    "tallies",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

executors = Table(
    "executors",
    metadata,
    Column("executor_id", NAME, primary_key=True),
    Column("host", NAME, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("software", NAME, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False, index=True),
)

leases = Table(
    "leases",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("holder", NAME, nullable=False),
    Column("until", Moment, nullable=False),
)

# Service levels that were missed: one row each time, until it is well again and whoever listens was told.
alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", NAME, primary_key=True),  # name and how often it was raised before
    Column("name", NAME, nullable=False),
    Column("severity", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("raised_at", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("told", String(12), nullable=False, default="nothing"),  # nothing, raised, resolved
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Moment),  # when it is tried again; None once nothing is left to tell
    Index("ix_alerts_name", "name", "raised_at"),
    Index("ix_alerts_next_at", "next_at"),
)
