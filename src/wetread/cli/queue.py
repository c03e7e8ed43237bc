"""`wetread queue`: what an order of reading does to waits, on a named worklist or on the site's own days."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import DatabaseUrl, TextOrJson, named_day
from wetread.settings import load_settings

if TYPE_CHECKING:
    from wetread.evaluate.queue import QueueFigures, Shape
    from wetread.wiring.queueing import Wanted

HOURS = 24


class Spread(StrEnum):
    """How reading times are spread around their mean."""

    FIXED = "fixed"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"


def queue(  # noqa: PLR0913 - one parameter an option
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="the site's own days, from this data folder", file_okay=False)
    ] = None,
    database: DatabaseUrl = None,
    since: Annotated[str | None, typer.Option(help="first day of the site's, e.g. 2026-11-01; else four weeks")] = None,
    until: Annotated[str | None, typer.Option(help="the day after the last one; now without it")] = None,
    rate_per_hour: Annotated[float | None, typer.Option(min=0.01, max=100_000, help="studies that come")] = None,
    critical: Annotated[float | None, typer.Option(min=0, max=1, help="share of critical studies")] = None,
    sensitivity: Annotated[float | None, typer.Option(min=0, max=1, help="share of these that AI flags")] = None,
    specificity: Annotated[float | None, typer.Option(min=0, max=1, help="share of others that it does not")] = None,
    raised: Annotated[float | None, typer.Option(min=0, max=1, help="share of unflagged that AI tells P2")] = None,
    readers: Annotated[int | None, typer.Option(min=1, max=1000, help="radiologists on duty")] = None,
    readers_by_hour: Annotated[str | None, typer.Option(help="24 numbers by comma, midnight first")] = None,
    service_min: Annotated[float | None, typer.Option(min=0.01, max=1440, help="minutes of a reading, mean")] = None,
    spread: Annotated[Spread | None, typer.Option(help="of reading times")] = None,
    variation: Annotated[float | None, typer.Option(min=0.01, max=10, help="lognormal: deviation over mean")] = None,
    ai_delay_min: Annotated[float | None, typer.Option(min=0, max=1440, help="minutes until AI has told, mean")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="simulated days of a named worklist")] = None,
    replications: Annotated[int | None, typer.Option(min=1, max=1000, help="runs; a site's: resamples of days")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="of the first run; the policy's otherwise")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="folder of queue.json, queue.html", file_okay=False)] = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="how it is written")] = TextOrJson.TEXT,
) -> int:
    """Compare first come, AI order and AI order with a cap: waits of critical, missed critical and routine studies.

    With --data the site's own arrivals, reading times and signed truth count; without it a worklist of the numbers
    given, the rest assumed and printed. The queue law stands beside where it holds.
    """
    from wetread.wiring.queueing import Wanted

    wanted = Wanted(
        rate_per_hour=rate_per_hour,
        critical=critical,
        sensitivity=sensitivity,
        specificity=specificity,
        raised=raised,
        radiologists=readers,
        by_hour=_by_hour(readers_by_hour),
        service_min=service_min,
        shape=_shape(spread),
        variation=variation,
        ai_delay_min=ai_delay_min,
        days=days,
        replications=replications,
        seed=seed,
    )
    site = data is not None or database is not None
    told = _of_site(wanted, data, database, (since, until)) if site else _given(wanted, (since, until))
    _write(told, output, out)
    return 0


def _given(wanted: "Wanted", period: tuple[str | None, str | None]) -> "QueueFigures":
    from wetread.wiring.queueing import queue_given

    if any(period):
        raise typer.BadParameter("a period is of a site's days: name its --data", param_hint="--since")
    return queue_given(load_settings(), wanted)


def _of_site(
    wanted: "Wanted", data: Path | None, database: str | None, period: tuple[str | None, str | None]
) -> "QueueFigures":
    from wetread.wiring.queueing import Period, queue_of_site
    from wetread.wiring.service import open_service

    if wanted.rate_per_hour is not None or wanted.days is not None:
        raise typer.BadParameter("a site's own days have their own rate: leave it out", param_hint="--rate-per-hour")
    since, until = map(named_day, period)
    service = open_service(load_settings(), data, database)
    try:
        return queue_of_site(service, wanted, Period(since=since, until=until))
    finally:
        service.close()


def _write(told: "QueueFigures", output: TextOrJson, out: Path | None) -> None:
    from wetread.evaluate.queue import as_plain
    from wetread.evaluate.queue_card import queue_page
    from wetread.evaluate.queue_text import queue_text

    plain = json.dumps(as_plain(told), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    sys.stdout.write(plain if output is TextOrJson.JSON else queue_text(told) + "\n")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "queue.json").write_text(plain, encoding="utf-8")
        (out / "queue.html").write_text(queue_page(told), encoding="utf-8")
        note(f"queue.json and queue.html are in {out}")


def _by_hour(written: str | None) -> tuple[int, ...] | None:
    if written is None:
        return None
    parts = [part.strip() for part in written.split(",")]
    if len(parts) != HOURS or not all(part.isdecimal() and len(part) <= 4 for part in parts):
        raise typer.BadParameter("give 24 whole numbers by comma", param_hint="--readers-by-hour")
    return tuple(map(int, parts))


def _shape(spread: Spread | None) -> "Shape | None":
    from wetread.evaluate.queue import Shape

    return None if spread is None else Shape(spread.value)
