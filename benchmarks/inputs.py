"""Films and slices to measure with, made here so that anyone can measure the same."""

import hashlib
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset

from wetread.domain.study import Instance, InstanceKind
from wetread.testing import phantoms

JPEG_LOSSLESS, JPEG_2000, HTJ2K = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"
SYNTAXES = {"raw": None, "HTJ2K": HTJ2K, "JPEG lossless": JPEG_LOSSLESS, "JPEG 2000": JPEG_2000}


def noisy_chest(rows: int, columns: int) -> np.ndarray:
    """A chest with the noise of a film. Returns: (rows, columns) uint16, 12 bit."""
    noise = np.random.default_rng(7).normal(0, 12, (rows, columns))
    return np.clip(phantoms.chest_pattern(rows, columns) * 3600 + 200 + noise, 0, 4095).astype(np.uint16)


def film(rows: int = 4000, columns: int = 3000) -> Dataset:
    """A radiograph of 12 megapixels unless told otherwise, with one window."""
    return phantoms.radiograph(pixels=noisy_chest(rows, columns), WindowCenter=2048, WindowWidth=3800)


def slice_of_ct() -> Dataset:
    """A noisy 512 x 512 slice."""
    dataset = phantoms.ct_slice(rows=512, columns=512)
    pixels = np.frombuffer(dataset.PixelData, np.uint16).reshape(512, 512)
    noisy = np.clip(pixels + np.random.default_rng(7).normal(0, 10, pixels.shape), 0, 4095).astype(np.uint16)
    return phantoms.set_pixels(dataset, noisy, photometric="MONOCHROME2", bits_stored=12)


def encoded(dataset: Dataset, syntax: str | None) -> Dataset:
    """The object in another transfer syntax, or as it is."""
    if syntax is None:
        return dataset
    pixels = np.frombuffer(dataset.PixelData, np.uint16).reshape(dataset.Rows, dataset.Columns).copy()
    if syntax == JPEG_LOSSLESS:
        fragment = imagecodecs.ljpeg_encode(pixels, bitspersample=16)
    elif syntax == HTJ2K:
        fragment = imagecodecs.htj2k_encode(pixels, reversible=True)
    else:
        fragment = imagecodecs.jpeg2k_encode(pixels, reversible=True, codecformat="j2k")
    return phantoms.compress(dataset, syntax, [fragment])


def stored(dataset: Dataset, path: Path) -> Instance:
    """Write an object and describe it as intake does."""
    phantoms.write(dataset, path)
    data = path.read_bytes()
    return Instance(
        file=path.name,
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        kind=InstanceKind.DICOM_IMAGE,
        modality=dataset.Modality,
        body_part=dataset.get("BodyPartExamined"),
    )
