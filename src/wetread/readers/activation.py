"""A class activation map becomes an approximate box. It says where a score came from, not where a lesion ends."""

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.finding import Evidence
from wetread.domain.view import View

SHARE_OF_PEAK = 0.5
Box = tuple[float, float, float, float]


def hot_box(activation: NDArray[np.float32]) -> Box | None:
    """The box, as fractions of the map, around the patch above half the peak that holds the peak.

    activation: (h, w) float32, any unit. None where nothing speaks for the finding.
    """
    peak = float(activation.max())
    if peak <= 0 or not np.isfinite(activation).all():
        return None
    hot = (activation >= SHARE_OF_PEAK * peak).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(hot, connectivity=4)
    row, column = np.unravel_index(int(activation.argmax()), activation.shape)
    x, y, width, height = (int(v) for v in stats[labels[row, column]][:4])
    rows, columns = activation.shape
    return x / columns, y / rows, (x + width) / columns, (y + height) / rows


def evidence(view: View, box: Box, placed: tuple[float, float, float], edge_px: int) -> Evidence | None:
    """The box of a square network input, told in fractions of the source frame; None if it falls outside."""
    if view.origin is None or view.mapping is None:
        return None
    scale, left, top = placed
    corners = [((x * edge_px - left) / scale, (y * edge_px - top) / scale) for x, y in (box[:2], box[2:])]
    (x0, y0), (x1, y1) = (view.mapping.to_source(x, y) for x, y in corners)
    width, height = view.origin.source_width, view.origin.source_height
    told = tuple(round(min(1.0, max(0.0, v)), 4) for v in (x0 / width, y0 / height, x1 / width, y1 / height))
    if told[0] >= told[2] or told[1] >= told[3]:
        return None
    return Evidence(
        file=view.origin.file,
        sop_instance_uid=view.origin.sop_instance_uid,
        frame=view.origin.frame,
        box=(told[0], told[1], told[2], told[3]),
        origin="cam",
    )
