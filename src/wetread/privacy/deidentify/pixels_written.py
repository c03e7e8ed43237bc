"""Regions of every frame covered by one flat value, and the frames written back uncompressed."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from wetread.privacy.deidentify.pixels_frames import PALETTE, Frames, Values, set_element
from wetread.privacy.ocr import Quad

RING_PX = 4  # around a region: what lies there is what it is covered with
WORDS = {"FloatPixelData": "OF", "DoubleFloatPixelData": "OD"}
OFFSETS = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
Mask = NDArray[np.uint8]


def written(frames: Frames, regions: Sequence[Quad]) -> Dataset:
    """A copy of the object with the regions covered in every frame; bits that no pixel uses are cleared.

    A native object keeps its transfer syntax, an encapsulated one becomes Explicit VR Little Endian; what a lossy
    compression took is still said. The dataset that the frames came from is not changed. Raises: PixelsUnreadable.
    """
    made = deepcopy(frames.dataset)
    is_big = made.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    dtype = None
    parts: list[bytes] = []
    bits: list[Values] = []
    for index in range(frames.count):
        values = covered(frames.frame(index), regions, by_index=frames.photometric == PALETTE)
        if frames.bits_allocated == 1:
            bits.append(values.ravel())
            continue
        dtype = dtype or _as_stored(values, frames, is_big=is_big)
        parts.append(np.ascontiguousarray(values.astype(dtype, copy=False)).tobytes())
    value = np.packbits(np.concatenate(bits), bitorder="little").tobytes() if bits else b"".join(parts)
    vr = WORDS.get(frames.keyword, "OB" if frames.bits_allocated <= 8 else "OW")
    set_element(made, frames.keyword, vr, value + b"\0" * (len(value) % 2))
    _say_so(made, frames)
    return made


def covered(values: Values, regions: Sequence[Quad], *, by_index: bool = False) -> Values:
    """The values with each region filled by what is typical just around it. `by_index`: a palette's, never averaged.

    values: (rows, columns) or (rows, columns, 3); another array is returned. regions: corners in pixels.
    """
    hidden = np.zeros(values.shape[:2], np.uint8)
    quads = [np.rint(quad).astype(np.int32) for quad in regions]
    for quad in quads:
        cv2.fillConvexPoly(hidden, quad, 1)
    out = values.copy()
    for quad in quads:
        left, top, width, height = cv2.boundingRect(quad)
        rows = slice(max(0, top - RING_PX), top + height + RING_PX)
        columns = slice(max(0, left - RING_PX), left + width + RING_PX)
        around = values[rows, columns][hidden[rows, columns] == 0]
        own = np.zeros(values.shape[:2], np.uint8)[rows, columns]
        cv2.fillConvexPoly(own, quad - (columns.start, rows.start), 1)
        out[rows, columns][own > 0] = _typical(around if around.size else values[hidden == 0], values, by_index)
    return out


def _typical(around: Values, values: Values, by_index: bool) -> Any:  # noqa: ANN401 - one value a channel
    if not around.size:
        return values.min()
    if by_index or values.ndim == 3:
        kinds, times = np.unique(around.reshape(len(around), -1), axis=0, return_counts=True)
        found = kinds[int(times.argmax())]
        return found if values.ndim == 3 else found[0]
    finite = around[np.isfinite(around)] if around.dtype.kind == "f" else around
    return np.sort(finite, axis=None)[finite.size // 2] if finite.size else values.dtype.type(0)


def _as_stored(values: Values, frames: Frames, *, is_big: bool) -> np.dtype[Any]:
    if values.dtype.kind == "f":
        return values.dtype.newbyteorder(">" if is_big else "<")
    width = max(frames.bits_allocated // 8, 1)
    return np.dtype(f"{'>' if is_big else '<'}{values.dtype.kind}{width}")


def _say_so(made: Dataset, frames: Frames) -> None:
    """The header tells what the pixels now are. Source: PS3.3 C.7.6.3, PS3.5 8.2."""
    if made.file_meta.TransferSyntaxUID.is_encapsulated:
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    set_element(made, "PhotometricInterpretation", "CS", frames.photometric)
    if frames.photometric == "RGB":
        set_element(made, "PlanarConfiguration", "US", 0)
    for keyword in OFFSETS:
        if keyword in made:
            del made[keyword]
