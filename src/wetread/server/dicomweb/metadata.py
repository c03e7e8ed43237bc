"""WADO-RS metadata: headers as DICOM JSON, kept gzipped for each series."""

import gzip
import zlib
from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from wetread.dicom.as_json import headers_json, json_bytes
from wetread.domain.audit import Action
from wetread.errors import InputError, NotFound
from wetread.server.dicomweb.crew import Crew, crew_of
from wetread.server.dicomweb.media import JSON, check_json
from wetread.server.dicomweb.resources import (
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
)
from wetread.server.state import Ground
from wetread.server.witness import StudyViewer, Witness
from wetread.store import archive
from wetread.store.archive import StoredObject

router = APIRouter()
FORM = 1  # of what is kept; a new one makes it anew
SUBJECT = "the object"
AT_ONCE = 32  # objects a guarded call
KEPT_LEVEL, SENT_LEVEL = 6, 1


@router.get(STUDY + "/metadata")
def study_metadata(request: Request, witness: StudyViewer, at: AtStudy) -> Response:
    """The headers of all objects of a study."""
    return _metadata(request, witness, objects_at(witness, at))


@router.get(SERIES + "/metadata")
def series_metadata(request: Request, witness: StudyViewer, at: AtSeries) -> Response:
    """The headers of all objects of a series."""
    return _metadata(request, witness, objects_at(witness, at))


@router.get(INSTANCE + "/metadata")
def instance_metadata(request: Request, witness: StudyViewer, at: AtInstance) -> Response:
    """The header of one object."""
    check_json(request)
    shown = objects_at(witness, at)
    seen(witness, Action.STUDY_VIEW, shown)
    headers, held = _told(request, shown)
    if held:
        return Response(status_code=304, headers=headers)
    body = _array(made(witness.ground, crew_of(request), shown))
    return _answer(request, gzip.compress(body, SENT_LEVEL), headers)


def _metadata(request: Request, witness: Witness, shown: tuple[StoredObject, ...]) -> Response:
    check_json(request)
    seen(witness, Action.STUDY_VIEW, shown)
    headers, held = _told(request, shown)
    if held:
        return Response(status_code=304, headers=headers)
    crew = crew_of(request)
    bodies = [kept(witness.ground, crew, members) for members in _by_series(shown)]
    if len(bodies) == 1:
        return _answer(request, bodies[0], headers)
    whole = b",".join(inner for body in bodies if (inner := gzip.decompress(body)[1:-1]))
    return _answer(request, gzip.compress(b"[" + whole + b"]", SENT_LEVEL), headers)


def kept(ground: Ground, crew: Crew, members: Sequence[StoredObject]) -> bytes:
    """The metadata of a series, gzip: as it is kept, or made and kept now where objects came since."""
    series_id = members[0].series_id
    found = archive.metadata_of(ground.database, series_id)
    if found is not None and found[0] == _count(members):
        return found[1]
    body = gzip.compress(_array(made(ground, crew, members)), KEPT_LEVEL, mtime=0)
    archive.keep_metadata(ground.database, series_id, _count(members), body)
    return body


def made(ground: Ground, crew: Crew, members: Sequence[StoredObject]) -> list[bytes]:
    """The header of each object as JSON; of one that can't be parsed what the archive knows of it."""
    texts: list[bytes] = []
    for start in range(0, len(members), AT_ONCE):
        some = members[start : start + AT_ONCE]
        try:
            texts += _parsed(ground, crew, some)
        except (InputError, NotFound):
            for one in some:
                try:
                    texts += _parsed(ground, crew, [one])
                except (InputError, NotFound):
                    texts.append(json_bytes(_known(one)))
    return texts


def _parsed(ground: Ground, crew: Crew, members: Sequence[StoredObject]) -> list[bytes]:
    asked = tuple((ground.blobs.local_path(one.blob), path_of(one)) for one in members)
    return list(crew.call(headers_json, asked, SUBJECT))


def _known(stored: StoredObject) -> dict[str, object]:
    values = {
        "00080016": ("UI", stored.sop_class_uid),
        "00080018": ("UI", stored.sop_uid),
        "00080060": ("CS", stored.modality),
        "0020000D": ("UI", stored.study_uid),
        "0020000E": ("UI", stored.series_uid),
        "00200013": ("IS", stored.number),
    }
    return {tag: {"vr": vr, "Value": [value]} for tag, (vr, value) in values.items() if value is not None}


def _count(members: Sequence[StoredObject]) -> int:
    return len(members) + sum(one.copies for one in members)


def _by_series(shown: tuple[StoredObject, ...]) -> list[list[StoredObject]]:
    found: dict[str, list[StoredObject]] = {}
    for one in shown:
        found.setdefault(one.series_id, []).append(one)
    return list(found.values())


def _array(texts: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"


def _told(request: Request, shown: tuple[StoredObject, ...]) -> tuple[dict[str, str], bool]:
    etag = f'W/"{fingerprint(FORM, *(f"{one.blob}{one.copies}" for one in shown))}"'
    headers = headers_for(shown, etag, LOOK_AGAIN)
    headers["Vary"] += ", Accept-Encoding"
    return headers, unchanged(request, etag.removeprefix("W/"))


def _answer(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """The body as it is where the caller takes gzip, else unpacked."""
    if "gzip" in request.headers.get("accept-encoding", "").lower():
        return Response(body, headers={**headers, "Content-Encoding": "gzip"}, media_type=JSON)
    return Response(zlib.decompress(body, zlib.MAX_WBITS | 16), headers=headers, media_type=JSON)
