"""Orders and studies are brought together in the store: what the rules say, and what follows for the study."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from wetread.domain.order import OrderPriority
from wetread.domain.ordered import Demographics, OrderState, joined, most_urgent
from wetread.domain.waiting import PatientClass, StudyStatus
from wetread.errors import Conflict, NotFound
from wetread.settings import MatchingSettings
from wetread.store import orders
from wetread.store.change import remember, tell
from wetread.store.database import Database
from wetread.store.patients import canonical, correct_study, corrected
from wetread.store.tables import studies
from wetread.worklist.matching import Came, Match, Wanted, match
from wetread.worklist.order_row import Policies
from wetread.worklist.override import restand_in

MOST_STUDIES = 200
SINCE = "the patient's record has changed since its pictures were made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What matching rests on."""

    settings: MatchingSettings
    policies: Policies


def match_order(connection: Connection, order_id: str, ground: Ground, *, now: datetime) -> OrderState:
    """Look for the study of an order, and for those of the patient's other open orders; what it came to.

    A study that has it already stands as the order says now.
    Raises: NotFound.
    """
    row = orders.order_row(connection, order_id)
    if row["state"] == OrderState.MATCHED and row["study_id"] is not None:
        raise_study(connection, row["study_id"], ground, now=now)
    elif row["state"] in orders.UNSETTLED:
        _settle(connection, orders.related(connection, order_id=order_id), ground, now)
    return OrderState(orders.order_row(connection, order_id)["state"])


def match_study(connection: Connection, study_id: str, ground: Ground, *, now: datetime) -> bool:
    """A study came, or more of it: its patient is corrected, orders are looked for; whether its row changed."""
    before = _study(connection, study_id)
    correct_study(connection, study_id, now=now, why=SINCE)
    if found := orders.related(connection, study=_study(connection, study_id)):
        _settle(connection, found, ground, now)
    return bool(_study(connection, study_id)["etag"] != before["etag"])


def settle_study(database: Database, study: orders.Row, ground: Ground, *, now: datetime) -> bool:
    """The same for a study that is complete, where there is anything to be done; whether its row changed.

    Raises: StoreUnavailable.
    """
    patient = orders.patient_of(study)
    with database.read() as connection:
        if corrected(connection, patient) == patient and not orders.is_awaited(connection, study):
            return False
    with database.write() as connection:
        return match_study(connection, study["study_id"], ground, now=now)


def match_due(database: Database, ground: Ground, *, now: datetime) -> int:
    """Every order that a study has come for since it was last looked at; how many there were.

    Raises: StoreUnavailable.
    """
    with database.read() as connection:
        due = orders.due(connection, now=now)
    for order_id in due:
        with database.write() as connection:
            match_order(connection, order_id, ground, now=now)
    return len(due)


def match_by_hand(
    connection: Connection, order_id: str, study_id: str, ground: Ground, *, by: str, now: datetime
) -> None:
    """A human says which study an order is of. The caller audits it.

    Raises: NotFound; Conflict where the order is cancelled.
    """
    row = orders.order_row(connection, order_id)
    _study(connection, study_id)
    if row["state"] == OrderState.CANCELLED:
        raise Conflict(f"order {order_id} is cancelled")
    said = {"state": OrderState.MATCHED.value, "why": f"by {by}", "study_id": study_id, "decided_by": by[:128]}
    orders.looked_at(connection, order_id, now=now, **said)
    if row["study_id"] not in {None, study_id}:
        remember(connection, row["study_id"], "order", f"its order was given to another study by {by}", now=now)
    _matched(connection, study_id, f"by {by}", ground, now=now)
    tell(connection, "order.matched", now=now, study_id=study_id)


def part_by_hand(connection: Connection, order_id: str, *, by: str, now: datetime) -> None:
    """A human says that an order is not of the study that it is matched with. What it raised stays raised.

    Raises: NotFound; Conflict where it is matched with none.
    """
    row = orders.order_row(connection, order_id)
    if row["state"] != OrderState.MATCHED or row["study_id"] is None:
        raise Conflict(f"order {order_id} is {row['state']}: it is matched with no study")
    said = {"state": OrderState.OPEN.value, "why": f"parted by {by}", "study_id": None, "decided_by": by[:128]}
    orders.looked_at(connection, order_id, now=now, **said)
    remember(connection, row["study_id"], "order", f"an order was taken from it by {by}", now=now)
    tell(connection, "order.parted", now=now, study_id=row["study_id"])


def raise_study(connection: Connection, study_id: str, ground: Ground, *, now: datetime) -> None:
    """The study stands at least as high as its orders ask. Nothing is lowered; what is signed waits no more."""
    row = _study(connection, study_id)
    if row["status"] == StudyStatus.SIGNED:
        return
    mine = orders.matched_with(connection, study_id)
    order = joined([orders.ordered_of(one).order for one in mine])
    before = OrderPriority(row["order_priority"]) if row["order_priority"] else None
    priority = most_urgent((order.priority, before))
    known = {
        "order_priority": priority.value if priority else None,
        "patient_class": _class(row, mine, ground.policies).value,
        "indication": order.clinical_question or order.chief_complaint or row["indication"],
    }
    if any(row[name] != value for name, value in known.items()):
        restand_in(connection, study_id, now=now, policies=ground.policies, known=known)


def admit(connection: Connection, told: Demographics, ground: Ground, *, now: datetime) -> None:
    """A patient came into the house or the emergency room: what of theirs waits unread may wait no longer than there.

    Nothing is lowered: somebody who goes home is read as they were.
    """
    assert told.patient.patient_id is not None
    if told.patient_class is PatientClass.UNKNOWN:
        return
    patient_id = canonical(connection, told.patient.patient_id)
    theirs = (studies.c.patient_id == patient_id, studies.c.open)
    look = select(studies).where(*theirs).order_by(studies.c.study_id).limit(MOST_STUDIES).with_for_update()
    for row in [dict(one) for one in connection.execute(look).mappings()]:
        where = _most_careful((told.patient_class, PatientClass(row["patient_class"])), ground.policies)
        if where != row["patient_class"]:
            known = {"patient_class": where.value}
            restand_in(connection, row["study_id"], now=now, policies=ground.policies, known=known)
            text = f"patient is {where.value} now"
            remember(connection, row["study_id"], "patient", text, now=now, version=row["version"])


def _class(row: orders.Row, mine: Sequence[orders.Row], policies: Policies) -> PatientClass:
    """Where the patient is: of what is said, the place where one may wait the least."""
    return _most_careful((PatientClass(one["patient_class"]) for one in (*mine, row)), policies)


def _most_careful(said: Iterable[PatientClass], policies: Policies) -> PatientClass:
    """Of places where one may wait as long the first."""
    known = [one for one in said if one is not PatientClass.UNKNOWN]
    return min(known, key=lambda one: policies.waiting.cap_min[one], default=PatientClass.UNKNOWN)


def _settle(connection: Connection, rows: list[orders.Row], ground: Ground, now: datetime) -> None:
    came = [_came(one) for one in orders.candidates(connection, rows)]
    said = match([_wanted(row) for row in rows], came, ground.settings)
    for row in rows:
        found = said[row["order_id"]]
        orders.looked_at(
            connection, row["order_id"], now=now, state=found.state.value, why=found.why, study_id=found.study_id
        )
        if found.study_id is not None:
            _matched(connection, found.study_id, found.why, ground, now=now)
        _announce(connection, row, found, now)


def _announce(connection: Connection, row: orders.Row, found: Match, now: datetime) -> None:
    if found.state.value != row["state"]:
        tell(connection, f"order.{found.state.value}", now=now, study_id=found.study_id)


def _matched(connection: Connection, study_id: str, why: str, ground: Ground, *, now: datetime) -> None:
    version = _study(connection, study_id)["version"]
    remember(connection, study_id, "order", f"order matched: {why}", now=now, version=version)
    raise_study(connection, study_id, ground, now=now)


def _wanted(row: orders.Row) -> Wanted:
    return Wanted(
        order_id=row["order_id"],
        patient=orders.patient_of(row),
        expected_at=row["scheduled_at"] or row["received_at"],
        study_uid=row["study_uid"],
        accession_number=row["accession_number"],
        modality=row["modality"],
    )


def _came(row: orders.Row) -> Came:
    return Came(
        study_id=row["study_id"],
        patient=orders.patient_of(row),
        arrived_at=row["arrived_at"],
        study_uid=row["study_uid"],
        accession_number=row["accession_number"],
        modalities=frozenset(filter(None, row["modalities"].split("\\"))),
        study_date=row["study_date"],
        taken=bool(row["taken"]),
    )


def _study(connection: Connection, study_id: str) -> orders.Row:
    look = select(studies).where(studies.c.study_id == study_id).with_for_update()
    row = connection.execute(look).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no study {study_id}")
    return dict(row)
