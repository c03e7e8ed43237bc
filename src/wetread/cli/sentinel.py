"""`wetread sentinel`: fixed cases that every reader is asked of daily; a changed answer raises the alarm."""

from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import BodyPart, Data, DatabaseUrl, Modality, Projection
from wetread.cli.people import console_line, house, table
from wetread.domain.audit import Action

app = typer.Typer(help="Fixed cases that are asked of daily.", no_args_is_help=True, rich_markup_mode=None)


@app.command("add")
def add(
    path: Annotated[list[Path], typer.Argument(help="the files or the folder of one study", exists=True)],
    *,
    name: Annotated[str, typer.Option("--name", help="short name for people; nothing that identifies a patient")],
    modality: Modality = None,
    body_part: BodyPart = None,
    projection: Projection = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Keep a study as a sentinel. Every reader is held to what it says of it first, or to its baseline."""
    with house(data, database) as service:
        from wetread.store.audit import append
        from wetread.wiring import declare
        from wetread.wiring.sentinels import New
        from wetread.wiring.sentinels import add as add_to

        line = console_line(Action.SENTINEL, f"sentinel/{name}")
        declared = declare(modality=modality, body_part=body_part, projection=projection)
        made = add_to(service, New(name=name, paths=tuple(path), declared=declared, by=line["actor"]))
        append(service.database, now=service.now(), **line, done="added", files=len(made.blobs))
    note(f"sentinel {name} is kept ({len(made.blobs)} files); readers are asked of it within a day")


@app.command("list")
def list_all(*, data: Data = None, database: DatabaseUrl = None) -> None:
    """Every sentinel by name."""
    with house(data, database) as service:
        from wetread.store.sentinels import sentinels_of

        with service.database.read() as connection:
            found = sentinels_of(connection, retired=True)
    rows = [
        (one.name, "retired" if one.retired_at else "asked of", len(one.blobs), one.at, one.by, one.retired_at)
        for one in found
    ]
    table(("name", "state", "files", "added", "by", "retired"), rows)


@app.command("retire")
def retire(
    name: Annotated[str, typer.Argument(help="its name, as `wetread sentinel list` tells it")],
    *,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Ask of a sentinel no more. What was said of it stays; its files are no longer kept for its sake."""
    with house(data, database) as service:
        from wetread.store.audit import append_in
        from wetread.store.sentinels import retire_sentinel

        with service.database.write() as connection:
            retire_sentinel(connection, name, now=service.now())
            line = console_line(Action.SENTINEL, f"sentinel/{name}")
            append_in(connection, now=service.now(), line=line, data={"done": "retired"})
    note(f"sentinel {name} is asked of no more")
