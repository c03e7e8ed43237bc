"""Studies, series, instances, and how they came in."""

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
    String,
    Table,
    Text,
    UniqueConstraint,
)

from wetread.store.moments import Moment
from wetread.store.tables.base import HASH, NAME, UID, Counter, metadata, study_column

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
    Column("blob", HASH, nullable=False, index=True),
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
    Column("study_date", String(10)),  # ISO 8601
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
    Column("expired_at", Moment),  # when retention removed its pixels
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
    Column("disputed", Boolean),  # readers disagree on a finding; None where that is not known
    Column("blinded", Boolean),  # a human reads first, to see what AI does to humans; None: not in the arm
    Column("readers", JSON, nullable=False),  # list of reader names that were asked
    Column("destinations", JSON),  # list of names that its reports go to; None: all
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
    Index("ix_studies_study_date", "study_date", "study_id"),
    # One order of the list each: its filter, then what it is sorted by.
    Index("ix_studies_open_arrived_at", "open", "arrived_at", "study_id"),
    Index("ix_studies_open_study_date", "open", "study_date", "study_id"),
    Index("ix_studies_open_signed_at", "open", "signed_at", "study_id"),
    Index("ix_studies_priority", "open", "priority", "lane", "deadline", "study_id"),
    Index("ix_studies_assignee", "open", "assignee", "lane", "deadline", "study_id"),
)

series = Table(
    "series",
    metadata,
    Column("series_id", String(32), primary_key=True),  # hash of study and series UID
    study_column(),
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
    study_column(),
    Column("series_id", String(32), ForeignKey("series.series_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("sop_instance_uid", UID, index=True),
    Column("sop_class_uid", UID),
    Column("transfer_syntax_uid", UID),
    Column("blob", HASH, nullable=False, index=True),  # SHA-256 of the stored file
    Column("size_bytes", BigInteger, nullable=False),
    Column("number", Integer),
    Column("frames", Integer, nullable=False, default=1),
    Column("rows", Integer),
    Column("columns", Integer),
    Column("kind", String(12), nullable=False),
    Column("arrival_id", String(64), ForeignKey("arrivals.arrival_id"), nullable=False, index=True),
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
    study_column(),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),  # arrived, complete, routed, queued, read, failed, reported, ...
    Column("text", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_trace_study", "study_id", "trace_id"),
)

# How many objects a study will have, where somebody said so (a source, a modality), even before the first has come.
expectations = Table(
    "expectations",
    metadata,
    Column("study_uid", UID, primary_key=True),
    Column("objects", Integer, nullable=False),
    Column("source", NAME, nullable=False),
    Column("at", Moment, nullable=False),
)
