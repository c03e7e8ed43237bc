"""`wetread bench`: readers side by side on one's own studies: latency, tokens, dollars, valid answers."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wetread import wiring
from wetread.cli.console import complain_of, gather, note, ticking
from wetread.cli.options import BodyPart, Modality, Paths, Projection, TextOrJson
from wetread.settings import load_settings

UNKNOWN = "unknown"


def bench(  # noqa: PLR0913 - one parameter an option
    paths: Paths,
    *,
    reader: Annotated[list[str] | None, typer.Option("--reader", help="reader to time; repeat for several")] = None,
    context: Annotated[
        Path | None, typer.Option("--context", help="clinical context as JSON", exists=True, dir_okay=False)
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="how often each study is asked about")] = 1,
    at_once: Annotated[int, typer.Option(min=1, help="studies asked about at the same time")] = 1,
    modality: Modality = None,
    body_part: BodyPart = None,
    projection: Projection = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="how the rows are written")] = TextOrJson.TEXT,
) -> int:
    """Time readers on studies; nothing is taken from a cache, and vision models are paid for.

    Latency is of the read alone, pictures prepared beforehand. Exit code 1: some input could not be read.
    """
    settings = load_settings()
    names = tuple(reader or settings.default_readers)
    declared = wiring.declare(modality=modality, body_part=body_part, projection=projection)
    orders = wiring.open_context(context)
    with wiring.open_source(settings, declared) as source, wiring.imaging_guard(settings) as isolation:
        studies, failures = gather(source.studies(tuple(paths)))
        with ticking(len(studies) * repeat * len(names), "reading") as tick:
            rows = wiring.bench(
                settings, names, studies, orders=orders, isolation=isolation, repeat=repeat, at_once=at_once, tick=tick
            )
    if output is TextOrJson.JSON:
        sys.stdout.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
    else:
        Console(file=sys.stdout, highlight=False).print(_table(rows))
        note("p50/p95/p99 are seconds of one read; tokens are a mean a study; unknown is not 0")
    complain_of(failures)
    return 1 if failures else 0


def _table(rows: list[wiring.BenchRow]) -> Table:
    head = ("reader", "studies", "read", "abstained", "failed", "p50", "p95", "p99", "tokens in", "tokens out")
    table = Table(*head, "billed/predicted", "$ / 1,000 images", "valid")
    for row in rows:
        counts = (row.n, row.read, row.abstained, row.failed)
        seconds = (_number(value, ".3f") for value in (row.p50_s, row.p95_s, row.p99_s))
        tokens = (_number(value, ",.0f") for value in (row.input_tokens, row.output_tokens))
        rest = (_number(row.billed_to_predicted, ".2f"), _number(row.usd_per_1000_images, ".4f"), _share(row.valid))
        table.add_row(Text(row.reader), *map(str, counts), *seconds, *tokens, *rest)
    return table


def _number(value: float | None, shape: str) -> str:
    return UNKNOWN if value is None else format(value, shape)


def _share(value: float | None) -> str:
    return "no schema" if value is None else f"{value:.0%}"
