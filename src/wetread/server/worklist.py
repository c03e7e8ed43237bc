"""The worklist: studies that wait for a human, in the order in which they should be looked at."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from wetread.domain.audit import Action
from wetread.domain.urgency import Priority
from wetread.domain.waiting import AiState, StudyStatus
from wetread.server.problems import PROBLEMS
from wetread.server.witness import WorklistReader
from wetread.server.words import Name, Storable
from wetread.server.worklist_rows import WorklistRow, row_views
from wetread.store.listing import COUNTED_TO, MOST_ROWS, Filters, Sort, open_counts, page, totals

router = APIRouter(tags=["worklist"], responses=PROBLEMS)
FARTHEST_ROW = 100_000_000
Words = Annotated[str, StringConstraints(min_length=1, max_length=200), Storable]


class Worklist(BaseModel):
    """A page of the worklist. `next` is `after` of the next page, null at the end.

    `total` counts all pages; it is a lower bound where `total_is_at_least` says so.
    """

    server_time: datetime
    total: int
    total_is_at_least: bool
    rows: list[WorklistRow]
    next: str | None


class Counts(BaseModel):
    """How many studies wait, and how many are signed.

    `mine` are assigned to who asks. `by_priority` are the open ones, `pending` those without a priority yet. `mine`,
    `unassigned` and `overdue` are counted as far as `counted_to`: one that reaches it means "at least".
    """

    open: int
    mine: int
    unassigned: int
    overdue: int
    signed: int
    by_priority: dict[str, int]
    counted_to: int


class Asked(BaseModel):
    """Which studies, in which order. What is not given leaves nothing out."""

    status: list[StudyStatus] = Field([], description="any of these")
    priority: list[Priority] = Field([], description="any of these")
    pending: bool | None = Field(None, description="true: also those without a priority yet")
    ai: list[AiState] = Field([], description="any of these")
    disputed: bool | None = Field(None, description="true: those on which readers disagree")
    modality: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_ ]{1,16}$")] | None = None
    assignee: Name | None = Field(None, description="a person, or none")
    open: bool | None = Field(None, description="true: those that wait for a human")
    overdue: bool | None = Field(None, description="true: those whose deadline has passed")
    patient_id: Name | None = None
    accession_number: Name | None = None
    source: Name | None = None
    text: Words | None = Field(None, description="in name, id, accession number, description or indication")
    sort: Sort = Sort.STANDING
    after: Annotated[str, StringConstraints(max_length=1000), Storable] | None = Field(
        None, description="`next` of a page"
    )
    offset: int = Field(0, ge=0, le=FARTHEST_ROW, description="the first row's number, from 0; not with `after`")
    limit: int = Field(MOST_ROWS, ge=1, le=MOST_ROWS)

    def filters(self, now: datetime) -> Filters:
        """The same for the store."""
        unsaid = (None,) if self.pending else ()
        only_failed = not self.status and self.ai == [AiState.FAILED]  # a status says that by itself, in an index
        return Filters(
            open=self._open(),
            statuses=(StudyStatus.FAILED,) if only_failed else tuple(self.status),
            priorities=(*self.priority, *unsaid),
            ai=() if only_failed else tuple(self.ai),
            disputed=self.disputed,
            modality=self.modality,
            assignee=self.assignee,
            overdue_at=now if self.overdue else None,
            patient_id=self.patient_id,
            accession_number=self.accession_number,
            text=self.text,
            source=self.source,
            sort=self.sort,
        )

    def _open(self) -> bool | None:
        """What is overdue waits, what is signed does not: said aloud, so that an index is used for it."""
        if self.open is None and self.overdue:
            return True
        return False if self.open is None and self.status == [StudyStatus.SIGNED] else self.open


@router.get("/worklist")
def worklist(asked: Annotated[Asked, Query()], who: WorklistReader) -> Worklist:
    """The next studies. The order: critical ones, those that waited too long, then by deadline.

    `after` goes on where a page ended and is quick everywhere; `offset` jumps and takes longer the farther it goes.
    """
    now = who.ground.now()
    found = page(
        who.ground.database, filters=asked.filters(now), after=asked.after, offset=asked.offset, limit=asked.limit
    )
    who.saw(Action.WORKLIST_VIEW, "worklist", rows=len(found.rows))
    return Worklist(
        server_time=now,
        total=found.total,
        total_is_at_least=found.total_is_at_least,
        rows=row_views(found.rows, now, found.priors),
        next=found.next,
    )


@router.get("/worklist/counts")
def counts(who: WorklistReader) -> Counts:
    """How many there are of each kind. It tells nothing of a patient, so the audit keeps no line of it."""
    tallied = totals(who.ground.database)
    by_priority = {str(priority): 0 for priority in Priority} | {"pending": 0}
    for (is_open, _, priority), n in tallied.items():
        if is_open:
            by_priority[priority or "pending"] += n
    waiting = open_counts(who.ground.database, assignee=who.name, now=who.ground.now())
    return Counts(
        open=sum(by_priority.values()),
        mine=waiting.assigned,
        unassigned=waiting.unassigned,
        overdue=waiting.overdue,
        signed=sum(n for (_, status, _), n in tallied.items() if status == StudyStatus.SIGNED),
        by_priority=by_priority,
        counted_to=COUNTED_TO,
    )
