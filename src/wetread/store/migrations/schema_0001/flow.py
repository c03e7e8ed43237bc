"""Tables of schema 0001: the flow. Released: never changed."""

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
)

from wetread.store.migrations.schema_0001.base import HASH, NAME, Counter, metadata, study_column

reads = Table(
    "reads",
    metadata,
    Column("read_id", String(32), primary_key=True),
    study_column(),
    Column("version", Integer, nullable=False),
    Column("reader", NAME, nullable=False),
    Column("fingerprint", NAME, nullable=False),
    Column("body", Text, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("cost_usd", Float),
    Column("latency_s", Float),
    Column("at", BigInteger, nullable=False, index=True),
    UniqueConstraint("study_id", "version", "reader", "fingerprint"),
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", HASH, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

reports = Table(
    "reports",
    metadata,
    Column("report_id", NAME, primary_key=True),
    study_column(),
    Column("version", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("priority", String(6), nullable=False),
    Column("body", Text, nullable=False),
    Column("predecessor", NAME),
    Column("superseded_at", BigInteger),
    Column("revision", Integer, nullable=False, default=0),
    Column("at", BigInteger, nullable=False, index=True),
    UniqueConstraint("study_id", "version", "status", "revision"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("report_id", NAME, ForeignKey("reports.report_id", ondelete="CASCADE"), primary_key=True),
    Column("destination", NAME, primary_key=True),
    study_column(),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", BigInteger),
    Column("reference", Text),
    Column("problem", Text),
    Column("at", BigInteger, nullable=False),
    Index("ix_deliveries_state", "state", "next_at"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", NAME, primary_key=True),
    study_column(),
    Column("kind", String(12), nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
    Column("problem", Text),
    Column("next_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("executor", NAME),
    Index("ix_jobs_state", "state", "created_at"),
    Index("ix_jobs_study", "study_id"),
)

events = Table(
    "events",
    metadata,
    Column("event_id", Counter, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("study_id", String(32)),
    Column("data", JSON, nullable=False),
)

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
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False, index=True),
)

leases = Table(
    "leases",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("holder", NAME, nullable=False),
    Column("until", BigInteger, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", NAME, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("severity", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("told", String(12), nullable=False, default="nothing"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", BigInteger),
    Index("ix_alerts_name", "name", "raised_at"),
    Index("ix_alerts_next_at", "next_at"),
)
