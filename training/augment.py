"""Augmentation that hides where a film came from: exposure, sharpness, noise, place, size."""

import random

import cv2
import numpy as np
from numpy.typing import NDArray

from films import STORE_PX, Pixels
from network import EDGE_PX

Grey = NDArray[np.float32]


def place(picture: Pixels, rng: random.Random) -> Grey:
    """Small turns, zooms and shifts; a mirrored film in a third of the draws. (edge, edge) 0-1."""
    centre = STORE_PX / 2
    matrix = cv2.getRotationMatrix2D(
        (centre, centre), rng.uniform(-10, 10), rng.uniform(0.87, 1.17) * EDGE_PX / STORE_PX
    )
    matrix[:, 2] += [EDGE_PX / 2 - centre + rng.uniform(-18, 18), EDGE_PX / 2 - centre + rng.uniform(-18, 18)]
    out = cv2.warpAffine(picture, matrix, (EDGE_PX, EDGE_PX), flags=cv2.INTER_LINEAR).astype(np.float32) / 255
    return np.ascontiguousarray(out[:, ::-1]) if rng.random() < 0.35 else out


def blur_like_a_copy(picture: Grey, rng: random.Random) -> Grey:
    """Lose and regain resolution, soften or sharpen, so that a copy pipeline leaves no trace."""
    roll = rng.random()
    if roll < 0.35:
        small = round(EDGE_PX * rng.uniform(0.5, 0.95))
        how = rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
        picture = cv2.resize(cv2.resize(picture, (small, small), interpolation=how), (EDGE_PX, EDGE_PX))
    elif roll < 0.6:
        soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 2.0))
        picture = picture + rng.uniform(-0.5, 0.8) * (picture - soft)
    if rng.random() < 0.25:
        ok, data = cv2.imencode(
            ".jpg", np.uint8(np.clip(picture, 0, 1) * 255), [cv2.IMWRITE_JPEG_QUALITY, rng.randrange(35, 95)]
        )
        if ok:
            picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    return picture


def expose(picture: Grey, rng: random.Random) -> Grey:
    """Gamma, contrast, brightness, local equalisation, noise."""
    picture = np.clip(picture, 0, 1)
    if rng.random() < 0.12:
        equal = cv2.createCLAHE(rng.uniform(1, 3), (8, 8)).apply(np.uint8(picture * 255))
        picture = equal.astype(np.float32) / 255
    picture = picture ** rng.uniform(0.6, 1.6)
    picture = (picture - 0.5) * rng.uniform(0.7, 1.35) + 0.5 + rng.uniform(-0.12, 0.12)
    if rng.random() < 0.3:
        noise = np.random.default_rng(rng.getrandbits(32)).standard_normal(picture.shape, np.float32)
        picture = picture + noise * rng.uniform(0.005, 0.04)
    return picture


def hide_border(picture: Grey, rng: random.Random) -> Grey:
    """Erase a patch or frame the film in black: letters and collimation are no findings."""
    if rng.random() < 0.3:
        edge = rng.randrange(16, EDGE_PX // 4)
        x, y = rng.randrange(EDGE_PX), rng.randrange(EDGE_PX)
        picture[y : y + edge, x : x + edge] = float(picture.mean())
    if rng.random() < 0.2:
        margin = rng.randrange(4, 28)
        value = rng.choice([0.0, 0.0, 1.0])
        picture[:margin] = picture[-margin:] = value
        picture[:, :margin] = picture[:, -margin:] = value
    return picture


def augment(picture: Pixels, rng: random.Random) -> Grey:
    """One training variant of a film. (edge, edge) float32, 0-255."""
    out = hide_border(expose(blur_like_a_copy(place(picture, rng), rng), rng), rng)
    return np.clip(out, 0, 1) * 255
