"""Tables of schema 0001: people. Released: never changed."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from wetread.store.migrations.schema_0001.base import HASH, NAME, Counter, metadata, study_column

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Counter, primary_key=True),
    study_column(),
    Column("report_id", NAME, nullable=False),
    Column("finding", NAME, nullable=False),
    Column("decision", String(12), nullable=False),
    Column("body", JSON, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_decisions_study", "study_id", "decision_id"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("study_id", String(32), ForeignKey("studies.study_id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", BigInteger, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("study_id", String(32), ForeignKey("studies.study_id", ondelete="CASCADE"), primary_key=True),
    Column("holder", NAME, nullable=False),
    Column("until", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user_id", String(32), primary_key=True),
    Column("login", NAME, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password", Text),
    Column("subject", Text, unique=True),
    Column("active", Boolean, nullable=False, default=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("preferences", JSON, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", HASH, primary_key=True),
    Column("user_id", String(32), ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", HASH, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", String(32), primary_key=True),
    Column("secret", HASH, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_by", NAME, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("seen_at", BigInteger),
    Column("revoked_at", BigInteger),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", NAME, nullable=False),
    Column("roles", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("object", Text, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("address", NAME),
    Column("data", Text, nullable=False),
    Column("previous", HASH, nullable=False),
    Column("hash", HASH, nullable=False),
    Index("ix_audit_object", "object", "seq"),
)
