"""The pixels of a DICOM object, one frame at a time, equal to what pydicom's plugins give."""

import warnings
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from wetread.errors import PixelsUnreadable
from wetread.imaging.codecs import CODEC_ERRORS, DECODERS
from wetread.imaging.layout import Layout, layout_of

NATIVE_LITTLE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99")
REMEDY = "ask the sender for the object in an uncompressed transfer syntax"


class StoredPixels:
    """Decodes the frames of one object on demand; encoded bytes are kept, decoded frames are not.

    Raises on making: PixelsUnreadable, TooLarge.
    """

    def __init__(self, dataset: Dataset, transfer_syntax_uid: str, subject: str) -> None:
        self.layout: Layout = layout_of(dataset, subject)
        self._dataset = dataset
        self.syntax = transfer_syntax_uid
        self._subject = subject

    def frame(self, index: int) -> NDArray[Any]:
        """Frame `index` (from 0): stored values or a palette's indices (rows, columns), or RGB (rows, columns, 3).

        Raises: PixelsUnreadable naming the object, the frame and the cause.
        """
        if not 0 <= index < self.layout.frames:
            raise PixelsUnreadable(self._subject, f"it has no frame {index + 1}, only {self.layout.frames}")
        fast = self._fast(index)
        if fast is not None and fast.shape == self.layout.shape:
            return fast
        return self._by_pydicom(index)

    def _fast(self, index: int) -> NDArray[Any] | None:
        layout = self.layout
        if self.syntax in NATIVE_LITTLE:
            return self._native(index)
        decoder = DECODERS.get(self.syntax)
        if decoder is None or layout.keyword != "PixelData" or layout.allocated not in (8, 16, 32):
            return None
        try:
            raw = decoder(self._encoded[index], layout)
        except CODEC_ERRORS:
            return None
        return None if raw is None else _signed_as_declared(raw, layout)

    def _native(self, index: int) -> NDArray[Any] | None:
        layout = self.layout
        grey_or_rgb = layout.samples == 1 or layout.photometric == "RGB"
        if layout.keyword != "PixelData" or layout.allocated not in (8, 16, 32) or not grey_or_rgb:
            return None
        count = layout.rows * layout.columns * layout.samples
        offset = index * count * layout.allocated // 8
        try:
            raw = np.frombuffer(self._dataset.PixelData, f"<u{layout.allocated // 8}", count, offset)
        except ValueError:
            return None
        if layout.samples > 1 and layout.planar:
            return layout.settle(np.moveaxis(raw.reshape(layout.samples, layout.rows, layout.columns), 0, -1))
        return layout.settle(raw.reshape(layout.shape))

    @cached_property
    def _encoded(self) -> list[bytes]:
        return list(generate_frames(self._dataset.PixelData, number_of_frames=self.layout.frames))

    def _by_pydicom(self, index: int) -> NDArray[Any]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._dataset.file_meta.TransferSyntaxUID = UID(self.syntax)
                pixels = pixel_array(self._dataset, index=index)
        except CODEC_ERRORS as error:
            cause = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            name = UID(self.syntax).name
            problem = f"frame {index + 1} does not decode ({name}): {cause}"
            raise PixelsUnreadable(self._subject, problem, REMEDY) from error
        if pixels.shape != self.layout.shape:
            problem = f"frame {index + 1} decodes to {pixels.shape}, the header says {self.layout.shape}"
            raise PixelsUnreadable(self._subject, problem, REMEDY)
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _signed_as_declared(raw: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """What a codec gave, with the sign the header declares: codecs return two's complement as unsigned words.

    A codestream that carries more bits than the header admits keeps them: it was there first.
    """
    if raw.dtype.kind != "u" or not layout.signed:
        return raw
    width = raw.dtype.itemsize * 8
    if width > layout.allocated or int(raw.max(initial=0)) >> layout.stored:
        return raw.view(f"i{width // 8}")
    shift = width - layout.stored
    extended: NDArray[Any] = np.right_shift(np.left_shift(raw, raw.dtype.type(shift)).view(f"i{width // 8}"), shift)
    return extended
