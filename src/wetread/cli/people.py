"""What the verbs about people share: the service's store, who sits at the console, tables."""

import getpass
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wetread.domain.audit import Action, Outcome
from wetread.reporting import inert
from wetread.settings import load_settings
from wetread.wiring.service import Service, open_service


@contextmanager
def house(data: Path | None, database: str | None) -> Iterator[Service]:
    """The service's store; what does not exist yet is made.

    Raises: MissingExtra, ConfigurationError, StoreUnavailable.
    """
    service = open_service(load_settings(), data, database)
    try:
        yield service
    finally:
        service.close()


def console_line(action: Action, what: str) -> dict[str, Any]:
    """A line of the audit about whoever sits at the console; a login has no colon, so it can't be taken for one."""
    return {
        "actor": f"console:{_account()}",
        "roles": ("console",),
        "action": action,
        "object": what,
        "outcome": Outcome.SUCCESS,
        "address": None,
    }


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on stdout; a pipe gets plain text."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        shown.add_column(head, no_wrap=True)
    for row in rows:
        shown.add_row(*(Text(inert(_told(cell))) for cell in row))
    Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 200).print(shown)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may know no name for the number
        return "unknown"


def _told(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else str(cell)
