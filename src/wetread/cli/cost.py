"""`wetread cost`: tokens and dollars of a site's studies at every model side by side, before any is asked."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wetread import wiring
from wetread.cli.console import complain_of, gather
from wetread.cli.options import BodyPart, Projection, TextOrJson
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.view import Failure
from wetread.errors import InputError
from wetread.readers.catalog import Workload
from wetread.reporting import inert
from wetread.settings import Settings, load_settings
from wetread.wiring import costing

WIDE = 200  # characters that the table needs where nobody's terminal says otherwise


class Per(StrEnum):
    """What the volume is counted in."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


def cost(  # noqa: PLR0913 - one parameter an option
    paths: Annotated[
        list[Path] | None, typer.Argument(help="studies to measure; assumptions without", exists=True)
    ] = None,
    *,
    reader: Annotated[
        list[str] | None, typer.Option("--reader", help="configured reader or model id; repeat; all without it")
    ] = None,
    volume: Annotated[float | None, typer.Option(min=0.001, help="studies; the mix's without it")] = None,
    per: Annotated[Per, typer.Option(help="what --volume is counted in")] = Per.DAY,
    mix: Annotated[
        Path | None, typer.Option(help="examinations of the site as TOML", exists=True, dir_okay=False)
    ] = None,
    modality: Annotated[
        str | None, typer.Option(help="only this modality of the mix; with studies: that of bare pictures")
    ] = None,
    images: Annotated[int | None, typer.Option(min=1, help="images of a study, instead of the mix's")] = None,
    context: Annotated[
        Path | None, typer.Option(help="clinical context of the studies as JSON", exists=True, dir_okay=False)
    ] = None,
    body_part: BodyPart = None,
    projection: Projection = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="how it is written")] = TextOrJson.TEXT,
) -> int:
    """Predict tokens and cost a study, 1,000 images, month and year for every model of the catalog.

    Exit code 0: done. 1: some of the studies could not be prepared. Unknown costs print as unknown, never as 0.
    """
    if paths and (mix or images):
        raise typer.BadParameter("studies are measured: leave --mix and --images out", param_hint="PATH")
    if context is not None and not paths:
        raise typer.BadParameter("it belongs to studies: name their files", param_hint="--context")
    settings = load_settings()
    workload = costing.workload_for(mix, modality=None if paths else modality, images=images)
    yearly = a_year(volume, per, workload)
    unusable: list[Failure] = []
    if paths:
        declared = wiring.declare(modality=modality, body_part=body_part, projection=projection)
        with (
            wiring.open_source(settings, declared) as source,
            wiring.imaging_guard(settings) as isolation,
        ):
            studies, unusable = gather(source.studies(tuple(paths)))
            texts = costing.Texts(load_vocabulary(settings.vocabulary_file))
            measured = costing.Measured(studies, wiring.open_context(context), texts, isolation)
            report = compare(settings, reader, workload, yearly, measured)
            unusable += measured.failures
        if not report.rows:
            complain_of(unusable)
            raise InputError("the studies", "hold no picture that could be prepared", "name other files")
    else:
        report = compare(settings, reader, workload, yearly, None)
    write(report, output)
    complain_of(unusable)
    return 1 if unusable else 0


def compare(  # noqa: PLR0917 - what a report rests on
    settings: Settings,
    readers: list[str] | None,
    workload: Workload,
    yearly: float,
    measured: costing.Measured | None,
) -> costing.CostReport:
    """The comparison as of today (UTC)."""
    return costing.cost_report(
        settings,
        readers=readers or (),
        workload=workload,
        studies_per_year=yearly,
        today=datetime.now(UTC).date(),
        measured=measured,
    )


def a_year(volume: float | None, per: Per, workload: Workload) -> float:
    """Studies a year."""
    if volume is None:
        return workload.studies_per_day * workload.days_per_year
    return volume * {Per.DAY: workload.days_per_year, Per.MONTH: costing.MONTHS, Per.YEAR: 1}[per]


def write(report: costing.CostReport, output: TextOrJson) -> None:
    """The comparison to stdout: one JSON object, or a table with what it rests on below."""
    if output is TextOrJson.JSON:
        sys.stdout.write(json.dumps(asdict(report), default=str, ensure_ascii=False, allow_nan=False) + "\n")
        return
    width = None if sys.stdout.isatty() else WIDE
    console = Console(file=sys.stdout, highlight=False, width=width)
    console.print(table_of(report))
    for line in basis(report):
        console.print(Text(inert(line)), soft_wrap=True)
    sys.stdout.flush()


def table_of(report: costing.CostReport) -> Table:
    """Models side by side, cheapest first."""
    table = Table(title="Predicted cost (US dollars)")
    table.add_column("model or reader", overflow="fold")
    for name in ("sent px", "calls", "tokens in", "out", "image", "study", "at most", "1,000 images", "month", "year"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("$ in/out per M", justify="right")
    table.add_column("status", overflow="fold")
    for row in report.rows:
        style = "dim" if row.ended else "yellow" if row.status.startswith("ends") else ""
        name = f"{row.reader} ({row.model_id})" if row.reader else row.model_id
        amounts = (row.usd_per_image, row.usd_per_study, row.usd_per_study_at_most, row.usd_per_1000_images)
        table.add_row(
            Text(inert(name)),
            f"{row.picture_px[0]}x{row.picture_px[1]}",
            f"{row.calls_per_study:.1f}",
            f"{row.input_tokens_per_study:,.0f}",
            f"{row.output_tokens_per_study:,.0f}",
            *(dollars(amount) for amount in (*amounts, row.usd_per_month, row.usd_per_year)),
            "unknown" if row.price is None else f"{row.price.input_usd:g}/{row.price.output_usd:g}",
            Text(row.status),
            style=style,
        )
    return table


def dollars(amount: float | None) -> str:
    """An amount with two leading digits at least; `unknown` where nobody knows it."""
    if amount is None:
        return "unknown"
    if amount == 0 or amount >= 100:
        return f"{amount:,.0f}"
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.4f}" if amount >= 0.001 else f"{amount:.2g}"


def basis(report: costing.CostReport) -> list[str]:
    """What the figures rest on: the mix, the prices' sources and dates, what is open about single models."""
    work, file = report.workload, f", {report.site_file}" if report.site_file else ""
    if report.measured_studies is None:
        parts = ", ".join(
            f"{one.share:g} x {one.name} ({one.pictures} of {one.width_px}x{one.height_px})" for one in work.examination
        )
        mix = f"Mix {work.version} ({work.source}): {parts}; {work.clinical_tokens} tokens of clinical text each."
    else:
        mix = f"Mix: {report.measured_studies} studies of yours, as each model would be sent them."
    sources = Counter((row.price.source, row.price.date) for row in report.rows if row.price)
    lines = [
        f"{report.studies_per_year:,.0f} studies a year. {mix} An image is a picture as it is sent.",
        "Text: this version's prompts, checklists and schemas. "
        "At most: every answer as long as allowed; repeats after a failure come on top.",
        f"Catalog {report.catalog_version}{file}. Prices as listed, on {report.day}:",
        *(f"  {source}, {day}: {count} models" for (source, day), count in sources.most_common()),
    ]
    notes: dict[str, list[str]] = {}
    for row in report.rows:
        for text in row.notes:
            notes.setdefault(text, []).append(row.reader or row.model_id)
    return [*lines, *(["Notes:"] if notes else []), *(f"  {text}: {', '.join(who)}" for text, who in notes.items())]
