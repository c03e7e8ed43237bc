"""Human work, people and programs, the audit."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from wetread.store.moments import Moment
from wetread.store.tables.base import HASH, NAME, Counter, metadata, study_column

# Human work.
decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Counter, primary_key=True),
    study_column(),
    Column("report_id", NAME, nullable=False),
    Column("finding", NAME, nullable=False),
    Column("decision", String(12), nullable=False),  # accept, edit, reject, add
    Column("body", JSON, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_decisions_study", "study_id", "decision_id"),
)

# Critical results that somebody was told: who told whom, how, and whether it was read back. Append-only.
communications = Table(
    "communications",
    metadata,
    Column("communication_id", Counter, primary_key=True),
    study_column(),
    Column("report_id", NAME, nullable=False),  # the report that stood, or what stands for none
    Column("told_to", Text, nullable=False),
    Column("role", Text),
    Column("means", String(16), nullable=False),  # phone, in_person, video, secure_message, other
    Column("read_back", Boolean, nullable=False),
    Column("findings", JSON, nullable=False),  # list of codes
    Column("words", Text, nullable=False),
    Column("told_at", Moment, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_communications_study", "study_id", "communication_id"),
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
    Index("ix_audit_object", "object", "seq"),
)
