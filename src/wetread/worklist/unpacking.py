"""What a file of the spool holds: an object, a picture, an archive of them, or something that can't be used."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from wetread.dicom import Limits
from wetread.errors import InputError
from wetread.guard import Isolation
from wetread.intake.archive import ArchiveLimits, unpack
from wetread.intake.found import Directory
from wetread.intake.kinds import BESIDE, HEAD_BYTES, FileKind, described, kind_of
from wetread.worklist.looking import Looked, look

PICTURES = frozenset((FileKind.DICOM, FileKind.PNG, FileKind.JPEG, FileKind.TIFF))
DEEPEST_ARCHIVE = 2
UNPACK_BYTES_PER_S = 20e6  # slower than any disk; only bounds the time limit
WHAT_TO_SEND = "send DICOM, PNG, JPEG, TIFF or ZIP files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object that can be placed: where its bytes are now, its name for people, what its header says."""

    path: Path
    file: str
    looked: Looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Bytes that can't be placed, and why."""

    path: Path
    file: str
    problem: str
    remedy: str = ""


class Opener:
    """Looks into files behind a guard. Archives are unpacked below `folder`, emptied by `clear`."""

    def __init__(self, isolation: Isolation, folder: Path, *, timeout_s: float) -> None:
        self._isolation, self._folder, self._timeout_s = isolation, folder, timeout_s
        self._limits, self._archives = Limits(), ArchiveLimits()
        self._numbers = count()
        self.clear()

    def clear(self) -> None:
        """Remove what was unpacked."""
        if self._folder.exists():
            shutil.rmtree(self._folder, ignore_errors=True)

    def opened(self, path: Path, file: str, *, depth: int = 0) -> Iterator[Object | Trouble]:
        """Everything in the file. What lies beside images in an archive is left out."""
        try:
            with path.open("rb") as opened:
                head = opened.read(HEAD_BYTES)
            kind = kind_of(head)
            if kind in PICTURES:
                yield from self._object(path, file, kind, depth)
            elif kind is FileKind.ZIP:
                yield from self._archive(path, file, depth)
            elif not (depth and kind in BESIDE):
                yield Trouble(path=path, file=file, problem=f"it is {described(head, kind)}", remedy=WHAT_TO_SEND)
        except InputError as error:
            yield Trouble(path=path, file=file, problem=error.problem, remedy=error.remedy)

    def _object(self, path: Path, file: str, kind: FileKind, depth: int) -> Iterator[Object | Trouble]:
        arguments = (path, file, kind, self._limits)
        found = self._isolation.call(look, *arguments, subject=file, timeout_s=self._timeout_s)
        if not isinstance(found, Directory):
            yield Object(path=path, file=file, looked=found)
        elif not depth:
            problem = "it is a DICOMDIR: it lists files and holds none"
            yield Trouble(path=path, file=file, problem=problem, remedy="send the files that it lists")

    def _archive(self, path: Path, file: str, depth: int) -> Iterator[Object | Trouble]:
        if depth >= DEEPEST_ARCHIVE:
            problem = "it is an archive within an archive within an archive"
            yield Trouble(path=path, file=file, problem=problem, remedy="unpack it first")
            return
        target = self._folder / f"{next(self._numbers):06d}"
        target.mkdir(parents=True, mode=0o700)
        limit_s = 60 + self._archives.max_inflated_bytes / UNPACK_BYTES_PER_S
        arguments = (path, file, target, self._archives)
        unpacked = self._isolation.call(unpack, *arguments, subject=file, timeout_s=limit_s)
        for failure in unpacked.failures:  # the archive itself is kept, so that nothing of it is lost
            yield Trouble(path=path, file=failure.file, problem=failure.problem, remedy=failure.remedy)
        for name, member in unpacked.members:
            yield from self.opened(member, f"{file}!{name}", depth=depth + 1)
