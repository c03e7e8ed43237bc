"""The queue simulator: what an order of reading does to waits, on a named worklist or on the site's own days."""

import threading
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from wetread.domain.audit import Action
from wetread.evaluate.queue import Shape, as_plain
from wetread.server.problems import PROBLEMS
from wetread.server.witness import AskedFirst, EvaluationViewer
from wetread.wiring.queueing import Period, Wanted, queue_given, queue_of_site

router = APIRouter(tags=["evaluation"], route_class=AskedFirst, responses=PROBLEMS)
MOST_SIMULATED = 500_000  # studies of a named worklist, over all replications: some seconds
MOST_OF_SITE = 5_000
MOST_REPLICATIONS, MOST_RESAMPLES = 200, 50
MOST_RADIOLOGISTS = 200  # whoever is free next is looked for among all of them
_simulating = threading.Lock()  # one at a time: looking at studies comes first

Share = Annotated[float, Field(ge=0, le=1)]
OnDuty = Annotated[int, Field(ge=0, le=MOST_RADIOLOGISTS)]
Minutes = Annotated[float, Field(gt=0, le=1440)]


class QueueAsked(BaseModel):
    """What is simulated. `given`: the worklist of these numbers; `site`: the site's own days, newest 5,000 studies.

    What is null is taken from the policy (given; named in `rests_on` of the answer) or from the store (site). `given`
    needs sensitivity and specificity, `site` needs the radiologists. Shares from 0 to 1; `replications` of `site` are
    resamples of its days, at most 50; all replications of `given` hold at most 500,000 studies.
    """

    model_config = ConfigDict(extra="forbid")

    source: Literal["given", "site"]
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    rate_per_hour: Annotated[float, Field(ge=0.01, le=100_000)] | None = None
    critical: Share | None = None
    sensitivity: Share | None = None
    specificity: Share | None = None
    raised: Share | None = None
    radiologists: Annotated[int, Field(ge=1, le=MOST_RADIOLOGISTS)] | None = None
    by_hour: Annotated[list[OnDuty], Field(min_length=24, max_length=24)] | None = None
    service_min: Minutes | None = None
    shape: Shape | None = None
    variation: Annotated[float, Field(ge=0.01, le=10)] | None = None
    ai_delay_min: Annotated[float, Field(ge=0, le=1440)] | None = None
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    replications: Annotated[int, Field(ge=1, le=MOST_REPLICATIONS)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31)] | None = None


class QueueRowView(BaseModel):
    """Waits of one group under one order of reading, minutes; null: too few studies, or no such figure."""

    discipline: str
    label: str
    group: str
    group_label: str
    n: int
    mean_min: float | None
    mean_low_min: float | None
    mean_high_min: float | None
    p50_min: float | None
    p90_min: float | None
    p99_min: float | None
    worst_min: float | None
    beyond_target: float | None
    beyond_cap: float | None
    against_first_come: float | None
    against_low: float | None
    against_high: float | None


class WaitCurveView(BaseModel):
    """The share of a group opened within so many minutes: pairs of minutes and share."""

    discipline: str
    label: str
    group: str
    group_label: str
    n: int
    points: list[tuple[float, float]]


class LawRowView(BaseModel):
    """A figure by the queue law and the simulator's beside it."""

    what: str
    label: str
    law: float
    simulated: float | None
    low: float | None
    high: float | None


class LawView(BaseModel):
    """The queue law; no rows where it does not hold, and `note` says why. `helps`: critical studies wait less."""

    rows: list[LawRowView]
    helps: bool | None
    note: str | None


class PublishedView(BaseModel):
    """Published waits, minutes: a shape to compare with."""

    name: str
    reference: str
    first_come_mean_min: float
    ai_mean_min: float
    first_come_max_min: float
    ai_max_min: float
    ai_cap_max_min: float


class QueueView(BaseModel):
    """Waits under each order of reading. `rests_on` are the numbers behind them, `interval` what intervals are over."""

    source: str
    rests_on: dict[str, float | int | str | None]
    interval: str
    table: list[QueueRowView]
    cdf: list[WaitCurveView]
    law: LawView
    published: list[PublishedView]
    remarks: list[str]


@router.post("/queue")
def simulate(asked: QueueAsked, who: EvaluationViewer) -> QueueView:
    """Simulate first come, AI order, AI order with a cap, and an oracle. Nothing is changed; it takes some seconds."""
    who.saw(Action.EVALUATION_VIEW, "queue", source=asked.source)
    told = asked.model_dump(exclude={"source", "since", "until", "by_hour"})
    wanted = Wanted(**told, by_hour=None if asked.by_hour is None else tuple(asked.by_hour))
    with _simulating:
        if asked.source == "given":
            figures = queue_given(who.ground.service.settings, wanted, most_studies=MOST_SIMULATED)
        else:
            resamples = min(asked.replications or MOST_RESAMPLES, MOST_RESAMPLES)
            period = Period(since=asked.since, until=asked.until, limit=MOST_OF_SITE)
            figures = queue_of_site(who.ground.service, wanted.resampled(resamples), period)
    return QueueView.model_validate(as_plain(figures))
