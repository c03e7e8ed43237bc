"""Where the objects of one association go: whole and synced into the spool, or refused with a status and a log line."""

import errno
import logging
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import structlog
from pydicom.uid import UID

from wetread.domain.arrival import Way
from wetread.intake.listener.command import DONE, Answer
from wetread.intake.spool import Sheaf, Spool

log = structlog.wrap_logger(logging.getLogger("wetread.listener"))
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000
ROOM_LOOK_BYTES = 64 * 1024**2  # a large object is asked about the room again after so many bytes
NO_ROOM = Answer(status=OUT_OF_RESOURCES, comment="no room left")
TOO_LARGE = Answer(status=OUT_OF_RESOURCES, comment="larger than this listener takes")
NOT_WRITTEN = Answer(status=OUT_OF_RESOURCES, comment="could not be written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, as it named itself, and whom it asked for."""

    calling: str
    called: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is taken."""

    max_object_bytes: int
    min_free_bytes: int


class Incoming:
    """One object while it comes in. Once it is refused, what still comes of it is let go by."""

    def __init__(self, inbox: "Inbox", head: bytes) -> None:
        self.refusal: Answer | None = None
        self.size_bytes = 0
        self._inbox = inbox
        self._look_at_bytes = ROOM_LOOK_BYTES
        self._part: Path | None = None
        self._file: FileIO | None = None
        try:
            if not inbox.has_room():
                self.refuse(NO_ROOM)
                return
            self._part = inbox.sheaf().part()
            self._file = self._part.open("xb", buffering=0)
            _write(self._file, memoryview(head))
        except OSError as problem:
            self.refuse(_answer_to(problem))

    def write(self, piece: memoryview) -> None:
        """The next bytes of the data set."""
        if self._file is None:
            return
        self.size_bytes += len(piece)
        try:
            if self.size_bytes > self._inbox.limits.max_object_bytes:
                self.refuse(TOO_LARGE)
            elif self.size_bytes > self._look_at_bytes and not self._inbox.has_room():
                self.refuse(NO_ROOM)
            else:
                self._look_at_bytes = max(self._look_at_bytes, self.size_bytes - self.size_bytes % ROOM_LOOK_BYTES)
                _write(self._file, piece)
        except OSError as problem:
            self.refuse(_answer_to(problem))

    def finish(self) -> Answer:
        """The object is whole: keep it durably. What is answered is true from then on."""
        if self._file is None or self._part is None:
            return self.refusal or NOT_WRITTEN
        try:
            self._inbox.sheaf().keep(self._part, self._file.fileno())
            self._file.close()
        except OSError as problem:
            self.refuse(_answer_to(problem))
            return self.refusal or NOT_WRITTEN
        self._file = None
        return DONE

    def refuse(self, answer: Answer) -> None:
        """Don't take it; nothing of it stays."""
        self.refusal = answer
        self.drop()

    def drop(self) -> None:
        """Nothing of it stays, if it is not kept already."""
        if self._file is None or self._part is None:
            return
        file, self._file = self._file, None
        with suppress(OSError):  # a disk that fails here too: whoever ingests removes what is left
            file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


class Inbox:
    """The objects of one association. The folder of its arrival is made when the first object comes."""

    def __init__(self, spool: Spool, sender: Sender, limits: Limits) -> None:
        self.spool = spool
        self.sender = sender
        self.limits = limits
        self.kept = self.refused = self.kept_bytes = 0
        self._sheaf: Sheaf | None = None

    def has_room(self) -> bool:
        """Whether objects may be taken at all."""
        return self.spool.free_bytes() >= self.limits.min_free_bytes

    def sheaf(self) -> Sheaf:
        """The folder of this arrival.

        Raises: OSError.
        """
        if self._sheaf is None:
            sender = self.sender
            self._sheaf = self.spool.open(
                Way.C_STORE, peer=sender.calling, called=sender.called, address=sender.address
            )
        return self._sheaf

    def begin(self, head: bytes) -> Incoming:
        """An object comes; `head` is what stands before its data set in the file."""
        return Incoming(self, head)

    def count(self, answer: Answer, sop_class: bytes, size_bytes: int) -> None:
        """What became of an object; a refusal is logged."""
        if answer == DONE:
            self.kept += 1
            self.kept_bytes += size_bytes
            return
        self.refused += 1
        log.warning(
            "object refused",
            status=f"{answer.status:04X}",
            why=answer.comment,
            sop_class=name_of(sop_class),
            sender=self.sender.calling,
        )

    def close(self, ended: str) -> None:
        """Nothing more comes. `ended` says how the association ended."""
        if self._sheaf is not None:
            try:
                self._sheaf.close()
            except OSError as problem:  # its process is gone some day, then it counts as closed
                log.warning("arrival could not be closed", why=problem.strerror)
            self._sheaf = None
        log.info(
            "association over",
            sender=self.sender.calling,
            address=self.sender.address,
            objects=self.kept,
            refused=self.refused,
            size_bytes=self.kept_bytes,
            ended=ended,
        )


def name_of(sop_class: bytes | str) -> str:
    """The name of a SOP class or transfer syntax, for people; unknown ones as they came."""
    text = sop_class.decode("ascii", "replace") if isinstance(sop_class, bytes) else sop_class
    return UID(text[:64]).name or "none named"


def _answer_to(problem: OSError) -> Answer:
    return NO_ROOM if problem.errno in {errno.ENOSPC, errno.EDQUOT} else NOT_WRITTEN


def _write(file: FileIO, piece: memoryview) -> None:
    while piece:
        piece = piece[file.write(piece) or 0 :]
