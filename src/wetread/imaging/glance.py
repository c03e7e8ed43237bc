"""What a picture shows at one glance: facts of its file and 32 x 32 grey pixels. For controls, never for a read."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.view import View

EDGE_PX = 32


def grey_picture(view: View) -> NDArray[np.uint8]:
    """A view as (height, width) grey values."""
    return np.asarray(cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def small_picture(view: View) -> NDArray[np.float64]:
    """A view as (32, 32) grey values 0 to 255, by area."""
    return np.asarray(cv2.resize(grey_picture(view), (EDGE_PX, EDGE_PX), interpolation=cv2.INTER_AREA), np.float64)


def file_facts(view: View, size_bytes: int) -> tuple[float, ...]:
    """What a file says without being looked at: size, shape, bytes per pixel; and how bright it is on the whole."""
    width, height = view.width, view.height
    if view.origin is not None:
        width, height = view.origin.source_width, view.origin.source_height
    bright = float(small_picture(view).mean())
    return math.log(width), math.log(height), width / height, math.log(size_bytes / (width * height)), bright
