"""What a URL names: the objects behind it, its address, and the line in the audit for having shown them."""

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request

from wetread.domain.audit import Action
from wetread.errors import InputError, NotFound
from wetread.server.witness import Witness
from wetread.store import archive
from wetread.store.archive import StoredObject

PREFIX = "/dicom-web"
UID = re.compile(r"[0-9.]{1,64}")
FOR_EVER = "private, max-age=31536000, immutable"  # an object's bytes never change
LOOK_AGAIN = "private, no-cache"
VARY = "Accept, Authorization, Cookie"
COPIES = '299 wetread "other objects carry the same SOP Instance UID; the one that came first is given"'


@dataclass(frozen=True, slots=True)
class Address:
    """What the path of a URL names: a study, a series or an instance.

    Raises: InputError where one of them is no UID.
    """

    study: str
    series: str | None = None
    instance: str | None = None

    def __post_init__(self) -> None:
        for uid in (self.study, self.series, self.instance):
            if uid is not None and not UID.fullmatch(uid):
                raise InputError("identifier", "it is no DICOM UID", "UIDs are up to 64 digits and dots")


def _study(study: str) -> Address:
    return Address(study)


def _series(study: str, series: str) -> Address:
    return Address(study, series)


def _instance(study: str, series: str, instance: str) -> Address:
    return Address(study, series, instance)


AtStudy = Annotated[Address, Depends(_study)]
AtSeries = Annotated[Address, Depends(_series)]
AtInstance = Annotated[Address, Depends(_instance)]
STUDY = "/studies/{study}"
SERIES = STUDY + "/series/{series}"
INSTANCE = SERIES + "/instances/{instance}"


def objects_at(witness: Witness, address: Address) -> tuple[StoredObject, ...]:
    """The stored objects of a study, series or instance.

    Raises: NotFound.
    """
    found = archive.objects(witness.ground.database, address.study, address.series, address.instance)
    if not found:
        raise NotFound("there is no such object in the archive")
    return found


def seen(witness: Witness, action: Action, shown: tuple[StoredObject, ...]) -> None:
    """One line in the audit before a study's objects are shown.

    Raises: StoreUnavailable; then they must not be shown.
    """
    witness.saw(action, f"study/{shown[0].study_id}", objects=len(shown), way="dicomweb")


def path_of(stored: StoredObject) -> str:
    """The path of an instance below the server's root: the same whatever name the server is called by."""
    parts = ("studies", stored.study_uid, "series", stored.series_uid, "instances", stored.sop_uid)
    return f"{PREFIX}/{'/'.join(quote(part, safe='') for part in parts)}"


def url_of(request: Request, study: str, series: str | None = None, instance: str | None = None) -> str:
    """The URL of a study, series or instance, as the caller reaches us."""
    names = (("studies", study), ("series", series), ("instances", instance))
    parts = "".join(f"/{name}/{quote(uid, safe='')}" for name, uid in names if uid is not None)
    return str(request.base_url).rstrip("/") + PREFIX + parts


def unchanged(request: Request, etag: str) -> bool:
    """Whether the caller holds this very version (If-None-Match)."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in held.split(",")}


def headers_for(shown: tuple[StoredObject, ...], etag: str, cache: str) -> dict[str, str]:
    """The headers of an answer that shows stored objects."""
    headers = {"ETag": etag, "Cache-Control": cache, "Vary": VARY}
    if any(one.copies for one in shown):
        headers["Warning"] = COPIES
    return headers


def unprocessable(problem: InputError) -> HTTPException:
    """The object is there, but what was asked for can't be made of it."""
    return HTTPException(422, f"the object can't be shown so: {problem.problem}")


def fingerprint(*words: object) -> str:
    """A short word that changes with what it is made of, for an ETag."""
    return hashlib.sha256("\0".join(map(str, words)).encode()).hexdigest()[:24]
