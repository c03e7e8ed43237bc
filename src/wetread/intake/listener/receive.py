"""The data phase of an association: PDUs in, objects to the inbox, answers out (PS3.8 section 9.3.5, PS3.7)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from wetread.intake.listener.command import (
    C_CANCEL,
    C_ECHO,
    C_STORE,
    COMMAND_LIMIT_BYTES,
    DONE,
    N_EVENT_REPORT,
    RESPONSE,
    Answer,
    Command,
    as_pdus,
    decode,
    encode_answer,
)
from wetread.intake.listener.event_report import EVENT_LIMIT_BYTES, PUSH_MODEL, TOO_LONG, Reports
from wetread.intake.listener.inbox import CANNOT_UNDERSTAND, Inbox
from wetread.intake.listener.part10 import file_head
from wetread.intake.listener.wire import Ended, Wire

P_DATA = 0x04
VERIFICATION = b"1.2.840.10008.1.1"
UNRECOGNIZED = Answer(status=0x0211, comment="only C-STORE and C-ECHO are taken here")
NO_SOP_CLASS = Answer(status=0x0122, comment="not negotiated for storage")
NO_INSTANCE = Answer(status=0x0117, comment="no SOP instance UID in the command")
NO_OBJECT = Answer(status=CANNOT_UNDERSTAND, comment="no data set came")
_PDU = struct.Struct(">BxL")
_PDV = struct.Struct(">LBB")
_IS_COMMAND, _IS_LAST = 0x01, 0x02


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """An accepted presentation context."""

    sop_class: bytes
    transfer_syntax: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """The head of a presentation data value; its `size` bytes come next on the wire."""

    context_id: int
    is_command: bool
    is_last: bool
    size: int


class LeftPhase(Exception):
    """Something else than data comes next; it lies unread on the wire."""


class DataPhase:
    """Takes messages until something else than data comes."""

    def __init__(self, wire: Wire, inbox: Inbox, contexts: Mapping[int, Context], reports: Reports) -> None:
        self.wire = wire
        self.inbox = inbox
        self.reports = reports
        self.contexts = contexts
        self.max_pdu_bytes = 0  # what we announced; 0 is unlimited
        self.peer_pdu_bytes = 0  # what the peer announced
        self._left = 0  # bytes of the PDU under way

    def run(self) -> None:
        """Returns when a PDU that holds no data comes next.

        Raises: Ended (the sender is gone, silent, breaks the protocol, or we stop).
        """
        try:
            while True:
                self._take_message()
        except LeftPhase:
            return

    def _take_message(self) -> None:
        self.wire.is_between = True
        if self.wire.stop.soon:
            raise Ended("the listener stops")
        first = self._next()
        self.wire.is_between = False
        context = self.contexts.get(first.context_id)
        if context is None:
            raise Ended("a presentation context that was not accepted")
        try:
            command = decode(self._command_set(first))
        except ValueError as problem:
            raise Ended(str(problem)) from None
        if command.field == C_STORE:
            answer = self._store(command, first.context_id, context)
        elif command.field == N_EVENT_REPORT and context.sop_class == PUSH_MODEL and command.has_dataset:
            answer = self._report(command, first.context_id, context)
        else:
            if command.has_dataset:
                self._let_by(first.context_id)
            answer = DONE if command.field == C_ECHO else UNRECOGNIZED
        if command.field != C_CANCEL and not command.field & RESPONSE:
            self.wire.send(as_pdus(encode_answer(command, answer), first.context_id, self.peer_pdu_bytes))

    def _store(self, command: Command, context_id: int, context: Context) -> Answer:
        size_bytes = 0
        refusal = _refusal_of(command, context)
        if refusal is not None:
            if command.has_dataset:
                self._let_by(context_id)
            answer = refusal
        else:
            answer, size_bytes = self._take_object(command, context_id, context)
        self.inbox.count(answer, command.sop_class or context.sop_class, size_bytes)
        return answer

    def _report(self, command: Command, context_id: int, context: Context) -> Answer:
        """What an archive says of objects we sent it."""
        data, is_last, size_bytes = bytearray(), False, 0
        while not is_last:
            fragment = self._data(context_id)
            is_last = fragment.is_last
            size_bytes += fragment.size
            for piece in self.wire.chunks(fragment.size):
                if size_bytes <= EVENT_LIMIT_BYTES:
                    data += piece
        if size_bytes > EVENT_LIMIT_BYTES:
            return TOO_LONG
        return self.reports.take(command.event_type, bytes(data), context.transfer_syntax)

    def _take_object(self, command: Command, context_id: int, context: Context) -> tuple[Answer, int]:
        """The data set as it comes; it is kept even if it belies its command, what reads it later judges that."""
        sop_class = command.sop_class or context.sop_class
        incoming = self.inbox.begin(file_head(sop_class, command.sop_instance, context.transfer_syntax))
        try:
            is_last = False
            while not is_last:
                fragment = self._data(context_id)
                is_last = fragment.is_last
                for piece in self.wire.chunks(fragment.size):
                    incoming.write(piece)
            if not incoming.size_bytes and incoming.refusal is None:
                incoming.refuse(NO_OBJECT)
            return incoming.finish(), incoming.size_bytes
        finally:
            incoming.drop()

    def _command_set(self, first: Fragment) -> bytes:
        fragment = first
        parts: list[bytes] = []
        size = 0
        while True:
            size += fragment.size
            if not fragment.is_command or fragment.context_id != first.context_id or size > COMMAND_LIMIT_BYTES:
                raise Ended("a command set was expected")
            parts.append(self.wire.take(fragment.size))
            if fragment.is_last:
                return b"".join(parts)
            fragment = self._next()

    def _let_by(self, context_id: int) -> None:
        is_last = False
        while not is_last:
            fragment = self._data(context_id)
            is_last = fragment.is_last
            for _ in self.wire.chunks(fragment.size):
                pass

    def _data(self, context_id: int) -> Fragment:
        fragment = self._next()
        if fragment.is_command or fragment.context_id != context_id:
            raise Ended("a data set was expected")
        return fragment

    def _next(self) -> Fragment:
        """The next fragment's head, over the borders of PDUs.

        Raises: LeftPhase, Ended.
        """
        if not self._left:
            kind, length = _PDU.unpack(self.wire.peek(_PDU.size))
            if kind != P_DATA:
                raise LeftPhase
            if length < _PDV.size or (self.max_pdu_bytes and length > self.max_pdu_bytes):
                raise Ended("a PDU of impossible length")
            self.wire.take(_PDU.size)
            self._left = length
        if self._left < _PDV.size:
            raise Ended("a PDU that does not hold what it says")
        length, context_id, control = _PDV.unpack(self.wire.take(_PDV.size))
        self._left -= 4 + length
        if length < 2 or self._left < 0:
            raise Ended("a PDU that does not hold what it says")
        return Fragment(
            context_id=context_id,
            is_command=bool(control & _IS_COMMAND),
            is_last=bool(control & _IS_LAST),
            size=length - 2,
        )


def _refusal_of(command: Command, context: Context) -> Answer | None:
    if context.sop_class in {VERIFICATION, PUSH_MODEL}:
        return NO_SOP_CLASS
    if not command.has_dataset:
        return NO_OBJECT
    return None if command.sop_instance else NO_INSTANCE
