"""The report of a study: as it stands, its draft, a human's signature and what was added later."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from sqlalchemy import Connection

from wetread.domain.audit import Action
from wetread.domain.report import Report
from wetread.errors import InputError, NotFound
from wetread.reporting import render
from wetread.reporting.as_html import POLICY
from wetread.server.clinical import vocabulary_of
from wetread.server.problems import PROBLEMS
from wetread.server.reports_unread import unread_report
from wetread.server.reports_words import (
    DraftView,
    NewAddendum,
    NewDraft,
    NewSignature,
    PastReport,
    ReportView,
    Signed,
    draft_view,
    report_view,
)
from wetread.server.state import Ground
from wetread.server.witness import AskedFirst, ReportSigner, ReportWriter, StudyViewer
from wetread.server.words import IfMatch, StudyId, etag_of, number_of
from wetread.store import review
from wetread.store.listing import study
from wetread.wiring.routing import destination_names

router = APIRouter(tags=["reports"], route_class=AskedFirst, responses=PROBLEMS)


class Format(StrEnum):
    """How a report is written."""

    JSON = "json"
    HTML = "html"
    TXT = "txt"


MEDIA = {
    Format.JSON: "application/json",
    Format.HTML: "text/html; charset=utf-8",
    Format.TXT: "text/plain; charset=utf-8",
}
OWN_PAGE = {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'"}
PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/html": {"schema": {"type": "string"}},
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}


@router.get("/studies/{study_id}/report")
def report(study_id: StudyId, who: StudyViewer, answer: Response) -> ReportView:
    """The report that stands, with decisions and draft. The ETag is the draft's revision."""
    ground = who.ground
    row = study(ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="report")
    with ground.database.read() as connection:
        stored = review.current_report(connection, study_id)
        told = base_report(ground, connection, row, stored)
        decisions = review.decisions_of(connection, study_id, report_id=told.report_id)
        draft = review.draft_of(connection, study_id)
        past = [
            PastReport(**{name: one[name] for name in PastReport.model_fields})
            for one in review.history(connection, study_id)
        ]
    answer.headers["ETag"] = etag_of(draft.revision)
    shown = stored if stored and stored.report.report_id == told.report_id else None
    return report_view(study_id, told, shown, decisions, draft=draft, history=past, version=row["version"])


@router.get("/studies/{study_id}/report.{output}", response_class=Response, responses={**PROBLEMS, **PAGE})
def report_page(study_id: StudyId, output: Annotated[Format, Path()], who: StudyViewer) -> Response:
    """The report that stands, as a document."""
    study(who.ground.database, study_id)
    who.saw(Action.EXPORT, f"study/{study_id}", format=output.value)
    with who.ground.database.read() as connection:
        stored = review.current_report(connection, study_id)
    if stored is None:
        raise NotFound(f"study {study_id} has no report yet")
    page = render(stored.report, "text" if output is Format.TXT else output.value)
    return Response(page, media_type=MEDIA[output], headers=OWN_PAGE if output is Format.HTML else None)


@router.put("/studies/{study_id}/report")
def save_draft(
    *, study_id: StudyId, words: NewDraft, who: ReportWriter, answer: Response, if_match: IfMatch = None
) -> DraftView:
    """Keep the impression's draft. `If-Match` names the revision it was written over (`"0"` for the first)."""
    revision = number_of(if_match)
    if revision is None:
        raise InputError("If-Match", "is missing", 'send the ETag of the draft you wrote over, "0" for the first')
    with who.ground.database.write() as connection:
        draft = review.save_draft(
            connection, study_id, text=words.text, revision=revision, by=who.name, now=who.ground.now()
        )
        who.did(connection, Action.DRAFT, f"study/{study_id}", revision=draft.revision)
    answer.headers["ETag"] = etag_of(draft.revision)
    return draft_view(draft)


@router.post("/studies/{study_id}/report/sign")
def sign(study_id: StudyId, wanted: NewSignature, who: ReportSigner) -> Signed:
    """Make the report final: a person's act, no token's. Every finding is decided on, or it is a 409."""
    ground = who.ground
    with ground.database.write() as connection:
        row = review.locked_row(connection, study_id)
        who.check_human()
        final = review.sign(
            connection,
            study_id,
            signing=review.Signing(report_id=wanted.report_id, by=who.name, at=ground.now(), text=wanted.text),
            unread=lambda: unread_report(ground, connection, row),
            terms=vocabulary_of(ground).terms,
            destinations=destination_names(ground.service.settings),
        )
        who.did(connection, Action.SIGN, f"study/{study_id}", report=final.report_id)
    return Signed(report_id=final.report_id, status=final.status, study_id=study_id)


@router.post("/studies/{study_id}/report/addenda", status_code=201)
def add(study_id: StudyId, wanted: NewAddendum, who: ReportSigner) -> Signed:
    """Add to the signed report: a person's act, no token's."""
    with who.ground.database.write() as connection:
        review.locked_row(connection, study_id)
        who.check_human()
        made = review.add_addendum(connection, study_id, text=wanted.text, by=who.name, now=who.ground.now())
        who.did(connection, Action.ADDENDUM, f"study/{study_id}", report=made.report_id)
    return Signed(report_id=made.report_id, status=made.status, study_id=study_id)


def base_report(
    ground: Ground, connection: Connection, row: Mapping[str, Any], stored: review.StoredReport | None
) -> Report:
    """What a human would sign now: the report of this version of the study, else one without AI.

    While new images are on their way the last report is still shown.
    """
    waiting = row["status"] in {"receiving", "signed"}
    if stored is not None and (waiting or stored.version == row["version"]):
        return stored.report
    return unread_report(ground, connection, row)
