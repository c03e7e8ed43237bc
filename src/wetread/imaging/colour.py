"""Colour frames: palettes applied, 8 bits a channel, and grey told from colour by the pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from wetread.errors import PixelsUnreadable
from wetread.imaging.tags import BAD_VALUE


def apply_palette(indices: NDArray[Any], dataset: Dataset, subject: str) -> NDArray[np.uint8]:
    """Palette indices (rows, columns) to RGB (rows, columns, 3) uint8. Source: PS3.3 C.7.6.3.1.5.

    Raises: PixelsUnreadable where the palette is missing or malformed.
    """
    try:
        coloured = apply_color_lut(indices, _in_little_endian(dataset))
    except (*BAD_VALUE, KeyError, IndexError) as error:
        raise PixelsUnreadable(subject, f"its colour palette is unusable ({error})") from error
    bits = 16 if coloured.dtype.itemsize > 1 else 8
    return eight_bits(coloured[..., :3], bits)


def _in_little_endian(dataset: Dataset) -> Dataset:
    """The palette with 16-bit entries as pydicom expects them: it does not swap those of a big-endian object."""
    if dataset.is_little_endian is not False:
        return dataset
    swapped = Dataset()
    for element in dataset:
        if element.keyword.endswith("PaletteColorLookupTableData") and element.VR == "OW":
            swapped.add_new(element.tag, "OW", np.frombuffer(element.value, ">u2").astype("<u2").tobytes())
        elif "PaletteColorLookupTable" in element.keyword:
            swapped.add(element)
    return swapped


def eight_bits(pixels: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """The eight highest of `bits` bits. pixels: unsigned. Returns: same shape, uint8."""
    if pixels.dtype == np.uint8 and bits >= 8:
        return pixels
    if bits < 8:
        return np.rint(pixels * (255.0 / ((1 << bits) - 1))).astype(np.uint8)
    highest: NDArray[np.uint8] = np.right_shift(pixels, bits - 8).astype(np.uint8)
    return highest


def is_grey(rgb: NDArray[np.uint8]) -> bool:
    """True where the three channels are equal in every pixel. rgb: (rows, columns, 3) uint8."""
    if not np.array_equal(rgb[::16, ::16, 0], rgb[::16, ::16, 1]):
        return False
    return bool(np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2]))
