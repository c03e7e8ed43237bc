"""Orders, and what other systems say of patients and of what we sent them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from wetread.store.moments import Moment
from wetread.store.tables.base import HASH, NAME, UID, Counter, metadata

# What an ordering system asked for. `state`: open, matched, ambiguous, conflict, cancelled, done.
orders = Table(
    "orders",
    metadata,
    Column("order_id", String(64), primary_key=True),  # hash of its source and the number it is known by
    Column("study_uid", UID, index=True),
    Column("accession_number", NAME, index=True),
    Column("body", Text, nullable=False),  # domain Order as JSON
    Column("patient_class", String(12), nullable=False, default="unknown"),
    Column("received_at", Moment, nullable=False),
    Column("source", NAME, nullable=False, default=""),  # hl7:<sending application>, modality_worklist:<name>
    Column("request", Text),  # domain Request as JSON
    Column("patient_id", NAME, index=True),
    Column("patient_name", Text),
    Column("patient_birth_date", String(10)),
    Column("patient_sex", String(1)),
    Column("modality", String(16)),
    Column("scheduled_at", Moment),
    Column("state", String(12), nullable=False, default="open"),
    Column("why", Text),  # how it was matched, or why it was not
    Column("study_id", String(32), ForeignKey("studies.study_id", ondelete="SET NULL"), index=True),
    Column("changed_at", Moment),
    Column("decided_by", NAME),  # who matched it or parted it by hand; nothing automatic changes that
    Index("ix_orders_state", "state", "received_at"),
)

# Every HL7 message that came in, as it came. `state`: done, problem, ignored.
messages = Table(
    "messages",
    metadata,
    Column("message_id", Counter, primary_key=True),
    Column("digest", HASH, nullable=False, unique=True),  # of sender and bytes: the same message again is the same row
    Column("sender", NAME, nullable=False),
    Column("control_id", NAME),
    Column("kind", String(32), nullable=False),  # ADT^A08
    Column("body", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("problem", Text),
    Column("received_at", Moment, nullable=False, index=True),
    Index("ix_messages_state", "state", "received_at"),
)

# What ADT messages say of a patient since the pictures were made; `merged_into` took the place of this number.
patients = Table(
    "patients",
    metadata,
    Column("patient_id", NAME, primary_key=True),
    Column("name", Text),
    Column("birth_date", String(10)),
    Column("sex", String(1)),
    Column("merged_into", NAME, index=True),
    Column("at", Moment, nullable=False),
)

# Storage commitments that were asked for. `state`: asked, committed, failed, late.
commitments = Table(
    "commitments",
    metadata,
    Column("transaction_uid", UID, primary_key=True),
    Column("report_id", NAME, ForeignKey("reports.report_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("destination", NAME, nullable=False),
    Column("objects", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("problem", Text),
    Column("asked_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_commitments_state", "state", "due_at"),
)
