"""Orders: what they are matched with, and what a human must settle; messages that could not be taken."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from wetread.domain.audit import Action
from wetread.domain.ordered import OrderState
from wetread.domain.waiting import PatientClass
from wetread.server.clinical import policies_of
from wetread.server.problems import PROBLEMS
from wetread.server.state import Ground
from wetread.server.witness import AskedFirst, JobsChanger, OperationsViewer, StudyChanger, StudyViewer
from wetread.store import messages, orders
from wetread.worklist import matching_rows
from wetread.worklist.taking_orders import TakingOrders

router = APIRouter(tags=["orders"], route_class=AskedFirst, responses=PROBLEMS)
OrderId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="as the list of orders gave it")]
MessageId = Annotated[int, Path(ge=1, lt=1 << 63)]
MessageState = Annotated[str | None, Query(pattern="^(done|problem|ignored)$")]


class OrderedPatient(BaseModel):
    """Whom an order names."""

    name: str | None
    patient_id: str | None
    birth_date: str | None
    sex: str | None


class OrderView(BaseModel):
    """An order and where it stands: `why` says how it was matched, or why it was not."""

    order_id: str
    state: OrderState
    why: str | None
    study_id: str | None
    decided_by: str | None
    source: str
    accession_number: str | None
    placer_number: str | None
    filler_number: str | None
    study_uid: str | None
    procedure: str | None
    reason: str | None
    priority: str | None
    patient_class: PatientClass
    modality: str | None
    scheduled_at: datetime | None
    received_at: datetime
    patient: OrderedPatient


class Orders(BaseModel):
    """The newest orders first. `next` is `after` of the next page, null at the end."""

    orders: list[OrderView]
    next: str | None


class NewMatch(BaseModel):
    """The study that an order is of."""

    study_id: Annotated[str, Query(pattern=r"^[0-9a-f]{32}$")]


class MessageView(BaseModel):
    """A message that came in. Its content names a patient and is not told here."""

    message_id: int
    sender: str
    control_id: str | None
    kind: str
    state: str
    problem: str | None
    received_at: datetime


class Messages(BaseModel):
    """The newest messages first. `next` is `after` of the next page, null at the end."""

    messages: list[MessageView]
    next: int | None


class TriedAgain(BaseModel):
    """What became of a message that was tried again; `problem` null: it is done."""

    problem: str | None


@router.get("/orders")
def listed(
    who: StudyViewer,
    state: OrderState | None = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
    limit: Annotated[int, Query(ge=1, le=orders.MOST_ROWS)] = 100,
) -> Orders:
    """Orders; `state=ambiguous` and `state=conflict` are those that a human must settle."""
    with who.ground.database.read() as connection:
        rows = orders.page(connection, state=state.value if state else None, after=after, limit=limit)
    who.saw(Action.WORKLIST_VIEW, "orders", rows=len(rows))
    return Orders(orders=[_view(row) for row in rows], next=rows[-1]["order_id"] if len(rows) == limit else None)


@router.post("/orders/{order_id}/match")
def matched(order_id: OrderId, wanted: NewMatch, who: StudyChanger) -> OrderView:
    """Say which study an order is of. The study then stands at least as high as the order asks."""
    ground = who.ground
    with ground.database.write() as connection:
        now = ground.now()
        matching_rows.match_by_hand(connection, order_id, wanted.study_id, _ground(ground), by=who.name, now=now)
        who.did(connection, Action.ORDER_MATCH, f"order/{order_id}", study=wanted.study_id)
        return _view(orders.order_row(connection, order_id))


@router.post("/orders/{order_id}/unmatch")
def parted(order_id: OrderId, who: StudyChanger) -> OrderView:
    """Say that an order is not of the study that it is matched with. Nothing matches it by itself any more."""
    with who.ground.database.write() as connection:
        before = orders.order_row(connection, order_id)["study_id"]
        matching_rows.part_by_hand(connection, order_id, by=who.name, now=who.ground.now())
        who.did(connection, Action.ORDER_MATCH, f"order/{order_id}", parted_from=before)
        return _view(orders.order_row(connection, order_id))


@router.get("/messages")
def came(
    who: OperationsViewer,
    state: MessageState = None,
    after: Annotated[int | None, Query(ge=1, lt=1 << 63)] = None,
    limit: Annotated[int, Query(ge=1, le=messages.MOST_ROWS)] = 100,
) -> Messages:
    """HL7 messages; `state=problem` are those that could not be taken."""
    who.saw(Action.OPERATIONS_VIEW, "operations/messages")
    with who.ground.database.read() as connection:
        rows = messages.page(connection, state=state, after=after, limit=limit)
    told = [MessageView(**{name: row[name] for name in MessageView.model_fields}) for row in rows]
    return Messages(messages=told, next=told[-1].message_id if len(told) == limit else None)


@router.post("/messages/{message_id}/retry")
def again(message_id: MessageId, who: JobsChanger) -> TriedAgain:
    """Try a message again that could not be taken, after what was wrong was mended."""
    ground = who.ground
    taking = TakingOrders(
        database=ground.database, settings=ground.settings.hl7, ground=_ground(ground), clock=ground.service.clock
    )
    problem = taking.again(message_id)
    who.saw(Action.JOB_RETRY, f"message/{message_id}", done=problem is None)
    return TriedAgain(problem=problem)


def _ground(ground: Ground) -> matching_rows.Ground:
    return matching_rows.Ground(settings=ground.settings.matching, policies=policies_of(ground))


def _view(row: orders.Row) -> OrderView:
    told = orders.ordered_of(row)
    procedure, priority = told.request.procedure, told.order.priority
    same = ("order_id", "state", "why", "study_id", "decided_by", "source", "study_uid", "modality", "received_at")
    return OrderView(
        **{name: row[name] for name in same},
        accession_number=told.accession_number,
        placer_number=told.request.placer_number,
        filler_number=told.request.filler_number,
        procedure=procedure.text if procedure else None,
        reason=told.request.reason,
        priority=priority.value if priority else None,
        patient_class=told.patient_class,
        scheduled_at=told.scheduled_at,
        patient=OrderedPatient(
            name=told.patient.name,
            patient_id=told.patient.patient_id,
            birth_date=told.patient.birth_date,
            sex=told.patient.sex,
        ),
    )
