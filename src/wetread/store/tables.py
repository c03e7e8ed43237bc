"""Every table of the store, for SQLite and PostgreSQL alike. A change here needs a migration in `store/migrations`."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from wetread.store.moments import Moment

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
Counter = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only in an INTEGER key
UID, HASH, NAME = String(64), String(64), String(128)


def _study() -> Column[str]:
    return Column("study_id", String(32), ForeignKey("studies.study_id", ondelete="CASCADE"), nullable=False)


arrivals = Table(
    "arrivals",
    metadata,
    Column("arrival_id", String(64), primary_key=True),
    Column("way", String(16), nullable=False),
    Column("peer", NAME),
    Column("called", NAME),
    Column("address", NAME),
    Column("started_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("objects", Integer, nullable=False, default=0),
    Column("problems", Integer, nullable=False, default=0),
)

# Objects that came in and could not be placed: kept, with the reason.
problems = Table(
    "problems",
    metadata,
    Column("problem_id", Counter, primary_key=True),
    Column("arrival_id", String(64), ForeignKey("arrivals.arrival_id"), nullable=False, index=True),
    Column("blob", HASH, nullable=False),
    Column("file", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("remedy", Text, nullable=False, default=""),
    Column("at", Moment, nullable=False, index=True),
)

studies = Table(
    "studies",
    metadata,
    Column("study_id", String(32), primary_key=True),  # 128 bits of a hash of its identity: safe in URLs
    Column("ref", String(15), nullable=False, index=True),  # short name for logs and files
    Column("study_uid", UID, index=True),
    Column("patient_id", NAME, index=True),
    Column("patient_name", Text),
    Column("patient_birth_date", String(10)),
    Column("patient_sex", String(1)),
    Column("age_years", Float),
    Column("accession_number", NAME, index=True),
    Column("study_date", String(10), index=True),  # ISO 8601
    Column("description", Text),
    Column("modalities", Text, nullable=False, default=""),  # \CT\SR\, so that one is found by LIKE '%\CT\%'
    Column("body_parts", Text, nullable=False, default=""),
    Column("header", JSON, nullable=False),  # the study's further QIDO attributes, DICOM JSON
    Column("series_count", Integer, nullable=False, default=0),
    Column("instance_count", Integer, nullable=False, default=0),
    Column("size_bytes", BigInteger, nullable=False, default=0),
    # Its way through the house. `version` grows each time it is complete anew (a late image).
    Column("status", String(12), nullable=False),
    Column("version", Integer, nullable=False, default=0),
    Column("generation", Integer, nullable=False, default=0),  # of its flow: an older flow that wakes up is void
    Column("arrived_at", Moment, nullable=False),
    Column("last_arrival_at", Moment, nullable=False),
    Column("complete_at", Moment),  # when it counts as complete if nothing else comes; None once it is
    Column("completed_at", Moment),
    Column("reported_at", Moment),
    Column("signed_at", Moment),
    # Urgency. `priority` is None until somebody said something; `floor` never falls but by a human's override.
    Column("order_priority", String(12)),
    Column("patient_class", String(12), nullable=False, default="unknown"),
    Column("priority", String(6)),
    Column("target_min", Integer),
    Column("floor", String(6)),
    Column("floor_target_min", Integer),
    Column("override", JSON),  # domain.waiting.Override
    Column("lane", Integer, nullable=False, default=3),
    Column("deadline", Moment, nullable=False),
    Column("lift_at", Moment, nullable=False),
    Column("why", JSON, nullable=False),  # list of sentences
    # What the list shows.
    Column("top_finding", Text),
    Column("top_probability", Float),
    Column("abnormal_probability", Float),
    Column("agreement", Float),
    Column("readers", JSON, nullable=False),  # list of reader names that were asked
    Column("problem", Text),  # why AI failed, or why it is held
    Column("cost_usd", Float),
    Column("indication", Text),
    Column("assignee", NAME),
    Column("source", NAME),  # calling AE title or user of the first arrival
    Column("open", Boolean, nullable=False, default=True),  # waits for a human
    Column("etag", Integer, nullable=False, default=0),  # grows with each change
    Index("ix_studies_standing", "open", "lane", "deadline", "study_id"),
    Index("ix_studies_flow", "status", "lane", "deadline", "study_id"),
    Index("ix_studies_complete_at", "complete_at"),
    Index("ix_studies_lift_at", "open", "lane", "lift_at"),
    Index("ix_studies_arrived_at", "arrived_at", "study_id"),
)

series = Table(
    "series",
    metadata,
    Column("series_id", String(32), primary_key=True),  # hash of study and series UID
    _study(),
    Column("series_uid", UID, index=True),
    Column("modality", String(16)),
    Column("number", Integer),
    Column("description", Text),
    Column("body_part", String(64)),
    Column("header", JSON, nullable=False),
    Column("instance_count", Integer, nullable=False, default=0),
    Index("ix_series_study", "study_id"),
)

instances = Table(
    "instances",
    metadata,
    Column("instance_id", Counter, primary_key=True),
    _study(),
    Column("series_id", String(32), ForeignKey("series.series_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sop_instance_uid", UID, index=True),
    Column("sop_class_uid", UID),
    Column("transfer_syntax_uid", UID),
    Column("blob", HASH, nullable=False),  # SHA-256 of the stored file
    Column("size_bytes", BigInteger, nullable=False),
    Column("number", Integer),
    Column("frames", Integer, nullable=False, default=1),
    Column("rows", Integer),
    Column("columns", Integer),
    Column("kind", String(12), nullable=False),
    Column("arrival_id", String(64), ForeignKey("arrivals.arrival_id"), nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("found", Text, nullable=False),  # intake's Found as JSON: what the header says, parsed once
    UniqueConstraint("study_id", "blob", "sop_instance_uid"),
)

# Metadata of a series as DICOM JSON, gzipped; made when asked for or when a study is complete.
series_metadata = Table(
    "series_metadata",
    metadata,
    Column("series_id", String(32), ForeignKey("series.series_id", ondelete="CASCADE"), primary_key=True),
    Column("instance_count", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# The why-trace: each thing that was decided about a study, append-only.
trace = Table(
    "trace",
    metadata,
    Column("trace_id", Counter, primary_key=True),
    _study(),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),  # arrived, complete, routed, queued, read, failed, reported, ...
    Column("text", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_trace_study", "study_id", "trace_id"),
)

orders = Table(
    "orders",
    metadata,
    Column("order_id", String(64), primary_key=True),
    Column("study_uid", UID, index=True),
    Column("accession_number", NAME, index=True),
    Column("body", Text, nullable=False),  # domain Order as JSON
    Column("patient_class", String(12), nullable=False, default="unknown"),
    Column("received_at", Moment, nullable=False),
)

# What each reader answered for one version of a study; a finished paid read is never asked for again.
reads = Table(
    "reads",
    metadata,
    Column("read_id", String(32), primary_key=True),
    _study(),
    Column("version", Integer, nullable=False),
    Column("reader", NAME, nullable=False),
    Column("fingerprint", NAME, nullable=False),
    Column("body", Text, nullable=False),  # Read | Abstention as JSON
    Column("answered", Boolean, nullable=False),
    Column("cost_usd", Float),
    Column("latency_s", Float),
    Column("at", Moment, nullable=False, index=True),
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
    _study(),
    Column("version", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("priority", String(6), nullable=False),
    Column("body", Text, nullable=False),  # domain Report as JSON
    Column("predecessor", NAME),  # the report that this one supersedes
    Column("superseded_at", Moment),
    Column("at", Moment, nullable=False, index=True),
    UniqueConstraint("study_id", "version", "status"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("report_id", NAME, ForeignKey("reports.report_id", ondelete="CASCADE"), primary_key=True),
    Column("destination", NAME, primary_key=True),
    _study(),
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
    _study(),
    Column("kind", String(12), nullable=False),  # read, deliver
    Column("state", String(12), nullable=False),  # queued, running, done, failed, cancelled
    Column("attempts", Integer, nullable=False, default=0),
    Column("problem", Text),
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

# Human work.
decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Counter, primary_key=True),
    _study(),
    Column("report_id", NAME, nullable=False),
    Column("finding", NAME, nullable=False),
    Column("decision", String(12), nullable=False),  # accept, edit, reject, add
    Column("body", JSON, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_decisions_study", "study_id", "decision_id"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("study_id", String(32), ForeignKey("studies.study_id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", Moment, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("study_id", String(32), ForeignKey("studies.study_id", ondelete="CASCADE"), primary_key=True),
    Column("holder", NAME, nullable=False),
    Column("until", Moment, nullable=False),
)

# People and programs.
users = Table(
    "users",
    metadata,
    Column("user_id", String(32), primary_key=True),
    Column("login", NAME, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password", Text),  # argon2id hash; None for people of an identity provider
    Column("subject", Text, unique=True),  # issuer and subject at the identity provider
    Column("active", Boolean, nullable=False, default=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("preferences", JSON, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", HASH, primary_key=True),  # SHA-256 of what the cookie holds
    Column("user_id", String(32), ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", HASH, nullable=False),  # SHA-256 of the token that changes must carry
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", String(32), primary_key=True),
    Column("secret", HASH, nullable=False, unique=True),  # SHA-256 of the token
    Column("label", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_by", NAME, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("until", Moment),
    Column("seen_at", Moment),
    Column("revoked_at", Moment),
)

# The audit: a chain in which each row's hash covers the one before. Never changed, never removed.
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", NAME, nullable=False),
    Column("roles", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("object", Text, nullable=False),
    Column("outcome", String(12), nullable=False),  # success, refused, failed
    Column("address", NAME),
    Column("data", Text, nullable=False),  # canonical JSON
    Column("previous", HASH, nullable=False),
    Column("hash", HASH, nullable=False),
)
