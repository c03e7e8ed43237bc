"""Where AI and signed reports differ: figures over time, and the questions that wait for an adjudicator."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import AwareDatetime, BaseModel, StringConstraints

from wetread.domain.audit import Action
from wetread.domain.finding import Presence
from wetread.evaluate.discordance import FACTS, Discordance, Judgement, Kind
from wetread.server.clinical import vocabulary_of
from wetread.server.problems import PROBLEMS
from wetread.server.witness import Adjudicator, AskedFirst, EvaluationViewer, Witness
from wetread.server.words import Storable
from wetread.store.discordance import PAGE, Settling, queue, settle, waiting
from wetread.wiring.differing import asked_for, figures_of

router = APIRouter(tags=["evaluation"], route_class=AskedFirst, responses=PROBLEMS)
MOST_ROWS = 1_000_000
State = Literal["open", "settled", "void"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), Storable]
Word = Annotated[str | None, Query(min_length=1, max_length=128)]
AdjudicationId = Annotated[int, Path(ge=1, le=2**53, description="as `GET /adjudications` gave it")]


class AskedFigures(BaseModel):
    """Which signatures: from `since` until before `until`, the last 13 weeks without; two years at most.

    `reader` (`panel` is the joined answer) and `code` narrow it, `by` and `group` (`manufacturer`, `ACME`) too.
    """

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    reader: Word = None
    code: Word = None
    by: Annotated[str | None, Query(pattern=f"^({'|'.join(FACTS)})$")] = None
    group: Word = None


class AskedQueue(BaseModel):
    """Which questions: those in one state, from row `offset` on."""

    state: State = "open"
    offset: Annotated[int, Query(ge=0, le=MOST_ROWS)] = 0


class Adjudication(BaseModel):
    """One question: AI says one thing of a code and the signed report the opposite; who is right.

    Of kind `agreed` both say the same, and chance drew it: `both_right` or `both_wrong`. `readers` are those meant,
    `panel` is AI's joined answer. `category` 1 is critical. `signed_by_me`: the one
    who asks signed the report; `by_signer`: the one who settled it did.
    """

    adjudication_id: int
    study_id: str
    report_id: str
    code: str
    label: str
    kind: Kind
    ai: Presence
    human: Presence
    readers: list[str]
    category: int | None
    state: State
    at: datetime
    signed_by_me: bool
    verdict: Judgement | None
    reason: str | None
    by: str | None
    by_signer: bool | None
    settled_at: datetime | None


class Adjudications(BaseModel):
    """A page of questions, the most urgent first, agreements last, and how many there are in each state.

    `next` is the `offset` of the next page, null at the end.
    """

    rows: list[Adjudication]
    total: int
    next: int | None
    waiting: dict[State, int]


class NewVerdict(BaseModel):
    """Who was right, and why."""

    verdict: Judgement
    reason: Reason


class Adjudicated(BaseModel):
    """What was settled. `by_signer`: by the one who signed the report, which figures can tell apart later."""

    adjudication_id: int
    study_id: str
    verdict: Judgement
    by_signer: bool


@router.get("/discordance")
def figures(who: EvaluationViewer, asked: Annotated[AskedFigures, Query()]) -> Discordance:
    """AI against signed reports: PPV and sensitivity with n and interval, decisions, signs of automation bias."""
    ground = who.ground
    given: dict[str, Any] = asked.model_dump()
    period = asked_for(ground.now(), **given)
    who.saw(Action.EVALUATION_VIEW, "discordance", **asked.model_dump(mode="json", exclude_none=True))
    return figures_of(ground.database, period, vocabulary_of(ground).terms)


@router.get("/adjudications")
def adjudications(who: Adjudicator, asked: Annotated[AskedQueue, Query()]) -> Adjudications:
    """What waits for an adjudicator, or was settled."""
    database = who.ground.database
    who.saw(Action.EVALUATION_VIEW, "adjudications", **asked.model_dump())
    page, counted = queue(database, state=asked.state, offset=asked.offset), waiting(database)
    following = asked.offset + len(page.rows)
    return Adjudications(
        rows=[_view(who, row) for row in page.rows],
        total=page.total,
        next=following if following < page.total and len(page.rows) == PAGE else None,
        waiting=counted,
    )


@router.post("/adjudications/{adjudication_id}")
def adjudicate(adjudication_id: AdjudicationId, wanted: NewVerdict, who: Adjudicator) -> Adjudicated:
    """Say who was right, for every reader that differs: a person's act, no token's.

    Who signed the report may do so too; the answer and the figures mark it. It is a 409 once it is settled or void,
    and a 422 where the verdict does not fit the question's kind.
    """
    with who.ground.database.write() as connection:
        who.check_human()
        settling = Settling(verdict=wanted.verdict.value, reason=wanted.reason, by=who.name, at=who.ground.now())
        row = settle(connection, adjudication_id, settling)
        if not wanted.verdict.fits(Kind(row["kind"])):
            fitting = ", ".join(one for one in Judgement if one.fits(Kind(row["kind"])))
            raise HTTPException(422, f"this question is of kind {row['kind']}; answer one of {fitting}")
        own = row["signed_by"] == who.name
        told = {"adjudication": adjudication_id, "verdict": wanted.verdict.value, "by_signer": own}
        who.did(connection, Action.ADJUDICATE, f"study/{row['study_id']}", code=row["code"], **told)
    return Adjudicated(adjudication_id=adjudication_id, study_id=row["study_id"], verdict=wanted.verdict, by_signer=own)


def _view(who: Witness, row: Mapping[str, Any]) -> Adjudication:
    term = vocabulary_of(who.ground).terms.get(row["code"])
    same = {name: row[name] for name in Adjudication.model_fields if name in row}
    return Adjudication(
        **same,
        label=term.label if term else row["code"],
        signed_by_me=row["signed_by"] == who.name,
        by_signer=None if row["by"] is None else row["by"] == row["signed_by"],
    )
