"""How good readers are: what the gate said, who went live, where AI and humans differ, what has drifted."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from wetread.store.moments import Moment
from wetread.store.tables.base import HASH, NAME, Counter, metadata, study_column

# A candidate against the present reader on the same frozen cases.
gate_runs = Table(
    "gate_runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("present", NAME, nullable=False),
    Column("candidate", NAME, nullable=False),
    Column("fingerprint", NAME, nullable=False),  # of the candidate, as it answered
    Column("cases_sha256", HASH, nullable=False),
    Column("lets_through", Boolean, nullable=False),
    Column("body", Text, nullable=False),  # the verdict, with every check, as JSON
)

# Which reader stands in whose place since when: rows are added, never changed; the last one of a slot counts.
promotions = Table(
    "promotions",
    metadata,
    Column("promotion_id", Counter, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(12), nullable=False),  # promote | rollback
    Column("slot", NAME, nullable=False, index=True),  # the reader's name that rules and settings use
    Column("reader", NAME, nullable=False),  # the one that is asked in its place
    Column("fingerprint", NAME, nullable=False),
    Column("run_id", String(32), ForeignKey("gate_runs.run_id")),
    Column("by", NAME, nullable=False),
    Column("reason", Text, nullable=False),
)

# AI said one thing of a code, the signed report another, or, drawn by chance, the same: somebody may say who was right.
adjudications = Table(
    "adjudications",
    metadata,
    Column("adjudication_id", Counter, primary_key=True),
    study_column(),
    Column("report_id", NAME, nullable=False),  # the signed report
    Column("reader", NAME, nullable=False),  # the panel's joined answer is the reader "panel"
    Column("code", NAME, nullable=False),
    Column("kind", String(12), nullable=False),  # missed: only the human tells it; overcalled: only AI; agreed
    Column("ai", String(16), nullable=False),
    Column("human", String(16), nullable=False),
    Column("category", Integer),  # of the code, 1: critical
    Column("state", String(8), nullable=False, index=True),  # open | settled | void
    Column("at", Moment, nullable=False),
    Column("verdict", String(16)),  # evaluate.discordance.Judgement
    Column("reason", Text),
    Column("by", NAME),
    Column("settled_at", Moment),
    UniqueConstraint("report_id", "reader", "code"),
)
Index("ix_adjudications_study", adjudications.c.study_id)

# What AI said and what the human signed, code by code, as it was at the signature: figures over months rest on it.
comparisons = Table(
    "comparisons",
    metadata,
    Column("report_id", NAME, primary_key=True),  # the signed report; its addenda change no finding
    study_column(),
    Column("version", Integer, nullable=False),  # of the study: which images
    Column("at", Moment, nullable=False, index=True),
    Column("by", NAME, nullable=False),
    Column("state", String(12), nullable=False),  # stands | replaced (signed anew) | withdrawn
    Column("body", Text, nullable=False),
)
Index("ix_comparisons_study", comparisons.c.study_id)

# What a study's pictures and header look like, for drift: numbers and technical facts, nothing that identifies.
descriptors = Table(
    "descriptors",
    metadata,
    Column(
        "study_id", String(32), ForeignKey("studies.study_id", ondelete="CASCADE"), primary_key=True, nullable=False
    ),
    Column("at", Moment, nullable=False, index=True),
    Column("body", JSON, nullable=False),
)

# What a reader's ordinary weeks look like; the last one of a reader counts.
drift_baselines = Table(
    "drift_baselines",
    metadata,
    Column("baseline_id", Counter, primary_key=True),
    Column("reader", NAME, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("by", NAME, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
)

# One look at one window against the baseline, with what the next look must know.
drift_looks = Table(
    "drift_looks",
    metadata,
    Column("look_id", Counter, primary_key=True),
    Column("reader", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("level", String(8), nullable=False),  # quiet | warn | alarm
    Column("body", Text, nullable=False),
)
Index("ix_drift_looks_reader", drift_looks.c.reader, drift_looks.c.until)

# Studies whose answer is known and that are asked every day: a reader that answers otherwise is not the one it was.
sentinels = Table(
    "sentinels",
    metadata,
    Column("sentinel_id", String(32), primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("blobs", JSON, nullable=False),  # list of SHA-256
    Column("declared", JSON, nullable=False),  # what bare pictures are
    Column("by", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Column("retired_at", Moment),
)

sentinel_answers = Table(
    "sentinel_answers",
    metadata,
    Column("answer_id", Counter, primary_key=True),
    Column("sentinel_id", String(32), ForeignKey("sentinels.sentinel_id", ondelete="CASCADE"), nullable=False),
    Column("reader", NAME, nullable=False),
    Column("fingerprint", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Column("said", JSON, nullable=False),  # code → presence and probability
    Column("cost_usd", Float),
)
Index("ix_sentinel_answers", sentinel_answers.c.reader, sentinel_answers.c.at)
