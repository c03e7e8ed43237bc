"""`wetread gate`: a new reader before the frozen cases, and a named person who puts it in another one's place."""

import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import complain_of, note, ticking
from wetread.cli.options import BodyPart, Data, DatabaseUrl, Modality, Projection
from wetread.cli.people import console_line, house, table
from wetread.domain.audit import Action

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from wetread.settings import Settings
    from wetread.store.gate import Change, GateRun
    from wetread.wiring.gating import Gate
    from wetread.wiring.service import Service

app = typer.Typer(help="A new reader passes the gate before it goes live.", no_args_is_help=True, rich_markup_mode=None)
By = Annotated[str, typer.Option("--by", metavar="PERSON", help="the login of the administrator who decides")]
Why = Annotated[str, typer.Option("--reason", help="why; it stays in the audit")]
Slot = Annotated[str, typer.Option("--slot", metavar="NAME", help="the name that rules and settings use")]
NOTHING = "-"
CANDIDATE = "candidate"


@app.command("run")
def run(  # noqa: PLR0913 - one parameter an option
    cases: Annotated[
        Path, typer.Argument(metavar="CASES", help="the frozen cases: CSV, JSON lines, or a folder", exists=True)
    ],
    *,
    present: Annotated[str, typer.Option("--present", help="the reader that is asked now")],
    candidate: Annotated[str, typer.Option("--candidate", help="the reader that is to take its place")],
    out: Annotated[Path, typer.Option("--out", help="folder for the log and the verdict", file_okay=False)],
    images: Annotated[
        Path | None, typer.Option("--images", help="where the files lie; beside CASES otherwise", exists=True)
    ] = None,
    predictions: Annotated[
        list[str] | None, typer.Option("--predictions", metavar="NAME=FILE", help="one of the two is a CSV instead")
    ] = None,
    candidate_config: Annotated[
        Path | None, typer.Option(help="settings file that the candidate is asked under", exists=True, dir_okay=False)
    ] = None,
    modality: Modality = None,
    body_part: BodyPart = None,
    projection: Projection = None,
    budget_usd: Annotated[float | None, typer.Option(min=0, help="stop before spending more than this")] = None,
    seed: Annotated[int | None, typer.Option(help="of the resamples; the policy's otherwise")] = None,
    draws: Annotated[int | None, typer.Option(min=100, help="resamples of patients; the policy's otherwise")] = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Ask both readers about the same cases and say, check by check, whether the new one may take the other's place.

    A run that was cut off goes on where it stopped. With --data or --database the verdict is kept in the service, so
    that somebody can promote the reader on its ground. Exit code 0: it lets through; 1: it stops, or not all was asked.
    """
    from wetread.evaluate.case_folder import case_file
    from wetread.settings import load_settings
    from wetread.wiring import evaluating, gating

    begin = partial(
        evaluating.open_evaluation,
        path=case_file(cases),
        images=images,
        seed=seed,
        draws=draws,
        command=shlex.join(["wetread", *sys.argv[1:]]),
    )
    work = begin(load_settings(), out=out)
    gate = gating.Gate(
        evaluation=work,
        other=None if candidate_config is None else begin(_under(candidate_config), out=out / CANDIDATE),
        present=present,
        candidate=candidate,
        declared=evaluating.Declaration(modality=modality, body_part=body_part, projection=projection),
        predictions=dict(map(_named, predictions or ())),
        budget_usd=budget_usd,
    )
    pictures = gating.freeze(gate)
    with ticking(sum(case.split != "train" for case in work.cases.cases) * len(gate.asked), "asking") as tick:
        outcomes = gating.ask_both(gate, tick)
    complain_of(failure for outcome in outcomes for failure in outcome.failures)
    stopped = [outcome.stopped for outcome in outcomes if outcome.stopped]
    if stopped:
        note(stopped[0])
        return 1
    return _told(gate, pictures, data=data, database=database)


def _told(gate: "Gate", pictures: str, *, data: Path | None, database: str | None) -> int:
    """Say what the gate says, and keep it where there is a service to keep it."""
    from wetread.evaluate.gate_text import gate_text
    from wetread.store.gate import keep_run
    from wetread.wiring import gating
    from wetread.wiring.service import SystemClock

    figures = len(gate.asked) * len(tuple(gate.evaluation.cases.labels))
    with ticking(figures, "scoring") as tick:
        verdict, kept = gating.hold(gate, pictures, now=SystemClock().now(), tick=tick)
    told = gate_text(verdict)
    (gate.evaluation.out / "gate.txt").write_text(told, encoding="utf-8")
    (gate.evaluation.out / "gate.json").write_text(kept.body, encoding="utf-8")
    sys.stdout.write(f"{told}cases {kept.cases_sha256[:12]}, pictures {pictures[:12]}, seed {gate.evaluation.seed}\n")
    if data is not None or database is not None:
        with house(data, database) as service, service.database.write() as connection:
            keep_run(connection, kept)
        note(f"kept as run {kept.run_id}")
    return 0 if verdict.lets_through else 1


@app.command("list")
def list_all(*, data: Data = None, database: DatabaseUrl = None) -> None:
    """What the gate said, the newest first."""
    from wetread.store.gate import runs_of

    with house(data, database) as service, service.database.read() as connection:
        found = runs_of(connection)
    rows = [
        (one.run_id, one.at, "lets through" if one.lets_through else "stops", one.present, one.candidate, *_hashes(one))
        for one in found
    ]
    table(("run", "at", "gate", "present", "candidate", "fingerprint", "cases"), rows)


@app.command("show")
def show(run: Annotated[str, typer.Argument(metavar="RUN")], *, data: Data = None, database: DatabaseUrl = None) -> int:
    """One run again, check by check. Exit code as that run's."""
    from wetread.evaluate.gate_text import gate_text
    from wetread.store.gate import run_of
    from wetread.wiring.lineup import kept_of

    with house(data, database) as service, service.database.read() as connection:
        found = run_of(connection, run)
    sys.stdout.write(gate_text(kept_of(found).verdict))
    return 0 if found.lets_through else 1


@app.command("promote")
def promote(
    run: Annotated[str, typer.Argument(metavar="RUN", help="the gate run on whose ground")],
    *,
    slot: Slot,
    by: By,
    reason: Why,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Put the candidate of a run into a slot: from the next read on it is asked under that name.

    Refused where the gate stopped it, where it has changed since, or where the run is too old.
    """
    from wetread.wiring import lineup

    with house(data, database) as service:
        who = lineup.check_person(service.database, by)
        change = lineup.promote(
            service.database,
            service.settings,
            run,
            slot=slot,
            by=who.login,
            reason=lineup.reason_of(reason),
            now=service.now(),
            then=_noted(service, Action.PROMOTE),
        )
    note(f"{change.reader} stands in the slot {slot} from now on, by {who.login}")


@app.command("rollback")
def rollback(*, slot: Slot, by: By, reason: Why, data: Data = None, database: DatabaseUrl = None) -> None:
    """Put whoever stood in the slot before the last promotion there again, at once."""
    from wetread.wiring import lineup

    with house(data, database) as service:
        who = lineup.check_person(service.database, by)
        change = lineup.roll_back(
            service.database,
            service.settings,
            slot=slot,
            by=who.login,
            reason=lineup.reason_of(reason),
            now=service.now(),
            then=_noted(service, Action.ROLLBACK),
        )
    note(f"{change.reader} stands in the slot {slot} again, by {who.login}")


@app.command("lineup")
def show_lineup(
    *,
    history: Annotated[bool, typer.Option("--history", help="every change instead of the last ones")] = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Who stands in whose place, since when, by whom and why."""
    from wetread.store.gate import changes_of, lineup_of

    with house(data, database) as service, service.database.read() as connection:
        found = changes_of(connection) if history else tuple(lineup_of(connection).values())
    rows = [(c.slot, c.reader, c.fingerprint[:12], c.kind, c.at, c.by, c.run_id or NOTHING, c.reason) for c in found]
    table(("slot", "reader", "fingerprint", "by", "since", "person", "run", "reason"), rows)


@app.command("shadow")
def shadow(
    *,
    days: Annotated[int, typer.Option(min=1, help="how far back")] = 30,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Readers in the shadow beside what was reported: what would change if one of them went live."""
    from wetread.evaluate.words import figure
    from wetread.wiring.shadows import compared

    with house(data, database) as service, service.database.read() as connection:
        found = compared(connection, service.settings, days=days, now=service.now())
    rows = []
    for name, fingerprint, told in found:
        flips = sum(one.gained + one.lost for one in told.flips)
        critical = f"+{told.critical_gained} -{told.critical_lost}"
        shares = (figure(told.agreement), figure(told.raised), figure(told.lowered))
        rows.append((name, fingerprint[:12], told.n, told.n_both, *shares, critical, flips, told.shadow_unread))
    heads = ("reader", "fingerprint", "n", "both read", "agree", "raised", "lowered", "P1", "flips", "not read")
    table(heads, rows)


def _noted(service: "Service", action: Action) -> Callable[["Connection", "Change"], object]:
    from wetread.store.audit import append_in

    def note_it(connection: "Connection", change: "Change") -> None:
        told = {"reader": change.reader, "fingerprint": change.fingerprint, "run": change.run_id, "by": change.by}
        line = console_line(action, f"slot/{change.slot}")
        append_in(connection, now=service.now(), line=line, data={**told, "reason": change.reason})

    return note_it


def _under(file: Path) -> "Settings":
    """The settings of another file; those of this command stay as they are."""
    from wetread.settings import load_settings, settings_file, use_file

    own = settings_file()
    use_file(file)
    try:
        return load_settings()
    finally:
        use_file(own)


def _hashes(one: "GateRun") -> tuple[str, str]:
    return one.fingerprint[:12], one.cases_sha256[:12]


def _named(written: str) -> tuple[str, Path]:
    name, equals, path = written.partition("=")
    if not equals or not name or not Path(path).is_file():
        raise typer.BadParameter(f"{written!r} is not NAME=FILE", param_hint="--predictions")
    return name, Path(path)
