"""Slow and plain answers that fast code is held against, written from the standard and not from the product."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from wetread.domain.study import Instance, InstanceKind


def linear_levels(values: NDArray[Any], center: float, width: float) -> NDArray[np.float64]:
    """Grey levels 0-255 of a LINEAR window, branch by branch, not rounded. Source: PS3.3 C.11.2.1.2.1.

    values: any shape, modality units. Returns: same shape, float64.
    """
    x = values.astype(np.float64)
    half = (width - 1) / 2
    inner = (x - (center - 0.5)) / max(width - 1, 1e-9)
    grey = np.where(x <= center - 0.5 - half, 0.0, (inner + 0.5) * 255.0)
    return np.where(x > center - 0.5 + half, 255.0, grey)


def area_average(values: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float64]:
    """The exact area average, by the integral image. values: (rows, columns); size: (width, height)."""
    rows, columns = values.shape
    width, height = size
    total = np.zeros((rows + 1, columns + 1))
    total[1:, 1:] = values.astype(np.float64).cumsum(0).cumsum(1)
    ys, xs = np.linspace(0, rows, height + 1), np.linspace(0, columns, width + 1)
    at_y = np.stack([np.interp(ys, np.arange(rows + 1), column) for column in total.T], axis=1)
    at = np.stack([np.interp(xs, np.arange(columns + 1), line) for line in at_y])
    average: NDArray[np.float64] = np.diff(np.diff(at, axis=0), axis=1) / ((rows / height) * (columns / width))
    return average


def instance_of(path: Path, dataset: Dataset | None = None, *, frames: int = 1) -> Instance:
    """An instance as intake makes it: of a DICOM object where `dataset` is given, else of a picture."""
    header = Dataset() if dataset is None else dataset
    return Instance(
        file=path.name,
        path=path,
        sha256="0" * 64,
        size_bytes=path.stat().st_size,
        kind=InstanceKind.PICTURE if dataset is None else InstanceKind.DICOM_IMAGE,
        frames=int(header.get("NumberOfFrames") or frames),
        modality=header.get("Modality"),
        body_part=header.get("BodyPartExamined"),
        sop_instance_uid=header.get("SOPInstanceUID"),
    )
