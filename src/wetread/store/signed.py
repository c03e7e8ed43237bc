"""What humans signed, without the rest of the report: the findings as they left them, the words, who and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, cast, func, select

from wetread.domain.finding import Presence
from wetread.domain.report import Report
from wetread.domain.waiting import StudyStatus
from wetread.errors import RecordInvalid
from wetread.store.records import from_record
from wetread.store.tables import reports, studies

STANDING = ("final", "amended")
CHUNK = 500  # names in one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A study's signed report that stands. `findings` is None where it has no coded findings, only words.

    `signed_at` is the first signature's; an addendum changes neither it nor the findings.
    """

    study_id: str
    version: int
    signed_at: datetime
    findings: tuple[tuple[str, Presence], ...] | None = field(repr=False)
    words: str = field(repr=False)

    @property
    def codes(self) -> frozenset[str] | None:
        """The codes that are present; None where there are no coded findings."""
        if self.findings is None:
            return None
        return frozenset(code for code, presence in self.findings if presence is Presence.PRESENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coded:
    code: str
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    finding: _Coded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Added:
    text: str


def signed_of(connection: Connection, study_ids: Sequence[str]) -> dict[str, Signed]:
    """The signed reports of these studies, without those that were withdrawn.

    Raises: RecordInvalid.
    """
    body = _Body(connection)
    columns = (
        reports.c.study_id,
        reports.c.version,
        reports.c.at,
        body.text("consensus", "findings").label("findings"),
        body.text("impression").label("impression"),
        body.text("signature", "at").label("signed_at"),
        body.text("addenda").label("addenda"),
    )
    found: dict[str, Signed] = {}
    for start in range(0, len(study_ids), CHUNK):
        mine = reports.c.study_id.in_(study_ids[start : start + CHUNK]), reports.c.status.in_(STANDING)
        look = select(*columns).where(*mine, reports.c.superseded_at.is_(None))
        found |= {row.study_id: _signed(row) for row in connection.execute(look.order_by(reports.c.revision))}
    return found


def _signed(row: Any) -> Signed:
    joined = None if row.findings is None else from_record(tuple[_Joined, ...], row.findings)
    added: tuple[_Added, ...] = from_record(tuple[_Added, ...], row.addenda or "[]")
    try:
        signed_at = datetime.fromisoformat(row.signed_at)
    except (TypeError, ValueError):
        raise RecordInvalid(f"the signed report of study {row.study_id} does not say when it was signed") from None
    return Signed(
        study_id=row.study_id,
        version=row.version,
        signed_at=signed_at,
        findings=None if joined is None else tuple(_pairs(joined)),
        words="\n".join([row.impression or "", *(one.text for one in added)]).strip(),
    )


def _pairs(joined: Sequence[_Joined]) -> Iterator[tuple[str, Presence]]:
    return ((one.finding.code, one.finding.presence) for one in joined)


class _Body:
    """Parts of a report's JSON, taken out by the database: a whole report is a hundred times as large."""

    def __init__(self, connection: Connection) -> None:
        self._is_sqlite = connection.dialect.name == "sqlite"

    def text(self, *path: str) -> ColumnElement[Any]:
        """What stands there as text: words as they are, lists and objects as JSON; NULL where there is nothing."""
        if self._is_sqlite:
            return func.json_extract(reports.c.body, "$." + ".".join(path))
        found: Any = cast(reports.c.body, JSON)
        for part in path:
            found = found[part]
        told: ColumnElement[Any] = found.as_string()
        return told


def signed_studies(connection: Connection, *, since: datetime | None, until: datetime | None) -> list[dict[str, Any]]:
    """The rows of the studies that were signed from `since` until before `until`, oldest first."""
    look = select(studies).where(studies.c.status == StudyStatus.SIGNED, studies.c.signed_at.is_not(None))
    if since is not None:
        look = look.where(studies.c.signed_at >= since)
    if until is not None:
        look = look.where(studies.c.signed_at < until)
    rows = connection.execute(look.order_by(studies.c.signed_at, studies.c.study_id)).mappings()
    return [dict(row) for row in rows]


def preliminary_of(connection: Connection, study_id: str, version: int) -> Report | None:
    """What AI reported of this version of the study; None where it did not.

    Raises: RecordInvalid.
    """
    mine = reports.c.study_id == study_id, reports.c.version == version, reports.c.status == "preliminary"
    body = connection.scalar(select(reports.c.body).where(*mine).order_by(reports.c.revision.desc()).limit(1))
    told: Report | None = None if body is None else from_record(Report, body)
    return told
