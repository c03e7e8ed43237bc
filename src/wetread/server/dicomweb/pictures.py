"""WADO-RS rendered pictures and thumbnails: drawn by the same code as the views that readers are sent."""

import math

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from wetread.domain.audit import Action
from wetread.domain.view import Window
from wetread.errors import InputError, NotFound
from wetread.imaging.rendered import Drawing, Region, rendered_at
from wetread.server.dicomweb.crew import crew_of
from wetread.server.dicomweb.frames import numbers_in
from wetread.server.dicomweb.media import accepted, not_acceptable
from wetread.server.dicomweb.resources import (
    INSTANCE,
    SERIES,
    STUDY,
    AtInstance,
    AtSeries,
    AtStudy,
    fingerprint,
    headers_for,
    objects_at,
    seen,
    unchanged,
    unprocessable,
)
from wetread.server.witness import StudyViewer, Witness
from wetread.store.archive import StoredObject

router = APIRouter()
KINDS = ("image/jpeg", "image/png")  # the first is PS3.18's default
FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
LARGEST_PX = 8192
THUMBNAIL_PX = (128, 128)
FOR_AN_HOUR = "private, max-age=3600"


@router.get(INSTANCE + "/rendered")
def rendered_instance(request: Request, witness: StudyViewer, at: AtInstance) -> Response:
    """An instance as a picture: `window=center,width,function`, `viewport=width,height[,x,y,width,height]`."""
    return _picture(request, witness, objects_at(witness, at), _asked(request, None))


@router.get(INSTANCE + "/frames/{frames}/rendered")
def rendered_frame(request: Request, witness: StudyViewer, at: AtInstance, frames: str) -> Response:
    """One frame as a picture."""
    return _picture(request, witness, objects_at(witness, at), _asked(request, _single(frames)))


@router.get(INSTANCE + "/thumbnail")
def instance_thumbnail(request: Request, witness: StudyViewer, at: AtInstance) -> Response:
    """A small picture of an instance, by its middle frame."""
    return _picture(request, witness, objects_at(witness, at), _small(request, None))


@router.get(INSTANCE + "/frames/{frames}/thumbnail")
def frame_thumbnail(request: Request, witness: StudyViewer, at: AtInstance, frames: str) -> Response:
    """A small picture of one frame."""
    return _picture(request, witness, objects_at(witness, at), _small(request, _single(frames)))


@router.get(SERIES + "/thumbnail")
def series_thumbnail(request: Request, witness: StudyViewer, at: AtSeries) -> Response:
    """A small picture of a series, by its middle image."""
    return _picture(request, witness, _middle(objects_at(witness, at)), _small(request, None))


@router.get(STUDY + "/thumbnail")
def study_thumbnail(request: Request, witness: StudyViewer, at: AtStudy) -> Response:
    """A small picture of a study, by the middle image of its first series with images."""
    return _picture(request, witness, _middle(objects_at(witness, at)), _small(request, None))


def _picture(request: Request, witness: Witness, shown: tuple[StoredObject, ...], asked: Drawing) -> Response:
    stored = shown[0]
    if not stored.is_image:
        raise NotFound("the object holds no image")
    seen(witness, Action.PIXELS_VIEW, shown)
    etag = f'"{stored.blob[:32]}-{fingerprint(asked)}"'
    headers = headers_for(shown, etag, FOR_AN_HOUR)
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    path = witness.ground.blobs.local_path(stored.blob)
    try:
        drawn = crew_of(request).call(rendered_at, path, asked, stored.modality, stored.body_part)
    except InputError as problem:
        raise unprocessable(problem) from None
    return Response(drawn, headers=headers, media_type=asked.media_type)


def _middle(shown: tuple[StoredObject, ...]) -> tuple[StoredObject, ...]:
    """The middle image of the first series that has any."""
    images = [one for one in shown if one.is_image]
    if not images:
        raise NotFound("there is no image")
    members = [one for one in images if one.series_id == images[0].series_id]
    return (members[len(members) // 2],)


def _asked(request: Request, frame: int | None) -> Drawing:
    viewport, region = _viewport(request.query_params.get("viewport"))
    window = _window(request.query_params.get("window"))
    return Drawing(frame=frame or 1, media_type=_kind(request), window=window, viewport=viewport, region=region)


def _small(request: Request, frame: int | None) -> Drawing:
    viewport, _ = _viewport(request.query_params.get("viewport"))
    return Drawing(frame=frame, media_type=_kind(request), viewport=viewport or THUMBNAIL_PX, enlarge=False)


def _kind(request: Request) -> str:
    for one in accepted(request):
        found = next((kind for kind in KINDS if one.takes(kind) and not one.multipart), None)
        if found is not None:
            return found
    raise not_acceptable(f"pictures are {' or '.join(KINDS)}")


def _single(frames: str) -> int:
    numbers = numbers_in(frames)
    if len(numbers) != 1:
        raise HTTPException(400, "one picture shows one frame; ask for one after the other")
    return numbers[0]


def _window(written: str | None) -> Window | None:
    """`center,width,function` (PS3.18 8.3.5.1.4); the function may be left out."""
    if not written:
        return None
    center, _, rest = written.partition(",")
    width, _, function = rest.partition(",")
    values = _numbers(f"{center},{width}", "window")
    name = FUNCTIONS.get((function or "linear").strip().lower())
    if len(values) != 2 or name is None:
        raise HTTPException(400, "window is center,width,function; functions are linear, linear-exact and sigmoid")
    return Window(center=values[0], width=values[1], function=name)


def _viewport(written: str | None) -> tuple[tuple[int, int] | None, Region | None]:
    """`width,height[,x,y,width,height]` (PS3.18 8.3.5.1.3): what to fit into, and the region of the source."""
    if not written:
        return None, None
    values = [round(value) for value in _numbers(written, "viewport")]
    if len(values) not in (2, 6) or not all(1 <= side <= LARGEST_PX for side in values[:2]):
        problem = f"viewport is width,height[,x,y,width,height] in pixels, width and height 1 to {LARGEST_PX}"
        raise HTTPException(400, problem)
    region = (values[2], values[3], values[4], values[5]) if len(values) == 6 else None
    return (values[0], values[1]), region


def _numbers(written: str, name: str) -> list[float]:
    try:
        values = [float(part) for part in written.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(math.isfinite(value) and abs(value) < 1e9 for value in values):
        raise HTTPException(400, f"{name} holds something that is no number")
    return values
