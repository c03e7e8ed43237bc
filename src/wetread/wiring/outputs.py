"""Reports leave: to the terminal, or to a folder with a receipt each."""

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from wetread.domain.report import Receipt, Report
from wetread.plugins import DESTINATIONS, factory
from wetread.reporting import render

SUFFIXES = {"text": ".txt", "json": ".json", "html": ".html", "pdf": ".pdf"}


def rendered(report: Report, output: str) -> bytes:
    """The report in one of the formats.

    Raises: MissingExtra naming the extra to install.
    """
    return render(report, output)


def deliver_all(reports: Iterable[Report], folder: Path, output: str) -> list[Receipt]:
    """Each report as a file in the folder."""
    destination = factory(DESTINATIONS, "folder")(folder, render=partial(_render, output), suffix=SUFFIXES[output])
    return [asyncio.run(destination.deliver(report)) for report in reports]


def _render(output: str, report: Report) -> bytes:
    return rendered(report, output)
