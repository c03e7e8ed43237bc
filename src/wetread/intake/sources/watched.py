"""A watched folder: whatever somebody puts there is taken once it is whole. Nothing there is changed or removed."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from wetread.domain.arrival import Way
from wetread.domain.view import Failure
from wetread.errors import InputError, SourceUnavailable
from wetread.intake.kinds import BESIDE, HEAD_BYTES, kind_of
from wetread.intake.sources.look import Count, Fetched, Surroundings, Taking
from wetread.intake.walk import files_under

CHUNK_BYTES = 1 << 20
UNFINISHED = frozenset((".part", ".partial", ".tmp", ".filepart", ".crdownload"))
DICOMDIR = "DICOMDIR"  # an index: what it lists lies beside it and is taken as files


class _ChangedMeanwhileError(Exception):
    """Somebody wrote to the file while it was copied."""


class WatchedFolder:
    """Files below a folder, each taken once it has been unchanged for `settle_s`, and again where it changed since.

    Files are copied, never linked: whoever writes to his file later does not change what was taken.
    """

    def __init__(
        self, name: str, folder: Path, *, settle_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._folder = folder
        self._settle_s = settle_s
        self._monotonic = monotonic
        self._seen: dict[str, tuple[str, float]] = {}  # new or changed files: their mark, and since when it stands

    def check(self) -> None:
        """Raises: SourceUnavailable where there is no such folder or it can't be opened."""
        if not self._folder.is_dir() or not os.access(self._folder, os.R_OK | os.X_OK):
            raise SourceUnavailable(f"source {self.name!r}: its folder is not there or can't be opened; mount it")

    def look(self, around: Surroundings) -> Fetched:
        """Take what is new and settled.

        Raises: SourceUnavailable (the folder is gone, or no room is left).
        """
        self.check()
        count, before, self._seen = Count(), self._seen, {}
        with Taking(around, Way.FOLDER, peer=self.name) as taking:
            for path in files_under(self._folder):
                if around.stopping():
                    break
                if isinstance(path, Failure):
                    count.failures.append(path)
                else:
                    self._consider(path, before, around=around, taking=taking, count=count)
        around.memory.forget(around.now())
        return count.done()

    def _consider(
        self,
        path: Path,
        before: dict[str, tuple[str, float]],
        *,
        around: Surroundings,
        taking: Taking,
        count: Count,
    ) -> None:
        key = str(path)
        try:
            mark = _mark(path.stat())
            if around.memory.recall(key, around.now()) == mark or path.name.upper() == DICOMDIR:
                return
            known, since = before.get(key, (mark, self._monotonic()))
            self._seen[key] = (mark, since if known == mark else self._monotonic())
            if not self._settled(path, key):
                count.waiting += 1
                return
            count.taken += self._take(path, mark, taking)
            around.memory.keep(key, mark, around.now())
            del self._seen[key]
        except (FileNotFoundError, _ChangedMeanwhileError):
            count.waiting += 1
        except InputError as problem:
            count.failures.append(Failure(file=key, problem=problem.problem, remedy=problem.remedy))
        except PermissionError as problem:
            text = f"it can't be read ({problem.strerror})"
            count.failures.append(Failure(file=key, problem=text, remedy="check its rights"))

    def _settled(self, path: Path, key: str) -> bool:
        mark, since = self._seen[key]
        whole = path.suffix.lower() not in UNFINISHED and not mark.startswith("0:")
        return whole and self._monotonic() - since >= self._settle_s

    def _take(self, path: Path, mark: str, taking: Taking) -> int:
        """Copy the file into the spool; 0 for what merely lies beside images."""
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode) or kind_of(file.read(HEAD_BYTES)) in BESIDE:
                return 0
            file.seek(0)
            taking.take(_unchanged(file, mark), subject=str(path))
        return 1


def _unchanged(file: BinaryIO, mark: str) -> Iterator[bytes]:
    """The file's bytes.

    Raises: _ChangedMeanwhileError after the last one, if they are not those that were looked at.
    """
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
    if _mark(os.fstat(file.fileno())) != mark:
        raise _ChangedMeanwhileError


def _mark(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}"
