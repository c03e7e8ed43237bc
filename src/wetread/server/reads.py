"""What each reader said of a study, side by side, and what the panel made of it."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel

from wetread.domain.audit import Action
from wetread.domain.consensus import Consensus, Spend, spending_of
from wetread.domain.read import Abstention, Answer, Read, ReaderIdentity
from wetread.domain.urgency import Urgency
from wetread.errors import NotFound
from wetread.server.problems import PROBLEMS
from wetread.server.reads_heat import draw, patches_of, pictures_of
from wetread.server.witness import AskedFirst, StudyChanger, StudyViewer
from wetread.server.words import StudyId
from wetread.store.jobs import request_read
from wetread.store.listing import study
from wetread.store.reading import StoredRead, extent_of, read_by_id, reads_of
from wetread.store.review import current_report

router = APIRouter(tags=["reads"], route_class=AskedFirst, responses=PROBLEMS)
ReadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="as `GET /studies/…/reads` gave it")]
SopUid = Annotated[str, Path(pattern=r"^[0-9.]{1,64}$", description="SOP Instance UID")]
PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}, "description": "A picture"}
}


class ReadView(BaseModel):
    """One reader's answer. `read` is None where it abstained, `abstention` then says why; its words are at `/raw`."""

    read_id: str
    version: int
    reader: ReaderIdentity
    answered: bool
    read: Read | None
    abstention: Abstention | None
    cost_usd: float | None
    latency_s: float | None
    at: datetime
    heatmaps: list[str]


class ReadList(BaseModel):
    """Every answer on a study; `version` tells on which images."""

    study_id: str
    version: int
    reads: list[ReadView]


class ReadRequested(BaseModel):
    """The job that will ask every reader anew."""

    job_id: str


class RawRead(BaseModel):
    """A reader's own words. They are foreign text: show them, never run them."""

    read_id: str
    original: str | None
    prompt: str | None
    prompt_sha256: str | None


class ConsensusView(BaseModel):
    """What the panel made of the answers; `consensus` is None where nobody read: the study is UNREAD, not negative."""

    study_id: str
    report_id: str
    consensus: Consensus | None
    urgency: Urgency
    spending: list[Spend]


@router.get("/studies/{study_id}/reads")
def study_reads(study_id: StudyId, who: StudyViewer) -> ReadList:
    """Every reader's answer, older versions of the study first."""
    row = study(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="reads")
    with who.ground.database.read() as connection:
        kept = reads_of(connection, study_id)
    return ReadList(study_id=study_id, version=row["version"], reads=[_view(one) for one in kept])


@router.post("/studies/{study_id}/reads", status_code=202)
def ask_again(study_id: StudyId, who: StudyChanger) -> ReadRequested:
    """Ask every reader anew; the new report supersedes the one that stands."""
    job_id = request_read(who.ground.database, study_id, by=who.name, now=who.ground.now())
    who.saw(Action.READ_REQUEST, f"study/{study_id}", job=job_id)
    return ReadRequested(job_id=job_id)


@router.get("/studies/{study_id}/consensus")
def consensus(study_id: StudyId, who: StudyViewer) -> ConsensusView:
    """The joined answer behind the report that stands."""
    study(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="consensus")
    with who.ground.database.read() as connection:
        stored = current_report(connection, study_id)
    if stored is None:
        raise NotFound(f"study {study_id} has no report yet")
    report = stored.report
    return ConsensusView(
        study_id=study_id,
        report_id=report.report_id,
        consensus=report.consensus,
        urgency=report.urgency,
        spending=list(spending_of(report.answers).readers),
    )


@router.get("/reads/{read_id}/raw")
def raw(read_id: ReadId, who: StudyViewer) -> RawRead:
    """What a reader wrote, and what it was asked."""
    stored = _read(who, read_id, "raw")
    answer = stored.answer
    trace = answer.trace if isinstance(answer, Read) else None
    return RawRead(
        read_id=read_id,
        original=answer.original,
        prompt=trace.prompt if trace else None,
        prompt_sha256=trace.prompt_sha256 if trace else None,
    )


@router.get("/reads/{read_id}/heatmap/{sop_instance_uid}.png", response_class=Response, responses={**PROBLEMS, **PNG})
def heatmap(
    read_id: ReadId,
    sop_instance_uid: SopUid,
    who: StudyViewer,
    frame: Annotated[int, Query(ge=1, le=1_000_000, description="counts from 1")] = 1,
) -> Response:
    """Patches that speak most for the findings, as a transparent picture of the frame's shape; 404 where none."""
    stored = _read(who, read_id, "heatmap")
    patches = patches_of(stored.answer, sop_instance_uid, frame)
    with who.ground.database.read() as connection:
        extent = extent_of(connection, stored.study_id, sop_instance_uid)
    if not patches or extent is None:
        raise NotFound(f"read {read_id} left no heat map on that picture")
    picture = draw(patches, rows=extent.rows, columns=extent.columns)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _read(who: StudyViewer, read_id: str, part: str) -> StoredRead:
    with who.ground.database.read() as connection:
        stored = read_by_id(connection, read_id)
    who.saw(Action.STUDY_VIEW, f"study/{stored.study_id}", part=part, read=read_id)
    return stored


def _view(stored: StoredRead) -> ReadView:
    answer = _short(stored.answer)
    return ReadView(
        read_id=stored.read_id,
        version=stored.version,
        reader=answer.reader,
        answered=isinstance(answer, Read) and answer.answered,
        read=answer if isinstance(answer, Read) else None,
        abstention=answer if isinstance(answer, Abstention) else None,
        cost_usd=stored.cost_usd,
        latency_s=stored.latency_s,
        at=stored.at,
        heatmaps=pictures_of(answer),
    )


def _short(answer: Answer) -> Answer:
    """Without the prompt and the words it was given in: they are long, and one may ask for them."""
    if isinstance(answer, Read) and answer.trace:
        return replace(answer, original=None, trace=replace(answer.trace, prompt=None))
    return replace(answer, original=None)
