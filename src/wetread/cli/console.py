"""What people see while they wait: colours and bars on a terminal, plain lines elsewhere. Always stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from wetread.domain.study import Study
from wetread.domain.view import Failure
from wetread.reporting import inert

T = TypeVar("T")
STYLES = {"P1": "bold white on red3", "P2": "bold black on orange1", "UNREAD": "bold black on orange1"}


def error_console() -> Console:
    """A console on the stderr of this moment (tests and pipes replace it)."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def complain(text: str) -> None:
    """One error line. The text is foreign: it is shown, never interpreted."""
    error_console().print(Text.assemble(("error: ", "bold red"), inert(text)))


def note(text: str) -> None:
    """One quiet line about progress."""
    error_console().print(Text(inert(text), style="dim"))


def complain_of(failures: Iterable[Failure]) -> None:
    """A line for each object that could not be used."""
    for failure in failures:
        tail = f"; {failure.remedy}" if failure.remedy else ""
        complain(f"{failure.file}: {failure.problem}{tail}")


def track(items: Sequence[T], doing: str) -> Iterator[T]:
    """Go through the items with a bar on a terminal."""
    console = error_console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield from bar.track(items, description=doing)


@contextmanager
def ticking(total: int, doing: str) -> Iterator[Callable[[], None]]:
    """A bar on a terminal that moves by one at each call of what is given."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=error_console(), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda: bar.advance(task)


def gather(found: Iterable[Study | Failure]) -> tuple[list[Study], list[Failure]]:
    """Everything a source yields, parted, with a spinner that counts."""
    studies: list[Study] = []
    failures: list[Failure] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=error_console(), transient=True, disable=not sys.stderr.isatty()) as spinner:
        task = spinner.add_task("looking at files")
        for one in found:
            if isinstance(one, Failure):
                failures.append(one)
            else:
                studies.append(one)
            spinner.update(task, description=f"{len(studies)} studies found, {len(failures)} files unreadable")
    return studies, failures
