"""The image objects of a study in the order in which they are shown, DICOM or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, select

from wetread.domain.study import InstanceKind
from wetread.errors import NotFound
from wetread.store.database import Database
from wetread.store.tables import instances, series, studies

IMAGES = (InstanceKind.DICOM_IMAGE.value, InstanceKind.PICTURE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """One image object. `found` is what intake wrote down of its header; `blob` the SHA-256 of its bytes."""

    picture_id: int
    study_uid: str | None
    series_id: str
    series_uid: str | None
    series_number: int | None
    series_description: str | None
    sop_instance_uid: str | None
    blob: str
    kind: InstanceKind
    number: int | None
    frames: int
    rows: int | None
    columns: int | None
    modality: str | None
    body_part: str | None
    found: str


def pictures_of(db: Database, study_id: str) -> tuple[StoredPicture, ...]:
    """The study's images by series, number and arrival, as DICOMweb orders them; none for a study without images.

    Raises: StoreUnavailable.
    """
    order = (
        series.c.number.is_(None),
        series.c.number,
        series.c.series_uid,
        series.c.series_id,
        instances.c.number.is_(None),
        instances.c.number,
        instances.c.instance_id,
    )
    with db.read() as connection:
        rows = connection.execute(_query(study_id).order_by(*order)).mappings()
        return tuple(_picture(row) for row in rows)


def picture_of(db: Database, study_id: str, picture_id: int) -> StoredPicture:
    """One image of a study.

    Raises: NotFound, StoreUnavailable.
    """
    with db.read() as connection:
        row = connection.execute(_query(study_id).where(instances.c.instance_id == picture_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"study {study_id} has no picture {picture_id}")
    return _picture(row)


def _query(study_id: str) -> Select[Any]:
    described = (series.c.number.label("series_number"), series.c.description.label("series_description"))
    query = select(
        instances.c.instance_id.label("picture_id"),
        *(instances.c[name] for name in ("sop_instance_uid", "blob", "kind", "number", "frames", "rows", "columns")),
        instances.c.found,
        *(series.c[name] for name in ("series_id", "series_uid", "modality", "body_part")),
        *described,
        studies.c.study_uid,
    )
    joined = studies.join(series, series.c.study_id == studies.c.study_id)
    joined = joined.join(instances, instances.c.series_id == series.c.series_id)
    return query.select_from(joined).where(studies.c.study_id == study_id, instances.c.kind.in_(IMAGES))


def _picture(row: Mapping[str, Any] | RowMapping) -> StoredPicture:
    return StoredPicture(**{**row, "kind": InstanceKind(row["kind"])})
