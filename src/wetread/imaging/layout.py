"""How an object's pixels are laid out, read once from its header."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from wetread.dicom import check_declared_size, declared_bytes, frame_count
from wetread.errors import PixelsUnreadable
from wetread.imaging import tags

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The image pixel module. Source: PS3.3 C.7.6.3, PS3.5 section 8. `allocated`, `stored`, `high` are bits."""

    keyword: str
    photometric: str
    rows: int
    columns: int
    frames: int
    samples: int
    allocated: int
    stored: int
    high: int
    signed: bool
    planar: bool

    @property
    def monochrome(self) -> bool:
        """True where a pixel is one grey value, not colour and no palette's index."""
        return self.samples == 1 and self.photometric != "PALETTE COLOR"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one frame."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    def settle(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Stored values from raw words: what lies outside BitsStored is masked off, the sign extended.

        raw: any shape, 8, 16 or 32 bit, unsigned. Returns: same shape and width, signed where the header says so.
        Source: PS3.5 8.1.1; overlays once lived in the unused bits.
        """
        width = raw.dtype.itemsize * 8
        unused_above, unused = width - 1 - self.high, width - self.stored
        if unused <= 0 or unused_above < 0:
            return raw.view(f"i{width // 8}") if self.signed else raw
        settled: NDArray[Any]
        if not self.signed and self.high + 1 == self.stored:
            if int(raw.max(initial=0)) >> self.stored == 0:  # nothing there: looking is cheaper than copying
                return raw
            settled = raw & raw.dtype.type((1 << self.stored) - 1)
            return settled
        words = np.left_shift(raw, raw.dtype.type(unused_above))
        settled = np.right_shift(words.view(f"i{width // 8}") if self.signed else words, unused)
        return settled


def layout_of(dataset: Dataset, subject: str) -> Layout:
    """The layout, once the declared size is known to be possible.

    Raises: PixelsUnreadable (no pixels, or a header that describes none), TooLarge (a bomb).
    """
    keyword = next((k for k in PIXEL_KEYWORDS if k in dataset and dataset[k].value), None)
    if keyword is None:
        raise PixelsUnreadable(subject, "it holds no pixel data", "send an object with pixels")
    if dataset[keyword].is_undefined_length:
        declared_bytes(dataset, subject)
    else:
        check_declared_size(dataset, subject)
    samples = tags.whole(dataset, "SamplesPerPixel", 1)
    allocated = tags.whole(dataset, "BitsAllocated", 8)
    stored = tags.whole(dataset, "BitsStored", allocated)
    if not 1 <= stored <= allocated:
        raise PixelsUnreadable(subject, f"BitsStored {stored} does not fit BitsAllocated {allocated}")
    return Layout(
        keyword=keyword,
        photometric=tags.text(dataset, "PhotometricInterpretation") or ("RGB" if samples == 3 else "MONOCHROME2"),
        rows=tags.whole(dataset, "Rows", 0),
        columns=tags.whole(dataset, "Columns", 0),
        frames=frame_count(dataset, subject),
        samples=samples,
        allocated=allocated,
        stored=stored,
        high=tags.whole(dataset, "HighBit", stored - 1),
        signed=bool(tags.whole(dataset, "PixelRepresentation", 0)),
        planar=tags.whole(dataset, "PlanarConfiguration", 0) == 1,
    )
