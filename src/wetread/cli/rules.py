"""`wetread rules`: try the routing rules on a study before it comes, and see why each of them applies or not."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from wetread import wiring
from wetread.cli.console import complain_of, gather
from wetread.cli.options import BodyPart, Data, Modality, Paths, Projection, TextOrJson
from wetread.domain.arrival import Arrival, Way
from wetread.domain.study import Study
from wetread.domain.view import Failure
from wetread.domain.waiting import PatientClass
from wetread.intake import Declared
from wetread.reporting import inert
from wetread.settings import Settings, load_settings
from wetread.wiring.routing import open_rules, rules_file
from wetread.worklist.rules import Outcome, Routing, Rules, facts_of
from wetread.worklist.rules_conditions import RoutingFacts

COLOURS = {Outcome.APPLIED: "green", Outcome.DID_NOT_APPLY: "dim", Outcome.NOT_REACHED: "dim"}

RulesFile = Annotated[
    Path | None, typer.Option("--rules", help="rules to try instead of the site's", exists=True, dir_okay=False)
]
app = typer.Typer(help="Check and try the routing rules.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def rules() -> None:
    """Check and try the routing rules."""


@app.command("check")
def check(*, file: RulesFile = None, data: Data = None) -> int:
    """Say whether the rules can work; exit code 2 and the line where they can't."""
    settings = load_settings()
    path = file or rules_file(settings, data)
    loaded = open_rules(settings, path)
    where = "the rules that ship" if path is None else str(path)
    sys.stdout.write(f"{where}: {len(loaded.rules)} rules, version {loaded.version}, in order\n")
    return 0


@app.command("test")
def try_out(  # noqa: PLR0913 - one parameter an option
    paths: Paths,
    *,
    file: RulesFile = None,
    data: Data = None,
    calling: Annotated[str | None, typer.Option(help="AE title or user that sends it")] = None,
    called: Annotated[str | None, typer.Option(help="AE title that it is sent to")] = None,
    address: Annotated[str | None, typer.Option(help="host that it comes from")] = None,
    way: Annotated[Way, typer.Option(help="how it comes in")] = Way.C_STORE,
    at: Annotated[
        str | None, typer.Option(help="when: 22:30 or 2026-11-21T22:30, in the rules' zone; now without it")
    ] = None,
    patient_class: Annotated[PatientClass, typer.Option(help="where the patient is")] = PatientClass.UNKNOWN,
    context: Annotated[
        Path | None, typer.Option(help="clinical context as JSON (order, age)", exists=True, dir_okay=False)
    ] = None,
    modality: Modality = None,
    body_part: BodyPart = None,
    projection: Projection = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="how it is written")] = TextOrJson.TEXT,
) -> int:
    """Show for each study, rule by rule, what applies and why, then who reads it and where its report goes.

    Nothing is read or stored. Exit code 1: some input could not be read. 2: the rules can't work.
    """
    settings = load_settings()
    loaded = open_rules(settings, file or rules_file(settings, data))
    now = moment(at, loaded)
    came = Arrival(arrival_id="test", way=way, started_at=now, peer=calling, called=called, address=address)
    orders = wiring.open_context(context)
    studies, failures = _studies(
        settings, paths, wiring.declare(modality=modality, body_part=body_part, projection=projection)
    )
    tried = []
    for study in studies:
        facts = facts_of(study, arrivals=(came,), order=orders.of(study), patient_class=patient_class)
        tried.append(Trial(study=study, facts=facts, routing=loaded.route(facts, now)))
    _show(tried, loaded, now, output)
    complain_of(failures)
    return 1 if failures else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One study, what the rules saw of it, and where they lead it."""

    study: Study
    facts: RoutingFacts
    routing: Routing


def moment(told: str | None, loaded: Rules) -> datetime:
    """The time that was named, in the rules' zone unless it names its own.

    Raises: BadParameter.
    """
    if told is None:
        return datetime.now(UTC)
    try:
        if "T" not in told.upper() and "-" not in told:
            return datetime.combine(datetime.now(loaded.zone).date(), time.fromisoformat(told), loaded.zone)
        named = datetime.fromisoformat(told)
    except ValueError:
        raise typer.BadParameter(f"{told!r} is no time; write 22:30 or 2026-11-21T22:30", param_hint="--at") from None
    return named if named.tzinfo else named.replace(tzinfo=loaded.zone)


def _studies(settings: Settings, paths: list[Path], declared: Declared) -> tuple[list[Study], list[Failure]]:
    with wiring.open_source(settings, declared) as source:
        return gather(source.studies(tuple(paths)))


def _show(tried: list[Trial], loaded: Rules, now: datetime, output: TextOrJson) -> None:
    if output is TextOrJson.JSON:
        told = {
            "rules_version": loaded.version,
            "at": now.astimezone(loaded.zone).isoformat(timespec="seconds"),
            "studies": [_as_json(trial) for trial in tried],
        }
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False, default=str) + "\n")
        return
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for trial in tried:
        for line in _lines(trial):
            console.print(line)


def _lines(trial: Trial) -> Iterator[Text]:
    """The study, each rule, then the outcome."""
    facts = "; ".join(f"{key} {value}" for key, value in _facts(trial.facts).items())
    yield Text(inert(f"{trial.study.ref}: {facts}"), style="bold")
    for one in trial.routing.tried:
        yield Text(inert(f"  {one.rule!r} {one.text}"), style=COLOURS[one.outcome])
    for line in trial.routing.why[len(trial.routing.tried) :]:
        yield Text(inert(f"  => {line}"))


def _facts(facts: RoutingFacts) -> dict[str, str]:
    """What the rules saw, as people say it; what is unknown is left out."""
    told: dict[str, str] = {}
    for field in fields(facts):
        value = getattr(facts, field.name)
        words = ", ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
        if words:
            told[field.name.replace("_", " ")] = words
    return told


def _as_json(trial: Trial) -> dict[str, Any]:
    routing = asdict(trial.routing)
    return {"study": trial.study.ref, "facts": asdict(trial.facts), "rules": routing.pop("tried"), **routing}
