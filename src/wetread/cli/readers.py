"""`wetread readers`: which readers there are, whether each can work, and how to add one."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wetread import wiring
from wetread.cli.console import note
from wetread.reporting import inert
from wetread.settings import load_settings

app = typer.Typer(help="List readers and install further ones.", invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def readers(context: typer.Context) -> None:
    """List the installed readers with their status."""
    if context.invoked_subcommand is not None:
        return
    table = Table("reader", "version", "reads", "status")
    for row in wiring.reader_rows(load_settings()):
        table.add_row(*(Text(inert(cell)) for cell in row))
    Console(file=sys.stdout, highlight=False).print(table)


@app.command("install")
def install(
    address: Annotated[
        str, typer.Argument(help="https address or file: a ZIP of card.toml and weights, or an ONNX file")
    ],
    *,
    sha256: Annotated[str, typer.Option(help="the SHA-256 the download must have")],
    card: Annotated[Path | None, typer.Option(help="card for a bare ONNX file", exists=True, dir_okay=False)] = None,
) -> None:
    """Fetch a published reader, check its pin and install it."""
    installed = wiring.install_reader(load_settings(), address, sha256=sha256, card=card)
    note(f"installed {installed.name} {installed.version}: {installed.title} ({installed.licence})")
