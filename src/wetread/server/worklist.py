"""The worklist: studies that wait for a human, in the order in which they should be looked at."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from wetread.domain.audit import Action
from wetread.domain.urgency import Priority
from wetread.domain.waiting import StudyStatus
from wetread.server.problems import PROBLEMS
from wetread.server.witness import WorklistReader
from wetread.server.words import Name, Storable
from wetread.server.worklist_rows import WorklistRow, row_view
from wetread.store.listing import MOST_ROWS, Filters, Sort, page

router = APIRouter(tags=["worklist"], responses=PROBLEMS)
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


class Asked(BaseModel):
    """Which studies, in which order. What is not given leaves nothing out."""

    status: list[StudyStatus] = Field([], description="any of these")
    priority: list[Priority] = Field([], description="any of these")
    pending: bool | None = Field(None, description="true: also those without a priority yet")
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
    limit: int = Field(MOST_ROWS, ge=1, le=MOST_ROWS)

    def filters(self, now: datetime) -> Filters:
        """The same for the store."""
        unsaid = (None,) if self.pending else ()
        return Filters(
            open=True if self.overdue and self.open is None else self.open,
            statuses=tuple(self.status),
            priorities=(*self.priority, *unsaid),
            modality=self.modality,
            assignee=self.assignee,
            overdue_at=now if self.overdue else None,
            patient_id=self.patient_id,
            accession_number=self.accession_number,
            text=self.text,
            source=self.source,
            sort=self.sort,
        )


@router.get("/worklist")
def worklist(asked: Annotated[Asked, Query()], who: WorklistReader) -> Worklist:
    """The next studies. The order: critical ones, those that waited too long, then by deadline."""
    now = who.ground.now()
    found = page(who.ground.database, filters=asked.filters(now), after=asked.after, limit=asked.limit)
    who.saw(Action.WORKLIST_VIEW, "worklist", rows=len(found.rows))
    return Worklist(
        server_time=now,
        total=found.total,
        total_is_at_least=found.total_is_at_least,
        rows=[row_view(row, now) for row in found.rows],
        next=found.next,
    )
