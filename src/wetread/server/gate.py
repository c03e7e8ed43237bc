"""The gate's runs, who stands in whose place, readers in the shadow; an administrator promotes and rolls back."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from wetread.domain.audit import Action
from wetread.evaluate.shadow import ShadowFigures
from wetread.evaluate.statistics import Interval
from wetread.server.problems import PROBLEMS
from wetread.server.witness import AskedFirst, EvaluationViewer, LineupChanger, Witness
from wetread.server.words import Line, Name
from wetread.store.gate import Change, GateRun, changes_of, lineup_of, runs_of
from wetread.wiring import lineup
from wetread.wiring.shadows import compared

router = APIRouter(tags=["gate"], route_class=AskedFirst, responses=PROBLEMS)
MOST_CHANGES = 100
MOST_FLIPS = 50
Reason = Annotated[Line, Field(min_length=3)]


class CheckView(BaseModel):
    """One thing that the gate asked: `outcome` is passed, stopped or unknown; `value` null where nobody knows it."""

    name: str
    outcome: str
    value: float | None
    limit: float
    says: str


class RunView(BaseModel):
    """A candidate against the present reader on the same frozen cases.

    `refused` says why nobody can promote the candidate on the ground of this run; null where somebody can.
    """

    run_id: str
    at: datetime
    present: str
    candidate: str
    fingerprint: str
    cases_sha256: str
    lets_through: bool
    policy_version: str
    manifest: dict[str, str | int | float | None]
    checks: list[CheckView]
    refused: str | None


class ChangeView(BaseModel):
    """Who stands in a slot since `at`; `kind` is promote or rollback, `run_id` the ground (null: there is none)."""

    slot: str
    reader: str
    fingerprint: str
    at: datetime
    kind: str
    run_id: str | None
    by: str
    reason: str


class ShareView(BaseModel):
    """A share with its interval (95 %) and the studies it rests on; null where there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class FlipView(BaseModel):
    """A finding told present by both sides, only in the shadow (gained), only in the report (lost)."""

    code: str
    label: str
    category: int | None
    both: int
    gained: int
    lost: int


class ShadowView(BaseModel):
    """A reader in the shadow beside what was reported, over `n_both` studies that both sides read.

    `priorities`: rows are P1 to P5 by the findings of the report, columns by those of the shadow. `changed` are studies
    whose priority would be another one.
    """

    reader: str
    fingerprint: str
    n: int
    n_both: int
    live_unread: int
    shadow_unread: int
    agreement: ShareView
    same_priority: ShareView
    raised: ShareView
    lowered: ShareView
    critical_gained: int
    critical_lost: int
    priorities: list[list[int]]
    flips: list[FlipView]
    live_per_100_usd: float | None
    shadow_per_100_usd: float | None
    live_p95_ms: float | None
    shadow_p95_ms: float | None
    changed: list[str]


class GateView(BaseModel):
    """All of it. `lineup` holds the slots that were ever changed; `required`: nobody else is asked."""

    required: bool
    run_days: int
    runs: list[RunView]
    lineup: list[ChangeView]
    history: list[ChangeView]
    shadow: list[ShadowView]


class Promotion(BaseModel):
    """Put the candidate of this run into this slot."""

    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    slot: Name
    reason: Reason


class WayBack(BaseModel):
    """Put whoever stood in this slot before there again."""

    slot: Name
    reason: Reason


@router.get("/gate")
def show(
    who: EvaluationViewer,
    days: Annotated[int, Query(ge=1, le=366, description="how far back the shadow is looked at")] = 30,
) -> GateView:
    """What the gate said, the newest first; the line-up; how readers in the shadow compare."""
    who.saw(Action.EVALUATION_VIEW, "gate")
    own, now = who.ground.settings.gate, who.ground.now()
    with who.ground.database.read() as connection:
        runs, changes, stands = runs_of(connection), changes_of(connection), lineup_of(connection)
        shadow = compared(connection, who.ground.service.settings, days=days, now=now)
    return GateView(
        required=own.required,
        run_days=own.run_days,
        runs=[_run(one, lineup.refusal(one, days=own.run_days, now=now)) for one in runs],
        lineup=[_change(stands[slot]) for slot in sorted(stands)],
        history=[_change(one) for one in reversed(changes[-MOST_CHANGES:])],
        shadow=[_shadow(*one) for one in shadow],
    )


@router.post("/gate/promote", status_code=201)
def promote(wanted: Promotion, who: LineupChanger) -> ChangeView:
    """Put a reader that passed the gate into a slot: a person's act, no token's. It is asked from the next read on."""
    who.check_human()
    change = lineup.promote(
        who.ground.database,
        who.ground.service.settings,
        wanted.run_id,
        slot=wanted.slot,
        by=who.name,
        reason=wanted.reason,
        now=who.ground.now(),
        then=_noted(who, Action.PROMOTE),
    )
    return _change(change)


@router.post("/gate/rollback", status_code=201)
def roll_back(wanted: WayBack, who: LineupChanger) -> ChangeView:
    """Put whoever stood in the slot before there again: a person's act, no token's. No gate is asked."""
    who.check_human()
    change = lineup.roll_back(
        who.ground.database,
        who.ground.service.settings,
        slot=wanted.slot,
        by=who.name,
        reason=wanted.reason,
        now=who.ground.now(),
        then=_noted(who, Action.ROLLBACK),
    )
    return _change(change)


def _noted(who: Witness, action: Action) -> Callable[[Connection, Change], object]:
    def note_it(connection: Connection, change: Change) -> None:
        told = {"reader": change.reader, "fingerprint": change.fingerprint, "run": change.run_id}
        who.did(connection, action, f"slot/{change.slot}", **told, reason=change.reason)

    return note_it


def _run(run: GateRun, refused: str | None) -> RunView:
    kept = lineup.kept_of(run)
    same = {name: getattr(run, name) for name in GateRun.__slots__ if name != "body"}
    return RunView(
        **same,
        policy_version=kept.verdict.policy_version,
        manifest=dict(kept.manifest),
        checks=[
            CheckView(name=one.name, outcome=one.outcome, value=one.value, limit=one.limit, says=one.says)
            for one in kept.verdict.checks
        ],
        refused=refused,
    )


def _change(change: Change) -> ChangeView:
    return ChangeView(**{name: getattr(change, name) for name in ChangeView.model_fields})


def _shadow(reader: str, fingerprint: str, told: ShadowFigures) -> ShadowView:
    shares = {name: _share(getattr(told, name)) for name in ("agreement", "same_priority", "raised", "lowered")}
    flips = [
        FlipView(**{name: getattr(one, name) for name in FlipView.model_fields}) for one in told.flips[:MOST_FLIPS]
    ]
    rest = {
        name: getattr(told, name)
        for name in ShadowView.model_fields
        if name not in {*shares, "reader", "fingerprint", "flips", "priorities", "changed"}
    }
    return ShadowView(
        reader=reader,
        fingerprint=fingerprint,
        **shares,
        **rest,
        flips=flips,
        priorities=[list(row) for row in told.priorities],
        changed=list(told.changed[:MOST_FLIPS]),
    )


def _share(told: Interval) -> ShareView:
    return ShareView(value=told.value, low=told.low, high=told.high, n=told.n)
