"""The command line, one file a verb. Results on stdout, everything else on stderr.

Exit codes: 0 done, 1 some input could not be read, 2 usage or settings, 3 unexpected.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from typer import Abort, Exit
from typer.exceptions import TyperException

from wetread import __version__
from wetread.cli import (
    audit,
    backup,
    batch,
    bench,
    calibrate,
    cases,
    config,
    cost,
    daily,
    deidentify,
    demo,
    discordance,
    doctor,
    drift,
    evaluate,
    fetch,
    gate,
    hl7,
    http,
    ingest,
    jobs,
    listen,
    queue,
    read,
    readers,
    reidentify,
    rules,
    score_reports,
    send,
    sentinel,
    serve,
    token,
    user,
    views,
    work,
)
from wetread.cli.console import complain
from wetread.cli.logs import start_logging
from wetread.errors import ConfigurationError, InputError, ServiceError
from wetread.settings import load_settings, use_file

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
app.add_typer(config.app, name="config")
app.command("cost")(cost.cost)
app.command("bench")(bench.bench)
app.command("evaluate")(evaluate.evaluate)
app.command("score-reports")(score_reports.score_reports)
app.command("cases")(cases.cases)
app.command("queue")(queue.queue)
app.command("calibrate")(calibrate.calibrate)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("serve")(serve.serve)
app.command("listen")(listen.listen)
app.command("ingest")(ingest.ingest)
app.command("work")(work.work)
app.command("http")(http.http)
app.command("fetch")(fetch.fetch)
app.command("hl7")(hl7.hl7)
app.command("deidentify")(deidentify.deidentify)
app.command("reidentify")(reidentify.reidentify)
app.command("send")(send.send)
app.command("daily")(daily.daily)
app.command("discordance")(discordance.discordance)
app.command("batch")(batch.batch)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(jobs.app, name="jobs")
app.add_typer(rules.app, name="rules")
app.add_typer(drift.app, name="drift")
app.add_typer(sentinel.app, name="sentinel")
app.add_typer(user.app, name="user")
app.add_typer(token.app, name="token")
app.add_typer(audit.app, name="audit")
app.add_typer(gate.app, name="gate")


def _say_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"wetread {__version__}\n")
        raise Exit


@app.callback()
def settings_from(
    file: Annotated[
        Path | None, typer.Option("--config", help="settings file instead of wetread.toml", exists=True, dir_okay=False)
    ] = None,
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="say the version and leave", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """A preliminary read for every imaging study, ordered by urgency. Research use only, not for diagnosis."""
    if file is not None:
        use_file(file)
    with suppress(ConfigurationError):  # the verb itself says what is wrong with the settings
        start_logging(load_settings().log_level)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.argv[1:] = config_first(sys.argv[1:])
    start_logging("info")
    sys.exit(_run())


def config_first(words: list[str]) -> list[str]:
    """The command's words with `--config FILE` in front, wherever it stood: it belongs to every verb."""
    end = words.index("--") if "--" in words else len(words)
    for place, word in enumerate(words[:end]):
        if word == "--config" and place + 1 < end:
            return [word, words[place + 1], *words[:place], *words[place + 2 :]]
        if word.startswith("--config="):
            return [word, *words[:place], *words[place + 1 :]]
    return words


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
    if isinstance(problem, ServiceError):  # nothing of that name, changed meanwhile, the database is gone
        complain(str(problem))
        return 1
    if os.environ.get("WETREAD_DEBUG"):
        raise problem
    complain(f"unexpected {type(problem).__name__}: {problem}; set WETREAD_DEBUG=1 for the traceback")
    return 3
