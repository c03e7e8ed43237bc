"""One look at a source: what it may ask, where its objects go, and what came of it."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from wetread.domain.arrival import Way
from wetread.domain.ordered import Ordered
from wetread.domain.view import Failure
from wetread.errors import SourceUnavailable, TooLarge
from wetread.intake.sources.memory import Memory
from wetread.intake.spool import Sheaf, Spool

ROOM_LOOKED_AT_EVERY_BYTES = 64 << 20
NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))
FULL = "there is too little room for more objects; make room, they are fetched then"

LookBack = int | Literal["all"]


class Holdings(Protocol):
    """What the house already holds."""

    def held(self, sop_uids: Sequence[str]) -> frozenset[str]:
        """Those of the SOP Instance UIDs that are stored."""
        ...

    def count(self, study_uid: str) -> int:
        """How many distinct objects of the study are stored."""
        ...


class NothingHeld:
    """An empty house: whatever a source offers is new."""

    def held(self, sop_uids: Sequence[str]) -> frozenset[str]:
        """None of them."""
        del sop_uids
        return frozenset()

    def count(self, study_uid: str) -> int:
        """None."""
        del study_uid
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one look gave: objects now in the spool, or sent to the listener; those that still wait; what failed.

    `what` says what was taken, where it is no objects.
    """

    what: str = "objects"
    taken: int = 0
    waiting: int = 0
    failures: tuple[Failure, ...] = ()


@dataclass(slots=True, kw_only=True)
class Count:
    """The same while it is counted."""

    taken: int = 0
    waiting: int = 0
    failures: list[Failure] = field(default_factory=list)

    def done(self) -> Fetched:
        """The counts as they stand."""
        return Fetched(taken=self.taken, waiting=self.waiting, failures=tuple(self.failures))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a source works with: the spool, what it remembers, what the house holds, the time, and when to stop.

    `expect` is told how many objects a study has according to its source, `keep_order` each order of a worklist.
    """

    spool: Spool
    memory: Memory
    now: Callable[[], datetime]
    holdings: Holdings = field(default_factory=NothingHeld)
    expect: Callable[[str, int], None] = lambda study_uid, objects: None  # noqa: ARG005 - nobody wants to know
    keep_order: Callable[[Ordered], object] = lambda ordered: None  # noqa: ARG005 - nobody wants to know
    stopping: Callable[[], bool] = lambda: False
    min_free_bytes: int = 0
    max_object_bytes: int = 8 << 30


class Fetcher(Protocol):
    """A source that can be looked at again and again."""

    name: str

    def look(self, around: Surroundings) -> Fetched:
        """Take what is new.

        Raises: SourceUnavailable (nothing can be had of it for now).
        """
        ...

    def check(self) -> None:
        """Raises: SourceUnavailable, saying why it can't be reached."""
        ...


class Taking:
    """Objects on their way into the spool, all of one arrival, which the first one opens. A context manager."""

    def __init__(self, around: Surroundings, way: Way, *, peer: str, address: str | None = None) -> None:
        self._around = around
        self._from = (way, peer, address)
        self._sheaf: Sheaf | None = None

    def __enter__(self) -> "Taking":
        return self

    def __exit__(self, *_: object) -> None:
        if self._sheaf is not None:
            self._sheaf.close()

    def take(self, chunks: Iterable[bytes], *, subject: str) -> Path:
        """Write one object, durably; where `chunks` raises, nothing of it is kept.

        Raises: TooLarge; SourceUnavailable where no room is left.
        """
        self._check_room()
        if self._sheaf is None:
            way, peer, address = self._from
            self._sheaf = self._around.spool.open(way, peer=peer, address=address)
        part = self._sheaf.part()
        try:
            self._write(part, chunks, subject)
            return self._sheaf.keep(part)
        except BaseException as problem:
            self._sheaf.drop(part)
            if isinstance(problem, OSError) and problem.errno in NO_ROOM:
                raise SourceUnavailable(FULL) from problem
            raise

    def _write(self, part: Path, chunks: Iterable[bytes], subject: str) -> None:
        left, unlooked = self._around.max_object_bytes, 0
        with part.open("xb") as file:
            for chunk in chunks:
                left, unlooked = left - len(chunk), unlooked + len(chunk)
                if left < 0:
                    limit = f"{self._around.max_object_bytes:,} bytes"
                    raise TooLarge(subject, f"it is larger than {limit}", "raise service.listener.max_object_bytes")
                if unlooked > ROOM_LOOKED_AT_EVERY_BYTES:
                    unlooked = 0
                    self._check_room()
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def _check_room(self) -> None:
        if self._around.spool.free_bytes() < self._around.min_free_bytes:
            raise SourceUnavailable(FULL)


def since_date(look_back_days: LookBack, now: datetime) -> str:
    """The range of study dates to ask for (PS3.4 C.2.2.2.5), open at its end; empty for every study."""
    if look_back_days == "all":
        return ""
    return (now.astimezone() - timedelta(days=look_back_days)).strftime("%Y%m%d-")


def short(key: str) -> str:
    """A short name that tells nothing of what it names."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:12]
