"""The log of critical results: who told whom of what, how, and whether it was read back. Lines are only ever added."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from wetread.store.change import tell
from wetread.store.locks import locked_row
from wetread.store.tables import communications


class Means(StrEnum):
    """How somebody was told."""

    PHONE = "phone"
    IN_PERSON = "in_person"
    VIDEO = "video"
    SECURE_MESSAGE = "secure_message"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Communication:
    """One time somebody was told of a study's result. `findings` are codes, `report_id` is the report that stood."""

    report_id: str
    told_to: str
    role: str | None
    means: Means
    read_back: bool
    findings: tuple[str, ...]
    words: str
    told_at: datetime
    by: str
    at: datetime


def keep_communication(connection: Connection, study_id: str, told: Communication) -> int:
    """Write it down, whoever works on the study and whether or not it is signed. Returns its number.

    Raises: NotFound.
    """
    locked_row(connection, study_id)
    values = {name: getattr(told, name) for name in Communication.__slots__}
    values |= {"study_id": study_id, "means": told.means.value, "findings": list(told.findings)}
    number = connection.execute(
        insert(communications).values(**values).returning(communications.c.communication_id)
    ).scalar_one()
    tell(connection, "study.communicated", now=told.at, study_id=study_id)
    return int(number)


def communications_of(connection: Connection, study_id: str) -> list[Mapping[str, Any]]:
    """Every line of a study's log, in the order they were written."""
    look = select(communications).where(communications.c.study_id == study_id)
    return [dict(row) for row in connection.execute(look.order_by(communications.c.communication_id)).mappings()]
