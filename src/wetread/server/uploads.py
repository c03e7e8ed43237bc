"""Objects sent by a person or a program over HTTP: DICOM, PNG, JPEG, TIFF, or a ZIP of them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from wetread.domain.arrival import Way
from wetread.domain.audit import Action
from wetread.errors import NotFound, StoreUnavailable
from wetread.intake.spool import objects_in
from wetread.server.problems import PROBLEMS
from wetread.server.uploads_parts import Parts
from wetread.server.witness import AskedFirst, StudySender, Witness
from wetread.store.arriving import arrival_of

router = APIRouter(tags=["uploads"], route_class=AskedFirst, responses=PROBLEMS)
WRITE_BYTES = 1024 * 1024
ArrivalId = Annotated[str, Path(pattern=r"^[0-9]{8}T[0-9]{12}-[0-9a-f]{8}$", description="as `POST /uploads` gave it")]
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                    "required": ["files"],
                }
            }
        },
    }
}


class UploadedFile(BaseModel):
    """One file of an upload: as it was named, and under which name the arrival's problems speak of it."""

    file: str
    object: str
    size_bytes: int


class Upload(BaseModel):
    """What was taken. It is safe; which studies it belongs to is known once it was looked at."""

    arrival_id: str
    count: int
    files: list[UploadedFile]


class UploadProblem(BaseModel):
    """An object that could not be placed in a study; it is kept."""

    object: str
    problem: str
    remedy: str
    at: datetime


class Arrived(BaseModel):
    """What became of an upload. `waiting` objects lie in the spool and are looked at next."""

    arrival_id: str
    way: str
    peer: str | None
    started_at: datetime | None
    closed_at: datetime | None
    waiting: int
    placed: int
    study_ids: list[str]
    problems: list[UploadProblem]


@router.post("/uploads", status_code=202, openapi_extra=BODY)
async def upload(request: Request, who: StudySender) -> Upload:
    """Take files. Nothing is answered before each is on the disk; what can't be used is told by `GET /uploads/…`."""
    parts = await run_in_threadpool(_open, who)
    try:
        parts.begin(request.headers.get("content-type", ""))
        pending = bytearray()
        async for chunk in request.stream():
            pending += chunk
            if len(pending) >= WRITE_BYTES:
                await run_in_threadpool(parts.write, bytes(pending))
                pending.clear()
        await run_in_threadpool(parts.write, bytes(pending))
        parts.end()
    except ClientDisconnect:
        raise StoreUnavailable("the connection broke before the upload was whole; send it again") from None
    finally:
        await run_in_threadpool(parts.close)
    arrival_id, count = parts.sheaf.arrival.arrival_id, len(parts.taken)
    await run_in_threadpool(who.saw, Action.UPLOAD, f"arrival/{arrival_id}", objects=count)
    files = [UploadedFile(file=one.file, object=one.object, size_bytes=one.size_bytes) for one in parts.taken]
    return Upload(arrival_id=arrival_id, count=count, files=files)


@router.get("/uploads/{arrival_id}")
def arrived(arrival_id: ArrivalId, who: StudySender) -> Arrived:
    """What became of an upload."""
    who.saw(Action.STUDY_VIEW, f"arrival/{arrival_id}")
    folder = who.ground.spool.root / arrival_id
    waiting = len(objects_in(folder)) if folder.is_dir() else None
    with who.ground.database.read() as connection:
        known = arrival_of(connection, arrival_id)
    if known is None and waiting is None:
        raise NotFound(f"there is no arrival {arrival_id}")
    return Arrived(
        arrival_id=arrival_id,
        way=known.way if known else Way.UPLOAD,
        peer=known.peer if known else None,
        started_at=known.started_at if known else None,
        closed_at=known.closed_at if known else None,
        waiting=waiting or 0,
        placed=known.objects if known else 0,
        study_ids=list(known.study_ids) if known else [],
        problems=[
            UploadProblem(object=one.file, problem=one.problem, remedy=one.remedy, at=one.at)
            for one in (known.problems if known else ())
        ],
    )


def _open(who: Witness) -> Parts:
    ground, limits = who.ground, who.ground.settings.listener
    try:
        sheaf = ground.spool.open(Way.UPLOAD, peer=who.name, address=who.address)
    except OSError as problem:
        raise StoreUnavailable(f"the spool can't be written ({problem.strerror}); it is tried again") from None
    return Parts(
        spool=ground.spool, sheaf=sheaf, max_bytes=limits.max_object_bytes, min_free_bytes=limits.min_free_bytes
    )
