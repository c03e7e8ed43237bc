"""What a study looks like, for drift: technical facts of its first picture's series, its size, its descriptor.

Nothing of it identifies a patient: age is a band, dates, names and numbers are left out.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from wetread.domain.study import Instance
from wetread.errors import StoreUnavailable, WetreadError
from wetread.evaluate.drift.described import picture_of
from wetread.guard import Isolation
from wetread.intake.found import Found
from wetread.store.blobs import Blobs
from wetread.store.drift import StudyRow, keep_descriptor, study_row
from wetread.store.records import from_record
from wetread.wiring.service import Service

log = structlog.wrap_logger(logging.getLogger("wetread.drift"))
SCHEMA = "wetread.descriptor/1"
TAGS = {"manufacturer": "00080070", "model": "00081090", "station": "00081010", "software": "00181020"}
BANDS = ((18, "under 18"), (40, "18 to 39"), (65, "40 to 64"), (80, "65 to 79"))
LONGEST_FACT = 64


def describe(service: Service, study_id: str, isolation: Isolation | None) -> bool:
    """Keep what a study looks like; False where its row is gone. Without `isolation` its picture is not looked at.

    A picture that can't be made is none, with the reason in the log: the facts are kept all the same.
    Raises: StoreUnavailable.
    """
    database = service.database
    row = study_row(database, study_id)
    if row is None:
        keep_descriptor(database, study_id, _body({}, {}, None), now=service.now())
        return False
    found: Found | None = _found(row)
    picture = None
    if found is not None and isolation is not None:
        picture = _picture(found.instance, service.blobs, isolation)
    keep_descriptor(database, study_id, _body(_facts(row, found), _numbers(row), picture), now=service.now())
    return True


def _picture(instance: Instance, blobs: Blobs, isolation: Isolation) -> tuple[float, ...] | None:
    subject = instance.sha256[:12]
    try:
        here = replace(instance, path=blobs.local_path(instance.sha256), file=subject)
        return isolation.call(picture_of, here, subject=subject)
    except StoreUnavailable:
        raise
    except WetreadError as problem:
        log.warning("a picture can't be described", blob=subject, problem=type(problem).__name__)
        return None


def _found(row: StudyRow) -> Found | None:
    try:
        found: Found = from_record(Found, row.found or "")
    except WetreadError:
        return None
    return found


def _facts(row: StudyRow, found: Found | None) -> dict[str, str | None]:
    header = {name: _first(row.header, tag) for name, tag in TAGS.items()}
    return {
        **header,
        "modality": row.modality,
        "body_part": row.body_part,
        "view": found.instance.projection if found else None,
        "sex": row.sex,
        "age_band": _band(row.age_years),
    }


def _numbers(row: StudyRow) -> dict[str, float | None]:
    return {"images": row.images, "rows": row.rows, "columns": row.columns}


def _body(
    facts: Mapping[str, str | None], numbers: Mapping[str, float | None], picture: tuple[float, ...] | None
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "facts": dict(facts),
        "numbers": dict(numbers),
        "picture": None if picture is None else list(picture),
    }


def _first(header: Mapping[str, Any], tag: str) -> str | None:
    """The element's first value as text, None where the header does not state it."""
    values = (header.get(tag) or {}).get("Value") or ()
    told = str(values[0]).strip()[:LONGEST_FACT] if values and values[0] is not None else ""
    return told or None


def _band(age_years: float | None) -> str | None:
    if age_years is None:
        return None
    return next((name for limit, name in BANDS if age_years < limit), "80 and over")
