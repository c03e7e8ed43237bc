"""What a message is about: orders, a patient, a merge."""

from datetime import tzinfo

from wetread.domain.ordered import Demographics, Merged, Ordered
from wetread.intake.hl7.message import Message
from wetread.intake.hl7.orders import orders
from wetread.intake.hl7.patients import demographics, merges
from wetread.intake.hl7.tables import tables

Told = Ordered | Demographics | Merged


def is_known(kind: str) -> bool:
    """Whether messages of this kind (`ADT^A08`) are taken."""
    return kind in tables()["orders"] or kind in tables()["demographics"] or kind in tables()["merges"]


def read(message: Message, *, zone: tzinfo | None = None) -> tuple[Told, ...]:
    """What it tells; nothing where it is of another kind.

    Raises: MessageInvalid.
    """
    kind = message.header.kind
    if kind in tables()["orders"]:
        return orders(message, zone=zone)
    if kind in tables()["merges"]:
        return merges(message)
    return (demographics(message),) if kind in tables()["demographics"] else ()
