"""The audit for auditors: search, export, and whether the chain holds."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from wetread.delivery.audit_event import Style, written
from wetread.domain.audit import Action
from wetread.server.witness import AskedFirst, AuditViewer
from wetread.store import audit
from wetread.store.audit_search import AuditFilters, audit_lines, audit_page

router = APIRouter(route_class=AskedFirst, tags=["audit"])
Word = Annotated[str | None, Query(max_length=500)]
Moment = Annotated[AwareDatetime | None, Query()]


MEDIA_TYPES: Mapping[Style, str] = {
    Style.JSONL: "application/jsonl",
    Style.FHIR: "application/fhir+ndjson",
    Style.ATNA: "text/plain; charset=utf-8",
}


class AuditLine(BaseModel):
    """One line of the audit."""

    seq: int
    at: datetime
    actor: str
    roles: list[str]
    action: str
    object: str
    outcome: str
    address: str | None
    data: dict[str, Any]
    previous: str
    hash: str


class AuditPage(BaseModel):
    """Lines of the audit, the newest first. `next` is `before` of the next page, None where there is none."""

    rows: list[AuditLine]
    next: int | None


class AuditVerdict(BaseModel):
    """Whether the chain holds, and where and why it breaks first."""

    whole: bool
    lines: int
    head: str
    broken_at: int | None
    why: str | None


class Asked(BaseModel):
    """Which lines."""

    actor: Word = None
    action: Word = None
    object: Word = None
    outcome: Word = None
    since: Moment = None
    until: Moment = None

    def filters(self) -> AuditFilters:
        """The same for the store."""
        return AuditFilters(**{name: getattr(self, name) for name in AuditFilters.__slots__})


class AskedPage(Asked):
    """Which page of which lines."""

    before: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 100


class AskedExport(Asked):
    """Which lines, how written."""

    format: Style = Style.JSONL


@router.get("/audit")
def search_audit(auditor: AuditViewer, asked: Annotated[AskedPage, Query()]) -> AuditPage:
    """A page of the audit."""
    auditor.saw(Action.AUDIT_VIEW, "audit", **_told(asked))
    found, following = audit_page(auditor.ground.database, asked.filters(), before=asked.before, limit=asked.limit)
    return AuditPage(rows=[AuditLine(**asdict(entry)) for entry in found], next=following)


@router.get("/audit/export", response_class=StreamingResponse)
def export_audit(auditor: AuditViewer, asked: Annotated[AskedExport, Query()]) -> StreamingResponse:
    """The audit as a file, oldest line first."""
    auditor.saw(Action.AUDIT_EXPORT, "audit", **_told(asked))
    lines = audit_lines(auditor.ground.database, asked.filters())
    name = f'attachment; filename="audit.{"xml.txt" if asked.format is Style.ATNA else asked.format}"'
    return StreamingResponse(
        written(lines, asked.format), media_type=MEDIA_TYPES[asked.format], headers={"Content-Disposition": name}
    )


@router.get("/audit/verdict")
def verify_audit(auditor: AuditViewer, expect: Annotated[str | None, Query(max_length=100)] = None) -> AuditVerdict:
    """Walk the whole chain. `expect` is a head (SEQ:HASH) that was written down before."""
    auditor.saw(Action.AUDIT_VIEW, "audit", verified=True)
    verdict = audit.verify(auditor.ground.database, None if expect is None else audit.Head.parse(expect))
    return AuditVerdict(
        whole=verdict.whole,
        lines=verdict.lines,
        head=str(verdict.head),
        broken_at=verdict.broken_at,
        why=verdict.why,
    )


def _told(asked: Asked) -> dict[str, Any]:
    return {"asked": asked.model_dump(mode="json", exclude_none=True)}
