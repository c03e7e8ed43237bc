"""An order as an ordering system tells it, with everything a study may be found by; and what becomes of it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from wetread.domain.order import Order, OrderPriority, Request
from wetread.domain.study import Patient
from wetread.domain.waiting import PatientClass

Part = TypeVar("Part", Order, Request, Patient)


class OrderState(StrEnum):
    """Where an order stands: matched with a study, or why not. Nothing is matched that contradicts itself."""

    OPEN = "open"  # its study has not come
    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"  # several studies, or several orders for one study: a human says which
    CONFLICT = "conflict"  # an identifier leads to a study of another patient
    CANCELLED = "cancelled"


class Control(StrEnum):
    """What a message wants of an order (HL7 table 0119, as far as it matters here)."""

    NEW = "new"
    CHANGE = "change"  # a changed order, or its status; what it does not say stays
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """One order. `number` is what its `source` knows it by; a later message with both speaks of the same order.

    `scheduled_at` is when the examination is planned, `modality` of which kind it is to be (DICOM's word).
    """

    source: str
    number: str
    control: Control = Control.NEW
    order: Order = field(default_factory=Order)
    request: Request = field(default_factory=Request)
    patient: Patient = field(default_factory=Patient)
    patient_class: PatientClass = PatientClass.UNKNOWN
    study_uid: str | None = None
    modality: str | None = None
    scheduled_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.source or not self.number:
            raise ValueError("an order has a source and a number")

    @property
    def order_id(self) -> str:
        """A name made from source and number: the same order is the same row."""
        return hashlib.sha256(f"{self.source}\n{self.number}".encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def accession_number(self) -> str | None:
        """The accession number, if it has one."""
        return self.request.accession_number or self.order.accession_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Two numbers of one patient: `patient` survives, what is filed under `gone` is theirs."""

    patient: Patient
    gone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics:
    """What a message says of a patient, and where they are now."""

    patient: Patient
    patient_class: PatientClass = PatientClass.UNKNOWN


def followed(before: Ordered, now: Ordered) -> Ordered:
    """The order after a further message: what that says counts, what it leaves out stays as it was."""
    if now.control is Control.NEW:
        return now
    known = PatientClass.UNKNOWN
    return replace(
        now,
        order=_filled(before.order, now.order),
        request=_filled(before.request, now.request),
        patient=_filled(before.patient, now.patient),
        patient_class=before.patient_class if now.patient_class is known else now.patient_class,
        study_uid=now.study_uid or before.study_uid,
        modality=now.modality or before.modality,
        scheduled_at=now.scheduled_at or before.scheduled_at,
    )


def _filled(before: Part, now: Part) -> Part:
    said = {f.name: value for f in fields(now) if (value := getattr(now, f.name)) is not None and value != ()}
    return replace(before, **said)


def joined(orders: Sequence[Order]) -> Order:
    """What several orders of one study say together, the newest first: its words, and the most urgent priority."""
    if not orders:
        return Order()
    told = Order()
    for order in reversed(orders):
        told = _filled(told, order)
    return replace(told, priority=most_urgent(order.priority for order in orders))


def most_urgent(priorities: Iterable[OrderPriority | None]) -> OrderPriority | None:
    """The most urgent of them; None where none says anything."""
    said = set(priorities)
    return next((one for one in OrderPriority if one in said), None)
