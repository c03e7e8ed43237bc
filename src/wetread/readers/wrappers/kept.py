"""A read as it is kept: without file names, its boxes told by the view's place in the request.

Two patients can have identical pictures (phantoms, blank films): a kept read is pointed at the views of whoever asks,
and what can't be is not kept.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import PurePath
from typing import Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from wetread.domain.finding import Evidence
from wetread.domain.read import Read, ReaderIdentity, ReadRequest, Usage
from wetread.domain.view import Cell, Origin, View
from wetread.readers.wrappers.wrapper import trace_of, with_trace

Slot = tuple[int, int | None]
TELLING = 4  # characters; a file called "1" tells nothing, and "1" is in every number
NOT_KEYED = {"study_ref", "views"}
Source = tuple[str, str | None, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A box by the slots (view, cell of a montage) of the request it can belong to."""

    slots: tuple[Slot, ...]
    box: tuple[float, float, float, float]
    origin: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A read whose findings' evidence is told as spots, one tuple a finding."""

    schema: Literal["wetread.kept-read/1"] = "wetread.kept-read/1"
    key: str
    read: Read
    spots: tuple[tuple[Spot, ...], ...]


def key_of_request(identity: ReaderIdentity, request: ReadRequest, policy_sha256: str) -> str:
    """SHA-256 over everything that can make the answer another one, and nothing of whose study it is."""
    asked = {field.name: getattr(request, field.name) for field in fields(request) if field.name not in NOT_KEYED}
    views = [_view_facts(view) for view in request.views]
    told = json.dumps([identity, policy_sha256, asked, views], default=_plain, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _view_facts(view: View) -> dict[str, object]:
    """A view but for its bytes (their length and `pixel_sha256` stand for them) and the names of its sources."""
    facts = {field.name: getattr(view, field.name) for field in fields(view)}
    facts["picture"] = len(view.picture)
    facts["origin"] = None if view.origin is None else _size(view.origin)
    facts["cells"] = [(cell.box, cell.mapping, _size(cell.origin)) for cell in view.cells]
    return facts


def _size(origin: Origin) -> tuple[int, int]:
    return origin.source_width, origin.source_height


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} can't be part of a cache's key")


def keep(read: Read, request: ReadRequest, key: str) -> bytes | None:
    """The read as bytes that `recall` takes; None where it can't be kept without telling whose study it was."""
    slots: dict[Source, list[Slot]] = {}
    for slot, origin in _sources(request.views):
        slots.setdefault(_source(origin), []).append(slot)
    if any(_source_of(place) not in slots for finding in read.findings for place in finding.evidence):
        return None
    spots = tuple(
        tuple(
            Spot(slots=tuple(slots[_source_of(place)]), box=place.box, origin=place.origin, verified=place.verified)
            for place in finding.evidence
        )
        for finding in read.findings
    )
    bare = replace(read, findings=tuple(replace(finding, evidence=()) for finding in read.findings))
    kept = Kept(key=key, read=bare, spots=spots)
    try:
        body = _adapter().dump_json(kept, warnings=False)
    except PydanticSerializationError:  # a plug-in put something into its read that does not belong there
        return None
    told = body.decode()
    if any(name in told for name in _names(request)) or _parsed(body) != kept:
        return None
    return body


def recall(body: bytes, request: ReadRequest, key: str) -> Read | None:
    """The kept read for this request, marked as such; None where its boxes would not be sure of their files.

    Raises: ValueError if the bytes are no kept read of that key.
    """
    kept = _parsed(body)
    if kept is None or kept.key != key or len(kept.spots) != len(kept.read.findings):
        raise ValueError("not a kept read of this key")
    origins = dict(_sources(request.views))
    findings = []
    for finding, spots in zip(kept.read.findings, kept.spots, strict=True):
        evidence = [_evidence(spot, origins) for spot in spots]
        if None in evidence:
            return None
        findings.append(replace(finding, evidence=tuple(place for place in evidence if place is not None)))
    return as_hit(replace(kept.read, findings=tuple(findings)))


def as_hit(read: Read) -> Read:
    """The read as one that cost nothing this time."""
    free = Usage(calls=0, input_tokens=0, output_tokens=0, cached_tokens=0)
    return with_trace(replace(read, cost_usd=0.0, usage=free), cached=True, latency_s=None)


def is_own(read: Read, identity: ReaderIdentity) -> bool:
    """Whether it is the reader's own answer: a stand-in's is not kept under its name, nor is silence."""
    return read.answered and read.reader.name == identity.name and not trace_of(read).hops


def _parsed(body: bytes) -> Kept | None:
    """Strictly: what is written again must be the same bytes, so that nothing is lost or made up on the way."""
    try:
        kept = _adapter().validate_json(body, strict=True)
    except ValidationError:
        return None
    return kept if _adapter().dump_json(kept) == body else None


@cache
def _adapter() -> TypeAdapter[Kept]:
    return TypeAdapter(Kept)


def _sources(views: tuple[View, ...]) -> Iterator[tuple[Slot, Origin]]:
    for place, view in enumerate(views):
        if view.origin is not None:
            yield (place, None), view.origin
        cells: tuple[Cell, ...] = view.cells
        yield from (((place, number), cell.origin) for number, cell in enumerate(cells))


def _source(origin: Origin) -> Source:
    return origin.file, origin.sop_instance_uid, origin.frame


def _source_of(place: Evidence) -> Source:
    return place.file, place.sop_instance_uid, place.frame


def _evidence(spot: Spot, origins: dict[Slot, Origin]) -> Evidence | None:
    """The box on the one frame that all its slots show; None where they show several or none."""
    sources = {_source(origins[slot]) if slot in origins else None for slot in spot.slots}
    source = sources.pop() if len(sources) == 1 else None
    if source is None:
        return None
    file, uid, frame = source
    return Evidence(
        file=file, sop_instance_uid=uid, frame=frame, box=spot.box, origin=spot.origin, verified=spot.verified
    )


def _names(request: ReadRequest) -> Iterator[str]:
    """What tells whose study it is, as JSON would write it."""
    names = {request.study_ref, request.order.accession_number}
    for _, origin in _sources(request.views):
        names |= {origin.file, PurePath(origin.file).name, origin.sop_instance_uid}
    return (json.dumps(name, ensure_ascii=False)[1:-1] for name in names if name and len(name) >= TELLING)
