"""PNG, JPEG and TIFF pictures to frames; what a file is, its bytes say, never its name."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.study import Instance
from wetread.errors import FileUnreadable, PixelsUnreadable, TooLarge
from wetread.imaging import exif, voi
from wetread.imaging.colour import eight_bits
from wetread.imaging.frame import Frame, Opened, as_is, grey_or_colour, origin_of
from wetread.imaging.tone import IDENTITY, Tone, sample

MAX_PIXELS = 1 << 28
MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"II*\0": "tiff", b"MM\0*": "tiff"}


def picture_kind(data: bytes) -> str | None:
    """The kind of a picture by its first bytes: "png", "jpeg", "tiff", or None."""
    return next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), None)


def open_picture(instance: Instance) -> Opened:
    """The pages of a picture file.

    Raises: FileUnreadable (no picture), TooLarge (a bomb).
    """
    try:
        data = instance.path.read_bytes()
    except OSError as error:
        raise FileUnreadable(instance.file, f"it can't be read ({error.strerror})") from error
    kind = picture_kind(data)
    if kind is None:
        raise FileUnreadable(instance.file, "its bytes are no PNG, JPEG or TIFF", "convert it to one of them")
    sizes = exif.declared_sizes(data)
    for width, height in sizes:
        if width * height > MAX_PIXELS:
            raise TooLarge(instance.file, f"{width} x {height} pixels are over the limit of {MAX_PIXELS}")
    pages = max(1, len(sizes))
    return Opened(frames=pages, frame=lambda index: page_of(instance, data, index))


def page_of(instance: Instance, data: bytes, index: int) -> Frame:
    """Page `index` (from 0), upright.

    Raises: PixelsUnreadable.
    """
    pixels = decode_page(data, index, instance.file)
    turn = 1 if picture_kind(data) == "tiff" else exif.orientation(data)  # OpenCV turns TIFF pages itself
    steps = [f"decode: {picture_kind(data)}"]
    if turn != 1:
        pixels = exif.upright(pixels, turn)
        steps.append(f"orientation: EXIF {turn}")
    inverted = pixels.ndim == 2 and pixels.dtype != np.uint8 and exif.stored_inverted(data, index)
    shown, tone = _shown(pixels, steps, inverted=inverted)
    return Frame(
        instance=instance,
        origin=origin_of(instance, index + 1, shown),
        pixels=shown,
        tone=tone,
        recipe=(*steps, "spacing: uncalibrated"),
    )


def decode_page(data: bytes, index: int, subject: str) -> NDArray[Any]:
    """The pixels of a page as they are stored: (rows, columns[, 3 or 4]), uint8, uint16, … colour as RGB(A).

    Raises: PixelsUnreadable.
    """
    buffer = np.frombuffer(data, np.uint8)
    try:
        if picture_kind(data) == "tiff":
            _, pages = cv2.imdecodemulti(buffer, cv2.IMREAD_UNCHANGED, range=(index, index + 1))
            pixels = pages[0] if pages else None
        else:
            pixels = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PixelsUnreadable(subject, f"page {index + 1} does not decode ({error.err})") from error
    if pixels is None or pixels.size == 0:
        raise PixelsUnreadable(subject, f"page {index + 1} does not decode", "save the picture again")
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        order = [2, 1, 0, 3][: pixels.shape[2]]
        return np.ascontiguousarray(pixels[..., order])
    return pixels[..., 0] if pixels.ndim == 3 else pixels


def _shown(pixels: NDArray[Any], steps: list[str], *, inverted: bool) -> tuple[NDArray[Any], Tone | None]:
    if pixels.ndim == 3:
        rgb = eight_bits(pixels, pixels.dtype.itemsize * 8) if pixels.dtype.kind == "u" else _from_float(pixels)
        return grey_or_colour(_without_alpha(rgb, steps), "colour")
    if pixels.dtype == np.uint8:
        return pixels, as_is("8 bit as it is", inverted=inverted)
    window = voi.percentile_window(sample(pixels, None).astype(np.float64))
    note = "no window in a picture: percentile 0.5-99.5"
    return pixels, Tone(modality=IDENTITY, window=window, notes=(note,), inverted=inverted)


def _without_alpha(rgba: NDArray[np.uint8], steps: list[str]) -> NDArray[np.uint8]:
    """Opacity laid over black; an alpha channel that hides nothing is dropped. rgba: (rows, columns, 3 or 4)."""
    if rgba.shape[2] == 3:
        return rgba
    alpha = rgba[..., 3:]
    if int(alpha.min()) == 255:
        steps.append("alpha: opaque, dropped")
        return np.ascontiguousarray(rgba[..., :3])
    steps.append("alpha: over black")
    return np.rint(rgba[..., :3] * (alpha / 255.0)).astype(np.uint8)


def _from_float(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Colour in other types by its whole range, all channels alike."""
    values = np.nan_to_num(pixels.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (255.0 / (high - low if high > low else 1.0))).astype(np.uint8)
