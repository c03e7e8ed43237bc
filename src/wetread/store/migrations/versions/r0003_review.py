"""Whether readers disagree, the order of signatures, and the log of critical results that somebody was told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.String(128)
COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """A column, an index that orders the signed ones, and a new table. Of older reports it is not known."""
    op.add_column("studies", sa.Column("disputed", sa.Boolean()))
    op.drop_index("ix_studies_signed_at", "studies")
    op.create_index("ix_studies_open_signed_at", "studies", ["open", "signed_at", "study_id"])
    op.create_table(
        "communications",
        sa.Column("communication_id", COUNTER, primary_key=True),
        sa.Column(
            "study_id",
            sa.String(32),
            sa.ForeignKey("studies.study_id", name="fk_communications_study_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("report_id", NAME, nullable=False),
        sa.Column("told_to", sa.Text(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("means", sa.String(16), nullable=False),
        sa.Column("read_back", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_communications_study", "communications", ["study_id", "communication_id"])
