"""Where the boxes of findings lie on a picture, in its own pixels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wetread.delivery.objects.tracking import Tracked
from wetread.domain.finding import Evidence
from wetread.domain.view import Mapping, Origin, View

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box on a picture, (x0, y0, x1, y1) in pixels of the view; `number` is the finding's on the text page."""

    number: int
    corners: Corners
    tracked: Tracked
    evidence: Evidence

    @property
    def approximate(self) -> bool:
        """True for what no human drew: dashed."""
        return self.evidence.origin != "human"


def boxes(view: View, findings: Iterable[Tracked]) -> tuple[Box, ...]:
    """The boxes of the findings' evidence that show on a picture, cut at the edge of what it shows."""
    places = tuple(_places(view))
    found = []
    for number, one in enumerate(findings, start=1):
        for evidence in one.joined.finding.evidence:
            for origin, mapping, shown in places:
                corners = _corners(evidence, origin, mapping, shown)
                if corners is not None:
                    found.append(Box(number=number, corners=corners, tracked=one, evidence=evidence))
    return tuple(found)


def _places(view: View) -> Iterator[tuple[Origin, Mapping, Corners]]:
    """The source frames on a picture: one, or those of a montage."""
    if view.origin is not None and view.mapping is not None:
        yield view.origin, view.mapping, (0.0, 0.0, float(view.width), float(view.height))
    for cell in view.cells:
        x0, y0, x1, y1 = cell.box
        yield cell.origin, cell.mapping, (float(x0), float(y0), float(x1), float(y1))


def _corners(evidence: Evidence, origin: Origin, mapping: Mapping, shown: Corners) -> Corners | None:
    if (evidence.file, evidence.frame) != (origin.file, origin.frame):
        return None
    x0, y0, x1, y1 = evidence.box
    left, top = mapping.to_view(x0 * origin.source_width, y0 * origin.source_height)
    right, bottom = mapping.to_view(x1 * origin.source_width, y1 * origin.source_height)
    left, top = max(left, shown[0]), max(top, shown[1])
    right, bottom = min(right, shown[2]), min(bottom, shown[3])
    return (left, top, right, bottom) if left < right and top < bottom else None
