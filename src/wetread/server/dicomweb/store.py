"""STOW-RS: objects into the spool."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import structlog
from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from wetread.dicom.as_json import json_bytes
from wetread.domain.audit import Action
from wetread.server.dicomweb.body import Body, Malformed
from wetread.server.dicomweb.crew import crew_of
from wetread.server.dicomweb.media import DICOM, JSON, MULTIPART, check_json, content_type
from wetread.server.dicomweb.resources import STUDY, AtStudy, url_of
from wetread.server.dicomweb.taking import SYNCING, Outcome, Taking, Whole
from wetread.server.witness import StudySender, Witness

log = structlog.wrap_logger(logging.getLogger("wetread.stow"))
router = APIRouter()
BATCH_BYTES = 1 << 20
BODY = {"requestBody": {"content": {MULTIPART: {"schema": {"type": "string", "format": "binary"}}}, "required": True}}


@router.post("/studies", openapi_extra=BODY)
async def store(request: Request, witness: StudySender) -> Response:
    """Store objects of any studies."""
    return await _store(request, witness, None)


@router.post(STUDY, openapi_extra=BODY)
async def store_in(request: Request, witness: StudySender, at: AtStudy) -> Response:
    """Store objects of one study."""
    return await _store(request, witness, at.study)


async def _store(request: Request, witness: Witness, study: str | None) -> Response:
    check_json(request)
    sender = (witness.name, witness.address)
    taking = Taking(witness.ground, crew_of(request), _body(request), study=study, sender=sender)
    try:
        await _read(request, taking, silence_s=witness.ground.settings.listener.network_timeout_s)
        await run_in_threadpool(_finish, witness, taking)
    except Malformed as problem:
        raise HTTPException(400, f"the multipart body can't be read: {problem}") from None
    finally:
        if not taking.closed:
            await asyncio.shield(run_in_threadpool(taking.close))
    return _answer(request, taking.outcomes)


def _body(request: Request) -> Body | Whole:
    media_type, parameters = content_type(request.headers.get("content-type", ""))
    if media_type == DICOM:
        return Whole()
    if media_type != MULTIPART or parameters.get("type", DICOM).lower() != DICOM:
        raise HTTPException(415, f'send {MULTIPART}; type="{DICOM}"; boundary=…')
    try:
        return Body(parameters.get("boundary", ""))
    except Malformed as problem:
        raise HTTPException(400, f"the multipart body can't be read: {problem}") from None


async def _read(request: Request, taking: Taking, *, silence_s: float) -> None:
    """Hand the body to a thread, a batch at a time; the next batch is received while one is written."""
    writing = asyncio.create_task(asyncio.sleep(0))
    try:
        async for batch in _batches(request, silence_s):
            await writing
            writing = asyncio.create_task(run_in_threadpool(taking.feed, batch))
        await writing
    except TimeoutError:
        raise HTTPException(408, f"nothing came for {silence_s:g} s") from None
    finally:
        await asyncio.wait((writing,))


async def _batches(request: Request, silence_s: float) -> AsyncIterator[bytes]:
    """The body in pieces of about a megabyte.

    Raises: TimeoutError.
    """
    chunks, batch, size = request.stream(), list[bytes](), 0
    while True:
        async with asyncio.timeout(silence_s):
            chunk = await anext(chunks, b"")
        batch.append(chunk)
        size += len(chunk)
        if batch and (size >= BATCH_BYTES or not chunk):
            yield b"".join(batch)
            batch, size = [], 0
        if not chunk:
            return


def _finish(witness: Witness, taking: Taking) -> None:
    """The last of the body; all that came is in the spool, and the audit says so: both reach the disk side by side."""
    if not taking.whole:
        taking.feed(b"")
    if not taking.whole:
        raise Malformed("the body ends before its last delimiter")
    if not taking.outcomes:
        raise HTTPException(400, "the body holds no object")
    before = _refused(taking)
    told = SYNCING.submit(_told, witness, taking, len(taking.outcomes), before)
    taking.close()
    told.result()
    if (after := _refused(taking)) != before:  # the disk did not take what was taken from the sender
        _told(witness, taking, len(taking.outcomes), after)


def _refused(taking: Taking) -> dict[str, int]:
    """How many objects are refused so far, by PS3.18's reason."""
    return dict(Counter(f"{one.reason:04X}" for one in taking.outcomes if one.reason is not None))


def _told(witness: Witness, taking: Taking, received: int, refused: dict[str, int]) -> None:
    what = f"arrival/{taking.arrival_id or 'none'}"
    witness.saw(Action.UPLOAD, what, received=received, refused=refused, way="stow")
    report = log.warning if refused else log.info
    report("objects received", arrival=taking.arrival_id, received=received, refused=refused)


def _answer(request: Request, outcomes: list[Outcome]) -> Response:
    """PS3.18 10.5.3: 200 all stored, 202 some, 409 none; which, and why not."""
    stored = [one for one in outcomes if one.reason is None]
    failed = [one for one in outcomes if one.reason is not None]
    told: dict[str, Any] = {}
    studies = {one.identity.study_uid for one in stored if one.identity.study_uid}
    if len(studies) == 1:
        told["00081190"] = {"vr": "UR", "Value": [url_of(request, studies.pop())]}
    if failed:
        told["00081198"] = {"vr": "SQ", "Value": [_failure(one) for one in failed]}
    if stored:
        told["00081199"] = {"vr": "SQ", "Value": [_reference(request, one) for one in stored]}
    status = 200 if not failed else 202 if stored else 409
    return Response(json_bytes(told), status, media_type=JSON)


def _names(one: Outcome) -> dict[str, Any]:
    values = {"00081150": one.identity.sop_class_uid, "00081155": one.identity.sop_uid}
    return {tag: {"vr": "UI", "Value": [uid]} if uid else {"vr": "UI"} for tag, uid in values.items()}


def _reference(request: Request, one: Outcome) -> dict[str, Any]:
    found = one.identity
    url = url_of(request, found.study_uid or "", found.series_uid, found.sop_uid)
    return {**_names(one), "00081190": {"vr": "UR", "Value": [url]}}


def _failure(one: Outcome) -> dict[str, Any]:
    return {**_names(one), "00081197": {"vr": "US", "Value": [one.reason]}}
