"""`wetread calibrate`: from the log of an evaluation to the files that a site reads with."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import note
from wetread.settings import load_settings

if TYPE_CHECKING:
    from wetread.wiring.calibrating import CascadeAsked


def calibrate(
    evaluation: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="--out folder of wetread evaluate", exists=True, file_okay=False)
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="folder for the files", file_okay=False)],
    reader: Annotated[list[str] | None, typer.Option("--reader", help="reader of the log; all of them else")] = None,
    cascade: Annotated[
        str | None, typer.Option("--cascade", metavar="FIRST,THEN", help="also the local proof of this cascade")
    ] = None,
    uncertain_from: Annotated[
        float, typer.Option(min=0, max=1, help="probability from which the cascade goes on")
    ] = 0.2,
) -> int:
    """Write calibration.toml, weights.toml and, for a cascade, cascade.toml; nobody is asked anything.

    Everything is fixed on the calibration split and counts for 90 days from the day on which the log was begun.
    """
    from wetread.wiring import calibrating

    made = calibrating.calibrate(
        load_settings(),
        evaluation,
        out,
        readers=tuple(reader or ()),
        cascade=_asked(cascade, uncertain_from),
    )
    sys.stdout.write(made.text)
    for remark in made.remarks:
        note(remark)
    for path in made.files:
        if path.name == calibrating.CASCADE:
            sys.stdout.write(f"\n{cascade}: {calibrating.cascade_summary(path)}\n")
        note(f"written: {path}")
    return 0


def _asked(written: str | None, uncertain_from: float) -> "CascadeAsked | None":
    from wetread.wiring.calibrating import CascadeAsked

    if written is None:
        return None
    first, comma, then = written.partition(",")
    if not comma or not first.strip() or not then.strip() or first.strip() == then.strip():
        raise typer.BadParameter(f"{written!r} is not FIRST,THEN", param_hint="--cascade")
    return CascadeAsked(first=first.strip(), then=then.strip(), uncertain_from=uncertain_from)
