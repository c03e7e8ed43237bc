"""What is usually done instead, as tutorials write it."""

import io
import subprocess
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut


def tutorial_grey(path: Path) -> Image.Image:
    """pydicom, its windowing, a min-max stretch: the loader most examples contain."""
    dataset = pydicom.dcmread(path)
    values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset).astype(float)
    values = (values - values.min()) / (values.max() - values.min()) * 255
    return Image.fromarray(values.astype(np.uint8))


def tutorial_jpeg(path: Path, edge: int) -> bytes:
    """The same, shrunk and saved as JPEG by Pillow."""
    image = tutorial_grey(path)
    image.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


def pillow_png(pixels: np.ndarray) -> bytes:
    """An optimised PNG by Pillow."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", optimize=True)
    return out.getvalue()


def dcmtk_jpeg(program: str, path: Path, target: Path, edge: int) -> None:
    """The converter of dcmtk, process start included."""
    command = [program, "+oj", "+Jq", "95", "--use-window", "1", "+Syv", str(edge), str(path), str(target)]
    subprocess.run(command, check=True, capture_output=True)
