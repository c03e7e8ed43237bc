"""A second look at flat borders by Tesseract, a program of its own; where it is not installed, there is none."""

import csv
import io
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from wetread.privacy.contrast import Pixels
from wetread.privacy.ocr import Quad

PROGRAM = "tesseract"
LONGEST_S = 20.0
SPARSE = "11"  # page segmentation: text anywhere, in no order
ENLARGED, LARGEST_PX = 2, 1600  # it reads letters of about 30 pixels best
MOST_WORDS = 500
WORD_LEVEL = "5"  # of its table: page, block, paragraph, line, word


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Word:
    """One word: where it stands, what was read, and how sure that is (0-1)."""

    quad: Quad
    text: str
    sure: float


@cache
def program() -> str | None:
    """Where the program lies, None where it is not installed."""
    return shutil.which(PROGRAM)


def read_words(picture: Pixels) -> tuple[Word, ...]:
    """Words in a picture, dark on white; none where the program is missing, or does not answer in time.

    picture: (rows, columns), 0-255.
    """
    found = program()
    if found is None or not bool((picture < 255).any()):
        return ()
    scale = ENLARGED if max(picture.shape) * ENLARGED <= LARGEST_PX * ENLARGED else 1
    large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    done, data = cv2.imencode(".pgm", np.asarray(large, np.uint8))
    if not done:
        return ()
    command = [found, "stdin", "stdout", "--psm", SPARSE, "-l", "eng", "tsv"]
    try:
        told = subprocess.run(  # noqa: S603 - a program found on the path, fed by its standard input alone
            command,
            input=data.tobytes(),
            capture_output=True,
            timeout=LONGEST_S,
            check=True,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return _words(told.stdout.decode("utf-8", "replace"), scale)


def _words(table: str, scale: int) -> tuple[Word, ...]:
    """The words of its table, in pixels of the picture as it was."""
    found: list[Word] = []
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        try:
            left, top, width, height = (int(row[name]) / scale for name in ("left", "top", "width", "height"))
            sure, text = float(row["conf"]) / 100, (row["text"] or "").strip()
        except (KeyError, TypeError, ValueError):
            continue
        if row.get("level") == WORD_LEVEL and text and len(found) < MOST_WORDS:
            corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
            found.append(Word(quad=np.array(corners, np.float32), text=text, sure=sure))
    return tuple(found)
