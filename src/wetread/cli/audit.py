"""`wetread audit`: whether the chain holds, and its lines for others."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.console import complain, note
from wetread.cli.options import Data, DatabaseUrl
from wetread.cli.people import console_line, house
from wetread.delivery.audit_event import Style, written
from wetread.domain.audit import Action
from wetread.errors import ConfigurationError
from wetread.settings import load_settings

app = typer.Typer(help="Who did what: check it, export it.", no_args_is_help=True, rich_markup_mode=None)


@app.command("verify")
def verify(
    *,
    expect: Annotated[
        str | None, typer.Option("--expect", help="SEQ:HASH written down before; tells lines cut off the end")
    ] = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Walk the chain. Exit code 0 and its head on stdout if it holds; 1 and the first wrong line if not."""
    from wetread.store.audit import Head
    from wetread.store.audit import verify as walk

    head = None if expect is None else Head.parse(expect)
    with house(_existing(data, database), database) as service:
        verdict = walk(service.database, head)
    if not verdict.whole:
        complain(f"the audit is broken at line {verdict.broken_at}: {verdict.why}")
        return 1
    note(f"the audit is whole: {verdict.lines} lines; keep the head elsewhere and check it with --expect")
    sys.stdout.write(f"{verdict.head}\n")
    return 0


@app.command("export")
def export(
    *,
    style: Annotated[Style, typer.Option("--format", help="our lines, FHIR AuditEvents, ATNA messages")] = Style.JSONL,
    since: Annotated[datetime | None, typer.Option("--since", help="from this moment on (UTC)")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="file to write; else stdout", dir_okay=False)] = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Write the audit out, oldest line first. Only lines since `--since` if given; the export is itself a line."""
    from wetread.store.audit import append_in
    from wetread.store.audit_search import AuditFilters, audit_lines

    start = None if since is None else since.replace(tzinfo=UTC)
    with house(_existing(data, database), database) as service:
        with service.database.write() as connection:
            line = console_line(Action.AUDIT_EXPORT, "audit")
            append_in(connection, now=service.now(), line=line, data={"format": style, "since": since})
        count = 0
        with nullcontext(sys.stdout) if out is None else out.open("w", encoding="utf-8") as file:
            for text in written(audit_lines(service.database, AuditFilters(since=start)), style):
                file.write(text)
                count += 1
    note(f"{count} lines")


def _existing(data: Path | None, database: str | None) -> Path | None:
    """The data folder, which must be there: what was never made has no audit to check.

    Raises: ConfigurationError.
    """
    folder = data or load_settings().data_dir
    if database is None and load_settings().service.database is None and not (folder / "wetread.sqlite").exists():
        raise ConfigurationError(f"{folder} holds no worklist; name its folder with --data")
    return data
