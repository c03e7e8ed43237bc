"""WADO-RS: studies, series and instances as they are stored, and the bulk data of their headers."""

import re

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from wetread.dicom.as_json import bulk_value
from wetread.domain.audit import Action
from wetread.errors import InputError
from wetread.server.dicomweb.crew import crew_of
from wetread.server.dicomweb.frames import frame_parts
from wetread.server.dicomweb.media import ANY, DICOM, OCTETS, accepted, not_acceptable
from wetread.server.dicomweb.parts import Part, multipart, of_bytes, of_file, single
from wetread.server.dicomweb.resources import (
    FOR_EVER,
    INSTANCE,
    LOOK_AGAIN,
    SERIES,
    STUDY,
    AtInstance,
    AtSeries,
    AtStudy,
    fingerprint,
    headers_for,
    objects_at,
    path_of,
    seen,
    unchanged,
    unprocessable,
)
from wetread.server.witness import StudyViewer, Witness
from wetread.store.archive import StoredObject
from wetread.store.blobs import Blobs

router = APIRouter()
SUBJECT = "the object"
PIXELS = ("7FE00008", "7FE00009", "7FE00010")
STEPS = re.compile(r"[0-9A-Fa-f]{8}(/[0-9]{1,6}/[0-9A-Fa-f]{8}){0,32}")
PARTLY = '299 wetread "objects in other transfer syntaxes are left out; accept transfer-syntax=* for all as stored"'


@router.get(STUDY)
def retrieve_study(request: Request, witness: StudyViewer, at: AtStudy) -> Response:
    """All objects of a study, bit by bit as they came."""
    return _objects(request, witness, objects_at(witness, at), LOOK_AGAIN)


@router.get(SERIES)
def retrieve_series(request: Request, witness: StudyViewer, at: AtSeries) -> Response:
    """All objects of a series, bit by bit as they came."""
    return _objects(request, witness, objects_at(witness, at), LOOK_AGAIN)


@router.get(INSTANCE)
def retrieve_instance(request: Request, witness: StudyViewer, at: AtInstance) -> Response:
    """One object, bit by bit as it came."""
    return _objects(request, witness, objects_at(witness, at), FOR_EVER)


@router.get(INSTANCE + "/bulkdata/{steps:path}")
def retrieve_bulk(request: Request, witness: StudyViewer, at: AtInstance, steps: str) -> Response:
    """A large value that the metadata names by its URI; pixels as frames."""
    if not STEPS.fullmatch(steps):
        raise HTTPException(400, "bulk data is named by tags and item numbers, such as 54000100/0/54001010")
    shown = objects_at(witness, at)
    seen(witness, Action.PIXELS_VIEW, shown)
    ranges = accepted(request)
    etag = f'"{shown[0].blob[:32]}-{fingerprint(steps.upper(), ranges)}"'
    headers = headers_for(shown, etag, FOR_EVER)
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    blobs = witness.ground.blobs
    if steps.upper() in PIXELS:
        parts = frame_parts(request, blobs, shown[0], None)
        return multipart(parts, parts[0].content_type.partition(";")[0], headers)
    if not any(one.takes(OCTETS) for one in ranges):
        raise not_acceptable(f"bulk data is {OCTETS}")
    try:
        value = crew_of(request).call(bulk_value, blobs.local_path(shown[0].blob), SUBJECT, tuple(steps.split("/")))
    except InputError as problem:
        raise unprocessable(problem) from None
    part = Part(content_type=OCTETS, size_bytes=len(value), chunks=of_bytes(value))
    wrapped = any(one.multipart or one.media_type == ANY for one in ranges)
    return multipart((part,), OCTETS, headers) if wrapped else single(part, headers)


def _objects(request: Request, witness: Witness, stored: tuple[StoredObject, ...], cache: str) -> Response:
    kept, alone = _acceptable(request, stored)
    seen(witness, Action.PIXELS_VIEW, stored)
    etag = f'"{fingerprint(alone, *(one.blob for one in kept))}"'
    headers = headers_for(kept, etag, cache)
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    blobs = witness.ground.blobs
    blobs.local_path(kept[0].blob)  # where retention removed the pixels it says so here, before the answer begins
    parts = tuple(_part(blobs, one) for one in kept)
    if alone:
        return single(parts[0], headers)
    if len(kept) < len(stored):
        return multipart(parts, DICOM, {**headers, "Warning": PARTLY}, status=206)
    return multipart(parts, DICOM, headers)


def _part(blobs: Blobs, stored: StoredObject) -> Part:
    kind = f"{DICOM}; transfer-syntax={stored.syntax}" if stored.syntax else DICOM
    chunks = of_file(lambda: blobs.local_path(stored.blob), ((0, stored.size_bytes),))
    return Part(content_type=kind, size_bytes=stored.size_bytes, chunks=chunks, location=path_of(stored))


def _acceptable(request: Request, stored: tuple[StoredObject, ...]) -> tuple[tuple[StoredObject, ...], bool]:
    """The objects in an accepted transfer syntax (none named: as stored), and whether the one is sent unwrapped.

    Raises: HTTPException 406.
    """
    ranges = [one for one in accepted(request) if one.takes(DICOM)]
    syntaxes = {one.syntax or "*" for one in ranges}
    kept = tuple(one for one in stored if "*" in syntaxes or one.syntax in syntaxes)
    if not kept:
        raise not_acceptable(f"objects are given as {DICOM} in the transfer syntax they are stored in")
    alone = not any(one.multipart or one.media_type == ANY for one in ranges) and len(stored) == 1
    return kept, alone
