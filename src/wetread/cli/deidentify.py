"""`wetread deidentify`: copies of studies that name nobody, by PS3.15 Annex E."""

import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import complain_of, note, ticking
from wetread.errors import ConfigurationError
from wetread.settings import load_settings

if TYPE_CHECKING:
    from wetread.wiring.deidentifying import Row, Task, Work


class Keep(StrEnum):
    """What copies keep beyond the basic profile."""

    UIDS = "uids"
    DATES = "dates"
    DEVICE = "device"
    INSTITUTION = "institution"
    CHARACTERISTICS = "characteristics"


class Look(StrEnum):
    """What is cleaned and kept, where the basic profile takes it out or does not look."""

    DESCRIPTORS = "descriptors"
    GRAPHICS = "graphics"
    PIXELS = "pixels"
    STRUCTURED = "structured"


def deidentify(  # noqa: PLR0913 - one argument an option of the command line
    paths: Annotated[
        list[Path] | None, typer.Argument(help="files or folders", exists=True, show_default=False)
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="folder of the copies", file_okay=False)] = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", help="the key that stand-ins follow from")] = None,
    new_key: Annotated[Path | None, typer.Option("--new-key", help="only make a key file of this name")] = None,
    crosswalk: Annotated[
        Path | None, typer.Option("--crosswalk", help="encrypted file of who is who; made where there is none")
    ] = None,
    retain: Annotated[list[Keep] | None, typer.Option("--retain", help="keep these; repeat for several")] = None,
    clean: Annotated[list[Look] | None, typer.Option("--clean", help="clean these; repeat for several")] = None,
    remove_dates: Annotated[bool, typer.Option("--remove-dates", help="take dates out instead of moving them")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="try everything, write no copy")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="a JSON line a file, by number", dir_okay=False)
    ] = None,
) -> int:
    """Make copies of DICOM files and pictures that name nobody; the originals are not changed.

    Folders stay as they were, names of files and folders are replaced. One key gives one patient the same stand-in in
    every run. Dates go back by a number of days that is the patient's own. Exit code 1: some files stay on site,
    each with its reason.
    """
    from wetread.wiring.deidentifying import Work, make_key, options_of, read_key, tasks_of

    if new_key is not None:
        make_key(new_key)
        note(f"a new key is in {new_key}; keep it secret and safe: without it nobody can go on with these copies")
        return 0
    if not paths or out is None or key_file is None:
        raise ConfigurationError("give files or folders, --out and --key-file (make a key first: --new-key FILE)")
    secret = read_key(key_file)
    options = options_of(retain or (), clean or (), remove_dates=remove_dates)
    tasks, failures = tasks_of(paths, out, secret)
    complain_of(failures)
    rows = _run(tasks, Work(secret=secret, options=options, out=out, dry_run=dry_run), crosswalk, report)
    complain_of(failure for failure in (row.failure() for row in rows) if failure)
    copied = sum(row.out is not None for row in rows)
    would = "would be copied" if dry_run else "copied"
    sys.stdout.write(f"{copied} {would}, {len(rows) - copied} stay on site\n")
    return 1 if failures or copied < len(rows) or not rows else 0


def _run(tasks: "list[Task]", work: "Work", crosswalk: Path | None, report: Path | None) -> "list[Row]":
    """Copy all, with a bar on a terminal."""
    from wetread.wiring.deidentifying import copy_all, deidentify_guard, open_crosswalk, write_row

    rows = []
    with ExitStack() as stack:
        guard = stack.enter_context(deidentify_guard(load_settings()))
        notes = stack.enter_context(open_crosswalk(None if work.dry_run else crosswalk, work.secret))
        lines = stack.enter_context(report.open("w", encoding="utf-8")) if report else None
        tick = stack.enter_context(ticking(len(tasks), "de-identifying"))
        for row in copy_all(tasks, work, guard, notes=notes):
            rows.append(row)
            if lines is not None:
                write_row(row, lines.write)
            tick()
    return rows
