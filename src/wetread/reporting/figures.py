"""Which pictures a page shows, and where the boxes lie on them."""

from collections.abc import Iterator
from dataclasses import dataclass

from wetread.domain.finding import Presence
from wetread.domain.report import Report
from wetread.domain.view import View
from wetread.reporting.words import inert, sentence, told

MOST_PICTURES = 6
MOST_BOXES = 4
SHOWN = (Presence.PRESENT, Presence.UNCERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box in pixels of the picture, with its number on it and its caption. `origin` says who drew it."""

    number: int
    x0: float
    y0: float
    x1: float
    y1: float
    caption: str
    origin: str

    @property
    def approximate(self) -> bool:
        """True for what no human drew: dashed, and labelled so."""
        return self.origin != "human"

    @property
    def label(self) -> str:
        """What is written into the box."""
        return f"{self.number} {sentence('mark', 'approximate')}" if self.approximate else str(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its boxes, most urgent finding first, and the line below it. `more_boxes` were left off."""

    view: View
    boxes: tuple[Box, ...]
    caption: str
    more_boxes: int = 0

    @property
    def legend(self) -> str:
        """What the numbers on the boxes mean."""
        named = "; ".join(f"{box.number} {box.caption}" for box in self.boxes)
        return f"{named}; {self.more_boxes} more boxes in the data" if self.more_boxes else named


def figures(report: Report) -> tuple[Figure, ...]:
    """At most six pictures: those with boxes first, otherwise in their order."""
    every = [_figure(report, view) for view in _shown(report)]
    every.sort(key=lambda figure: not figure.boxes)
    return tuple(every[:MOST_PICTURES])


def left_out(report: Report) -> int:
    """How many prepared pictures a page does not show."""
    return max(0, len(_shown(report)) - MOST_PICTURES)


def _figure(report: Report, view: View) -> Figure:
    window = f"window {view.window.center:g}/{view.window.width:g} ({view.window.origin.value})" if view.window else ""
    source = f"{inert(view.origin.file)}, frame {view.origin.frame}" if view.origin else view.kind.value
    facts = (view.modality, view.body_part, view.projection, view.label, window)
    caption = ", ".join((source, *(inert(fact) for fact in facts if fact)))
    boxes = tuple(_boxes(report, view))
    return Figure(view=view, boxes=boxes[:MOST_BOXES], caption=caption, more_boxes=max(0, len(boxes) - MOST_BOXES))


def _boxes(report: Report, view: View) -> Iterator[Box]:
    origin, mapping = view.origin, view.mapping
    if report.consensus is None or origin is None or mapping is None:
        return
    number = 0
    for joined in report.consensus.findings:
        if joined.finding.presence not in SHOWN:
            continue
        for evidence in joined.finding.evidence:
            if (evidence.file, evidence.frame) != (origin.file, origin.frame):
                continue
            x0, y0, x1, y1 = evidence.box
            left, top = mapping.to_view(x0 * origin.source_width, y0 * origin.source_height)
            right, bottom = mapping.to_view(x1 * origin.source_width, y1 * origin.source_height)
            caption = f"{told(report, joined.finding)} ({joined.finding.presence.value})"
            number += 1
            yield Box(number=number, x0=left, y0=top, x1=right, y1=bottom, caption=caption, origin=evidence.origin)


def _shown(report: Report) -> tuple[View, ...]:
    """The pictures made for the pages, else those that readers were sent, where they were kept."""
    return report.pictures or tuple(view for view in report.views if view.picture)
