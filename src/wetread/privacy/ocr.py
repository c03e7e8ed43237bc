"""Lines of text in a picture, found and read on the CPU. Needs the extra `ocr`; nothing is fetched over the network."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.errors import MissingExtra
from wetread.privacy.contrast import Pixels

Quad = NDArray[np.float32]  # (4, 2): x and y of the corners, clockwise from the upper left
REMEDY = "text in pictures is looked for with rapidocr: pip install 'wetread[ocr]'"
TILE_PX, OVERLAP_PX = 1536, 192  # the detector sees a tile at full size: small print survives, memory stays flat
OVERVIEW_PX = 960  # letters larger than a tile
SURE = 0.8  # a line read so well is the right way up
MASK_FROM = 0.25  # per pixel; the detector's own 0.3 loses pale lines
THREADS = -1  # of the engine: one a core; two processes that both do so on one machine are slower than with one each
_ONE_AT_A_TIME = threading.Lock()  # the engine keeps state between its calls


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One line: where it stands, how sure the detector is, what was read and how sure that is. Confidences are 0-1."""

    quad: Quad
    seen: float
    text: str
    read: float

    @property
    def aspect(self) -> float:
        """Length over height."""
        width, height = cv2.minAreaRect(self.quad)[1]
        return float(max(width, height) / max(min(width, height), 1.0))


def is_installed() -> bool:
    """Whether pictures can be looked at."""
    return find_spec("rapidocr") is not None


@cache
def _engine() -> Any:  # noqa: ANN401 - rapidocr's call returns one of four types
    if not is_installed():
        raise MissingExtra(REMEDY)
    from rapidocr import RapidOCR

    settings = {
        "Global.log_level": "critical",
        "Global.max_side_len": 2 * TILE_PX,
        "Det.thresh": MASK_FROM,
        "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
    }
    return RapidOCR(params=settings)


def find_lines(pixels: Pixels, *, certain_from: float) -> tuple[Line, ...]:
    """Every line of text in a picture, large pictures tile by tile.

    pixels: (rows, columns) or (rows, columns, 3), 0-255. `certain_from` is the least confidence of the detector.
    Raises: MissingExtra.
    """
    with _ONE_AT_A_TIME:
        return tuple(_lines(pixels, certain_from))


def _lines(pixels: Pixels, certain_from: float) -> Iterator[Line]:
    rows, columns = pixels.shape[:2]
    if max(rows, columns) > TILE_PX + OVERLAP_PX:
        scale = OVERVIEW_PX / max(rows, columns)
        small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        yield from _read(small, certain_from, offset=(0, 0), scale=1 / scale)
    for top in _starts(rows):
        for left in _starts(columns):
            tile = pixels[top : top + TILE_PX + OVERLAP_PX, left : left + TILE_PX + OVERLAP_PX]
            yield from _read(tile, certain_from, offset=(left, top))


def _starts(length: int) -> range:
    return range(0, max(1, length - OVERLAP_PX), TILE_PX)


def _read(
    pixels: Pixels, certain_from: float, *, offset: tuple[int, int], scale: float = 1.0
) -> Iterator[Line]:  # one picture that fits
    picture = np.ascontiguousarray(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3))
    found = _engine()(picture, use_det=True, use_cls=False, use_rec=False, box_thresh=certain_from)
    if getattr(found, "boxes", None) is None:
        return
    for box, seen in zip(found.boxes, found.scores, strict=True):
        quad = np.asarray(box, np.float32)
        text, read = _text_of(_upright(picture, quad))
        place = np.asarray(quad * scale + np.array(offset), np.float32)
        yield Line(quad=place, seen=float(seen), text=text, read=read)


def _text_of(line: Pixels) -> tuple[str, float]:
    """What a line says and how sure that is; turned upside down where it is not sure. Nothing read is no certainty."""
    best = ("", 0.0)
    for number, way in enumerate((line, np.asarray(line[::-1, ::-1].copy(), np.uint8))):
        told = _engine()(way, use_det=False, use_cls=False, use_rec=True)
        text = str(told.txts[0]).strip() if getattr(told, "txts", None) else ""
        if text and float(told.scores[0]) > best[1]:
            best = (text, float(told.scores[0]))
        if best[1] >= SURE or (number == 0 and not text):
            break
    return best


def _upright(picture: Pixels, quad: Quad) -> Pixels:
    """The line cut out and turned, upright columns laid on their side. Returns: (height, width, 3)."""
    width = max(2, round(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[3] - quad[2]))))
    height = max(2, round(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2]))))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(quad, corners)
    line = cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.rot90(line).copy() if height >= 1.5 * width else line, np.uint8)
