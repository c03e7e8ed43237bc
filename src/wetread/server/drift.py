"""Drift: every reader's looks against its baseline, and the baseline that somebody answers for. No patient in it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from wetread.domain.audit import Action
from wetread.evaluate.drift.baseline import parse_baseline
from wetread.evaluate.drift.daily import Asked, keep, quiet_baseline, studies_of
from wetread.evaluate.drift.measure import DriftKind, Level
from wetread.server.problems import PROBLEMS
from wetread.server.witness import AskedFirst, EvaluationViewer, LineupChanger
from wetread.server.words import Line, Name
from wetread.store.drift import (
    StoredBaseline,
    StoredLook,
    fingerprint_now,
    known_to_drift,
    last_baseline,
    looks_of,
    readers_since,
)

router = APIRouter(tags=["evaluation"], route_class=AskedFirst, responses=PROBLEMS)
LATELY = timedelta(days=30)
Looks = Annotated[int, Query(ge=1, le=366, description="how many of each reader's last looks")]


class DriftMeasure(BaseModel):
    """One figure of a look: `value` against `limit` (and `low`, where falling counts too), resting on `n` cases."""

    kind: DriftKind
    what: str
    level: Level
    value: float | None
    limit: float | None
    low: float | None
    n: int
    text: str


class DriftLook(BaseModel):
    """One look: the worst level, and every measure. `studies` are those of its window, from `since` to `until`."""

    since: datetime
    until: datetime
    level: Level
    studies: int
    measures: list[DriftMeasure]


class DriftBaseline(BaseModel):
    """What a reader is compared with: `n` studies from `since` to `until`, taken `by` whom `at` what time and why."""

    at: datetime
    by: str
    n: int
    since: datetime
    until: datetime
    reason: str


class DriftReader(BaseModel):
    """One reader: who answers now, what it is compared with, its last looks, the newest first."""

    reader: str
    fingerprint: str | None
    baseline: DriftBaseline | None
    looks: list[DriftLook]


class Drift(BaseModel):
    """Every reader that was asked of late, or has a baseline or a look."""

    readers: list[DriftReader]


class NewBaseline(BaseModel):
    """A quiet time of a reader that is to be its baseline, and why."""

    reader: Name
    since: AwareDatetime
    until: AwareDatetime
    reason: Line


@router.get("/drift")
def drift(who: EvaluationViewer, looks: Looks = 30) -> Drift:
    """How every reader stands against its baseline."""
    who.saw(Action.EVALUATION_VIEW, "drift")
    told = []
    with who.ground.database.read() as connection:
        names = {*readers_since(connection, who.ground.now() - LATELY), *known_to_drift(connection)}
        for name in sorted(names):
            stored = last_baseline(connection, name)
            told.append(
                DriftReader(
                    reader=name,
                    fingerprint=fingerprint_now(connection, name),
                    baseline=None if stored is None else _baseline(stored),
                    looks=[_look(one) for one in looks_of(connection, name, limit=looks)],
                )
            )
    return Drift(readers=told)


@router.post("/drift/baseline", status_code=201)
def set_baseline(wanted: NewBaseline, who: LineupChanger) -> DriftBaseline:
    """Take a quiet time as a reader's baseline from now on: a person's act, no token's."""
    who.check_human()
    ground, now = who.ground, who.ground.now()
    asked = Asked(reader=wanted.reader, since=wanted.since, until=wanted.until, reason=wanted.reason)
    with ground.database.read() as connection:
        made = quiet_baseline(connection, asked, now=now)
    with ground.database.write() as connection:
        stored = keep(connection, asked, made, by=who.name, now=now)
        given: dict[str, Any] = {"baseline": stored.baseline_id, "reason": wanted.reason}
        who.did(connection, Action.BASELINE, f"reader/{wanted.reader}", **given)
    return _baseline(stored)


def _baseline(stored: StoredBaseline) -> DriftBaseline:
    made = parse_baseline(stored.body)
    return DriftBaseline(
        at=stored.at, by=stored.by, n=studies_of(made), since=made.since, until=made.until, reason=stored.reason
    )


def _look(one: StoredLook) -> DriftLook:
    return DriftLook(
        since=one.since,
        until=one.until,
        level=Level(one.level),
        studies=one.body["studies"],
        measures=[DriftMeasure(**measure) for measure in one.body["measures"]],
    )
