"""The source of files: what a user names becomes studies and failures."""

import hashlib
import logging
import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from wetread.dicom import Limits
from wetread.domain.study import Study
from wetread.domain.view import Failure
from wetread.errors import InputError
from wetread.guard import Guard, Isolation
from wetread.intake.archive import ArchiveLimits, unpack
from wetread.intake.declared import Declared
from wetread.intake.found import Directory, Found, read_found
from wetread.intake.grouping import group
from wetread.intake.kinds import BESIDE, HEAD_BYTES, FileKind, described, kind_of
from wetread.intake.terms import normal_body_part, normal_projection
from wetread.intake.walk import files_under

log = logging.getLogger(__name__)
IMAGE_KINDS = frozenset((FileKind.DICOM, FileKind.PNG, FileKind.JPEG, FileKind.TIFF))
DEEPEST_ARCHIVE = 2
UNPACK_BYTES_PER_S = 20e6  # slower than any disk; only bounds the time limit
WHAT_TO_GIVE = "give DICOM, PNG, JPEG, TIFF or ZIP files"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A file to look at: its bytes, its name for people, and how it was come by."""

    path: Path
    file: str
    named: bool = False
    depth: int = 0
    member_of: frozenset[str] | None = None


class Folder:
    """Studies from files, folders and ZIP archives.

    Headers are parsed through `isolation` (a Guard of its own where none is given), within `timeout_s` a
    file. Archives are unpacked into a temporary folder that lives as long as the source: use it as a
    context manager, or let it go.
    """

    name = "files"

    def __init__(
        self,
        *,
        declared: Declared | None = None,
        isolation: Isolation | None = None,
        limits: Limits | None = None,
        archives: ArchiveLimits | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        self.declared = declared or Declared()
        self.limits = limits or Limits()
        self.archives = archives or ArchiveLimits()
        self.timeout_s = timeout_s
        self._isolation = isolation or Guard(warm=("wetread.intake",))
        self._owns_isolation = isolation is None
        self._spool: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = count()

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was unpacked and end the guard, if it is our own."""
        if self._spool is not None:
            self._spool.cleanup()
            self._spool = None
        if self._owns_isolation:
            self._isolation.close()

    def studies(self, where: tuple[Path, ...]) -> Iterator[Study | Failure]:
        """Every object that could not be used, then every study, in the order they were come by."""
        found: list[Found] = []
        for one in self._objects(where):
            if isinstance(one, Failure):
                yield one
            else:
                found.append(one)
        yield from group(found)

    def _objects(self, where: tuple[Path, ...]) -> Iterator[Found | Failure]:
        """The objects of all files, each file once however often it is come by."""
        seen: set[Path] = set()
        for start in where:
            for first in _candidates(start):
                if isinstance(first, Failure):
                    yield first
                    continue
                pending = deque([first])
                while pending:
                    candidate = pending.popleft()
                    real = candidate.path.resolve()
                    if real in seen:
                        continue
                    seen.add(real)
                    for result in self._look_at(candidate):
                        if isinstance(result, _Candidate):
                            pending.append(result)
                        else:
                            yield result

    def _look_at(self, candidate: _Candidate) -> Iterator[Found | Failure | _Candidate]:
        """What one file gives: an object, more files to look at, or a failure."""
        try:
            with candidate.path.open("rb") as file:
                head = file.read(HEAD_BYTES)
            kind = kind_of(head)
            if kind in IMAGE_KINDS:
                yield from self._read(candidate, kind)
            elif kind is FileKind.ZIP:
                yield from self._unpack(candidate)
            elif kind in BESIDE and not candidate.named:
                log.debug("left out a file that is no image: %s", kind)
            else:
                yield Failure(file=candidate.file, problem=f"it is {described(head, kind)}", remedy=WHAT_TO_GIVE)
        except InputError as error:
            yield Failure(file=error.subject, problem=error.problem, remedy=error.remedy)
        except OSError as error:
            problem = f"it can't be read ({error.strerror})"
            yield Failure(file=candidate.file, problem=problem, remedy="check that it exists and may be read")

    def _read(self, candidate: _Candidate, kind: FileKind) -> Iterator[Found | Failure | _Candidate]:
        result = self._isolation.call(
            read_found,
            candidate.path,
            candidate.file,
            kind,
            self.limits,
            subject=candidate.file,
            timeout_s=self.timeout_s,
        )
        if isinstance(result, Directory):
            yield from _listed(candidate, result)
            return
        instance = replace(result.instance, sha256=_sha256(candidate.path))
        if kind is not FileKind.DICOM:
            instance = replace(
                instance,
                modality=(self.declared.modality or "").upper() or instance.modality,
                body_part=normal_body_part(self.declared.body_part),
                projection=normal_projection(self.declared.projection),
            )
        yield replace(result, instance=instance)

    def _unpack(self, candidate: _Candidate) -> Iterator[Found | Failure | _Candidate]:
        """The members of an archive, as files to look at."""
        if candidate.depth >= DEEPEST_ARCHIVE:
            problem = "it is an archive within an archive within an archive"
            yield Failure(file=candidate.file, problem=problem, remedy="unpack it first")
            return
        if self._spool is None:
            self._spool = tempfile.TemporaryDirectory(prefix="wetread-")
        target = Path(self._spool.name) / f"{next(self._numbers):04d}"
        target.mkdir()
        unpacked = self._isolation.call(
            unpack,
            candidate.path,
            candidate.file,
            target,
            self.archives,
            subject=candidate.file,
            timeout_s=60 + self.archives.max_inflated_bytes / UNPACK_BYTES_PER_S,
        )
        yield from unpacked.failures
        names = frozenset(f"{candidate.file}!{name}".casefold() for name, _ in unpacked.members)
        for name, path in unpacked.members:
            yield _Candidate(path=path, file=f"{candidate.file}!{name}", depth=candidate.depth + 1, member_of=names)


def _candidates(start: Path) -> Iterator[_Candidate | Failure]:
    """The file that `start` is, or the files below it."""
    if not start.exists():
        yield Failure(file=str(start), problem="there is no such file or folder", remedy="check the name")
    elif start.is_dir():
        for path in files_under(start):
            yield path if isinstance(path, Failure) else _Candidate(path=path, file=str(path))
    elif start.is_file():
        yield _Candidate(path=start, file=str(start), named=True)
    else:
        yield Failure(file=str(start), problem="it is not a regular file", remedy=WHAT_TO_GIVE)


def _listed(candidate: _Candidate, directory: Directory) -> Iterator[Failure | _Candidate]:
    """The files that a DICOMDIR lists and that exist beside it; one failure tells how many do not."""
    missing = 0
    here, root = candidate.path.parent, candidate.path.parent.resolve()
    shown = candidate.file[: candidate.file.rfind(candidate.file.replace("!", "/").rsplit("/", 1)[-1])]
    for parts in directory.references:
        if any(part in ("", ".", "..") or "/" in part or "\\" in part for part in parts):
            missing += 1
        elif candidate.member_of is not None:
            missing += (shown + "/".join(parts)).casefold() not in candidate.member_of
        elif (path := _beside(here, root, parts)) is not None:
            yield _Candidate(path=path, file=str(path))
        else:
            missing += 1
    if missing or not directory.references:
        problem = f"{missing} of the {len(directory.references)} files that this DICOMDIR lists are missing"
        yield Failure(file=candidate.file, problem=problem, remedy="copy the whole medium")


def _beside(here: Path, root: Path, parts: tuple[str, ...]) -> Path | None:
    """The listed file, in the spelling of the medium or in small letters, never outside of `root`."""
    for spelling in (parts, tuple(part.lower() for part in parts)):
        path = here.joinpath(*spelling)
        if path.is_file() and path.resolve().is_relative_to(root):
            return path
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
