"""`wetread readers`: which readers there are, whether each can work, and how to add or probe one."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wetread import wiring
from wetread.cli.console import complain, note
from wetread.errors import ReaderError
from wetread.reporting import inert
from wetread.settings import load_settings

app = typer.Typer(help="List readers, probe and install them.", invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def readers(
    context: typer.Context,
    *,
    offline: Annotated[bool, typer.Option(help="don't ask the endpoints whether they take the keys")] = False,
) -> None:
    """List the readers with their status; configured endpoints are asked whether they take their key."""
    if context.invoked_subcommand is not None:
        return
    rows = wiring.reader_rows(load_settings(), ask=not offline)
    _show(("reader", "version", "reads", "status"), rows)


def _show(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*head)
    for row in rows:
        table.add_row(*(Text(inert(cell)) for cell in row))
    Console(file=sys.stdout, highlight=False).print(table)


@app.command("models")
def catalog() -> None:
    """List the catalog: every model id that is known, with prices (US dollars a million tokens) and their date."""
    head = ("model id", "provider", "takes pictures", "$ / M tokens in / out", "status")
    _show(head, wiring.catalog_rows(load_settings()))


@app.command("probe")
def probe(name: Annotated[str, typer.Argument(help="a configured vision reader")]) -> int:
    """Show a reader a random number drawn into a picture and keep whether it could read it.

    Exit code 0: it could. 1: it could not, or its endpoint broke down, which proves nothing.
    """
    try:
        passed, text = wiring.probe_reader(load_settings(), name)
    except ReaderError as problem:
        complain(f"the probe proves nothing: {problem}")
        return 1
    sys.stdout.write(inert(f"{name}: {'passed' if passed else 'failed'}: {text}") + "\n")
    return 0 if passed else 1


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
