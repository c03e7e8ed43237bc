"""The report of a study: as it stands, its draft, a human's signature and what was added later."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from sqlalchemy import Connection

from wetread.domain.audit import Action
from wetread.domain.report import Report
from wetread.errors import Conflict, InputError, NotFound
from wetread.reporting import render
from wetread.reporting.as_html import POLICY
from wetread.reporting.words import sentence
from wetread.server.clinical import vocabulary_of
from wetread.server.problems import MEDIA_TYPE, PROBLEMS, problem
from wetread.server.reports_unread import unread_report
from wetread.server.reports_words import (
    DeliveryView,
    DraftProblem,
    DraftView,
    NewAddendum,
    NewDelivery,
    NewDraft,
    NewSignature,
    NewWithdrawal,
    PastReport,
    Promised,
    ReportView,
    Signed,
    draft_view,
    report_view,
)
from wetread.server.state import Ground
from wetread.server.witness import AskedFirst, ReportSigner, ReportWriter, StudyChanger, StudyViewer
from wetread.server.words import IfMatch, StudyId, etag_of, number_of
from wetread.store import locks, review
from wetread.store.deliveries import deliveries_of, send
from wetread.store.discordance import take_back
from wetread.store.listing import study
from wetread.wiring.differing import Asking, note_signature
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


NOT_KEPT: dict[int | str, dict[str, Any]] = {
    **PROBLEMS,
    409: {"model": DraftProblem, "description": HTTPStatus.CONFLICT.phrase, "content": {MEDIA_TYPE: {}}},
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


@router.put("/studies/{study_id}/report", response_model=DraftView, responses=NOT_KEPT)
def save_draft(
    *, study_id: StudyId, words: NewDraft, who: ReportWriter, answer: Response, if_match: IfMatch = None
) -> DraftView | Response:
    """Keep the impression's draft. `If-Match` names the revision it was written over (`"0"` for the first).

    Where somebody wrote meanwhile, holds the study or has signed it, the 409 carries the draft that stands.
    """
    revision = number_of(if_match)
    if revision is None:
        raise InputError("If-Match", "is missing", 'send the ETag of the draft you wrote over, "0" for the first')
    try:
        with who.ground.database.write() as connection:
            draft = review.save_draft(
                connection, study_id, text=words.text, revision=revision, by=who.name, now=who.ground.now()
            )
            who.did(connection, Action.DRAFT, f"study/{study_id}", revision=draft.revision)
    except Conflict as conflict:
        return _not_kept(who, study_id, conflict)
    answer.headers["ETag"] = etag_of(draft.revision)
    return draft_view(draft)


@router.post("/studies/{study_id}/report/sign")
def sign(study_id: StudyId, wanted: NewSignature, who: ReportSigner) -> Signed:
    """Make the report final: a person's act, no token's. Every finding is decided on, or it is a 409."""
    ground = who.ground
    with ground.database.write() as connection:
        row = locks.locked_row(connection, study_id)
        who.check_human()
        final = review.sign(
            connection,
            study_id,
            signing=review.Signing(report_id=wanted.report_id, by=who.name, at=ground.now(), text=wanted.text),
            unread=lambda: unread_report(ground, connection, row),
            terms=vocabulary_of(ground).terms,
            destinations=destination_names(ground.service.settings),
        )
        share = ground.service.settings.service.agreed_share
        asking = Asking(terms=vocabulary_of(ground).terms, agreed_share=share)
        note_signature(connection, row, final, asking, now=ground.now())
        who.did(connection, Action.SIGN, f"study/{study_id}", report=final.report_id)
    return Signed(report_id=final.report_id, status=final.status, study_id=study_id)


@router.post("/studies/{study_id}/report/addenda", status_code=201)
def add(study_id: StudyId, wanted: NewAddendum, who: ReportSigner) -> Signed:
    """Add to the signed report: a person's act, no token's."""
    with who.ground.database.write() as connection:
        locks.locked_row(connection, study_id)
        who.check_human()
        made = review.add_addendum(connection, study_id, text=wanted.text, by=who.name, now=who.ground.now())
        who.did(connection, Action.ADDENDUM, f"study/{study_id}", report=made.report_id)
    return Signed(report_id=made.report_id, status=made.status, study_id=study_id)


@router.post("/studies/{study_id}/report/withdraw")
def withdraw(study_id: StudyId, wanted: NewWithdrawal, who: ReportSigner) -> Signed:
    """Take the report back, preliminary or signed, wherever it went: a person's act with a reason, no token's.

    The study waits for a human again.
    """
    with who.ground.database.write() as connection:
        locks.locked_row(connection, study_id)
        who.check_human()
        withdrawal = review.Withdrawal(
            report_id=wanted.report_id,
            reason=wanted.reason,
            text=sentence("impression", "withdrawn"),
            by=who.name,
            at=who.ground.now(),
        )
        made = review.retract(connection, study_id, withdrawal)
        take_back(connection, study_id, wanted.report_id)
        who.did(connection, Action.WITHDRAW, f"study/{study_id}", report=wanted.report_id)
    return Signed(report_id=made.report_id, status=made.status, study_id=study_id)


@router.get("/studies/{study_id}/deliveries")
def deliveries(study_id: StudyId, who: StudyViewer) -> list[DeliveryView]:
    """Where the study's reports went and how far each has come, with its receipt; the newest report first."""
    study(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="deliveries")
    with who.ground.database.read() as connection:
        return [DeliveryView(**row) for row in deliveries_of(connection, study_id)]


@router.post("/studies/{study_id}/deliveries", status_code=202)
def send_report(study_id: StudyId, wanted: NewDelivery, who: StudyChanger) -> Promised:
    """Send the report that stands to a destination, once more where it went there before."""
    if wanted.destination not in destination_names(who.ground.service.settings):
        raise NotFound(f"there is no destination {wanted.destination!r}; see [service.destinations]")
    with who.ground.database.write() as connection:
        locks.locked_row(connection, study_id)
        report_id = send(connection, study_id, wanted.destination, now=who.ground.now())
        who.did(connection, Action.SEND, f"study/{study_id}", destination=wanted.destination, report=report_id)
    return Promised(study_id=study_id, report_id=report_id, destination=wanted.destination)


def _not_kept(who: ReportWriter, study_id: str, conflict: Conflict) -> Response:
    """Why the words were not kept, and the draft that stands in their place."""
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="draft")
    with who.ground.database.read() as connection:
        stands = review.draft_of(connection, study_id)
    return problem(409, str(conflict), draft=draft_view(stands).model_dump(mode="json"))


def base_report(
    ground: Ground, connection: Connection, row: Mapping[str, Any], stored: review.StoredReport | None
) -> Report:
    """What a human would sign now: the report of this version of the study, else one without AI.

    While new images are on their way the last report is still shown.
    """
    waiting = row["status"] in {"receiving", "signed"}
    if stored is not None and (waiting or review.is_base(stored, row)):
        return stored.report
    return unread_report(ground, connection, row)
