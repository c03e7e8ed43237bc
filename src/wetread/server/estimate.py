"""What asking the readers about a study would take, before any is asked."""

import threading
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from wetread.domain.audit import Action
from wetread.errors import NotFound, UnknownPlugin
from wetread.guard import Isolation
from wetread.server.dicomweb.crew import Crew, crew_of
from wetread.server.problems import PROBLEMS
from wetread.server.witness import StudyViewer
from wetread.server.words import Name, StudyId
from wetread.store.flow import order_of
from wetread.store.listing import study
from wetread.wiring.equipment import Equipment
from wetread.wiring.estimating import Predicted, predict
from wetread.wiring.lineup import places_of
from wetread.worklist.completing import study_of

router = APIRouter(tags=["reads"], responses=PROBLEMS)
R = TypeVar("R")
MOST_READERS = 32
_preparing = threading.Lock()  # pictures of one study at a time: looking at pictures comes first


class EstimateView(BaseModel):
    """What one reader would take. Figures are null where `unknown` says why, 0 where nothing is billed.

    `usd_at_most`: every answer as long as allowed. `only_if`: under which condition it would be asked at all.
    """

    reader: str
    model_id: str | None
    images: int | None
    calls: int | None
    input_tokens: int | None
    output_tokens: int | None
    usd: float | None
    usd_at_most: float | None
    only_if: str | None
    unknown: str | None
    notes: list[str]


class Estimates(BaseModel):
    """Predictions for each reader. `usd` is their sum; null where a part of it is not known."""

    study_id: str
    readers: list[EstimateView]
    usd: float | None
    usd_at_most: float | None


@router.get("/studies/{study_id}/estimate")
def estimate(
    request: Request,
    study_id: StudyId,
    who: StudyViewer,
    reader: Annotated[list[Name] | None, Query(max_length=MOST_READERS)] = None,
) -> Estimates:
    """Tokens and dollars that each reader would take: those routed to without `reader`. Nothing leaves the house.

    A large study takes seconds: its pictures are prepared as each reader would be sent them.
    """
    ground = who.ground
    row = study(ground.database, study_id)
    who.saw(Action.STUDY_VIEW, f"study/{study_id}", part="estimate")
    try:
        whole = study_of(ground.database, study_id, ground.blobs)
    except NotFound:
        raise NotFound(f"the pixels of study {study_id} are no longer kept") from None
    order, names = order_of(ground.database, row), reader or row["readers"]
    borrowed: Isolation = _Borrowed(crew_of(request))
    try:
        with _preparing:
            told = predict(
                ground.service.settings,
                whole,
                order,
                names,
                isolation=borrowed,
                today=ground.now().date(),
                places=places_of(ground.database, Equipment(ground.service.settings)) if reader is None else None,
            )
    except UnknownPlugin as problem:
        raise NotFound(str(problem)) from None
    return Estimates(
        study_id=study_id,
        readers=[_view(one) for one in told],
        usd=_sum([one.usd for one in told]),
        usd_at_most=_sum([one.usd_at_most for one in told]),
    )


class _Borrowed:
    """The server's crew as an isolation."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def call(self, function: Callable[..., R], /, *args: object, subject: str, timeout_s: float | None = None) -> R:  # noqa: ARG002 - the crew has its own words and limit
        """The result of `function(*args)`, run in a child."""
        return self._crew.call(function, *args)

    def close(self) -> None:
        """The crew ends with the server."""


def _view(one: Predicted) -> EstimateView:
    told = {name: getattr(one, name) for name in EstimateView.model_fields}
    return EstimateView(**{**told, "notes": list(one.notes)})


def _sum(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None
