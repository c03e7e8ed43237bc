"""DIMSE command sets, as far as a listener needs them (PS3.7 sections 6.3, 9.3 and E): Implicit VR Little Endian."""

import struct
from dataclasses import dataclass

C_STORE, C_ECHO, C_CANCEL, N_EVENT_REPORT = 0x0001, 0x0030, 0x0FFF, 0x0100
RESPONSE = 0x8000
NO_DATASET = 0x0101
COMMAND_LIMIT_BYTES = 16 * 1024
COMMENT_LIMIT = 64

_LENGTH, _SOP_CLASS, _FIELD, _ID, _ID_ANSWERED = 0x0000, 0x0002, 0x0100, 0x0110, 0x0120
_DATASET_TYPE, _STATUS, _COMMENT, _SOP_INSTANCE, _EVENT_TYPE = 0x0800, 0x0900, 0x0902, 0x1000, 0x1002
_HEAD = struct.Struct("<HHL")
_PDV = struct.Struct(">BxLLBB")
_PDV_HEAD_BYTES = 6  # its length, context and control header, which count to the PDU's length
_COMMAND, _LAST = 0x01, 0x02


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a peer asks for. UIDs are kept as the bytes that came, without padding."""

    field: int
    message_id: int
    has_dataset: bool
    sop_class: bytes = b""
    sop_instance: bytes = b""
    event_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A DIMSE status (PS3.7 annex C, PS3.4 table B.2-1) and words for it."""

    status: int
    comment: str = ""


DONE = Answer(status=0x0000)


def decode(data: bytes) -> Command:
    """The command of a request.

    Raises: ValueError (it is no command set, or lacks what every request has).
    """
    values: dict[int, bytes] = {}
    place = 0
    while place < len(data):
        if len(data) - place < _HEAD.size:
            raise ValueError("the command set ends within an element")
        group, element, length = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        if group != 0 or length > len(data) - place:
            raise ValueError("the command set is malformed")
        values[element] = data[place : place + length]
        place += length
    field = _number(values, _FIELD)
    return Command(
        field=field,
        message_id=_number(values, _ID_ANSWERED if field == C_CANCEL else _ID),
        has_dataset=_number(values, _DATASET_TYPE) != NO_DATASET,
        sop_class=values.get(_SOP_CLASS, b"").rstrip(b"\0 "),
        sop_instance=values.get(_SOP_INSTANCE, b"").rstrip(b"\0 "),
        event_type=_number(values, _EVENT_TYPE) if field == N_EVENT_REPORT else None,
    )


def encode_answer(command: Command, answer: Answer) -> bytes:
    """The command set of the response to it."""
    elements = b"".join((
        _text(_SOP_CLASS, command.sop_class, b"\0"),
        _short(_FIELD, command.field | RESPONSE),
        _short(_ID_ANSWERED, command.message_id),
        _short(_DATASET_TYPE, NO_DATASET),
        _short(_STATUS, answer.status),
        _text(_COMMENT, answer.comment.encode("ascii", "replace")[:COMMENT_LIMIT], b" "),
        _text(_SOP_INSTANCE, command.sop_instance, b"\0"),
        b"" if command.event_type is None else _short(_EVENT_TYPE, command.event_type),
    ))  # fmt: skip
    return _HEAD.pack(0, _LENGTH, 4) + struct.pack("<L", len(elements)) + elements


def as_pdus(command_set: bytes, context_id: int, limit_bytes: int) -> bytes:
    """The command set in P-DATA-TF PDUs no larger than the peer takes (PS3.8 section 9.3.5); 0 is unlimited."""
    size = max(1, limit_bytes - _PDV_HEAD_BYTES) if limit_bytes else len(command_set)
    pieces = [command_set[place : place + size] for place in range(0, len(command_set), size)]
    last = len(pieces) - 1
    return b"".join(
        _PDV.pack(0x04, len(piece) + 6, len(piece) + 2, context_id, _COMMAND | (_LAST if n == last else 0)) + piece
        for n, piece in enumerate(pieces)
    )


def _number(values: dict[int, bytes], element: int) -> int:
    value = values.get(element, b"")
    if len(value) != 2:
        raise ValueError(f"the command set lacks (0000,{element:04X})")
    return int.from_bytes(value, "little")


def _short(element: int, value: int) -> bytes:
    return _HEAD.pack(0, element, 2) + value.to_bytes(2, "little")


def _text(element: int, value: bytes, pad: bytes) -> bytes:
    if not value:
        return b""
    value += pad * (len(value) % 2)
    return _HEAD.pack(0, element, len(value)) + value
