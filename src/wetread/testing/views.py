"""Views made from arrays, for tests of readers."""

import hashlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import Mapping, Origin, View, ViewKind


def view_of(pixels: NDArray[np.uint8], *, file: str = "film.dcm", scale: float = 1.0, **facts: object) -> View:
    """A view of 8-bit pixels, (rows, columns) or (rows, columns, 3), whose source is `scale` times as large.

    facts: any field of `View`, e.g. `modality="DX"`.
    """
    done, encoded = cv2.imencode(".png", pixels)
    if not done:
        raise ValueError(f"can't encode an array of shape {pixels.shape}")
    rows, columns = pixels.shape[:2]
    origin = Origin(
        file=file,
        sop_instance_uid="1.2.3",
        frame=1,
        source_width=round(columns * scale),
        source_height=round(rows * scale),
    )
    fields: dict[str, Any] = {
        "kind": ViewKind.IMAGE,
        "picture": encoded.tobytes(),
        "media_type": "image/png",
        "width": columns,
        "height": rows,
        "colour": pixels.ndim == 3,
        "origin": origin,
        "mapping": Mapping(scale_x=scale, scale_y=scale),
        "pixel_sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "recipe": ("test",),
    }
    return View(**{**fields, **facts})
