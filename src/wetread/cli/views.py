"""`wetread views`: the pictures a reader would be sent, and how each maps back to its source."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wetread import wiring
from wetread.cli.console import complain_of, gather, note, track
from wetread.cli.options import BodyPart, Modality, Paths, Projection
from wetread.domain.view import Failure
from wetread.settings import load_settings


class Recipe(StrEnum):
    """How pictures are prepared: as the options say, or by modality and region."""

    PLAIN = "plain"
    CLINICAL = "clinical"


def views(  # noqa: PLR0913 - one parameter an option
    paths: Paths,
    *,
    out: Annotated[Path, typer.Option("--out", help="folder for the pictures and views.jsonl", file_okay=False)],
    max_edge_px: Annotated[int | None, typer.Option(min=1, help="longest side; native size without it")] = None,
    recipe: Annotated[
        Recipe, typer.Option(help="clinical: as vision models get them, by modality and region")
    ] = Recipe.PLAIN,
    presets: Annotated[bool, typer.Option(help="CT: also the windows of the body region")] = False,
    montage: Annotated[bool, typer.Option(help="series: also a montage of key slices")] = False,
    tiles: Annotated[bool, typer.Option(help="very large images: also quadrants in full detail")] = False,
    max_images: Annotated[int | None, typer.Option(min=1, help="most images of a series; all without it")] = None,
    modality: Modality = None,
    body_part: BodyPart = None,
    projection: Projection = None,
) -> int:
    """Prepare pictures and write them as PNG, one JSON line each (stdout and views.jsonl)."""
    settings = load_settings()
    plan = wiring.plan(
        max_edge_px=max_edge_px,
        recipe=recipe.value,
        presets=presets,
        montage=montage,
        tiles=tiles,
        max_images=max_images,
    )
    declared = wiring.declare(modality=modality, body_part=body_part, projection=projection)
    out.mkdir(parents=True, exist_ok=True)
    unusable: list[Failure] = []
    with (
        wiring.open_source(settings, declared) as source,
        wiring.imaging_guard(settings) as isolation,
        (out / "views.jsonl").open("w", encoding="utf-8") as lines,
    ):
        studies, failures = gather(source.studies(tuple(paths)))
        unusable += failures
        for study in track(studies, "preparing"):
            prepared = wiring.prepare_guarded(study, plan, isolation)
            unusable += prepared.failures
            for limitation in prepared.limitations:
                note(f"{study.ref}: {limitation.text}")
            for line in wiring.write_views(study, prepared, out):
                lines.write(line + "\n")
                sys.stdout.write(line + "\n")
    complain_of(unusable)
    return 1 if unusable else 0
