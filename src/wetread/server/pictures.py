"""The images of a study in the order in which they are shown, and each as a picture, DICOM or not."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from wetread.domain.audit import Action
from wetread.domain.study import InstanceKind
from wetread.errors import InputError, NotFound
from wetread.imaging.rendered import Drawing, rendered_at
from wetread.intake.found import Found
from wetread.server.dicomweb.crew import crew_of
from wetread.server.dicomweb.pictures import FOR_AN_HOUR, LARGEST_PX
from wetread.server.dicomweb.resources import VARY, fingerprint, unchanged, unprocessable
from wetread.server.problems import PROBLEMS
from wetread.server.reads import PNG
from wetread.server.witness import StudyViewer
from wetread.server.words import StudyId
from wetread.store.listing import study
from wetread.store.pictures import StoredPicture, picture_of, pictures_of
from wetread.store.records import from_record

router = APIRouter(tags=["studies"], responses=PROBLEMS)
PictureId = Annotated[int, Path(ge=1, le=2**53 - 1, description="as `GET /studies/…/pictures` gave it")]
TALLEST_PX = 1 << 30  # only the width is limited


class PictureView(BaseModel):
    """One image object. `file` is the name by which evidence speaks of it where there is no `sop_instance_uid`.

    `is_dicom`: its frames are also under `/dicom-web`. Rows and columns are null where the header does not say them.
    """

    picture_id: int
    file: str
    is_dicom: bool
    sop_instance_uid: str | None
    series_id: str
    series_uid: str | None
    series_number: int | None
    series_description: str | None
    number: int | None
    frames: int
    rows: int | None
    columns: int | None
    modality: str | None
    body_part: str | None
    projection: str | None
    laterality: str | None
    position_mm: float | None


class PictureList(BaseModel):
    """The images of a study by series, number and arrival."""

    study_id: str
    study_uid: str | None
    pictures: list[PictureView]


@router.get("/studies/{study_id}/pictures")
def pictures(study_id: StudyId, who: StudyViewer) -> PictureList:
    """Every image object of a study, also bare PNG, JPEG and TIFF, in the order in which they are shown."""
    row = study(who.ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="pictures")
    shown = [_view(one) for one in pictures_of(who.ground.database, study_id)]
    return PictureList(study_id=study_id, study_uid=row["study_uid"], pictures=shown)


@router.get(
    "/studies/{study_id}/pictures/{picture_id}.png", response_class=Response, responses={**PROBLEMS, **PNG, 304: {}}
)
def picture(  # noqa: PLR0917 - what a request holds
    request: Request,
    study_id: StudyId,
    picture_id: PictureId,
    who: StudyViewer,
    frame: Annotated[int, Query(ge=1, le=1_000_000, description="counts from 1")] = 1,
    width: Annotated[int | None, Query(ge=1, le=LARGEST_PX, description="widest that it may be, in pixels")] = None,
) -> Response:
    """One frame as a PNG, never enlarged, under the window that its header names."""
    stored = picture_of(who.ground.database, study_id, picture_id)
    who.saw(Action.PIXELS_VIEW, f"study/{study_id}", objects=1, way="picture")
    asked = Drawing(frame=frame, viewport=(width, TALLEST_PX) if width else None, enlarge=False)
    etag = f'"{stored.blob[:32]}-{fingerprint(asked)}"'
    headers = {"ETag": etag, "Cache-Control": FOR_AN_HOUR, "Vary": VARY}
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(_drawn(request, who, stored, asked), headers=headers, media_type=asked.media_type)


def _drawn(request: Request, who: StudyViewer, stored: StoredPicture, asked: Drawing) -> bytes:
    try:
        path = who.ground.blobs.local_path(stored.blob)
    except NotFound:
        raise NotFound(f"the pixels of picture {stored.picture_id} are no longer kept") from None
    try:
        return crew_of(request).call(rendered_at, path, asked, stored.modality, stored.body_part, stored.kind)
    except InputError as problem:
        raise unprocessable(problem) from None


def _view(stored: StoredPicture) -> PictureView:
    found: Found = from_record(Found, stored.found)
    known = {name: getattr(stored, name) for name in PictureView.model_fields if hasattr(stored, name)}
    told = {name: getattr(found.instance, name) for name in ("file", "projection", "laterality", "position_mm")}
    return PictureView(**known, **told, is_dicom=stored.kind is InstanceKind.DICOM_IMAGE)
