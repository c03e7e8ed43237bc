"""Where findings truly lie: boxes from a case file or a file of their own, as fractions of the source frame."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wetread.domain.vocabulary import Vocabulary
from wetread.errors import InputError
from wetread.evaluate.labels import SEPARATOR, Labels, labels_of

LARGEST_BYTES = 256 * 1024 * 1024
SLACK = 1e-3
"""How far rounded numbers may reach over the edge."""
SHAPE = "a box is a label with x, y, width and height as fractions of the picture, from its upper left corner"
NUMBERS = ("x", "y", "w", "h")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueBox:
    """Where a finding lies: x0 < x1, y0 < y1 as fractions 0-1 of the source frame.

    `sop_instance_uid` and `frame` (from 1, which an object without frames is) say on which image of a study it lies.
    """

    code: str
    x0: float
    y0: float
    x1: float
    y1: float
    sop_instance_uid: str | None = None
    frame: int | None = None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The corners."""
        return self.x0, self.y0, self.x1, self.y1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A box as it was written: its label is not understood yet."""

    word: str
    corners: tuple[float, float, float, float]
    sop_instance_uid: str | None = None
    frame: int | None = None


def drawn_in(row: Mapping[str, Any], where: str) -> tuple[Drawn, ...]:
    """The boxes of a case's own row: `Mass 0.1 0.2 0.3 0.3|Nodule …`, or in JSON lines a list of objects.

    Raises: InputError naming the line.
    """
    told = row.get("boxes")
    if told is None or told == "":
        return ()
    if isinstance(told, list):
        if not all(isinstance(one, dict) for one in told):
            raise InputError(where, "has boxes that are no objects", SHAPE)
        return tuple(_drawn(one, where) for one in told)
    return tuple(_written(part, where) for part in str(told).split(SEPARATOR) if part.strip())


def read_boxes(path: Path) -> dict[str, tuple[Drawn, ...]]:
    """A CSV of boxes by `file` or `study_uid`: the columns label, x, y, w, h; sop_instance_uid and frame if need be.

    Raises: InputError naming the line.
    """
    raw = path.read_bytes()
    if len(raw) > LARGEST_BYTES:
        raise InputError(path.name, f"is larger than {LARGEST_BYTES} bytes", "split it")
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        columns = set(reader.fieldnames or ())
        lacking = [name for name in ("label", *NUMBERS) if name not in columns]
        if lacking or not {"file", "study_uid"} & columns:
            raise InputError(path.name, f"lacks the column {(lacking or ['file or study_uid'])[0]}", SHAPE)
        made: dict[str, list[Drawn]] = {}
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            case = (row.get("file") or row.get("study_uid") or "").strip()
            if not case:
                raise InputError(where, "names no file or study_uid", SHAPE)
            made.setdefault(case, []).append(_drawn(row, where))
    except (UnicodeDecodeError, csv.Error):
        raise InputError(path.name, "is not a CSV in UTF-8", SHAPE) from None
    return {case: tuple(boxes) for case, boxes in made.items()}


def labels_of_boxes(drawn: Iterable[Drawn], vocabulary: Vocabulary) -> Labels:
    """What the words at the boxes stand for; they need not be labels of the case file."""
    return labels_of({box.word for box in drawn}, vocabulary)


def placed(drawn: Iterable[Drawn], labels: Labels) -> Iterator[TrueBox]:
    """The boxes whose label the vocabulary knows."""
    for one in drawn:
        if one.word in labels.known:
            x0, y0, x1, y1 = one.corners
            code = labels.known[one.word].code
            yield TrueBox(code=code, x0=x0, y0=y0, x1=x1, y1=y1, sop_instance_uid=one.sop_instance_uid, frame=one.frame)


def _written(part: str, where: str) -> Drawn:
    words = part.split()
    if len(words) < 5:
        raise InputError(where, f"has the box {part.strip()!r}", SHAPE)
    return _drawn({"label": " ".join(words[:-4]), **dict(zip(NUMBERS, words[-4:], strict=True))}, where)


def _drawn(told: Mapping[str, Any], where: str) -> Drawn:
    word = str(told.get("label") or "").strip()
    try:
        x, y, w, h = (float(told[name]) for name in NUMBERS)
        frame = int(told["frame"]) if told.get("frame") not in {None, ""} else None
    except (KeyError, TypeError, ValueError):
        raise InputError(where, "has a box without four numbers", SHAPE) from None
    low, high = -SLACK, 1 + SLACK
    inside = low <= x and low <= y and x + w <= high and y + h <= high
    corners = (max(0.0, x), max(0.0, y), min(1.0, x + w), min(1.0, y + h))
    area = corners[0] < corners[2] and corners[1] < corners[3]
    if not (word and inside and area) or (frame is not None and frame < 1):
        raise InputError(where, f"has a box that is none: {word or 'no label'} {x:g} {y:g} {w:g} {h:g}", SHAPE)
    uid = str(told.get("sop_instance_uid") or "").strip() or None
    return Drawn(word=word, corners=corners, sop_instance_uid=uid, frame=frame)
