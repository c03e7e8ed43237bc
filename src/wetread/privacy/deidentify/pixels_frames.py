"""The frames of a DICOM object as arrays, one at a time, for looking and for writing them back uncompressed."""

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit

from wetread.dicom import PARSE_ERRORS, check_declared_size, frame_count, integer, repair_sos
from wetread.errors import PixelsUnreadable

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
DECODE_ERRORS = (*PARSE_ERRORS, RuntimeError, MemoryError)
JPEGS = (JPEGBaseline8Bit, JPEGExtended12Bit)
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
SHOWN = (*MONOCHROME, PALETTE, "RGB")  # what a decoded frame may be; PS3.3 C.7.6.3.1.2
Values = NDArray[Any]


def has_pixels(dataset: Dataset) -> bool:
    """Whether the object has pixels at all."""
    return any(keyword in dataset for keyword in PIXELS)


class Frames:
    """Decodes the frames of one object on demand; nothing decoded is kept.

    `photometric` is what a decoded frame is: MONOCHROME1, MONOCHROME2, PALETTE COLOR or RGB.
    Raises on making: PixelsUnreadable, TooLarge.
    """

    def __init__(self, dataset: Dataset, subject: str) -> None:
        self.dataset = dataset
        self._subject = subject
        check_declared_size(dataset, subject)
        self.count = frame_count(dataset, subject)
        self.bits_allocated = integer(dataset, "BitsAllocated") or 8
        self.keyword = next(keyword for keyword in PIXELS if keyword in dataset)
        self._check_bits()
        meta = getattr(dataset, "file_meta", None)
        syntax = getattr(meta, "TransferSyntaxUID", None)
        if syntax is None:
            raise PixelsUnreadable(subject, "it names no transfer syntax", "write it with its meta information")
        if not syntax.is_transfer_syntax:
            raise PixelsUnreadable(subject, "nothing here decodes its transfer syntax")
        self.is_native = not syntax.is_encapsulated
        self._source = _repaired(dataset) if syntax in JPEGS else dataset
        try:
            self._decoder = get_decoder(syntax)
        except NotImplementedError:
            raise PixelsUnreadable(subject, f"nothing here decodes {syntax.name}") from None
        self.photometric = ""
        self.frame(0)

    def frame(self, index: int, *, all_bits: bool = False) -> Values:
        """Frame `index` (from 0): (rows, columns), or (rows, columns, 3) as RGB. `all_bits`: unused ones too.

        Raises: PixelsUnreadable.
        """
        options: dict[str, Any] = {"correct_unused_bits": False} if all_bits else {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found, told = self._decoder.as_array(self._source, index=index, **options)
        except DECODE_ERRORS as problem:
            said = f"frame {index + 1} does not decode ({type(problem).__name__})"
            raise PixelsUnreadable(self._subject, said, "ask the sender for it uncompressed") from None
        self.photometric = str(told["photometric_interpretation"])
        if self.photometric not in SHOWN or found.shape[2:] not in ((), (3,)):
            raise PixelsUnreadable(self._subject, f"its colours ({self.photometric[:16]}) can't be shown")
        return np.asarray(found)

    def hides_bits(self, index: int) -> bool:
        """Whether bits that no pixel uses hold something: overlays once lived there (PS3.5 8.1.2)."""
        stored = integer(self.dataset, "BitsStored") or self.bits_allocated
        if not self.is_native or self.keyword != "PixelData" or stored == self.bits_allocated:
            return False
        return not np.array_equal(self.frame(index), self.frame(index, all_bits=True))

    def _check_bits(self) -> None:
        high, stored = integer(self.dataset, "HighBit"), integer(self.dataset, "BitsStored")
        if self.keyword == "PixelData" and high is not None and stored is not None and high != stored - 1:
            raise PixelsUnreadable(self._subject, f"its pixels do not start at bit 0 (HighBit {high})")


def _repaired(dataset: Dataset) -> Dataset:
    """The object with the scan headers of its JPEG frames mended where a writer left them at zero."""
    try:
        encoded = list(generate_frames(dataset.PixelData, number_of_frames=integer(dataset, "NumberOfFrames") or 1))
    except DECODE_ERRORS:
        return dataset
    mended = [repair_sos(frame) for frame in encoded]
    if mended == encoded:
        return dataset
    made = deepcopy(dataset)
    set_element(made, "PixelData", "OB", encapsulate(mended))
    made["PixelData"].is_undefined_length = True
    return made


def set_element(dataset: Dataset, keyword: str, vr: str, value: object) -> None:
    """A new element in the place of an old one."""
    if keyword in dataset:
        del dataset[keyword]
    dataset.add_new(keyword, vr, value)
