"""A whole reader in one class: it calls a film that is mostly bright opaque. A lesson, not a method."""

import cv2
import numpy as np

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read, ReaderIdentity, ReadRequest
from wetread.errors import ReaderRefused


class BrightnessReader:
    """Answers one code of the vocabulary for chest films, and refuses everything else."""

    name = "brightness"
    identity = ReaderIdentity(name="brightness", version="0.1.0", fingerprint="brightness-0.1.0")

    async def read(self, request: ReadRequest) -> Read:
        """Present where the mean grey level is high.

        Raises: ReaderRefused where the study holds no chest film.
        """
        films = [view for view in request.views if view.body_part == "CHEST" and not view.colour]
        if not films:
            raise ReaderRefused("there is no grey chest film among the pictures")
        levels = [cv2.imdecode(np.frombuffer(view.picture, np.uint8), 0).mean() for view in films]
        presence = Presence.PRESENT if max(levels) > 170 else Presence.ABSENT
        return Read(
            reader=self.identity,
            findings=(Finding(code="wr:lung-opacity", presence=presence),),
            views_read=tuple(view.pixel_sha256 for view in films),
            cost_usd=0.0,
        )
