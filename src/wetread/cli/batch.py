"""`wetread batch`: every study below a folder, by the durable flow of the service: it goes on where it was stopped."""

import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from wetread.cli.console import complain, complain_of, error_console, note
from wetread.settings import load_settings
from wetread.wiring.batch_table import TableFormat, check_format, write_table

if TYPE_CHECKING:
    from wetread.wiring.batching import Batch, Result

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TimeRemainingColumn(),
)
INTERRUPTED = 130
TALKATIVE = ("wetread.flow", "wetread.completeness", "alembic")  # a line a study is what the bar is for


def batch(
    folder: Annotated[Path, typer.Argument(help="folder with studies", exists=True, file_okay=False)],
    *,
    out: Annotated[Path, typer.Option("--out", help="folder of the results", file_okay=False)],
    reader: Annotated[list[str] | None, typer.Option("--reader", help="reader to ask; repeat for a panel")] = None,
    budget_usd: Annotated[
        float | None, typer.Option("--budget-usd", min=0, help="US dollars of the whole batch, resumed or not")
    ] = None,
    output: Annotated[TableFormat, typer.Option("--format", help="how the rows are written")] = TableFormat.CSV,
    resume: Annotated[bool, typer.Option("--resume", help="only go on with a batch that was begun in --out")] = False,
) -> int:
    """Read every study below a folder and write a row and a JSON report for each.

    However it is stopped, the same command goes on: what is read is not read again, what is paid not paid again.
    Exit code 1: something could not be read, failed, or is left since the budget is spent.
    """
    check_format(output)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    from wetread.wiring.batching import open_batch

    settings = load_settings()
    with open_batch(settings, folder, out, readers=tuple(reader or ()), budget_usd=budget_usd, resume=resume) as opened:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: opened.stopping.set())
        result = _run(opened, folder)
        interrupted = opened.stopping.is_set()
    table = out / f"results.{output.value}"
    write_table(result.rows, table, output)
    return _conclude(result, table, interrupted=interrupted)


def _run(opened: "Batch", folder: Path) -> "Result":
    """Take in, then read, each with a bar on a terminal."""
    with Progress(*COLUMNS, console=error_console(), transient=True, disable=not sys.stderr.isatty()) as bar:
        taking = bar.add_task("taking in", total=None)
        failures = opened.take_in(folder, lambda: bar.advance(taking))
        bar.remove_task(taking)
        reading = bar.add_task("reading", total=None)
        if not opened.stopping.is_set():
            opened.read(lambda state: bar.update(reading, completed=state.done, total=state.studies))
    return opened.result(failures)


def _conclude(result: "Result", table: Path, *, interrupted: bool) -> int:
    """Say what there is, what went wrong and what is left."""
    state = result.progress
    complain_of(result.failures)
    unread = f", {state.unread} of them read by nobody" if state.unread else ""
    note(f"{state.done} of {state.studies} studies reported{unread}; rows in {table}")
    left = state.waiting + state.failed
    if result.refusal is not None:
        complain(f"stopped: {result.refusal}. {left} studies are left; give the same command more --budget-usd")
    elif interrupted:
        note(f"stopped; {left} studies are left. The same command goes on")
    elif state.failed:
        complain(f"something broke on {state.failed} studies (column problem); the same command tries them again")
    if interrupted:
        return INTERRUPTED
    return 1 if result.failures or left or result.refusal else 0
