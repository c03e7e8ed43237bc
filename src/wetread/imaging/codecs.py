"""One encoded frame to an array, by the fastest codec for its transfer syntax. The only file that names codecs.

Every function returns (rows, columns) or (rows, columns, 3) in the type the codestream has, colour as RGB.
Raises: any of CODEC_ERRORS, or returns None, where the fallback should try.
"""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from wetread.dicom import PARSE_ERRORS, repair_sos
from wetread.imaging.layout import Layout

CODEC_ERRORS = (
    *PARSE_ERRORS,
    RuntimeError,  # imagecodecs' errors and those of pydicom's plugins
    MemoryError,
)
Decoder = Callable[[bytes, Layout], NDArray[Any] | None]
RGB_BY_CODEC = ("RGB", "YBR_RCT", "YBR_ICT")  # the codestream itself says how it was mixed: PS3.5 8.2.4


def jpeg(encoded: bytes, layout: Layout) -> NDArray[Any] | None:
    """JPEG baseline and extended, 8 or 12 bit; the header says whether three samples are YBR."""
    if layout.samples == 1:
        return np.asarray(imagecodecs.jpeg8_decode(repair_sos(encoded)))
    if layout.photometric not in ("YBR_FULL", "YBR_FULL_422"):
        return None
    return np.asarray(imagecodecs.jpeg8_decode(encoded, colorspace="YCBCR", outcolorspace="RGB"))


def jpeg_lossless(encoded: bytes, layout: Layout) -> NDArray[Any] | None:
    """JPEG lossless (processes 14 and 14 SV1)."""
    return np.asarray(imagecodecs.ljpeg_decode(encoded)) if layout.samples == 1 else None


def jpeg_ls(encoded: bytes, layout: Layout) -> NDArray[Any] | None:
    """JPEG-LS, lossless and near-lossless."""
    return np.asarray(imagecodecs.jpegls_decode(encoded)) if layout.samples == 1 else None


def jpeg_2000(encoded: bytes, layout: Layout) -> NDArray[Any] | None:
    """JPEG 2000; one thread, a worker a core is the caller's business."""
    if layout.samples > 1 and layout.photometric not in RGB_BY_CODEC:
        return None
    return np.asarray(imagecodecs.jpeg2k_decode(encoded, numthreads=1))


def htj2k(encoded: bytes, layout: Layout) -> NDArray[Any] | None:
    """High-throughput JPEG 2000, lossless; the lossy kind overflows in this codec, so the fallback takes it."""
    if layout.samples > 1 and layout.photometric not in RGB_BY_CODEC:
        return None
    return np.asarray(imagecodecs.htj2k_decode(encoded))


def jpeg_xl(encoded: bytes, layout: Layout) -> NDArray[Any] | None:
    """JPEG XL, recompressed JPEG included; colour comes out as RGB."""
    return np.asarray(imagecodecs.jpegxl_decode(encoded, numthreads=1)) if layout.samples in (1, 3) else None


def rle(encoded: bytes, layout: Layout) -> NDArray[Any] | None:
    """RLE, whose byte planes come out one sample after the other. Source: PS3.5 annex G."""
    if layout.samples > 1 and layout.photometric != "RGB":
        return None
    from rle.rle import decode_frame

    raw = decode_frame(encoded, layout.rows * layout.columns, layout.allocated, "<")
    planes = np.frombuffer(raw, dtype=f"<u{layout.allocated // 8}").reshape(layout.samples, layout.rows, layout.columns)
    return planes[0] if layout.samples == 1 else np.moveaxis(planes, 0, -1)


DECODERS: dict[str, Decoder] = {
    "1.2.840.10008.1.2.4.50": jpeg,
    "1.2.840.10008.1.2.4.51": jpeg,
    "1.2.840.10008.1.2.4.57": jpeg_lossless,
    "1.2.840.10008.1.2.4.70": jpeg_lossless,
    "1.2.840.10008.1.2.4.80": jpeg_ls,
    "1.2.840.10008.1.2.4.81": jpeg_ls,
    "1.2.840.10008.1.2.4.90": jpeg_2000,
    "1.2.840.10008.1.2.4.91": jpeg_2000,
    "1.2.840.10008.1.2.4.110": jpeg_xl,
    "1.2.840.10008.1.2.4.111": jpeg_xl,
    "1.2.840.10008.1.2.4.112": jpeg_xl,
    "1.2.840.10008.1.2.4.201": htj2k,
    "1.2.840.10008.1.2.4.202": htj2k,
    "1.2.840.10008.1.2.5": rle,
}
