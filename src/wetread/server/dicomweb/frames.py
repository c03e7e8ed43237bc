"""WADO-RS frames: as they are stored, cut out of the file by their offsets, none decoded."""

import threading
from collections import OrderedDict

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from wetread.dicom.frames import FramePlaces, cut_frames, find_frames
from wetread.domain.audit import Action
from wetread.errors import InputError, NotFound
from wetread.server.dicomweb.crew import Crew, crew_of
from wetread.server.dicomweb.media import ANY, FRAME_TYPES, OCTETS, Range, accepted, not_acceptable
from wetread.server.dicomweb.parts import Part, multipart, of_bytes, of_file
from wetread.server.dicomweb.resources import (
    FOR_EVER,
    INSTANCE,
    AtInstance,
    fingerprint,
    headers_for,
    objects_at,
    seen,
    unchanged,
    unprocessable,
)
from wetread.server.witness import StudyViewer
from wetread.store.archive import StoredObject
from wetread.store.blobs import Blobs

router = APIRouter()
SUBJECT = "the object"
MOST_AT_ONCE = 4096
KEPT_OBJECTS = 64


class PlaceBook:
    """Where the frames of the objects asked for last lie, by blob: blobs never change."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, FramePlaces] = OrderedDict()
        self._lock = threading.Lock()

    def places(self, crew: Crew, blobs: Blobs, blob: str) -> FramePlaces:
        """The frames of a blob.

        Raises: FileUnreadable, PixelsUnreadable, TooLarge, TookTooLong.
        """
        with self._lock:
            if blob in self._places:
                self._places.move_to_end(blob)
                return self._places[blob]
        found = crew.call(find_frames, blobs.local_path(blob), SUBJECT)
        with self._lock:
            self._places[blob] = found
            while len(self._places) > KEPT_OBJECTS:
                self._places.popitem(last=False)
        return found


def frame_parts(
    request: Request, blobs: Blobs, stored: StoredObject, numbers: tuple[int, ...] | None
) -> tuple[Part, ...]:
    """Frames (from 1; None: all) as parts, in a media type that the caller accepts.

    Raises: NotFound where there is no such frame, HTTPException 406, 422.
    """
    crew = crew_of(request)
    try:
        places = _book(request).places(crew, blobs, stored.blob)
        indices = tuple(n - 1 for n in numbers) if numbers else tuple(range(places.frames))
        if any(not 0 <= index < places.frames for index in indices):
            raise NotFound(f"the object has no such frame; it has {places.frames}")
        kind = frame_type(accepted(request), places.syntax)
        if kind is None:
            raise not_acceptable(f"the frames are stored in transfer syntax {places.syntax} and are given as they are")
        if not places.in_file:
            cut = crew.call(cut_frames, blobs.local_path(stored.blob), SUBJECT, indices)
            return tuple(Part(content_type=kind, size_bytes=len(one), chunks=of_bytes(one)) for one in cut)
    except InputError as problem:
        raise unprocessable(problem) from None
    return tuple(_part(blobs, stored, kind, places.of(index)) for index in indices)


def frame_type(ranges: tuple[Range, ...], syntax: str) -> str | None:
    """The content type for frames in `syntax`, None where no range takes one (PS3.18 8.7.3.5)."""
    typed = FRAME_TYPES.get(syntax, OCTETS)
    for one in ranges:
        if one.takes(typed) and one.syntax in (None, "*", syntax):
            return f"{typed}; transfer-syntax={syntax}"
        if one.takes(OCTETS) and one.media_type != ANY and one.syntax in ("*", syntax):
            return f"{OCTETS}; transfer-syntax={syntax}"
    return None


def _part(blobs: Blobs, stored: StoredObject, kind: str, spans: tuple[tuple[int, int], ...]) -> Part:
    size = sum(length for _, length in spans)
    return Part(content_type=kind, size_bytes=size, chunks=of_file(lambda: blobs.local_path(stored.blob), spans))


def _book(request: Request) -> PlaceBook:
    state = request.app.state
    if not hasattr(state, "dicomweb_places"):
        state.dicomweb_places = PlaceBook()
    book: PlaceBook = state.dicomweb_places
    return book


def numbers_in(written: str) -> tuple[int, ...]:
    """The frame numbers of a list `1,2,5`, from 1.

    Raises: HTTPException 400.
    """
    numbers = written.split(",")
    if len(numbers) > MOST_AT_ONCE or not all(n.isascii() and n.isdigit() and 0 < len(n) < 10 for n in numbers):
        raise HTTPException(400, f"frames are numbers from 1 with commas between them, at most {MOST_AT_ONCE}")
    return tuple(map(int, numbers))


@router.get(INSTANCE + "/frames/{frames}")
def retrieve_frames(request: Request, witness: StudyViewer, at: AtInstance, frames: str) -> Response:
    """Single frames in their stored transfer syntax."""
    numbers = numbers_in(frames)
    shown = objects_at(witness, at)
    seen(witness, Action.PIXELS_VIEW, shown)
    kinds = "".join(sorted({f"{one.media_type}{one.syntax}" for one in accepted(request)}))
    etag = f'"{shown[0].blob[:32]}-{fingerprint(frames, kinds)}"'
    headers = headers_for(shown, etag, FOR_EVER)
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    parts = frame_parts(request, witness.ground.blobs, shown[0], numbers)
    return multipart(parts, parts[0].content_type.partition(";")[0], headers)
