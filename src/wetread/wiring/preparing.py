"""Pictures made behind the guard: what a hostile file breaks is its own study's picture and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from wetread.domain.study import Instance, Study
from wetread.domain.view import Failure, Preparation, View, ViewPlan
from wetread.errors import InputError
from wetread.guard import Guard, Isolation
from wetread.imaging import prepare
from wetread.settings import Settings


def plan(
    *,
    max_edge_px: int | None,
    presets: bool,
    montage: bool,
    tiles: bool,
    max_images: int | None,
    recipe: str = "plain",
) -> ViewPlan:
    """The plan that `wetread views` was asked for."""
    return ViewPlan(
        max_edge_px=max_edge_px,
        recipe=recipe,
        windows="presets" if presets else "header",
        montage=montage,
        tiles=tiles,
        max_images=max_images,
    )


def imaging_guard(settings: Settings) -> Guard:
    """A child process for decoding, with the site's limits."""
    return Guard(
        memory_bytes=settings.memory_limit_bytes, timeout_s=settings.prepare_timeout_s, warm=("wetread.imaging",)
    )


def prepare_guarded(study: Study, wanted: ViewPlan, isolation: Isolation) -> Preparation:
    """All views of a study. If the whole does not come through, each object is tried by itself."""
    try:
        return isolation.call(prepare, study, wanted, subject=study.ref)
    except InputError as problem:
        instances = [
            (series, instance) for series in study.series for instance in series.instances if instance.is_image
        ]
        if len(instances) <= 1:
            return _failed(problem, [instance for _, instance in instances])
    parts: list[Preparation] = []
    for series, instance in instances:
        alone = replace(study, series=(replace(series, instances=(instance,)),))
        try:
            parts.append(isolation.call(prepare, alone, wanted, subject=instance.file))
        except InputError as problem:
            parts.append(_failed(problem, [instance]))
    return Preparation(
        views=tuple(view for part in parts for view in part.views),
        limitations=tuple(limitation for part in parts for limitation in part.limitations),
        failures=tuple(failure for part in parts for failure in part.failures),
    )


def _failed(problem: InputError, instances: list[Instance]) -> Preparation:
    failures = (Failure(file=one.file, problem=problem.problem, remedy=problem.remedy) for one in instances)
    return Preparation(views=(), failures=tuple(failures))


def write_views(study: Study, prepared: Preparation, out: Path) -> Iterator[str]:
    """Write each picture as a file and yield its JSON line."""
    for number, view in enumerate(prepared.views, start=1):
        suffix = ".jpg" if view.media_type == "image/jpeg" else ".png"
        name = f"{study.ref}-{number:04d}{suffix}"
        (out / name).write_bytes(view.picture)
        yield json.dumps(line_of(study, view, name), ensure_ascii=False)


def line_of(study: Study, view: View, name: str) -> dict[str, object]:
    """One picture as `wetread views` tells it; `mapping` leads from its pixels to the source frame's."""
    origin = view.origin
    window = view.window
    return {
        "picture": name,
        "study": study.ref,
        "kind": view.kind.value,
        "file": origin.file if origin else None,
        "sop_instance_uid": origin.sop_instance_uid if origin else None,
        "frame": origin.frame if origin else None,
        "window": {"center": window.center, "width": window.width} if window else None,
        "window_function": window.function if window else None,
        "window_origin": window.origin.value if window else None,
        "other_windows": [asdict(other) for other in view.other_windows],
        "width": view.width,
        "height": view.height,
        "colour": view.colour,
        "media_type": view.media_type,
        "mapping": asdict(view.mapping) if view.mapping else None,
        "source": {"width": origin.source_width, "height": origin.source_height} if origin else None,
        "cells": [asdict(cell) for cell in view.cells],
        "label": view.label,
        "modality": view.modality,
        "body_part": view.body_part,
        "projection": view.projection,
        "spacing_mm": view.spacing_mm,
        "pixel_sha256": view.pixel_sha256,
        "recipe": list(view.recipe),
    }
