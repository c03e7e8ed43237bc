"""What all tables share: the naming of constraints and the types of common columns."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
Counter = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only in an INTEGER key
UID, HASH, NAME = String(64), String(64), String(128)


def study_column() -> Column[str]:
    """The study that a row belongs to; it goes with it."""
    return Column("study_id", String(32), ForeignKey("studies.study_id", ondelete="CASCADE"), nullable=False)
