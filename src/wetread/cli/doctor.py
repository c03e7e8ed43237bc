"""`wetread doctor`: does everything this installation needs work here? One line a check, with what to do."""

from rich.console import Console
from rich.text import Text

from wetread import wiring
from wetread.reporting import inert
from wetread.settings import load_settings

MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("BAD ", "bold red")}


def doctor() -> int:
    """Check the installation. Exit code 0: it works. 1: something is broken."""
    console = Console(highlight=False, soft_wrap=True)
    worst = 0
    for finding in wiring.examine_installation(load_settings()):
        mark, style = MARKS[finding.state]
        console.print(Text.assemble((mark, style), " ", inert(f"{finding.subject}: {finding.text}")))
        worst = max(worst, finding.state == "bad")
    return int(worst)
