"""Who a pseudonym stands for: told to a person whose role allows it, with a reason, once the audit holds it."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, Field

from wetread.domain.people import Permission
from wetread.errors import ConfigurationError, Conflict
from wetread.server.problems import PROBLEMS
from wetread.server.throttle import Throttle
from wetread.server.witness import AskedFirst, Witness, witness
from wetread.wiring.reidentifying import MOST_LETTERS, MOST_PSEUDONYM, Question, refuse, reidentify

router = APIRouter(tags=["people"], route_class=AskedFirst, responses=PROBLEMS)
Reidentifier = Annotated[Witness, Depends(witness(Permission.REIDENTIFY))]
MOST_A_MINUTE = 10  # of one person: a crosswalk is asked about one patient, never copied


class Asked(BaseModel):
    """A pseudonym and why somebody must know. The reason is kept in the audit and must not name the patient."""

    pseudonym: str = Field(min_length=1, max_length=MOST_PSEUDONYM)
    reason: str = Field(min_length=1, max_length=MOST_LETTERS)


class Original(BaseModel):
    """One thing that the pseudonym stands for; `kind` says what it is, as the crosswalk noted it."""

    kind: str
    original: str


class Reidentified(BaseModel):
    """What a pseudonym stands for."""

    pseudonym: str
    originals: list[Original]


@router.post("/reidentify", responses={429: {}})
def ask(request: Request, asked: Asked, who: Reidentifier, answer: Response) -> Reidentified:
    """Who a pseudonym stands for: a person's act, no token's. 409 where the house keeps no crosswalk."""
    now = who.ground.now()
    question = Question(pseudonym=asked.pseudonym, reason=asked.reason, caller=who.caller, now=now, address=who.address)
    if not _throttle(request.app).allows(who.name, now=now):
        refuse(who.ground.service, question, "too many questions")
        raise HTTPException(429, "too many questions; wait a minute", {"Retry-After": "60"})
    try:
        found = reidentify(who.ground.service, question)
    except ConfigurationError as problem:
        refuse(who.ground.service, question, "the crosswalk can't be used")
        raise Conflict(f"the crosswalk can't be used: {type(problem).__name__}; see service.deidentify") from problem
    answer.headers["Cache-Control"] = "no-store"
    originals = [Original(kind=entry.kind, original=entry.original) for entry in found]
    return Reidentified(pseudonym=asked.pseudonym.strip(), originals=originals)


def _throttle(app: FastAPI) -> Throttle:
    """How often one person may ask this app."""
    found: Throttle | None = getattr(app.state, "reidentify_throttle", None)
    if found is None:
        found = app.state.reidentify_throttle = Throttle(MOST_A_MINUTE, within_s=60)
    return found
