"""DICOM bytes to an embedded read: how long at the 95th percentile, and where the time goes."""

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from benchmarks.inputs import SYNTAXES, encoded, film, slice_of_ct, stored
from benchmarks.ratio import Ratio, at_most, best_ms, stated
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.study import Instance
from wetread.errors import ReaderRefused
from wetread.imaging import prepare_instance
from wetread.readers import OnnxReader, embedded_reader

RUNS = 60
# milliseconds at the 95th percentile, by size and transfer syntax; JPEG 2000 is bound by its decoder and only stated
TARGETS_MS = {
    ("CT 512", "raw"): 50.0,
    ("CT 512", "HTJ2K"): 50.0,
    ("CR 3.6 MP", "raw"): 50.0,
    ("CR 3.6 MP", "HTJ2K"): 50.0,
    ("CR 3.6 MP", "JPEG lossless"): 60.0,
}


def as_film(dataset: Dataset) -> Dataset:
    """The same pixels under a film's header, so that the network runs on them whatever their size."""
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "DX", "CHEST", "PA"
    return dataset


def read(reader: OnnxReader, instance: Instance) -> None:
    """Prepare and read; the gate's refusal of a phantom comes after the network ran and costs the same."""
    views = prepare_instance(instance, reader.plan).views
    request = ReadRequest(study_ref="st-bench", views=views, order=Order())
    try:
        asyncio.run(reader.read(request))
    except ReaderRefused:
        return


def ratios() -> list[Ratio]:
    """Each size in each transfer syntax: p95 against its target, then shares."""
    reader = embedded_reader()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            ratio
            for size, make in (("CT 512", slice_of_ct), ("CR 3.6 MP", lambda: film(1955, 1841)))
            for syntax, uid in SYNTAXES.items()
            for ratio in _case(
                reader, stored(encoded(as_film(make()), uid), folder / f"{size}-{syntax}.dcm"), size, syntax
            )
        ]


def _case(reader: OnnxReader, instance: Instance, size: str, syntax: str) -> list[Ratio]:
    read(reader, instance)
    times = [_timed(reader, instance) for _ in range(RUNS)]
    p95 = float(np.percentile(times, 95))
    prepared = best_ms(lambda: prepare_instance(instance, reader.plan))
    edge = prepare_instance(instance, reader.plan).views[0].origin
    assert edge is not None
    pixels = np.ones((edge.source_height, edge.source_width), np.uint16)
    copied = best_ms(pixels.copy)
    median = float(np.median(times))
    name, detail = (
        f"{size} {syntax} to embedded read",
        f"p50 {median:.1f} ms; network {max(0.0, 1 - prepared / median):.0%}",
    )
    target = TARGETS_MS.get((size, syntax))
    first = (
        stated(name, p95, "ms at p95", detail=detail)
        if target is None
        else at_most(name, p95, target, "ms at p95", detail=detail)
    )
    return [
        first,
        stated(name, median / copied, "x memcpy", detail=f"memcpy {copied:.2f} ms; prepare {prepared:.1f} ms"),
    ]


def _timed(reader: OnnxReader, instance: Instance) -> float:
    start = time.perf_counter()
    read(reader, instance)
    return (time.perf_counter() - start) * 1e3
