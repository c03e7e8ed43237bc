"""The spool: where objects lie between their arrival and the store, safe before anyone is told that they came.

One folder an arrival: `arrival.json` says who sent it, each object is a file `000001.dcm`, `closed` says that nothing
more comes. A file gets its name only when it is whole, so whatever has a name is an object; `.part` files of a sender
that broke off are removed with their arrival. Several processes may write; one ingests. Whoever writes holds a lock on
`arrival.json`, which the system lets go of with the process: that is how an abandoned arrival is told.
"""

import ctypes
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from wetread.domain.arrival import Arrival, Way

SYNC_FILE_RANGE = getattr(ctypes.CDLL(None), "sync_file_range", None)  # Linux
if SYNC_FILE_RANGE is not None:
    SYNC_FILE_RANGE.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
WAIT_WRITE_WAIT = 7  # SYNC_FILE_RANGE_WAIT_BEFORE | _WRITE | _WAIT_AFTER
ABOUT, CLOSED, OBJECT, PART = "arrival.json", "closed", ".dcm", ".part"


@dataclass(slots=True)
class Sheaf:
    """The objects of one arrival, while they come in. Not for several threads at once."""

    folder: Path
    arrival: Arrival
    count: int = 0
    _held: FileIO | None = field(default=None, repr=False)

    def part(self) -> Path:
        """Where the next object is to be written."""
        self.count += 1
        return self.folder / f"{self.count:06d}{PART}"

    def keep(self, part: Path, handle: int | None = None) -> Path:
        """The object is whole: from now on it is in the spool, bytes and name.

        `handle` is its open file; without one its bytes were synced before. Raises: OSError (no room left).
        """
        whole = part.with_suffix(OBJECT)
        if handle is None:
            part.rename(whole)
            sync_folder(self.folder)
            return whole
        _write_back(handle)  # its bytes are on the disk before its name can be
        part.rename(whole)
        os.fsync(handle)  # and with the file its new name: one commit of the journal, not two
        return whole

    def drop(self, part: Path) -> None:
        """The object did not come through."""
        part.unlink(missing_ok=True)

    def add(self, data: bytes) -> Path:
        """Put a whole object into the spool, durably.

        Raises: OSError (no room left).
        """
        part = self.part()
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                return self.keep(part, file.fileno())
        except BaseException:
            self.drop(part)
            raise

    def close(self) -> None:
        """Nothing more comes; an arrival without objects is gone."""
        try:
            if self.count:
                (self.folder / CLOSED).touch()
            else:
                shutil.rmtree(self.folder, ignore_errors=True)
        finally:
            if self._held is not None:
                self._held.close()


class Spool:
    """A folder of arrivals."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def open(
        self,
        way: Way,
        *,
        peer: str | None = None,
        called: str | None = None,
        address: str | None = None,
        synced: bool = True,
    ) -> Sheaf:
        """A folder for the objects of one arrival. With `synced=False` the caller sees to `sync_folder(root)`.

        Raises: OSError (no room left).
        """
        now = datetime.now(UTC)
        arrival = Arrival(
            arrival_id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
            way=way,
            started_at=now,
            peer=peer,
            called=called,
            address=address,
        )
        folder = self.root / arrival.arrival_id
        folder.mkdir(parents=True, mode=0o700)
        told = {
            "way": way.value,
            "peer": peer,
            "called": called,
            "address": address,
            "started_at": now.isoformat(),
            "pid": os.getpid(),
        }
        partial = folder / f"{ABOUT}{PART}"
        held = partial.open("xb", buffering=0)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held.write(json.dumps(told).encode())
            partial.rename(folder / ABOUT)
            if synced:
                sync_folder(self.root)
        except BaseException:
            held.close()
            raise
        return Sheaf(folder, arrival, _held=held)

    def arrivals(self) -> Iterator[Path]:
        """The folders of all arrivals, oldest first."""
        if not self.root.is_dir():
            return
        yield from sorted(path for path in self.root.iterdir() if (path / ABOUT).is_file())

    def free_bytes(self) -> int:
        """Room left where the spool lies."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return shutil.disk_usage(self.root).free


def arrival_of(folder: Path) -> Arrival:
    """Who sent what lies in the folder. What can't be read of it is told as unknown."""
    unknown = Arrival(arrival_id=folder.name, way=Way.FOLDER, started_at=_made_at(folder))
    try:
        told = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return replace(
            unknown,
            way=Way(told["way"]),
            peer=told["peer"],
            called=told["called"],
            address=told["address"],
            started_at=datetime.fromisoformat(told["started_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return unknown


def objects_in(folder: Path) -> list[Path]:
    """The whole objects of an arrival, in their order."""
    return sorted(path for path in folder.iterdir() if path.suffix == OBJECT)


def is_closed(folder: Path) -> bool:
    """Whether nothing more comes."""
    return (folder / CLOSED).exists()


def is_abandoned(folder: Path) -> bool:
    """Whether nobody writes to it any more: the lock of its writer is gone, with or without a word."""
    try:
        with (folder / ABOUT).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # BlockingIOError: it is written to
        return False
    return True


def remove(folder: Path) -> None:
    """An arrival whose objects are all in the store."""
    shutil.rmtree(folder, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """New names in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_back(handle: int) -> None:
    """Wait until the file's bytes are written, where the system can do that without a commit of its journal."""
    if SYNC_FILE_RANGE is None or SYNC_FILE_RANGE(handle, 0, 0, WAIT_WRITE_WAIT):
        os.fsync(handle)


def _made_at(folder: Path) -> datetime:
    return datetime.fromtimestamp(folder.stat().st_mtime, tz=UTC)
