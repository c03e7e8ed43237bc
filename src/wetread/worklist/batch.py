"""The files of a batch on their way into the spool. A list beside it knows what is in there and what it was called.

Files go in by the sheaf. Each line of the list is written before its object is whole, and a sheaf is marked as done
after its last object: a batch that was killed takes the files of one sheaf anew, which changes nothing, since the same
bytes count once.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from wetread.domain.arrival import Way
from wetread.domain.view import Failure
from wetread.intake.kinds import BESIDE, HEAD_BYTES, kind_of
from wetread.intake.spool import Sheaf, Spool
from wetread.intake.walk import files_under

SHEAF = 200  # files that are taken anew at most after a kill
DIRECTORY = "dicomdir"  # lists files and holds none


@dataclass(slots=True)
class Manifest:
    """What is in the spool or went through it: by file, and by the name it has in the store."""

    path: Path
    taken: dict[str, str] = field(default_factory=dict)  # file → what it was like when it was taken
    names: dict[str, str] = field(default_factory=dict)  # "arrival/000001" → file

    @classmethod
    def at(cls, path: Path) -> "Manifest":
        """The list as it stands; a last line that was cut off by a kill is left out."""
        manifest, open_sheaf = cls(path), dict[str, str]()
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if "done" in told:
                manifest.taken |= open_sheaf
                open_sheaf = {}
            else:
                manifest.names[told["object"]] = told["file"]
                open_sheaf[told["file"]] = told["state"]
        return manifest

    def note(self, **told: str) -> None:
        """Add a line, durably."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=True) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def file_of(self, stored: str) -> str:
        """The user's name of a stored object; a member of an archive keeps its name in there."""
        head, mark, member = stored.partition("!")
        return self.names.get(head, head) + mark + member


def candidates(folder: Path) -> Iterator[Path | Failure]:
    """The files below `folder` that may hold images; what lies beside images is left out."""
    for found in files_under(folder):
        if isinstance(found, Failure):
            yield found
            continue
        try:
            with found.open("rb") as file:
                kind = kind_of(file.read(HEAD_BYTES))
        except OSError as error:
            problem = f"it can't be read ({error.strerror})"
            yield Failure(file=str(found), problem=problem, remedy="check its rights")
            continue
        if kind not in BESIDE and found.name.lower() != DIRECTORY:
            yield found


def fill(
    spool: Spool, manifest: Manifest, root: Path, files: Iterable[Path], *, ticked: Callable[[], None]
) -> list[Failure]:
    """Put every file that is not there yet into the spool; what could not be read. `ticked` is called for each file.

    Raises: OSError (no room left).
    """
    failures: list[Failure] = []
    waiting = iter(files)
    while some := list(islice(waiting, SHEAF)):
        new = [(file, name, state) for file, name, state in _stated(some, root) if manifest.taken.get(name) != state]
        if new:
            failures += _take(spool, manifest, new)
        for _ in some:
            ticked()
    return failures


def _stated(files: Iterable[Path], root: Path) -> Iterator[tuple[Path, str, str]]:
    """Each file with its name for people and what tells whether it changed."""
    for file in files:
        try:
            status = file.stat()
            state = f"{status.st_size}-{status.st_mtime_ns}"
        except OSError:
            state = "gone"
        yield file, str(file.relative_to(root)), state


def _take(spool: Spool, manifest: Manifest, new: list[tuple[Path, str, str]]) -> list[Failure]:
    failures: list[Failure] = []
    sheaf = spool.open(Way.BATCH, peer="batch")
    try:
        for file, name, state in new:
            failure = _copy(sheaf, manifest, file, name=name, state=state)
            if failure is not None:
                failures.append(failure)
    finally:
        sheaf.close()
    manifest.note(done=sheaf.arrival.arrival_id)
    manifest.taken |= {name: state for _, name, state in new}
    return failures


def _copy(sheaf: Sheaf, manifest: Manifest, file: Path, *, name: str, state: str) -> Failure | None:
    """A copy of the bytes, durable before it has its name. A file that can't be read is told."""
    part = sheaf.part()
    try:
        source = file.open("rb")
    except OSError as error:
        problem = f"it can't be read ({error.strerror})"
        return Failure(file=str(file), problem=problem, remedy="check that it exists and may be read")
    try:
        with source, part.open("xb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            stored = f"{sheaf.arrival.arrival_id}/{part.stem}"
            manifest.note(object=stored, file=name, state=state)
            manifest.names[stored] = name
            sheaf.keep(part, copy.fileno())
    except BaseException:
        sheaf.drop(part)
        raise
    return None
