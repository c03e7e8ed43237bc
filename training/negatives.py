"""Pictures the gate must turn away: other examinations, turned or inverted films, crops, inventions."""

import csv
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from films import STORE_PX, Pixels, letterbox

HELD_OUT_THIRD = 3
MIN_DEVIATION = 1e-9


@dataclass(frozen=True)
class Other:
    """A picture that is no frontal chest film, and the source it came from."""

    file: str
    source: str
    pixels: Pixels
    held_out: bool


def read_others(data: Path) -> list[Other]:
    """data/other without the thumbnails of chest films; a third by hash is kept out of training in every source."""
    others = []
    with (data / "other" / "labels.csv").open(newline="") as handle:
        for row in csv.DictReader(handle):
            if row["label"] == "CXR":
                continue
            grey = cv2.imread(str(data / "other" / row["file"]), cv2.IMREAD_GRAYSCALE)
            if grey is not None:
                others.append(Other(row["file"], f"{row['source']}/{row['label']}", grey, held_out(row)))
    return others


def held_out(row: dict[str, str]) -> bool:
    """Decided by the picture's path in its first home alone, so that a copy stays on one side."""
    digest = hashlib.sha256(f"{row['repo']}/{row['repo_path']}".encode()).hexdigest()
    return int(digest[:8], 16) % HELD_OUT_THIRD == 0


def read_objects(data: Path) -> list[Pixels]:
    """Frames of the DICOM files that are no chest films; what does not decode is skipped."""
    import pydicom

    found = []
    with (data / "dicom" / "manifest.csv").open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["pydicom_decode"].startswith("ok")]
    for row in rows:
        if row["modality"] in ("CR", "DX", "") or "CHEST" in row["body_part"].upper():
            continue
        try:
            frames = pydicom.dcmread(data / "dicom" / row["file"], force=True).pixel_array
        except (ValueError, RuntimeError, NotImplementedError, AttributeError, OSError, KeyError, TypeError):
            continue
        grey = _grey(frames, int(float(row["samples"] or 1)))
        if grey is not None:
            found.append(grey)
    return found


def _grey(frames: NDArray[np.generic], samples: int) -> Pixels | None:
    """The middle frame stretched to 8 bits; None for what is no picture."""
    picture = frames.astype(np.float32)
    if samples == 3 and picture.shape[-1] == 3:
        picture = picture.mean(-1)
    if picture.ndim == 3:
        picture = picture[len(picture) // 2]
    if picture.ndim != 2 or min(picture.shape) < 16 or picture.std() < MIN_DEVIATION:
        return None
    low, high = np.percentile(picture, [0.5, 99.5])
    return np.uint8(((picture - low) / max(high - low, 1e-6)).clip(0, 1) * 255)


def spoil(film: Pixels, rng: random.Random) -> Pixels:
    """A chest film that must not be read: turned, upside down, inverted, or a tight crop of one corner."""
    kind = rng.choice(["turn", "turn", "down", "down", "invert", "invert", "crop"])
    if kind == "turn":
        return np.ascontiguousarray(np.rot90(film, rng.choice([1, 3])))
    if kind == "down":
        film = film[::-1, ::-1] if rng.random() < 0.6 else film[::-1]
        return np.ascontiguousarray(film)
    if kind == "invert":
        return 255 - film
    edge = round(film.shape[0] * rng.uniform(0.2, 0.42))
    x, y = rng.randrange(film.shape[1] - edge), rng.randrange(film.shape[0] - edge)
    return letterbox(np.ascontiguousarray(film[y : y + edge, x : x + edge]), STORE_PX)


def invent(rng: random.Random) -> Pixels:
    """A picture of nothing: blank, noise, gradient, checkerboard, text, shapes or a mixture."""
    made = rng.choice([_blank, _noise, _gradient, _checkerboard, _text, _shapes])(rng)
    if rng.random() < 0.2:
        made = np.uint8(made * 0.5 + _noise(rng) * 0.5)
    return made


def _blank(rng: random.Random) -> Pixels:
    return np.full((STORE_PX, STORE_PX), rng.randrange(256), np.uint8)


def _noise(rng: random.Random) -> Pixels:
    edge = rng.choice([4, 8, 16, 32, 64, 160, 320])
    grain = np.random.default_rng(rng.getrandbits(32)).integers(0, 256, (edge, edge), np.uint8)
    return cv2.resize(grain, (STORE_PX, STORE_PX), interpolation=rng.choice([cv2.INTER_NEAREST, cv2.INTER_CUBIC]))


def _gradient(rng: random.Random) -> Pixels:
    y, x = np.mgrid[0:STORE_PX, 0:STORE_PX] / STORE_PX
    way = rng.choice([x, y, x + y, np.hypot(x - rng.random(), y - rng.random())])
    way = (way - way.min()) / (way.max() - way.min())
    return np.uint8((way if rng.random() < 0.5 else 1 - way) * rng.uniform(60, 255))


def _checkerboard(rng: random.Random) -> Pixels:
    y, x = np.mgrid[0:STORE_PX, 0:STORE_PX] // rng.randrange(4, 90)
    return np.uint8(((x + y) % 2) * rng.randrange(60, 256))


def _text(rng: random.Random) -> Pixels:
    dark = rng.random() < 0.5
    page = np.full((STORE_PX, STORE_PX), 20 if dark else 240, np.uint8)
    size = rng.uniform(0.3, 1.0)
    for line in range(rng.randrange(2, 22)):
        words = "".join(rng.choice("abcdefgh ijklmno prstuvw 0123456789 ABCDE ") for _ in range(rng.randrange(3, 40)))
        place = (rng.randrange(4, 60), 20 + int(line * 36 * size))
        cv2.putText(page, words, place, cv2.FONT_HERSHEY_SIMPLEX, size, 230 if dark else 10, 1, cv2.LINE_AA)
    return page


def _shapes(rng: random.Random) -> Pixels:
    page = _gradient(rng)
    for _ in range(rng.randrange(1, 12)):
        centre, radius = (rng.randrange(STORE_PX), rng.randrange(STORE_PX)), rng.randrange(6, 140)
        axes = (radius, max(4, int(radius * rng.uniform(0.3, 1))))
        cv2.ellipse(page, centre, axes, rng.randrange(180), 0, 360, rng.randrange(256), -1, cv2.LINE_AA)
    return page
