"""Orders with patient, time and state; HL7 messages, patients, storage commitments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME, HASH, UID = sa.String(128), sa.String(64), sa.String(64)
COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """What an order knows, and three new tables."""
    _orders()
    _messages()
    _patients()
    _commitments()


def _orders() -> None:
    with op.batch_alter_table("orders") as table:
        table.add_column(sa.Column("source", NAME, nullable=False, server_default=""))
        for name, kind in (
            ("request", sa.Text()),
            ("patient_id", NAME),
            ("patient_name", sa.Text()),
            ("patient_birth_date", sa.String(10)),
            ("patient_sex", sa.String(1)),
            ("modality", sa.String(16)),
            ("scheduled_at", sa.BigInteger()),
        ):
            table.add_column(sa.Column(name, kind))
        table.add_column(sa.Column("state", sa.String(12), nullable=False, server_default="open"))
        table.add_column(sa.Column("why", sa.Text()))
        table.add_column(sa.Column("study_id", sa.String(32)))
        table.add_column(sa.Column("changed_at", sa.BigInteger()))
        table.add_column(sa.Column("decided_by", NAME))
        table.create_foreign_key("fk_orders_study_id", "studies", ["study_id"], ["study_id"], ondelete="SET NULL")
    with op.batch_alter_table("orders") as table:  # the defaults were for the rows that were there
        table.alter_column("source", server_default=None)
        table.alter_column("state", server_default=None)
    op.create_index("ix_orders_patient_id", "orders", ["patient_id"])
    op.create_index("ix_orders_study_id", "orders", ["study_id"])
    op.create_index("ix_orders_state", "orders", ["state", "received_at"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", COUNTER, primary_key=True),
        sa.Column("digest", HASH, nullable=False),
        sa.Column("sender", NAME, nullable=False),
        sa.Column("control_id", NAME),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("digest", name="uq_messages_digest"),
    )
    op.create_index("ix_messages_received_at", "messages", ["received_at"])
    op.create_index("ix_messages_state", "messages", ["state", "received_at"])


def _patients() -> None:
    op.create_table(
        "patients",
        sa.Column("patient_id", NAME, primary_key=True),
        sa.Column("name", sa.Text()),
        sa.Column("birth_date", sa.String(10)),
        sa.Column("sex", sa.String(1)),
        sa.Column("merged_into", NAME),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_patients_merged_into", "patients", ["merged_into"])


def _commitments() -> None:
    op.create_table(
        "commitments",
        sa.Column("transaction_uid", UID, primary_key=True),
        sa.Column(
            "report_id",
            NAME,
            sa.ForeignKey("reports.report_id", name="fk_commitments_report_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("destination", NAME, nullable=False),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
    )
    op.create_index("ix_commitments_report_id", "commitments", ["report_id"])
    op.create_index("ix_commitments_state", "commitments", ["state", "due_at"])
