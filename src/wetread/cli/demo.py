"""`wetread demo`: the main job on the example studies that ship, offline."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wetread import wiring
from wetread.cli.console import STYLES, complain_of, gather, note, track
from wetread.cli.options import Out
from wetread.domain.report import Report
from wetread.reporting import inert, within
from wetread.settings import load_settings


def demo(
    *,
    out: Out = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="only copy the example studies there", file_okay=False)
    ] = None,
) -> int:
    """Read the bundled examples, show the worklist and write an HTML report each (default: ./wetread-demo)."""
    if export is not None:
        export.mkdir(parents=True, exist_ok=True)
        for file in wiring.demo_files():
            shutil.copyfile(file, export / file.name)
        note(f"{len(wiring.demo_files())} example studies copied to {export}")
        return 0
    folder = out or Path("wetread-demo")
    settings = load_settings()
    with wiring.open_desk(settings, readers=("embedded",), output="html") as room:
        orders = wiring.open_context(wiring.DEMO / "context.json")
        declared = wiring.declare(modality="DX", body_part="CHEST", projection="PA")
        with wiring.open_source(settings, declared) as source:
            studies, failures = gather(source.studies(wiring.demo_files()))
            reports = [wiring.read_one(room, study, orders) for study in track(studies, "reading")]
    ordered = wiring.in_worklist_order(reports)
    wiring.deliver_all(ordered, folder, "html")
    wiring.deliver_all(ordered, folder, "json")
    Console(highlight=False).print(worklist(ordered))
    typer.echo(ordered[0].banner if ordered else "no example study was found")
    complain_of(failures)
    note(f"{len(ordered)} reports written to {folder}; open the .html files in a browser")
    return 1 if failures or not ordered else 0


def worklist(reports: list[Report]) -> Table:
    """The studies in the order in which a human should look at them, and why."""
    table = Table("", "urgency", "act", "study", "images", "why it stands here", title="Worklist (AI preliminary)")
    for place, report in enumerate(reports, start=1):
        priority = report.urgency.priority.value
        files = ", ".join(Path(instance.file).name for instance in report.study.instances)
        why = report.urgency.reasons[0].text if report.urgency.reasons else ""
        table.add_row(
            str(place),
            Text(priority, style=STYLES.get(priority, "")),
            within(report.urgency.target_min),
            report.study.ref,
            Text(inert(files)),
            Text(inert(why)),
        )
    return table
