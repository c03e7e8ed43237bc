"""`wetread drift`: whether readers, or the studies they are shown, have moved since things were good."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl, TextOrJson
from wetread.cli.people import console_line, house, table
from wetread.domain.audit import Action

if TYPE_CHECKING:
    from wetread.evaluate.drift.measure import Measure

app = typer.Typer(help="Whether something has moved.", no_args_is_help=True, rich_markup_mode=None)
SomeReaders = Annotated[list[str] | None, typer.Option("--reader", help="a reader; all without it; repeat it")]
As = Annotated[TextOrJson, typer.Option("--format", help="how it is written")]
Day = Annotated[str, typer.Option(help="2026-11-01 or 2026-11-01T08:00, UTC unless it names a zone")]


@app.callback()
def drift() -> None:
    """Whether readers, or the studies they are shown, have moved since things were good."""


@app.command("baseline")
def baseline(
    *,
    reader: Annotated[str, typer.Option("--reader", help="whose baseline")],
    since: Day,
    until: Day,
    reason: Annotated[str, typer.Option(help="why this time was a good one")],
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Take a quiet time of a reader as what it is compared with from now on."""
    with house(data, database) as service:
        from wetread.evaluate.drift.daily import Asked, described_of, keep, quiet_baseline, studies_of
        from wetread.store.audit import append_in
        from wetread.wiring.drifting import Drifting
        from wetread.wiring.preparing import imaging_guard

        now = service.now()
        asked = Asked(reader=reader, since=moment(since, "--since"), until=moment(until, "--until"), reason=reason)
        with imaging_guard(service.settings) as isolation:
            Drifting(service, isolation).describe_new()
        with service.database.read() as connection:
            made = quiet_baseline(connection, asked, now=now)
        with service.database.write() as connection:
            line = console_line(Action.BASELINE, f"reader/{reader}")
            stored = keep(connection, asked, made, by=line["actor"], now=now)
            append_in(connection, now=now, line=line, data={"baseline": stored.baseline_id, "reason": reason})
    note(f"reader {reader} is compared with {studies_of(made)} studies from now on; {described_of(made)} are described")


@app.command("look")
def look(
    *,
    reader: SomeReaders = None,
    sentinels: Annotated[bool, typer.Option("--sentinels", help="ask the sentinel cases first; it may cost")] = False,
    output: As = TextOrJson.TEXT,
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Look now instead of waiting for the daily look, and keep what was seen. Exit code 1: an alarm."""
    with house(data, database) as service:
        from wetread.wiring.drifting import Drifting, look_at, watched
        from wetread.wiring.preparing import imaging_guard

        with imaging_guard(service.settings) as isolation:
            work = Drifting(service, isolation)
            work.describe_new()
            names = tuple(reader) if reader else watched(service)
            if sentinels:
                note(f"{work.rounds.ask(names, anyway=True)} answers on sentinel cases")
        seen = list(look_at(service, names))
    for name in names:
        if name not in {one.reader for one in seen}:
            note(f"nothing to compare {name} with; see `wetread drift baseline` and `wetread sentinel add`")
    told = [
        {
            "reader": one.reader,
            "since": one.since,
            "until": one.until,
            "level": one.level.value,
            "measures": [_row(measure) for measure in one.measures],
        }
        for one in seen
    ]
    _tell(told, output)
    return 1 if any(one["level"] == "alarm" for one in told) else 0


@app.command("show")
def show(
    *,
    reader: SomeReaders = None,
    output: As = TextOrJson.TEXT,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """The last look at each reader, measure by measure."""
    with house(data, database) as service:
        from wetread.evaluate.drift.daily import measures_of
        from wetread.store.drift import last_looks

        with service.database.read() as connection:
            looks = [one for one in last_looks(connection) if not reader or one.reader in reader]
        told = [
            {
                "reader": one.reader,
                "since": one.since,
                "until": one.until,
                "level": one.level,
                "measures": [_row(measure) for measure in measures_of(one)],
            }
            for one in looks
        ]
    _tell(told, output)


def moment(written: str, option: str) -> datetime:
    """The moment that was written, in UTC unless it names a zone.

    Raises: BadParameter.
    """
    try:
        told = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(f"{written!r} is no time; write 2026-11-01T08:00", param_hint=option) from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _row(one: "Measure") -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "what": one.what,
        "level": one.level.value,
        "value": one.value,
        "limit": one.limit,
        "low": one.low,
        "n": one.n,
        "text": one.text,
    }


def _tell(told: Iterable[dict[str, Any]], output: TextOrJson) -> None:
    if output is TextOrJson.JSON:
        sys.stdout.write(json.dumps({"readers": list(told)}, indent=2, default=datetime.isoformat) + "\n")
        return
    for one in told:
        period = f"{one['since']:%Y-%m-%d %H:%M} to {one['until']:%Y-%m-%d %H:%M} UTC"
        sys.stdout.write(f"{one['reader']}: {_words(one['level'])}, {period}\n")
        cells = ("level", "kind", "what", "value", "limit", "n", "text")
        table(cells, [[_cell(measure[cell]) for cell in cells] for measure in _worst_first(one["measures"])])


def _worst_first(measures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = ("alarm", "warn", "quiet", "too_few")
    return sorted(measures, key=lambda one: order.index(one["level"]))


def _cell(value: object) -> str | None:
    if isinstance(value, float):
        return f"{value:.3g}"
    return None if value is None else _words(str(value))


def _words(text: str) -> str:
    return "too few" if text == "too_few" else text
