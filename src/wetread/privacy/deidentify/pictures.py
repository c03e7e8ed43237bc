"""Bare pictures: looked at for text, and written anew without anything but pixels."""

from pathlib import Path

import cv2
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from wetread.errors import PixelsUnreadable
from wetread.privacy.deidentify.options import Clean, Options
from wetread.privacy.deidentify.outcome import Copied, Stays

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
REMEDY = "give a PNG or JPEG of ordinary depth"


def is_picture(head: bytes) -> bool:
    """True for what a PNG or JPEG file starts with."""
    return head.startswith((PNG, JPEG))


def deidentify_picture(path: Path, subject: str, options: Options) -> Copied | Stays:
    """A PNG of the pixels with text covered; no other part of the file goes along.

    Raises: PixelsUnreadable.
    """
    if Clean.PIXELS not in options.clean:
        return Stays(why="nothing but its pixels says what it shows", remedy="look at its pixels: --clean pixels")
    from wetread.privacy.deidentify.pixels import clean_pixels

    pixels = _decoded(path, subject)
    cleaned = clean_pixels(_as_dataset(pixels), subject=subject)
    if cleaned.uncertain:
        return Stays(why="; ".join(cleaned.why) or "text in its pixels can't be ruled out")
    shown = np.frombuffer(cleaned.dataset.PixelData, pixels.dtype, count=pixels.size).reshape(pixels.shape)
    done, data = cv2.imencode(".png", shown if shown.ndim == 2 else shown[..., ::-1])
    if not done:
        raise PixelsUnreadable(subject, "it can't be written as PNG", REMEDY)
    return Copied(data=data.tobytes(), suffix=".png", covered=cleaned.covered)


def _decoded(path: Path, subject: str) -> np.ndarray:
    """Pixels as (rows, columns) or (rows, columns, RGB), 8 or 16 bits, upright."""
    held = np.frombuffer(path.read_bytes(), np.uint8)
    try:
        pixels = cv2.imdecode(held, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise PixelsUnreadable(subject, "its pixels do not decode", REMEDY)
    return np.ascontiguousarray(pixels[..., ::-1]) if pixels.ndim == 3 else pixels


def _as_dataset(pixels: np.ndarray) -> Dataset:
    """The picture as a dataset that `clean_pixels` can look at (PS3.3 C.7.6.3)."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.Rows, made.Columns = pixels.shape[:2]
    made.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    made.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        made.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = bits, bits, bits - 1, 0
    made.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    made["PixelData"].VR = "OB" if bits == 8 else "OW"
    return made
