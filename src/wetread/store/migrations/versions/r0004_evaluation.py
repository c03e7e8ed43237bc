"""How good readers are: gate, promotions, adjudication, drift, sentinels; reads on the side, the blinded arm."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = sa.String(128)
COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """New tables and two columns; every older read was part of its report."""
    op.add_column("reads", sa.Column("shadow", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("studies", sa.Column("blinded", sa.Boolean()))
    _gate()
    _adjudications()
    _drift()
    _sentinels()


def _gate() -> None:
    op.create_table(
        "gate_runs",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("present", NAME, nullable=False),
        sa.Column("candidate", NAME, nullable=False),
        sa.Column("fingerprint", NAME, nullable=False),
        sa.Column("cases_sha256", sa.String(64), nullable=False),
        sa.Column("lets_through", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_gate_runs_at", "gate_runs", ["at"])
    op.create_table(
        "promotions",
        sa.Column("promotion_id", COUNTER, primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("slot", NAME, nullable=False),
        sa.Column("reader", NAME, nullable=False),
        sa.Column("fingerprint", NAME, nullable=False),
        sa.Column("run_id", sa.String(32), sa.ForeignKey("gate_runs.run_id", name="fk_promotions_run_id")),
        sa.Column("by", NAME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index("ix_promotions_slot", "promotions", ["slot"])


def _adjudications() -> None:
    op.create_table(
        "adjudications",
        sa.Column("adjudication_id", COUNTER, primary_key=True),
        _study("adjudications"),
        sa.Column("report_id", NAME, nullable=False),
        sa.Column("reader", NAME, nullable=False),
        sa.Column("code", NAME, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("ai", sa.String(16), nullable=False),
        sa.Column("human", sa.String(16), nullable=False),
        sa.Column("category", sa.Integer()),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(16)),
        sa.Column("reason", sa.Text()),
        sa.Column("by", NAME),
        sa.Column("settled_at", sa.BigInteger()),
        sa.UniqueConstraint("report_id", "reader", "code", name="uq_adjudications_report_id_reader_code"),
    )
    op.create_index("ix_adjudications_state", "adjudications", ["state"])
    op.create_index("ix_adjudications_study", "adjudications", ["study_id"])
    op.create_table(
        "comparisons",
        sa.Column("report_id", NAME, primary_key=True),
        _study("comparisons"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_comparisons_at", "comparisons", ["at"])
    op.create_index("ix_comparisons_study", "comparisons", ["study_id"])


def _drift() -> None:
    op.create_table(
        "descriptors",
        sa.Column(
            "study_id",
            sa.String(32),
            sa.ForeignKey("studies.study_id", name="fk_descriptors_study_id", ondelete="CASCADE"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_index("ix_descriptors_at", "descriptors", ["at"])
    op.create_table(
        "drift_baselines",
        sa.Column("baseline_id", COUNTER, primary_key=True),
        sa.Column("reader", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_drift_baselines_reader", "drift_baselines", ["reader"])
    op.create_table(
        "drift_looks",
        sa.Column("look_id", COUNTER, primary_key=True),
        sa.Column("reader", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_drift_looks_reader", "drift_looks", ["reader", "until"])


def _sentinels() -> None:
    op.create_table(
        "sentinels",
        sa.Column("sentinel_id", sa.String(32), primary_key=True),
        sa.Column("name", NAME, nullable=False),
        sa.Column("blobs", sa.JSON(), nullable=False),
        sa.Column("declared", sa.JSON(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger()),
        sa.UniqueConstraint("name", name="uq_sentinels_name"),
    )
    op.create_table(
        "sentinel_answers",
        sa.Column("answer_id", COUNTER, primary_key=True),
        sa.Column(
            "sentinel_id",
            sa.String(32),
            sa.ForeignKey("sentinels.sentinel_id", name="fk_sentinel_answers_sentinel_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("reader", NAME, nullable=False),
        sa.Column("fingerprint", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("cost_usd", sa.Float()),
    )
    op.create_index("ix_sentinel_answers", "sentinel_answers", ["reader", "at"])


def _study(table: str) -> sa.Column[str]:
    return sa.Column(
        "study_id",
        sa.String(32),
        sa.ForeignKey("studies.study_id", name=f"fk_{table}_study_id", ondelete="CASCADE"),
        nullable=False,
    )
