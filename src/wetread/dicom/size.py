"""What a header declares its pixels to be, checked before anything is allocated."""

from pydicom.dataset import Dataset
from pydicom.uid import UID

from wetread.dicom.elements import PARSE_ERRORS, PIXEL_TAGS
from wetread.dicom.limits import Limits
from wetread.dicom.values import integer, text
from wetread.errors import PixelsUnreadable, TooLarge

RESEND = "ask the sender for the file again"


def frame_count(dataset: Dataset, subject: str) -> int:
    """How many frames; 1 where the header does not say or says 0.

    Raises: PixelsUnreadable where it says something that is no count.
    """
    if text(dataset, "NumberOfFrames") is None and _is_absent(dataset, "NumberOfFrames"):
        return 1
    frames = integer(dataset, "NumberOfFrames")
    if frames is None or frames < 0:
        raise PixelsUnreadable(subject, "its number of frames is not a number", RESEND)
    return max(frames, 1)


def _is_absent(dataset: Dataset, keyword: str) -> bool:
    try:
        return dataset.get(keyword) in (None, "")
    except PARSE_ERRORS:
        return False


def _positive(dataset: Dataset, keyword: str, subject: str) -> int:
    value = integer(dataset, keyword)
    if value is None or value <= 0:
        raise PixelsUnreadable(subject, f"its {keyword} is missing, zero or not a number", RESEND)
    return value


def declared_bytes(dataset: Dataset, subject: str, *, limits: Limits | None = None) -> int:
    """Bytes that rows x columns x frames x samples x bits allocated come to, in native form.

    Raises: PixelsUnreadable where one of them is unusable, TooLarge over `limits.max_pixels_bytes`.
    """
    limit = (limits or Limits()).max_pixels_bytes
    rows, columns = _positive(dataset, "Rows", subject), _positive(dataset, "Columns", subject)
    samples = _positive(dataset, "SamplesPerPixel", subject) if "SamplesPerPixel" in dataset else 1
    bits = _positive(dataset, "BitsAllocated", subject)
    frames = frame_count(dataset, subject)
    if bits != 1 and (bits % 8 or bits > 64):
        raise PixelsUnreadable(subject, f"{bits} bits allocated are not possible", RESEND)
    total = (rows * columns * frames * samples * bits + 7) // 8
    if total > limit:
        raise TooLarge(
            subject,
            f"its header declares {rows} x {columns} pixels x {frames} frames, {total:,} bytes; the limit is {limit:,}",
            "raise max_pixels_bytes if the file can be trusted",
        )
    return total


def _held(dataset: Dataset) -> int | None:
    """Bytes of native pixel data in memory; None where they are encapsulated or not loaded."""
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is not None and UID(syntax).is_transfer_syntax and UID(syntax).is_encapsulated:
        return None
    for tag in PIXEL_TAGS:
        if tag in dataset:
            element = dataset[tag]
            return None if element.is_undefined_length else len(element.value or b"")
    return None


def check_declared_size(
    dataset: Dataset, subject: str, *, limits: Limits | None = None, held_bytes: int | None = None
) -> int:
    """The declared size in bytes, once it is known to be within the limit and present in the file.

    Native pixel data must be there in full; `held_bytes` says how much there is where it was not loaded.

    Raises: PixelsUnreadable, TooLarge.
    """
    total = declared_bytes(dataset, subject, limits=limits)
    held = held_bytes if held_bytes is not None else _held(dataset)
    needed = total
    if text(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
        needed = total * 2 // 3  # two luma and one of each chroma for two pixels, PS3.3 C.7.6.3.1.2
    if held is not None and held < needed:
        raise PixelsUnreadable(
            subject, f"its pixel data has {held:,} bytes where the header declares {needed:,}", RESEND
        )
    return total
