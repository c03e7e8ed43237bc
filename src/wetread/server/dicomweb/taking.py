"""The objects of one store request on their way into the spool: each is safe there before anyone is told."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path

from fastapi import HTTPException

from wetread.dicom.identity import Identity, identity_at_start, read_identity
from wetread.domain.arrival import Way
from wetread.errors import InputError
from wetread.intake.spool import OBJECT, Sheaf, sync_folder
from wetread.server.dicomweb.body import Begin, Body, Data, End, Event
from wetread.server.dicomweb.crew import Crew
from wetread.server.dicomweb.media import DICOM, content_type
from wetread.server.state import Ground

HEAD_BYTES = 64 << 10
NO_ROOM, MISMATCH, NOT_UNDERSTOOD = 0xA700, 0xA900, 0xC000  # PS3.18 table I.2-2
UNKNOWN = Identity()
MOST_WAITING = 32  # objects that wait for the disk at once
SYNCING = ThreadPoolExecutor(8, thread_name_prefix="stow-sync")  # several at once cost the disk hardly more than one


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one object: `reason` is None where it is in the spool, else PS3.18's failure reason."""

    identity: Identity
    reason: int | None = None


class Whole:
    """A body that is one object, not wrapped: the same events as those of a multipart body."""

    def __init__(self) -> None:
        self.done = False
        self._begun = False

    def feed(self, chunk: bytes) -> Iterable[Event]:
        """The events of the next chunk; an empty one ends the object."""
        if not self._begun:
            self._begun = True
            yield Begin({"content-type": DICOM})
        if chunk:
            yield Data(chunk)
        else:
            self.done = True
            yield End()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An object whose bytes are on their way to the disk; `place` is its outcome's."""

    place: int
    part: Path
    kept: Future[None]


def _kept(sheaf: Sheaf, part: Path, file: FileIO) -> None:
    with file:
        sheaf.keep(part, file.fileno())


class Taking:
    """Takes a request's chunks and puts its objects into the spool. Not for several threads at once.

    `study` is the one study that all objects must belong to, None: whichever they do.
    """

    def __init__(
        self, ground: Ground, crew: Crew, body: Body | Whole, *, study: str | None, sender: tuple[str, str | None]
    ) -> None:
        self._ground, self._crew, self._body, self._study = ground, crew, body, study
        self._sender = sender
        self._sheaf: Sheaf | None = None
        self._part: Path | None = None
        self._file: FileIO | None = None
        self._head = b""
        self._size = 0
        self._reason: int | None = None
        self._waiting: list[_Waiting] = []
        self._named: Future[None] | None = None  # the arrival's own name, on its way to the disk
        self.outcomes: list[Outcome] = []
        self.closed = False

    @property
    def arrival_id(self) -> str | None:
        """The arrival that the objects came with, None where none came."""
        return self._sheaf.arrival.arrival_id if self._sheaf else None

    @property
    def whole(self) -> bool:
        """Whether the body was there to its end."""
        return self._body.done

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the body.

        Raises: Malformed, HTTPException 413 (an object over the limit).
        """
        for event in self._body.feed(chunk):
            if isinstance(event, Begin):
                self._begin(event)
            elif isinstance(event, Data):
                self._more(event.data)
            else:
                self._end()

    def close(self) -> None:
        """Nothing more comes. An object that was under way is dropped, those that were whole stay."""
        self.closed = True
        self._drop()
        self._settle()
        if self._sheaf is None:
            return
        if all(one.reason is not None for one in self.outcomes):
            self._sheaf.count = 0  # an arrival without objects leaves no folder
        self._sheaf.close()

    def _begin(self, event: Begin) -> None:
        self._head, self._size, self._reason = b"", 0, None
        if content_type(event.headers.get("content-type", DICOM))[0] != DICOM:
            self._reason = NOT_UNDERSTOOD
            return
        try:
            if self._ground.spool.free_bytes() < self._ground.settings.listener.min_free_bytes:
                self._reason = NO_ROOM
                return
            if self._sheaf is None:
                peer, address = self._sender
                self._sheaf = self._ground.spool.open(Way.STOW, peer=peer, address=address, synced=False)
                self._named = SYNCING.submit(sync_folder, self._ground.spool.root)
            self._part = self._sheaf.part()
            self._file = FileIO(self._part, "xb")
        except OSError:
            self._fail(NO_ROOM)

    def _more(self, data: bytes | memoryview) -> None:
        self._size += len(data)
        most = self._ground.settings.listener.max_object_bytes
        if self._size > most:
            raise HTTPException(413, f"an object has more than {most:,} bytes, the most that is taken here")
        if len(self._head) < HEAD_BYTES:
            self._head += bytes(data[: HEAD_BYTES - len(self._head)])
        if self._file is None:
            return
        try:
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]
        except OSError:
            self._fail(NO_ROOM)

    def _end(self) -> None:
        identity = identity_at_start(self._head)
        if self._reason is None and self._sheaf is not None and self._part is not None and self._file is not None:
            identity = identity or self._looked_at(self._part)
            self._reason = self._judged(identity)
            if self._reason is None:
                kept = SYNCING.submit(_kept, self._sheaf, self._part, self._file)
                self._waiting.append(_Waiting(len(self.outcomes), self._part, kept))
                self._file = self._part = None
        self._drop()
        self.outcomes.append(Outcome(identity=identity or UNKNOWN, reason=self._reason))
        if len(self._waiting) >= MOST_WAITING:
            self._settle()

    def _looked_at(self, part: Path) -> Identity | None:
        try:
            return self._crew.call(read_identity, part, "the object")
        except InputError:
            return None

    def _judged(self, identity: Identity | None) -> int | None:
        if identity is None or not identity.complete:
            return NOT_UNDERSTOOD
        return MISMATCH if self._study not in (None, identity.study_uid) else None

    def _settle(self) -> None:
        """Wait for the disk; an object that it did not take is told as failed."""
        for one in self._waiting:
            try:
                one.kept.result()
                if self._named is not None:
                    self._named.result()
            except OSError:
                for name in (one.part, one.part.with_suffix(OBJECT)):
                    name.unlink(missing_ok=True)
                self.outcomes[one.place] = replace(self.outcomes[one.place], reason=NO_ROOM)
        self._waiting.clear()

    def _fail(self, reason: int) -> None:
        self._reason = reason
        self._drop()

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._part is not None and self._sheaf is not None:
            self._sheaf.drop(self._part)
        self._file = self._part = None
