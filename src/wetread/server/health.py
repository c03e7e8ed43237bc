"""Whether the process lives and whether the service can work; and its figures, for a monitor."""

import time
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from wetread.monitor.health import Check, is_ready, ready
from wetread.monitor.metrics import exposition
from wetread.monitor.room import free_bytes
from wetread.server.state import ground_of
from wetread.server.witness import MetricsReader

router = APIRouter(tags=["health"])
LOOK_EVERY_S = 1.0  # a look writes to the disk, and anybody may ask


class Alive(BaseModel):
    """The process answers."""

    status: str


class Readiness(BaseModel):
    """Whether studies can be taken in and shown; each part by name. Without `workers` they are not read."""

    ready: bool
    checks: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The checks of one moment of the monotonic clock."""

    at_s: float
    checks: tuple[Check, ...]


@router.get("/healthz")
def healthz() -> Alive:
    """The process lives."""
    return Alive(status="ok")


@router.get("/readyz", responses={503: {"model": Readiness}})
def readyz(request: Request, answer: Response) -> Readiness:
    """The spool has room, blobs can be written, the database answers in this software's schema."""
    checks = _checks(request)
    well = is_ready(checks)
    answer.status_code = 200 if well else 503
    return Readiness(ready=well, checks={check.name: check.well for check in checks})


@router.get("/metrics", response_class=Response)
def metrics(request: Request, who: MetricsReader) -> Response:
    """The figures of this moment, for Prometheus. No patient is in them, so the audit keeps no line of it."""
    ground = who.ground
    body, content_type = exposition(
        ground.database,
        now=ground.now(),
        stale_after_s=ground.settings.flow.stale_after_s,
        free_bytes=free_bytes(ground.service),
        accept=request.headers.get("accept", ""),
    )
    return Response(body, headers={"Content-Type": content_type})


def _checks(request: Request) -> tuple[Check, ...]:
    last: Looked | None = getattr(request.app.state, "looked", None)
    if last is None or not 0 <= time.monotonic() - last.at_s < LOOK_EVERY_S:
        last = Looked(at_s=time.monotonic(), checks=ready(ground_of(request).service))
        request.app.state.looked = last
    return last.checks
