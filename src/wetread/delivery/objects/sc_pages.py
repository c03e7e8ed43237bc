"""The pages of a secondary capture: text first, then each picture with its boxes; the banner is on all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from wetread.delivery.objects import labels
from wetread.delivery.objects.sc_boxes import Box, boxes
from wetread.delivery.objects.sc_lines import Line, Style, lines
from wetread.delivery.objects.sc_text import Colour, Pen, Pixels
from wetread.delivery.objects.tracking import tracked
from wetread.domain.report import Report, ReportStatus
from wetread.domain.view import View

SMALLEST, LARGEST = (800, 600), (1600, 1600)  # width and height of what lies between the banners, in pixels
MOST_PICTURES, MOST_TEXT_PAGES = 20, 4
MOST_LINES = 4  # of one text in a strip
MOST_PIXELS = 64 << 20  # of one picture
ENLARGED = 4.0
MARGIN, LEAD = 16, 1.4
HEADLINE_PX, BANNER_PX, CAPTION_PX = 28, 20, 18
BLACK, WHITE, GREY = (0, 0, 0), (255, 255, 255), (200, 200, 200)
AMBER, RED, BOX = (255, 176, 0), (198, 40, 40), (255, 214, 10)
DASH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture of the report, decoded. pixels: (rows, columns, 3) uint8, RGB."""

    view: View
    pixels: Pixels
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What all pages share: their size and the strips above and below."""

    report: Report
    pen: Pen
    width: int
    height: int

    def page(self, body: Pixels, foot: str) -> Pixels:
        """A body between the two strips; `foot` is what the lower one adds."""
        head = self._strip([(labels.headline(self.report), HEADLINE_PX), (self.report.banner, BANNER_PX)])
        below = self._strip([(f"{_short(self.report)}. {foot}", BANNER_PX)])
        return np.concatenate([head, body, below])

    def blank(self) -> Pixels:
        """A black body."""
        return np.zeros((self.height, self.width, 3), np.uint8)

    def _strip(self, said: list[tuple[str, int]]) -> Pixels:
        colour, ink = _strip_colours(self.report)
        room = self.width - 2 * MARGIN
        told = [(line, size) for text, size in said for line in islice(self.pen.wrapped(text, size, room), MOST_LINES)]
        height = MARGIN + sum(int(size * LEAD) for _, size in told)
        strip = np.full((height, self.width, 3), colour, np.uint8)
        y = MARGIN // 2
        for line, size in told:
            y += int(size * LEAD)
            self.pen.put(strip, line, (MARGIN, y - size // 4), size_px=size, colour=ink)
        return strip


def pages(report: Report) -> tuple[tuple[Pixels, ...], tuple[View, ...]]:
    """The pages, all of one size, and the views that are on them.

    A report that nobody read or that is withdrawn shows its text alone: a picture without boxes would look like a
    negative read.
    """
    shown, left_out = _pictures(report)
    sheet = Sheet(report=report, pen=Pen(), **_size(shown))
    written = [*_text_pages(sheet, list(lines(report, len(shown), left_out)))]
    drawn = [_picture_page(sheet, one) for one in shown]
    count = len(written) + len(drawn)
    made = [sheet.page(body, f"Page {number} of {count}") for number, body in enumerate((*written, *drawn), start=1)]
    return tuple(made), tuple(one.view for one in shown)


def _pictures(report: Report) -> tuple[tuple[Shown, ...], int]:
    """The pictures with boxes first, otherwise in their order, and how many are left out."""
    if report.consensus is None:
        return (), 0
    findings = tracked(report)
    views = report.pictures or tuple(view for view in report.views if view.picture)
    placed = sorted(((view, boxes(view, findings)) for view in views), key=lambda pair: not pair[1])
    decoded = ((view, _decoded(view), found) for view, found in placed[:MOST_PICTURES])
    shown = tuple(Shown(view=v, pixels=pixels, boxes=found) for v, pixels, found in decoded if pixels is not None)
    return shown, len(views) - len(shown)


def _decoded(view: View) -> Pixels | None:
    """The picture as RGB, None where it is not what the view says."""
    if not view.picture or view.width * view.height > MOST_PIXELS:
        return None
    seen = cv2.imdecode(np.frombuffer(view.picture, np.uint8), cv2.IMREAD_COLOR)
    if seen is None or seen.shape[:2] != (view.height, view.width):
        return None
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGR2RGB), np.uint8)


def _size(shown: tuple[Shown, ...]) -> dict[str, int]:
    width = max((one.view.width for one in shown), default=0)
    height = max((one.view.height for one in shown), default=0)
    return {
        "width": min(max(width, SMALLEST[0]), LARGEST[0]),
        "height": min(max(height, SMALLEST[1]), LARGEST[1]),
    }


def _text_pages(sheet: Sheet, told: list[Line]) -> Iterator[Pixels]:
    """The paragraphs on as many pages as they take, at most four; what does not fit is counted."""
    wrapped = [part for line in told for part in _parts(sheet, line)]
    for number in range(1, MOST_TEXT_PAGES + 1):
        body, y = sheet.blank(), MARGIN
        last = number == MOST_TEXT_PAGES
        room = sheet.height - MARGIN - (int(Style.SMALL.value * LEAD) if last else 0)
        while wrapped and y + int(wrapped[0].style.value * LEAD) <= room:
            line = wrapped.pop(0)
            y = _write(sheet, body, line, y)
        if last and wrapped:
            _write(sheet, body, Line(f"{len(wrapped)} more lines are in the report itself.", Style.SMALL), y)
        yield body
        if not wrapped:
            return


def _parts(sheet: Sheet, line: Line) -> Iterator[Line]:
    wrapped = list(sheet.pen.wrapped(line.text, line.style.value, sheet.width - 2 * MARGIN)) or [""]
    yield from (Line(part, line.style) for part in wrapped)


def _write(sheet: Sheet, body: Pixels, line: Line, y: int) -> int:
    size = line.style.value
    below = y + int(size * LEAD)
    colour = AMBER if line.style is Style.LEADING else WHITE
    sheet.pen.put(body, line.text, (MARGIN, below - size // 4), size_px=size, colour=colour)
    return below


def _picture_page(sheet: Sheet, one: Shown) -> Pixels:
    body = sheet.blank()
    caption = next(sheet.pen.wrapped(_caption(sheet.report, one), CAPTION_PX, sheet.width - 2 * MARGIN), "")
    strip = int(CAPTION_PX * LEAD)
    room = (sheet.width, sheet.height - strip)
    scale = min(room[0] / one.view.width, room[1] / one.view.height, ENLARGED)
    width, height = max(1, int(one.view.width * scale)), max(1, int(one.view.height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    x, y = (room[0] - width) // 2, (room[1] - height) // 2
    body[y : y + height, x : x + width] = cv2.resize(one.pixels, (width, height), interpolation=how)
    for box in one.boxes:
        x0, y0, x1, y1 = box.corners
        corners = (int(x + x0 * scale), int(y + y0 * scale), int(x + x1 * scale), int(y + y1 * scale))
        _draw_box(body, corners, dashed=box.approximate)
        _draw_label(sheet, body, f"{box.number} {labels.label(sheet.report, box.tracked, box.evidence)}", corners)
    sheet.pen.put(body, caption, (MARGIN, sheet.height - CAPTION_PX // 3), size_px=CAPTION_PX, colour=GREY)
    return body


def _caption(report: Report, one: Shown) -> str:
    """Where in the study the picture is from, in numbers: names of files and series may tell the patient's."""
    view = one.view
    facts = [view.modality, view.body_part, view.projection]
    if view.origin is not None:
        uid = view.origin.sop_instance_uid
        places = ((series.number, i) for series in report.study.series for i in series.instances)
        series, instance = next(((n, i) for n, i in places if uid and i.sop_instance_uid == uid), (None, None))
        facts.append(f"series {series}" if series is not None else None)
        facts.append(f"image {instance.instance_number}" if instance and instance.instance_number is not None else None)
        facts.append(f"frame {view.origin.frame}")
    if view.window is not None:
        facts.append(f"window {view.window.center:g}/{view.window.width:g}")
    return ", ".join(fact for fact in facts if fact)


def _draw_box(body: Pixels, corners: tuple[int, int, int, int], *, dashed: bool) -> None:
    x0, y0, x1, y1 = corners
    sides = (((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0)))
    for (ax, ay), (bx, by) in sides:
        length = max(abs(bx - ax), abs(by - ay), 1)
        step = 2 * DASH if dashed else length
        for start in range(0, length, step):
            end = min(start + DASH, length) if dashed else length
            first = (ax + (bx - ax) * start // length, ay + (by - ay) * start // length)
            second = (ax + (bx - ax) * end // length, ay + (by - ay) * end // length)
            cv2.line(body, first, second, BOX, 2)


def _draw_label(sheet: Sheet, body: Pixels, text: str, corners: tuple[int, int, int, int]) -> None:
    """The finding's name above its box, or inside where there is no room; on black, so that it can be read."""
    words = next(sheet.pen.wrapped(text, CAPTION_PX, sheet.width - 2 * MARGIN), "")
    width, height = sheet.pen.width(words, CAPTION_PX) + 6, int(CAPTION_PX * LEAD)
    x = max(0, min(corners[0], sheet.width - width))
    y = corners[1] - height if corners[1] >= height else corners[1]
    body[y : y + height, x : x + width] = BLACK
    sheet.pen.put(body, words, (x + 3, y + height - CAPTION_PX // 3), size_px=CAPTION_PX, colour=BOX)


def _strip_colours(report: Report) -> tuple[Colour, Colour]:
    if report.status is ReportStatus.REJECTED:
        return RED, WHITE
    return (AMBER, BLACK) if report.signature is None else (GREY, BLACK)


def _short(report: Report) -> str:
    return labels.headline(report) if report.signature is None else labels.mark(report).upper()
