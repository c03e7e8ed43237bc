"""The training films: pictures, targets, masks and how often each is drawn."""

import csv
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from network import EDGE_PX, FINDINGS, OUTPUTS, RSNA_CLASSES

Row = dict[str, str]
Pixels = NDArray[np.uint8]
STORE_PX = 320


def rows(data: Path, *, source: str = "nih") -> list[Row]:
    """The label rows of one source."""
    with (data / "cxr" / "labels.csv").open(newline="") as handle:
        return [row for row in csv.DictReader(handle) if row["source"] == source]


def reference(data: Path) -> dict[str, NDArray[np.float64]]:
    """The published DenseNet-121's 14 probabilities by file."""
    with (data / "cxr" / "reference_densenet121_preds.csv").open(newline="") as handle:
        return {
            row["file"]: np.array([float(row[f"prob_{name}"]) for name in FINDINGS]) for row in csv.DictReader(handle)
        }


def letterbox(picture: Pixels, edge_px: int) -> Pixels:
    """Exact area average so that the longer side is `edge_px`, centred on zeros. (edge, edge) uint8."""
    height, width = picture.shape
    scale = edge_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, size, interpolation=how)
    out = np.zeros((edge_px, edge_px), np.uint8)
    top, left = (edge_px - size[1]) // 2, (edge_px - size[0]) // 2
    out[top : top + size[1], left : left + size[0]] = small
    return out


def load(path: Path, edge_px: int = STORE_PX) -> Pixels:
    """A picture as grey, letterboxed.

    Raises: FileNotFoundError naming the path.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise FileNotFoundError(path)
    return letterbox(picture, edge_px)


def evaluation_pixels(path: Path) -> Pixels:
    """Exactly what the product feeds the network."""
    return load(path, EDGE_PX)


def mined(row: Row) -> NDArray[np.float32]:
    """Report-mined findings and "any finding" as the collection states it. (15,)."""
    names = set(row["labels"].split("|"))
    return np.array([*(name in names for name in FINDINGS), row["abnormal"] == "1"], np.float32)


@dataclass(frozen=True)
class TrainingSet:
    """Everything training draws from; arrays run along films."""

    files: list[str]
    targets: NDArray[np.float32]
    masks: NDArray[np.float32]
    rsna: NDArray[np.int64]
    weights: NDArray[np.float64]


def target(row: Row) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Targets and mask of a film: a radiologist's class outranks what a report parser found."""
    wanted, mask = mined(row), np.ones(OUTPUTS, np.float32)
    judged = row["rsna_class"]
    if judged == "Normal":
        mask[:14] = 1 - wanted[:14]
        wanted[:] = 0
    elif judged:
        wanted[14] = 1
        if not wanted[:14].any():
            mask[:14] = 0
    return wanted, mask


def soften(probabilities: NDArray[np.float64], labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reference probabilities as soft targets on the scale of our own prevalence. (films, 15)."""
    every = np.concatenate([probabilities, 1 - np.prod(1 - probabilities, 1, keepdims=True)], 1)
    logits = np.log(every / (1 - every))
    base = np.log((labels.mean(0) + 0.02) / (1.02 - labels.mean(0)))
    standard = (logits - logits.mean(0)) / logits.std(0)
    return (1 / (1 + np.exp(-(standard * 1.3 + base)))).astype(np.float32)


def draw_weights(films: list[Row], taught: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How often each film is drawn: class balanced by view inside every collection, clean and taught films more."""
    keys = [(row["collection"], row["abnormal"], row["view"]) for row in films]
    counts = Counter(keys)
    weights = np.empty(len(films))
    for index, (row, key) in enumerate(zip(films, keys, strict=True)):
        if row["collection"] == "nih_darkcovid":
            weights[index] = 30 / counts[key]
        elif row["collection"].startswith("nih_quex"):
            weights[index] = 45 / counts[key]
        else:
            weights[index] = 3 / math.sqrt(counts[key])
    weights *= np.where(taught, 2.5, 1.0)
    return weights / weights.sum()


def training_set(data: Path, *, soft_weight: float = 0.75, exclude: frozenset[str] = frozenset()) -> TrainingSet:
    """All NIH training films; those the reference has read carry its softened opinion too."""
    films = [row for row in rows(data) if row["split"] == "train" and row["file"] not in exclude]
    pairs = [target(row) for row in films]
    targets, masks = np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])
    opinions = reference(data)
    taught = np.array([row["file"] in opinions for row in films])
    soft = soften(np.stack([opinions[row["file"]] for row, t in zip(films, taught, strict=True) if t]), targets[taught])
    targets[taught] = soft_weight * soft + (1 - soft_weight) * targets[taught]
    masks[taught] = 1
    rsna = np.array([RSNA_CLASSES.index(row["rsna_class"]) if row["rsna_class"] else -1 for row in films])
    return TrainingSet([row["file"] for row in films], targets, masks, rsna, draw_weights(films, taught))
