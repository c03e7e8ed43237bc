"""Messages of ordering systems take effect: each once, and its sender is told so only after it is in the store."""

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from wetread.domain.ordered import Merged, Ordered, OrderState
from wetread.errors import Conflict, RecordInvalid, StoreUnavailable
from wetread.intake.hl7.answers import Answer, Verdict, acknowledgement
from wetread.intake.hl7.message import Header, MessageInvalid, parse, read_header
from wetread.intake.hl7.reading import Told, is_known, read
from wetread.ports import Clock
from wetread.settings import HL7Settings
from wetread.store.database import Database
from wetread.store.messages import DONE, IGNORED, PROBLEM, Come, enter, message_of, settle
from wetread.store.orders import put_order
from wetread.store.patients import merge, put_patient
from wetread.worklist.matching_rows import Ground, admit, match_order, match_study

log = structlog.wrap_logger(logging.getLogger("wetread.hl7"))
UNREADABLE = "unreadable"
NOT_NOW = "the store does not answer; send it again"
LATER = Answer(verdict=Verdict.ERROR, kind="locked", why=NOT_NOW)
ANSWERS = {DONE: Verdict.ACCEPTED, PROBLEM: Verdict.ACCEPTED, IGNORED: Verdict.REJECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingOrders:
    """Takes messages, one after the other, into the store. Threads may share it."""

    database: Database
    settings: HL7Settings
    ground: Ground
    clock: Clock
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    async def of(self, message: bytes, peer: str) -> bytes | None:
        """The acknowledgement of a message, once what it says is safe."""
        return await asyncio.to_thread(self.taken, message, peer)

    def refusal(self, head: bytes, why: str) -> bytes | None:
        """The answer to a message that was not taken whole."""
        return acknowledgement(Answer(verdict=Verdict.REJECTED, why=why), _header(head), self.clock.now())

    def taken(self, message: bytes, peer: str) -> bytes | None:
        """Take a message; what to answer. Where the store does not answer, it is to be sent again."""
        header = _header(message)
        try:
            answer = self._answer(message, header, peer)
        except StoreUnavailable as problem:
            log.warning("message not taken: the store does not answer", problem=str(problem))
            answer = LATER
        except Exception as bug:  # the edge: the sender keeps it and tries again
            log.exception("message not taken", kind=type(bug).__name__)
            answer = Answer(verdict=Verdict.ERROR, why="an unexpected problem; it is in our log")
        if header is None and answer.why:
            log.warning("message refused", why=answer.why)
        return acknowledgement(answer, header, self.clock.now())

    def _answer(self, message: bytes, header: Header | None, peer: str) -> Answer:
        allowed = self.settings.allowed_senders
        if allowed and (header is None or header.application not in allowed):
            log.warning("message refused: its sender is none of service.hl7.allowed_senders")
            return Answer(verdict=Verdict.REJECTED, kind="sender", why="we take no messages of this sender")
        if not message.strip():
            return Answer(verdict=Verdict.REJECTED, why="it is empty")
        come = _come(message, header, peer)
        with self._one_at_a_time, self.database.write() as connection:
            now = self.clock.now()
            message_id, before = enter(connection, come, now=now)
            if before in {DONE, IGNORED}:
                return Answer(verdict=ANSWERS[before], kind="type", why=f"we take no {come.kind}")
            return self._effect(connection, message_id, message, now)

    def again(self, message_id: int) -> str | None:
        """Try a message that is a problem once more, as of when it came; its problem now, None where it is done.

        Raises: NotFound; Conflict where it is no problem; StoreUnavailable.
        """
        with self.database.write() as connection:
            row = message_of(connection, message_id)
            if row["state"] != PROBLEM:
                raise Conflict(f"message {message_id} is {row['state']}; only a problem can be tried again")
            answer = self._effect(connection, message_id, bytes(row["body"]), row["received_at"])
            return answer.why or None

    def _effect(self, connection: Connection, message_id: int, body: bytes, at: datetime) -> Answer:
        """What the message says is written, or that it could not be; either is committed with the message."""
        try:
            message = parse(body, encoding=self.settings.encoding)
        except MessageInvalid as problem:
            settle(connection, message_id, PROBLEM, problem.problem)
            return Answer(verdict=Verdict.REJECTED, kind=problem.kind, why=problem.problem)
        kind = message.header.kind
        if not is_known(kind):
            settle(connection, message_id, IGNORED, f"we take no {kind or 'message without a type'}")
            return Answer(verdict=Verdict.REJECTED, kind="type", why=f"we take no {kind or 'message without a type'}")
        try:
            with connection.begin_nested():
                states = [self._apply(connection, told, kind, at) for told in read(message)]
        except (MessageInvalid, RecordInvalid) as problem:
            why = problem.problem if isinstance(problem, MessageInvalid) else str(problem)
            return _kept(connection, message_id, why)
        except SQLAlchemyError as problem:
            if isinstance(problem, OperationalError | InterfaceError):  # gone, or it waited for another: not now
                raise
            return _kept(connection, message_id, f"the store did not take what it says ({type(problem).__name__})")
        settle(connection, message_id, DONE)
        log.info("message taken", kind=kind, message=message_id, orders=sum(s is not None for s in states))
        return Answer(verdict=Verdict.ACCEPTED)

    def _apply(self, connection: Connection, told: Told, kind: str, at: datetime) -> OrderState | None:
        """`at` is when the message came: what is newer stays."""
        now = self.clock.now()
        if isinstance(told, Ordered):
            return match_order(connection, put_order(connection, told, now=at), self.ground, now=now)
        if isinstance(told, Merged):
            moved = _merge(connection, told, kind, at)
        else:
            moved = put_patient(connection, told.patient, now=at, why=kind)
            admit(connection, told, self.ground, now=now)
        for study_id in moved:
            match_study(connection, study_id, self.ground, now=now)
        return None


def keep_order(database: Database, ordered: Ordered, ground: Ground, *, now: datetime) -> OrderState:
    """An order is written down and its study looked for; where it stands now. Doing it again changes nothing.

    Raises: StoreUnavailable.
    """
    with database.write() as connection:
        return match_order(connection, put_order(connection, ordered, now=now), ground, now=now)


def _merge(connection: Connection, merged: Merged, kind: str, at: datetime) -> tuple[str, ...]:
    """Two numbers are one patient; the studies that changed."""
    survivor = merged.patient.patient_id
    assert survivor is not None
    moved = merge(connection, survivor=survivor, gone=merged.gone, now=at, why=f"two numbers are one patient, {kind}")
    said = put_patient(connection, merged.patient, now=at, why=kind)
    return tuple(dict.fromkeys((*moved, *said)))


def _kept(connection: Connection, message_id: int, why: str) -> Answer:
    """A human looks at it: it is safe, so that its sender need not keep it."""
    settle(connection, message_id, PROBLEM, why)
    log.warning("message kept as a problem", message=message_id, why=why)
    return Answer(verdict=Verdict.ACCEPTED, why=why)


def _come(message: bytes, header: Header | None, peer: str) -> Come:
    if header is None:
        return Come(sender=peer, control_id=None, kind=UNREADABLE, body=message)
    sender = "|".join((header.application, header.facility))
    return Come(sender=sender, control_id=header.control_id or None, kind=header.kind or UNREADABLE, body=message)


def _header(message: bytes) -> Header | None:
    try:
        return read_header(message)
    except MessageInvalid:
        return None
