"""The capability probe: a reader that can't read a number drawn into a picture sees no pictures at all."""

import secrets
from datetime import datetime

import cv2
import numpy as np

from wetread.errors import ReaderError
from wetread.readers.vision.client import Client
from wetread.readers.vision.probes import Probe
from wetread.readers.vision.question import Form, Picture, Question

SYSTEM = "You look at test pictures and answer with what is written in them."
TEXT = "Which number is written in the picture? Answer with its digits alone. If you see no picture, answer: none."
DIGITS = 6
EDGE_PX = 512


async def probe(client: Client, *, target: str, now: datetime) -> Probe:
    """Draw a number, ask for it, compare. A breakdown of the endpoint is raised, for it proves nothing.

    Raises: ReaderError.
    """
    number = "".join(secrets.choice("23456789") for _ in range(DIGITS))
    question = Question(system=SYSTEM, pictures=(_picture(number),), text=TEXT, schema=None)
    try:
        reply = await client.ask(question, Form.TEXT)
    except ReaderError as problem:
        if problem.retry or (problem.code in {"key_rejected", "rejected"} and not _speaks_of_images(str(problem))):
            raise
        return Probe(target=target, passed=False, text=f"it takes no pictures: {problem}", when=now.isoformat())
    said = "".join(character for character in reply.text if character.isdigit())
    passed = said == number
    text = "it read the number" if passed else f"it was shown {number} and said {_short(reply.text)!r}"
    return Probe(target=target, passed=passed, text=text, when=now.isoformat())


def _speaks_of_images(text: str) -> bool:
    return "image" in text.lower() or "vision" in text.lower()


def _short(text: str) -> str:
    return " ".join(text.split())[:60]


def _picture(number: str) -> Picture:
    """The number in white on grey noise, so that no file name or size gives it away."""
    noise = np.random.default_rng().integers(20, 70, (EDGE_PX, EDGE_PX), dtype=np.uint8)
    cv2.putText(noise, number, (40, 290), cv2.FONT_HERSHEY_SIMPLEX, 3.4, 235, 12, cv2.LINE_AA)
    done, encoded = cv2.imencode(".png", noise)
    assert done, "a picture of our own making can be encoded"
    return Picture(data=encoded.tobytes(), media_type="image/png", width=EDGE_PX, height=EDGE_PX)
