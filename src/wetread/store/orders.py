"""Orders as they came, and the studies that they are matched with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, insert, or_, select, update

from wetread.domain.order import Order, Request
from wetread.domain.ordered import Control, Ordered, OrderState, followed
from wetread.domain.study import Patient
from wetread.domain.waiting import PatientClass
from wetread.errors import NotFound
from wetread.store.change import remember
from wetread.store.patients import canonical
from wetread.store.records import from_record, to_record
from wetread.store.tables import orders, studies

Row = Mapping[str, Any]
UNSETTLED = (OrderState.OPEN.value, OrderState.AMBIGUOUS.value, OrderState.CONFLICT.value)
FOUND_BY = ("study_uid", "accession_number", "patient_id")
MOST_ROWS = 500
MOST_RELATED = 200
LOOKED_FOR = timedelta(days=30)  # an order whose study has not come by then is matched by hand, or at its arrival


def put_order(connection: Connection, ordered: Ordered, *, now: datetime) -> str:
    """Write down what a source says of an order; its id. Saying it again, or something older, changes nothing.

    A cancelled order stays so until its source orders it anew. What it is found by may have changed: then it is open
    again, unless a human has decided.
    """
    if ordered.patient.patient_id is not None:
        named = canonical(connection, ordered.patient.patient_id)
        ordered = _with_patient_id(ordered, named)
    before = _row(connection, ordered.order_id)
    if before is None:
        state = OrderState.CANCELLED if ordered.control is Control.CANCEL else OrderState.OPEN
        row = {"order_id": ordered.order_id, "state": state.value, **_columns(ordered), "received_at": now}
        connection.execute(insert(orders).values(**row))
    elif before["received_at"] <= now:
        _follow(connection, before, ordered, now)
    if ordered.control is Control.CANCEL:
        _cancel_parts(connection, ordered, now)
    return ordered.order_id


def matched_with(connection: Connection, study_id: str, *, said: bool = False) -> list[Row]:
    """The orders of a study, the newest first; with `said` only those that say where the patient is."""
    look = select(orders).where(orders.c.study_id == study_id, orders.c.state == OrderState.MATCHED.value)
    if said:
        look = look.where(orders.c.patient_class != PatientClass.UNKNOWN.value)
    return _rows(connection, look.order_by(orders.c.received_at.desc(), orders.c.order_id))


def request_of(connection: Connection, study_row: Row) -> Request | None:
    """The order of a study under the names that its ordering system knows it by, the newest where there are several.

    Raises: RecordInvalid.
    """
    rows = matched_with(connection, study_row["study_id"])
    return ordered_of(rows[0]).request if rows else None


def ordered_of(row: Row) -> Ordered:
    """An order as its row keeps it; its number is not kept, its id stands for it.

    Raises: RecordInvalid.
    """
    order: Order = from_record(Order, row["body"])
    request: Request = from_record(Request, row["request"]) if row["request"] else Request()
    return Ordered(
        source=row["source"] or "unknown",
        number=row["order_id"],
        order=order,
        request=request,
        patient=patient_of(row),
        patient_class=PatientClass(row["patient_class"]),
        study_uid=row["study_uid"],
        modality=row["modality"],
        scheduled_at=row["scheduled_at"],
    )


def patient_of(row: Row) -> Patient:
    """The patient of an order's or of a study's row."""
    return Patient(
        patient_id=row["patient_id"],
        name=row["patient_name"],
        birth_date=row["patient_birth_date"],
        sex=row["patient_sex"],
    )


def order_row(connection: Connection, order_id: str) -> Row:
    """An order's row, locked.

    Raises: NotFound.
    """
    if (row := _row(connection, order_id)) is None:
        raise NotFound(f"there is no order {order_id}")
    return row


def related(connection: Connection, *, order_id: str | None = None, study: Row | None = None) -> list[Row]:
    """Orders without a study that must be looked at together, locked; none that a human has decided on.

    That is this one, or those that may be of this study, and the others of the same patients.
    """
    free = (orders.c.state.in_(UNSETTLED), orders.c.decided_by.is_(None))
    if study is not None:
        keys = [orders.c[name] == study[name] for name in FOUND_BY if study[name]]
        seed = or_(*keys) if keys else orders.c.order_id.is_(None)
    else:
        seed = orders.c.order_id == order_id
    seeds = _rows(connection, select(orders).where(*free, seed).limit(MOST_RELATED))
    patient_ids = {row["patient_id"] for row in seeds if row["patient_id"]}
    ids = [row["order_id"] for row in seeds]
    both = or_(orders.c.order_id.in_(ids), orders.c.patient_id.in_(patient_ids))
    look = select(orders).where(*free, both).order_by(orders.c.order_id).limit(MOST_RELATED)
    return _rows(connection, look.with_for_update())


def is_awaited(connection: Connection, study: Row) -> bool:
    """Whether an order without a study may be of this one."""
    keys = [orders.c[name] == study[name] for name in FOUND_BY if study[name]]
    free = (orders.c.state.in_(UNSETTLED), orders.c.decided_by.is_(None))
    return bool(keys) and connection.execute(select(1).where(*free, or_(*keys)).limit(1)).first() is not None


def candidates(connection: Connection, wanted: list[Row]) -> list[Row]:
    """Studies that one of the orders may be of, by any of the three ways, with `taken`: it has an order already."""
    keys = []
    for name in FOUND_BY:
        values = {row[name] for row in wanted if row[name]}
        if values:
            keys.append(studies.c[name].in_(values))
    if not keys:
        return []
    mine = (orders.c.study_id == studies.c.study_id, orders.c.state == OrderState.MATCHED.value)
    taken = exists(select(1).where(*mine)).label("taken")
    newest = studies.c.arrived_at.desc(), studies.c.study_id
    look = select(*studies.c, taken).where(or_(*keys)).order_by(*newest).limit(MOST_ROWS)
    return _rows(connection, look)


def looked_at(connection: Connection, order_id: str, *, now: datetime, **values: Any) -> None:
    """What matching said of an order."""
    connection.execute(update(orders).where(orders.c.order_id == order_id).values(changed_at=now, **values))


def due(connection: Connection, *, now: datetime, limit: int = 100) -> list[str]:
    """Orders that a study has come for since they were last looked at."""
    same = or_(*(and_(orders.c[name].is_not(None), studies.c[name] == orders.c[name]) for name in FOUND_BY))
    later = or_(orders.c.changed_at.is_(None), studies.c.last_arrival_at > orders.c.changed_at)
    free = (orders.c.state.in_(UNSETTLED), orders.c.decided_by.is_(None), orders.c.received_at > now - LOOKED_FOR)
    look = select(orders.c.order_id).where(*free, exists(select(1).where(same, later)))
    return list(connection.scalars(look.order_by(orders.c.received_at).limit(limit)))


def page(connection: Connection, *, state: str | None, after: str | None, limit: int = MOST_ROWS) -> list[Row]:
    """Orders, the newest first; those behind the order `after`.

    Raises: NotFound where there is no order `after`.
    """
    look = select(orders).order_by(orders.c.received_at.desc(), orders.c.order_id.desc()).limit(limit)
    if state is not None:
        look = look.where(orders.c.state == state)
    if after is not None:
        at = connection.scalar(select(orders.c.received_at).where(orders.c.order_id == after))
        if at is None:
            raise NotFound(f"there is no order {after} to go on behind")
        same = and_(orders.c.received_at == at, orders.c.order_id < after)
        look = look.where(or_(orders.c.received_at < at, same))
    return _rows(connection, look)


def _follow(connection: Connection, before: Row, ordered: Ordered, now: datetime) -> None:
    """A further message of a known order."""
    values = _columns(followed(ordered_of(before), ordered))
    state = _state_after(before, ordered, values)
    if state == before["state"] and all(before[name] == value for name, value in values.items()):
        return
    values |= {"state": state, "received_at": now}
    if state == OrderState.CANCELLED and before["state"] != state:
        values |= {"why": "cancelled by its source", "changed_at": now}
        _tell(connection, before, "its order was cancelled; it is read all the same", now)
    elif state != before["state"]:
        values |= {"why": None, "study_id": None, "changed_at": None, "decided_by": None}
        _tell(connection, before, "its order says something else now and is looked for anew", now)
    connection.execute(update(orders).where(orders.c.order_id == before["order_id"]).values(**values))


def _state_after(before: Row, ordered: Ordered, values: Row) -> str:
    state = str(before["state"])
    if ordered.control is Control.CANCEL:
        return OrderState.CANCELLED.value
    if state == OrderState.CANCELLED:
        return OrderState.OPEN.value if ordered.control is Control.NEW else state
    moved = any(before[name] != values[name] for name in FOUND_BY)
    if moved and state == OrderState.MATCHED and before["decided_by"] is None:
        return OrderState.OPEN.value
    return state


def _cancel_parts(connection: Connection, ordered: Ordered, now: datetime) -> None:
    """An order that had several studies was kept once for each: all of them are cancelled with it."""
    accession = ordered.accession_number
    if accession is None:
        return
    mine = (orders.c.source == ordered.source, orders.c.accession_number == accession)
    others = (orders.c.order_id != ordered.order_id, orders.c.state != OrderState.CANCELLED.value)
    for row in _rows(connection, select(orders).where(*mine, *others).with_for_update()):
        if ordered_of(row).request.placer_number == ordered.request.placer_number and row["received_at"] <= now:
            _follow(connection, row, ordered, now)


def _tell(connection: Connection, row: Row, text: str, now: datetime) -> None:
    if row["study_id"] is not None:
        remember(connection, row["study_id"], "order", text, now=now)


def _columns(ordered: Ordered) -> dict[str, Any]:
    patient = ordered.patient
    return {
        "source": ordered.source,
        "study_uid": ordered.study_uid,
        "accession_number": ordered.accession_number,
        "body": to_record(Order, ordered.order),
        "request": to_record(Request, ordered.request),
        "patient_class": ordered.patient_class.value,
        "patient_id": patient.patient_id,
        "patient_name": patient.name,
        "patient_birth_date": patient.birth_date,
        "patient_sex": patient.sex,
        "modality": ordered.modality,
        "scheduled_at": ordered.scheduled_at,
    }


def _with_patient_id(ordered: Ordered, patient_id: str) -> Ordered:
    if patient_id == ordered.patient.patient_id:
        return ordered
    return replace(ordered, patient=replace(ordered.patient, patient_id=patient_id))


def _row(connection: Connection, order_id: str) -> Row | None:
    look = select(orders).where(orders.c.order_id == order_id).with_for_update()
    return next(iter(_rows(connection, look)), None)


def _rows(connection: Connection, look: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(look).mappings()]
