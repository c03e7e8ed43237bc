"""Where a reader's score came from, as a transparent picture to lay over the image."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from wetread.domain.finding import Evidence, Finding, Presence
from wetread.domain.read import Abstention, Answer

LONGEST_PX = 512
FAINTEST, STRONGEST = 64, 176  # opacity of the weakest and the strongest finding
COLOUR_BGR = (40, 120, 255)
ORIGIN = "cam"  # a class activation map; what a vision model drew is shown as boxes, not as heat
Patch = tuple[Evidence, float]


def patches_of(answer: Answer, sop_instance_uid: str, frame: int) -> list[Patch]:
    """The patches above half the peak of each finding's activation map on that frame, with the finding's strength."""
    if isinstance(answer, Abstention):
        return []
    return [
        (evidence, _strength(finding))
        for finding in answer.findings
        if finding.presence is not Presence.ABSENT
        for evidence in finding.evidence
        if evidence.origin == ORIGIN and evidence.sop_instance_uid == sop_instance_uid and evidence.frame == frame
    ]


def pictures_of(answer: Answer) -> list[str]:
    """The objects that a reader left patches on."""
    findings = () if isinstance(answer, Abstention) else answer.findings
    told = [one for finding in findings if finding.presence is not Presence.ABSENT for one in finding.evidence]
    return sorted({one.sop_instance_uid for one in told if one.origin == ORIGIN and one.sop_instance_uid})


def draw(patches: Iterable[Patch], *, rows: int, columns: int) -> bytes:
    """A PNG (BGRA, longest side ≤ 512 px) of the frame's shape, transparent where nothing spoke for a finding."""
    scale = min(1.0, LONGEST_PX / max(rows, columns))
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    opacity: NDArray[np.uint8] = np.zeros((height, width), np.uint8)
    for evidence, strength in patches:
        x0, y0, x1, y1 = evidence.box
        patch = opacity[int(y0 * height) : max(1, round(y1 * height)), int(x0 * width) : max(1, round(x1 * width))]
        np.maximum(patch, np.uint8(FAINTEST + (STRONGEST - FAINTEST) * strength), out=patch)
    picture = np.zeros((height, width, 4), np.uint8)
    picture[opacity > 0, :3] = COLOUR_BGR
    picture[..., 3] = opacity
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise RuntimeError("a picture in memory can always be written as PNG")
    return data.tobytes()


def _strength(finding: Finding) -> float:
    for value in (finding.probability, finding.confidence_raw):
        if value is not None:
            return value
    return 1.0
