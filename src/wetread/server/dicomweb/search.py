"""QIDO-RS: search for studies, series and instances."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from wetread.dicom.as_json import json_bytes
from wetread.domain.audit import Action
from wetread.server.dicomweb.attributes import told
from wetread.server.dicomweb.keys import Query, understood
from wetread.server.dicomweb.media import JSON, check_json
from wetread.server.dicomweb.resources import SERIES, STUDY, VARY, Address, AtSeries, AtStudy, url_of
from wetread.server.witness import StudyViewer, Witness
from wetread.store import archive
from wetread.store.archive import Hit, How, Level, Term

router = APIRouter()
MORE = '299 wetread "there are more results than the {} given; ask for the rest with offset={}"'


@router.get("/studies")
def search_studies(request: Request, witness: StudyViewer) -> Response:
    """Studies, newest arrival first."""
    return _answer(request, witness, Level.STUDIES)


@router.get("/series")
def search_series(request: Request, witness: StudyViewer) -> Response:
    """Series of all studies."""
    return _answer(request, witness, Level.SERIES)


@router.get("/instances")
def search_instances(request: Request, witness: StudyViewer) -> Response:
    """Instances of all studies."""
    return _answer(request, witness, Level.INSTANCES)


@router.get(STUDY + "/series")
def search_series_of(request: Request, witness: StudyViewer, at: AtStudy) -> Response:
    """Series of one study."""
    return _answer(request, witness, Level.SERIES, at)


@router.get(STUDY + "/instances")
def search_instances_of(request: Request, witness: StudyViewer, at: AtStudy) -> Response:
    """Instances of one study."""
    return _answer(request, witness, Level.INSTANCES, at)


@router.get(SERIES + "/instances")
def search_instances_in(request: Request, witness: StudyViewer, at: AtSeries) -> Response:
    """Instances of one series."""
    return _answer(request, witness, Level.INSTANCES, at)


def _answer(request: Request, witness: Witness, level: Level, at: Address | None = None) -> Response:
    check_json(request)
    query = understood(level, request.query_params.multi_items())
    terms = (*query.terms, *_within(at))
    hits = archive.search(witness.ground.database, level, terms, limit=query.limit + 1, offset=query.offset)
    more, hits = len(hits) > query.limit, hits[: query.limit]
    _seen(witness, level, query, hits)
    warnings = list(query.warnings)
    if more and query.limit:
        warnings.append(MORE.format(len(hits), query.offset + len(hits)))
    found = [told(hit, level, query, whole=at is None, url=_url(request, hit)) for hit in hits]
    response = Response(json_bytes(found), media_type=JSON, headers={"Cache-Control": "no-store", "Vary": VARY})
    for warning in warnings:
        response.headers.append("Warning", warning)
    return response


def _within(at: Address | None) -> list[Term]:
    if at is None:
        return []
    named = ((Level.STUDIES, "study_uid", at.study), (Level.SERIES, "series_uid", at.series))
    return [Term(level=of, name=name, how=How.ONE_OF, values=(uid,)) for of, name, uid in named if uid is not None]


def _seen(witness: Witness, level: Level, query: Query, hits: list[Hit]) -> None:
    """One line in the audit: what kind of search, by which attributes (never their values), whose studies came up."""
    shown = sorted({hit.study["study_id"] for hit in hits})
    witness.saw(Action.SEARCH, f"dicomweb/{level.value}", by=list(query.matched), found=len(hits), studies=shown)


def _url(request: Request, hit: Hit) -> str:
    series = hit.series["series_uid"] if hit.series is not None else None
    instance = hit.instance["sop_instance_uid"] if hit.instance is not None else None
    return url_of(request, hit.study["study_uid"], series, instance)
