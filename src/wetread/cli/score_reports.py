"""`wetread score-reports`: report texts against reference reports, by their coded findings."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.options import Out, TextOrJson
from wetread.settings import load_settings


def score_reports(
    reports: Annotated[Path, typer.Argument(metavar="REPORTS", help="CSV or JSON lines", exists=True, dir_okay=False)],
    *,
    out: Out = None,
    shape: Annotated[TextOrJson, typer.Option("--format", help="what is printed")] = TextOrJson.TEXT,
    modality: Annotated[str, typer.Option(help="modality of the examinations")] = "DX",
    body_part: Annotated[str, typer.Option(help="body part of the examinations")] = "CHEST",
    radeval: Annotated[
        list[str] | None, typer.Option("--radeval", metavar="SCORE", help="also this score of RadEval; repeat it")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="of the resamples; the policy's otherwise")] = None,
    draws: Annotated[int | None, typer.Option(min=100, help="resamples of patients; the policy's otherwise")] = None,
) -> int:
    """Tell how well reports say what reference reports say: coded-finding F1, what was invented, what was left out.

    A row is case, candidate (text) or candidate_codes, reference or reference_codes, and if need be patient_id and by.
    Texts are English, labelled by rules on this machine; the rules know chest films best.
    --out also writes reports.json and card.html.
    """
    from wetread.wiring.scoring_reports import score_file

    command = shlex.join(["wetread", *sys.argv[1:]])
    told = score_file(
        load_settings(),
        reports,
        seed=seed,
        draws=draws,
        radeval=radeval or (),
        command=command,
        examination=(modality, body_part),
    )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "reports.json").write_text(told.json, encoding="utf-8")
        (out / "card.html").write_text(told.card, encoding="utf-8")
        (out / "tables.txt").write_text(told.text, encoding="utf-8")
    sys.stdout.write(told.json if shape is TextOrJson.JSON else told.text)
    return 0
