"""Orders in messages (ORM^O01, OMI^O23, OMG^O19): each ORC with its OBR, TQ1, IPC and ZDS.

Where a value may stand, the best place first:

================  ==========================================================================
accession number  IPC-1; OBR-18 (IHE Scheduled Workflow); OBR-3, ORC-3 (filler's number)
study UID         IPC-3; ZDS-1
priority          the most urgent of TQ1-9, OBR-27.6, ORC-7.6, OBR-5
modality          IPC-5; OBR-24 (unless that is a section, as RAD)
scheduled time    TQ1-7; OBR-36; ORC-7.4, OBR-27.4
reason            OBR-31; then ORC-16
its number        placer's (ORC-2, OBR-2); filler's (ORC-3, OBR-3); accession number; study UID
================  ==========================================================================
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from wetread.domain.order import Order, Procedure, Request
from wetread.domain.ordered import Control, Ordered
from wetread.domain.study import Patient
from wetread.intake.hl7 import words
from wetread.intake.hl7.message import Message, MessageInvalid, Segment
from wetread.intake.hl7.patients import class_of, patient_of
from wetread.intake.hl7.tables import tables

MOST_ORDERS = 1000
SECTIONS = frozenset(("RAD", "IMG", "OT", "OTH"))  # OBR-24 (table 0074): no modality
PARTS = frozenset(("OBR", "TQ1", "IPC", "ZDS", "DG1"))


@dataclass(slots=True, kw_only=True)
class _Group:
    """An ORC and what follows it."""

    orc: Segment
    parts: dict[str, list[Segment]] = field(default_factory=dict)

    def word(self, *places: tuple[str, int, int]) -> str | None:
        """The first word that stands at one of these places (segment, field, component)."""
        return next((value for place in places for value in self.words(place) if value), None)

    def words(self, place: tuple[str, int, int]) -> Iterator[str | None]:
        """The words at a place, segment by segment."""
        name, number, component = place
        return (segment.word(number, component) for segment in self.all(name))

    def all(self, name: str) -> list[Segment]:
        """The segments of that name."""
        return [self.orc] if name == "ORC" else self.parts.get(name, [])

    def first(self, name: str) -> Segment | None:
        """The first of that name."""
        return next(iter(self.all(name)), None)


def orders(message: Message, *, zone: tzinfo | None = None) -> tuple[Ordered, ...]:
    """The orders of a message, one for each procedure that has a study of its own. `zone` is the sender's.

    Raises: MessageInvalid naming the segment that is missing or wrong.
    """
    patient = patient_of(pid) if (pid := message.first("PID")) is not None else Patient()
    groups = list(_groups(message))
    if not groups:
        raise MessageInvalid("it has no ORC segment")
    if len(groups) > MOST_ORDERS:
        raise MessageInvalid(f"it has more than {MOST_ORDERS:,} orders")
    told = (one for group in groups for one in _of_group(group, message, patient, zone))
    return tuple({ordered.order_id: ordered for ordered in told}.values())


def _groups(message: Message) -> Iterator[_Group]:
    group: _Group | None = None
    for segment in message.segments:
        if segment.name == "ORC":
            if group is not None:
                yield group
            group = _Group(orc=segment)
        elif group is not None and segment.name in PARTS:
            group.parts.setdefault(segment.name, []).append(segment)
    if group is not None:
        yield group


def _of_group(group: _Group, message: Message, patient: Patient, zone: tzinfo | None) -> Iterator[Ordered]:
    """Its order; several where its steps (IPC) belong to several studies."""
    steps: dict[str | None, Segment | None] = {}
    for step in group.all("IPC"):
        steps.setdefault(words.study_uid(step.word(3), "IPC-3"), step)
    if not steps:
        steps = {words.study_uid(group.word(("ZDS", 1, 1)), "ZDS-1"): None}
    for index, (study_uid, ipc) in enumerate(steps.items()):
        request = _request(group, ipc, zone)
        number = request.placer_number or request.filler_number or request.accession_number or study_uid
        if number is None:
            raise MessageInvalid("an order of it has no number (ORC-2, ORC-3, OBR-2, OBR-3)")
        number = f"{number}/{study_uid}" if index else number
        yield Ordered(
            source=f"hl7:{message.header.application}"[:128],
            number=number,
            control=_control(group.orc),
            order=_order(group, request),
            request=request,
            patient=patient,
            patient_class=class_of(message),
            study_uid=study_uid,
            modality=_modality(group, ipc),
            scheduled_at=_scheduled(group, zone),
        )


def _control(orc: Segment) -> Control:
    """What is asked for; an order whose status says that it was called off (ORC-5) is cancelled too."""
    word = (orc.word(1) or "NW").upper()
    if word not in tables()["controls"]:
        raise MessageInvalid("its order control (ORC-1) is not one that we know")
    if (orc.word(5) or "").upper() in {"CA", "DC", "RP"}:  # table 0038
        return Control.CANCEL
    return Control(tables()["controls"][word])


def _order(group: _Group, request: Request) -> Order:
    history = [value for obr in group.all("OBR") if (value := obr.word(13))]
    history += [value for dg1 in group.all("DG1") if (value := words.meaning(dg1, 3) or dg1.word(4))]
    places = (("TQ1", 9, 1), ("TQ1", 9, 2), ("OBR", 27, 6), ("ORC", 7, 6), ("OBR", 5, 1))
    return Order(
        priority=words.priority(value for place in places for value in group.words(place)),
        accession_number=request.accession_number,
        clinical_question=request.reason,
        history=tuple(dict.fromkeys(history)),
    )


def _request(group: _Group, ipc: Segment | None, zone: tzinfo | None) -> Request:
    filler = group.word(("ORC", 3, 1), ("OBR", 3, 1))
    accession = (ipc.word(1) if ipc else None) or group.word(("OBR", 18, 1)) or group.word(("OBR", 3, 1)) or filler
    return Request(
        accession_number=words.identifier(accession, "the accession number"),
        placer_number=words.identifier(group.word(("ORC", 2, 1), ("OBR", 2, 1)), "ORC-2"),
        filler_number=words.identifier(filler, "ORC-3"),
        procedure_id=words.identifier((ipc.word(2) if ipc else None) or group.word(("OBR", 19, 1)), "IPC-2"),
        procedure=_procedure(group),
        reason=_reason(group),
        provider=_provider(group),
        requested_at=words.moment(group.word(("ORC", 9, 1)), zone),
    )


def _procedure(group: _Group) -> Procedure | None:
    if (obr := group.first("OBR")) is None:
        return None
    for number in (44, 4):  # the procedure's own code, else the universal service
        code, text, system = words.coded(obr, number)
        if code or text:
            return Procedure(text=text or code or "", code=code, system=system)
    return None


def _reason(group: _Group) -> str | None:
    told = [words.meaning(obr, 31) for obr in group.all("OBR")] + [words.meaning(group.orc, 16)]
    return next(filter(None, told), None)


def _provider(group: _Group) -> tuple[str, str, str] | None:
    for name, number in (("OBR", 16), ("ORC", 12)):
        for one in group.all(name):
            for person in one.repetitions(number):
                found = (words.part(person, 1), words.part(person, 2), words.part(person, 3))
                if any(found):
                    return found
    return None


def _modality(group: _Group, ipc: Segment | None) -> str | None:
    word = (ipc.word(5) if ipc else None) or next(
        (value for value in group.words(("OBR", 24, 1)) if value and value.upper() not in SECTIONS), None
    )
    return word.upper()[:16] if word else None


def _scheduled(group: _Group, zone: tzinfo | None) -> datetime | None:
    places = (("TQ1", 7, 1), ("OBR", 36, 1), ("ORC", 7, 4), ("OBR", 27, 4))
    return next((at for place in places for value in group.words(place) if (at := words.moment(value, zone))), None)
