"""The command line, one file a verb. Results on stdout, everything else on stderr.

Exit codes: 0 done, 1 some input could not be read, 2 usage or settings, 3 unexpected.
"""

import logging
import os
import sys

import typer
from typer import Abort, Exit
from typer.exceptions import TyperException

from wetread.cli import demo, doctor, read, readers, views
from wetread.cli.console import complain
from wetread.errors import ConfigurationError, InputError

app = typer.Typer(
    name="wetread",
    help="A preliminary read for every imaging study, ordered by urgency. Research use only, not for diagnosis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("read")(read.read)
app.command("views")(views.views)
app.add_typer(readers.app, name="readers")
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line and leave with its exit code."""
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its warnings quote header values
    sys.exit(_run())


def _run() -> int:
    try:
        outcome = app(standalone_mode=False)
    except Exit as leaving:
        return leaving.exit_code
    except (Exception, KeyboardInterrupt) as problem:  # noqa: BLE001 - the edge: a bug must not look like a result
        return _exit_code(problem)
    return outcome if isinstance(outcome, int) else 0


def _exit_code(problem: BaseException) -> int:
    """Say what went wrong and return the code that tells it."""
    if isinstance(problem, TyperException):
        message = problem.format_message()
        if "\n" in message:  # a whole help page
            sys.stderr.write(message + "\n")
        else:
            complain(f"{message} Try --help.")
        return problem.exit_code
    if isinstance(problem, Abort | KeyboardInterrupt):
        complain("stopped")
        return 130
    if isinstance(problem, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(problem, ConfigurationError | InputError):
        complain(str(problem))
        return 2
    if os.environ.get("WETREAD_DEBUG"):
        raise problem
    complain(f"unexpected {type(problem).__name__}: {problem}; set WETREAD_DEBUG=1 for the traceback")
    return 3
