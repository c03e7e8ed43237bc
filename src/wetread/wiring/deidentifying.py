"""Folders of files to folders of copies that name nobody, each file behind the guard; one that fails stops nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

from wetread.domain.view import Failure
from wetread.errors import ConfigurationError, InputError
from wetread.guard import Guard, Isolation
from wetread.intake.walk import files_under
from wetread.privacy.deidentify.files import deidentify_to
from wetread.privacy.deidentify.options import Clean, Dates, Options, Retain
from wetread.privacy.deidentify.outcome import Copied, Stays
from wetread.privacy.deidentify.pseudonyms import Pseudonyms, make_key, read_key
from wetread.settings import Settings

WARM = "wetread.privacy.deidentify.files"
TIMEOUT_S = 900.0  # one file with many frames that are all looked at


class Notes(Protocol):
    """Takes pairs of what was and what stands for it: the crosswalk."""

    def note(self, kind: str, original: str, pseudonym: str) -> None:
        """Remember one pair."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file: its number in this run, where it lies, and the copy's place without suffix, below the folder of copies.

    Only the number may be told elsewhere: names of files and folders name people.
    """

    number: int
    source: Path
    place: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one file. `out` is the copy's place below the folder, None where the file stays."""

    task: Task
    result: Copied | Stays
    out: Path | None

    def told(self) -> dict[str, Any]:
        """The row for a report: it names nobody."""
        told: dict[str, Any] = {"file": self.task.number, "out": self.out.as_posix() if self.out else None}
        if isinstance(self.result, Stays):
            return {**told, "fate": "stays on site", "why": self.result.why, "remedy": self.result.remedy}
        counts = {name: getattr(self.result, name) for name in ("removed", "replaced", "covered")}
        return {**told, "fate": "copied", **counts, "remarks": list(self.result.remarks)}

    def failure(self) -> Failure | None:
        """For the user's own terminal: the file by its name, why it stays, and what to do."""
        if isinstance(self.result, Copied):
            return None
        problem = f"stays on site: {self.result.why}"
        return Failure(file=f"file {self.task.number} ({self.task.source})", problem=problem, remedy=self.result.remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How copies are made: the key, the options, where to, and whether anything is written."""

    secret: bytes
    options: Options
    out: Path
    dry_run: bool = False


def options_of(retain: Sequence[str], clean: Sequence[str], *, remove_dates: bool = False) -> Options:
    """Options by the words of the command line.

    Raises: ConfigurationError.
    """
    if remove_dates and "dates" in retain:
        raise ConfigurationError("dates are either retained or removed; give one of --retain dates and --remove-dates")
    kept = {"uids": Retain.UIDS, "device": Retain.DEVICE, "institution": Retain.INSTITUTION}
    kept["characteristics"] = Retain.CHARACTERISTICS
    cleaned = {"descriptors": Clean.DESCRIPTORS, "graphics": Clean.GRAPHICS, "pixels": Clean.PIXELS}
    cleaned["structured"] = Clean.STRUCTURED
    dates = Dates.FULL if "dates" in retain else Dates.REMOVED if remove_dates else Dates.SHIFTED
    return Options(
        dates=dates,
        retain=frozenset(kept[word] for word in retain if word != "dates"),
        clean=frozenset(cleaned[word] for word in clean),
    )


def tasks_of(paths: Sequence[Path], out: Path, secret: bytes) -> tuple[list[Task], list[Failure]]:
    """Every file once, in a fixed order, with the place of its copy: folders as they were, all names replaced.

    Raises: ConfigurationError where copies would lie among the originals.
    """
    _keep_apart(paths, out)
    pseudonyms = Pseudonyms(secret)
    tasks, failures, seen = list[Task](), list[Failure](), set[Path]()
    for root in paths:
        for found in files_under(root) if root.is_dir() else (root,):
            if isinstance(found, Failure):
                failures.append(found)
                continue
            if found.resolve() in seen:
                continue
            seen.add(found.resolve())
            parts = _parts(root, found, several=len(paths) > 1)
            place = Path(*(pseudonyms.name_of(part) for part in parts))
            tasks.append(Task(number=len(tasks) + 1, source=found, place=place))
    return tasks, failures


def copy_all(tasks: Sequence[Task], work: Work, isolation: Isolation, *, notes: Notes | None = None) -> Iterator[Row]:
    """Make the copies one by one; pairs are noted before a copy gets its name."""
    for task in tasks:
        yield _copy(task, work, isolation, notes)


def deidentify_guard(settings: Settings) -> Guard:
    """A child process for reading and cleaning, with the site's memory limit."""
    return Guard(memory_bytes=settings.memory_limit_bytes, timeout_s=TIMEOUT_S, warm=(WARM,))


def open_crosswalk(path: Path | None, secret: bytes) -> AbstractContextManager[Notes | None]:
    """The crosswalk to note pairs in, or nothing where none is wanted.

    Raises: ConfigurationError, MissingExtra.
    """
    if path is None:
        return nullcontext(None)
    from wetread.privacy.deidentify.crosswalk import Crosswalk

    return cast(AbstractContextManager[Notes], Crosswalk.open(path, secret))


def write_row(row: Row, write: Callable[[str], object]) -> None:
    """One JSON line a file."""
    write(json.dumps(row.told(), ensure_ascii=False) + "\n")


def _copy(task: Task, work: Work, isolation: Isolation, notes: Notes | None) -> Row:
    partial: Path | None = None
    if not work.dry_run:
        folder = (work.out / task.place).parent
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{task.place.name}.part"
    subject = f"file {task.number}"
    try:
        result = isolation.call(
            deidentify_to,
            (str(task.source), str(partial) if partial else None),
            subject,
            work.secret,
            work.options,
            subject=subject,
        )
    except InputError as problem:
        result = Stays(why=problem.problem, remedy=problem.remedy)
    if isinstance(result, Stays):
        _leave_nothing(task, work, partial)
        return Row(task=task, result=result, out=None)
    out = task.place.with_suffix(result.suffix)
    if partial is not None:
        for pair in result.notes:
            if notes is not None:
                notes.note(pair.kind, pair.original, pair.pseudonym)
        partial.replace(work.out / out)
    return Row(task=task, result=replace(result, notes=()), out=out)


def _leave_nothing(task: Task, work: Work, partial: Path | None) -> None:
    """A file that stays leaves no copy, not even one of an earlier run with other options."""
    if partial is None:
        return
    for left in (partial, *(work.out / task.place.with_suffix(suffix) for suffix in (".dcm", ".png"))):
        left.unlink(missing_ok=True)
    with suppress(OSError):  # other copies lie in it
        if partial.parent != work.out:
            partial.parent.rmdir()


def _keep_apart(paths: Sequence[Path], out: Path) -> None:
    wanted = out.resolve()
    for path in paths:
        source = path.resolve()
        if wanted == source or source in wanted.parents or (path.is_dir() and wanted in source.parents):
            raise ConfigurationError("copies must not lie among the originals; give another folder for --out")


def _parts(root: Path, found: Path, *, several: bool) -> tuple[str, ...]:
    """The names on the way to a file; with several roots each has a folder of its own."""
    inside = found.relative_to(root).parts if root.is_dir() else (found.name,)
    top = root if root.is_dir() else root.parent
    return (str(top.resolve()), *inside) if several else inside


__all__ = [
    "Row",
    "Task",
    "Work",
    "copy_all",
    "deidentify_guard",
    "make_key",
    "open_crosswalk",
    "options_of",
    "read_key",
    "tasks_of",
    "write_row",
]
