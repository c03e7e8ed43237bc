"""`wetread cases`: the site's signed studies as cases for `wetread evaluate`."""

import secrets
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl, named_day
from wetread.cli.people import console_line
from wetread.domain.audit import Action
from wetread.settings import load_settings

KEY_BYTES = 32


def cases(
    *,
    out: Annotated[Path, typer.Option("--out", help="a new folder", file_okay=False)],
    data: Data = None,
    database: DatabaseUrl = None,
    since: Annotated[str | None, typer.Option(help="signed on this day or later, e.g. 2026-11-01")] = None,
    until: Annotated[str | None, typer.Option(help="signed before this day")] = None,
    calib_share: Annotated[
        float, typer.Option(min=0, max=0.9, help="share of patients to fix thresholds and maps on")
    ] = 0.0,
    pictures: Annotated[bool, typer.Option(help="copy the pictures as they are stored; they name patients")] = True,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="the key that stand-ins follow from; a new one without it")
    ] = None,
) -> int:
    """Write signed studies as cases: what humans signed is the truth, what readers said in service is the log.

    `wetread evaluate FOLDER --out FOLDER` then tells figures without asking anybody again. Files and patients have
    stand-ins for names; the pictures themselves are as they are stored. Keep the folder on site.
    """
    from wetread.store.audit import append_in
    from wetread.wiring.case_source import Wish, write_cases
    from wetread.wiring.deidentifying import read_key
    from wetread.wiring.service import open_service

    secret = secrets.token_bytes(KEY_BYTES) if key_file is None else read_key(key_file)
    wish = Wish(since=named_day(since), until=named_day(until), pictures=pictures, calib_share=calib_share)
    service = open_service(load_settings(), data, database)
    try:
        command = shlex.join(["wetread", "cases"])  # the folder and the key are nobody's business
        written = write_cases(service, wish, out, secret=secret, command=command)
        with service.database.write() as connection:
            told = {"cases": written.cases, "pictures": pictures, "since": since or "", "until": until or ""}
            append_in(connection, now=service.now(), line=console_line(Action.EXPORT, "cases"), data=told)
    finally:
        service.close()
    sys.stdout.write(f"{written.cases} cases, {written.answers} answers of {len(written.readers)} readers\n")
    if written.without_truth:
        note(f"{written.without_truth} signed studies say nothing coded and are left out")
    if written.without_pictures and pictures:
        note(f"{written.without_pictures} cases have no pictures any more: the log knows what readers said of them")
    if pictures:
        note("the pictures name their patients; `wetread deidentify` makes copies that do not")
    return 0
