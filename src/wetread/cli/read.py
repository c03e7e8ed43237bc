"""`wetread read`: one preliminary report a study, most urgent first."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from wetread import wiring
from wetread.cli.console import STYLES, complain_of, gather, note, ticking
from wetread.cli.options import BodyPart, Format, Modality, Out, Paths, Projection
from wetread.domain.report import Report
from wetread.domain.view import Failure
from wetread.settings import load_settings

ON_TERMINAL = (Format.TEXT, Format.JSON)


def read(
    paths: Paths,
    *,
    reader: Annotated[list[str] | None, typer.Option("--reader", help="reader to ask; repeat for a panel")] = None,
    context: Annotated[
        Path | None, typer.Option("--context", help="clinical context as JSON", exists=True, dir_okay=False)
    ] = None,
    modality: Modality = None,
    body_part: BodyPart = None,
    projection: Projection = None,
    output: Annotated[Format, typer.Option("--format", help="how the reports are written")] = Format.TEXT,
    out: Out = None,
) -> int:
    """Read studies and report them in the order of their urgency.

    Exit code 0: every study is reported (an abstention is a report). 1: some input could not be read.
    """
    if out is None and output not in ON_TERMINAL:
        raise typer.BadParameter(f"{output.value} reports are files: say where with --out", param_hint="--format")
    settings = load_settings()
    declared = wiring.declare(modality=modality, body_part=body_part, projection=projection)
    with wiring.open_desk(settings, readers=tuple(reader or ()), output=output.value) as room:
        orders = wiring.open_context(context)
        with wiring.open_source(settings, declared) as source:
            studies, failures = gather(source.studies(tuple(paths)))
            with ticking(len(studies), "reading") as tick:
                reports = []
                for report in wiring.read_all(room, studies, orders):
                    reports.append(report)
                    tick()
    ordered = wiring.in_worklist_order(reports)
    return conclude(ordered, [*failures, *show(ordered, output, out)])


def show(reports: list[Report], output: Format, out: Path | None) -> tuple[Failure, ...]:
    """Reports to stdout and, where asked for, a file each; the studies that can't be told in that format."""
    untold: tuple[Failure, ...] = ()
    if out is not None:
        written = wiring.deliver_all(reports, out, output.value)
        untold = written.failures
        empty = f"; {written.empty} have nothing to show as {output.value}" if written.empty else ""
        note(f"{len(written.receipts) - written.empty} reports written to {out}{empty}")
    if output not in ON_TERMINAL:
        return untold
    for place, report in enumerate(reports, start=1):
        if output is Format.TEXT and len(reports) > 1:
            headline(report, place, len(reports))
        sys.stdout.write(wiring.rendered(report, output.value).decode("utf-8").rstrip("\n") + "\n")
        if output is Format.TEXT and place < len(reports):
            sys.stdout.write("\n")
    sys.stdout.flush()
    return untold


def headline(report: Report, place: int, of: int) -> None:
    """The line above a report when several are shown, in the urgency's colour on a terminal."""
    priority = report.urgency.priority.value
    Console(file=sys.stdout, highlight=False).print(
        Text(f"=== {place} of {of}: {priority} ===", style=STYLES.get(priority, ""))
    )


def conclude(reports: list[Report], failures: list[Failure]) -> int:
    """List what could not be read and say it in the exit code."""
    every = [*failures, *(failure for report in reports for failure in report.failures)]
    complain_of(every)
    if every:
        note(f"{len(reports)} studies reported, {len(every)} objects could not be read")
    return 1 if every else 0
