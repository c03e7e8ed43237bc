"""`wetread evaluate`: honest figures of readers on cases whose truth is known."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import complain_of, note, ticking
from wetread.cli.options import BodyPart, Modality, Projection
from wetread.settings import load_settings

if TYPE_CHECKING:
    from wetread.wiring.evaluating import Declaration, Evaluation, Outcome


def evaluate(  # noqa: PLR0913 - one parameter an option
    cases: Annotated[Path, typer.Argument(metavar="CASES", help="CSV, JSON lines, or a folder with one", exists=True)],
    *,
    out: Annotated[Path, typer.Option("--out", help="folder for log, metrics.json and tables", file_okay=False)],
    reader: Annotated[list[str] | None, typer.Option("--reader", help="reader, panel or cascade; repeat it")] = None,
    predictions: Annotated[
        list[str] | None, typer.Option("--predictions", metavar="NAME=FILE", help="a CSV of probabilities as a reader")
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", help="where the files lie; beside CASES otherwise", exists=True)
    ] = None,
    modality: Modality = None,
    body_part: BodyPart = None,
    projection: Projection = None,
    budget_usd: Annotated[float | None, typer.Option(min=0, help="stop before spending more than this")] = None,
    controls: Annotated[
        bool, typer.Option("--controls", help="also ask on borders and centres alone, and try shortcuts")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="also ask about every test case a second time")] = False,
    stress: Annotated[
        bool, typer.Option("--stress", help="also ask on test cases changed on purpose: swaps, blank, planted orders")
    ] = False,
    boxes: Annotated[
        Path | None, typer.Option("--boxes", help="a CSV of where findings lie", exists=True, dir_okay=False)
    ] = None,
    context: Annotated[
        Path | None, typer.Option("--context", help="clinical text of the studies, JSON", exists=True, dir_okay=False)
    ] = None,
    reports: Annotated[
        Path | None, typer.Option("--reports", help="reports and references (T9)", exists=True, dir_okay=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="of the resamples; the policy's otherwise")] = None,
    draws: Annotated[int | None, typer.Option(min=100, help="resamples of patients; the policy's otherwise")] = None,
) -> int:
    """Ask readers about every case, then tell figures with intervals: text on stdout, metrics.json in --out.

    A run that was cut off goes on where it stopped. Without --reader the log in --out is scored again.
    Exit code 1: some cases could not be read, or the budget was spent.
    """
    from wetread.evaluate.answering import AGAIN
    from wetread.evaluate.as_json import as_json
    from wetread.evaluate.as_text import as_text
    from wetread.evaluate.card import as_card
    from wetread.evaluate.case_folder import case_file
    from wetread.wiring import evaluating
    from wetread.wiring.evaluating_pages import write_pages
    from wetread.wiring.evaluating_trials import STRESS, Beside
    from wetread.wiring.scoring_reports import with_reports

    settings, cases = load_settings(), case_file(cases)
    command = shlex.join(["wetread", *sys.argv[1:]])
    beside = Beside(boxes=boxes, context=context)
    work = evaluating.open_evaluation(
        settings, cases, images=images, out=out, seed=seed, draws=draws, command=command, beside=beside
    )
    declared = evaluating.Declaration(modality=modality, body_part=body_part, projection=projection)
    failures, stopped = [], []
    asked: list[str] = []
    kinds = (*((AGAIN,) if again else ()), *(evaluating.CONTROLS if controls else ()), *(STRESS if stress else ()))
    for name in reader or ():
        asked += [name, *(f"{name}+{kind}" for kind in kinds)]
        for kind in (None, *kinds):
            outcome = _asked(work, name, kind, declared=declared, budget_usd=budget_usd)
            failures += outcome.failures if kind is None else []
            if outcome.stopped:
                stopped.append(outcome.stopped)
                break
    if controls:
        with ticking(len(work.cases.cases), "looking for shortcuts") as tick:
            evaluating.glance(work, declared=declared, tick=tick)
    files = [_named(one) for one in predictions or ()]
    for name, path in files:
        evaluating.add_predictions(work, name, path)
    names = evaluating.readers_in(work, [*asked, *(name for name, _ in files)])
    with ticking(len(names) * len(tuple(work.cases.labels)), "scoring") as tick:
        metrics = evaluating.figures(work, names, tick=tick)
    metrics = with_reports(metrics, work, [name for name in names if "+" not in name], file=reports)
    (out / "metrics.json").write_text(as_json(metrics), encoding="utf-8")
    drawn = evaluating.plots(work, names)
    (out / "card.html").write_text(as_card(metrics, drawn), encoding="utf-8")
    write_pages(work, metrics, drawn)
    told = as_text(metrics)
    (out / "tables.txt").write_text(told, encoding="utf-8")
    sys.stdout.write(told)
    complain_of(failures)
    for why in stopped:
        note(why)
    return 1 if failures or stopped else 0


def _asked(
    work: "Evaluation", name: str, kind: str | None, *, declared: "Declaration", budget_usd: float | None
) -> "Outcome":
    """A reader on the cases as they are, or changed in one way."""
    from wetread.wiring import evaluating

    shown = name if kind is None else f"{name}+{kind}"
    splits = evaluating.SPLITS if kind is None else ("test",)
    with ticking(sum(case.split in splits for case in work.cases.cases), f"asking {shown}") as tick:
        outcome = evaluating.ask(work, name, declared=declared, budget_usd=budget_usd, disturbance=kind, tick=tick)
    note(f"{shown}: {outcome.asked} cases asked, {outcome.kept} were answered before")
    return outcome


def _named(written: str) -> tuple[str, Path]:
    name, equals, path = written.partition("=")
    if not equals or not name or not Path(path).is_file():
        raise typer.BadParameter(f"{written!r} is not NAME=FILE", param_hint="--predictions")
    return name, Path(path)
