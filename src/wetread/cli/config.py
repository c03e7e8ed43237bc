"""`wetread config check`: what is wrong with the settings, and on which line."""

import sys

import typer
from rich.console import Console
from rich.text import Text

from wetread import wiring
from wetread.reporting import inert

app = typer.Typer(help="Look at the settings.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def config() -> None:
    """Look at the settings."""


@app.command("check")
def check() -> int:
    """Say what is wrong with the settings, a line each; exit code 2 where something can't work."""
    remarks = wiring.check_configuration()
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for remark in remarks:
        where = f"{wiring.settings_file()}:{remark.line}" if remark.line else str(wiring.settings_file())
        style = "bold red" if remark.state == "bad" else "yellow"
        console.print(Text.assemble(f"{where}: ", (remark.state, style), f": {inert(remark.text)}"))
    if not remarks:
        console.print(Text("the settings are in order"))
    return 2 if any(remark.state == "bad" for remark in remarks) else 0
