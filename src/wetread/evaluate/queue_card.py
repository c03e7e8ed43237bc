"""A queue's figures as HTML: its tables and the wait curves as drawings, alone on a page or part of a card."""

import math
from collections.abc import Iterator
from html import escape

from wetread.evaluate.page import html_table, page_of
from wetread.evaluate.queue import Discipline, Group, QueueFigures, WaitCurve
from wetread.evaluate.queue_text import (
    HEAD,
    law_sentence,
    law_table,
    published_lines,
    rests_on,
    soon_table,
    waits_table,
)

WIDTH, HEIGHT, PAD = 320, 200, 46
LONGEST_MIN = 2880
TICKS_MIN = {5: "5 min", 30: "30 min", 120: "2 h", 480: "8 h", 2880: "2 d"}
# A colour and a dash each, so that curves are told apart without colours too.
LOOKS = {
    Discipline.FIRST_COME.value: ("#52606d", ""),
    Discipline.AI.value: ("#b3541e", "6 3"),
    Discipline.AI_CAP.value: ("#0b5cad", "2 2"),
}


def queue_page(told: QueueFigures) -> str:
    """A whole page."""
    return page_of("Queue", "<h1>What an order of reading does to waits</h1>\n" + "\n".join(queue_card(told)))


def queue_card(told: QueueFigures) -> Iterator[str]:
    """Its parts, without a heading."""
    yield f'<p class="dim">{escape(rests_on(told))}. {escape(told.interval)}.</p>'
    yield from (f'<p class="dim">{escape(remark)}</p>' for remark in told.remarks)
    yield html_table("Waits under each order", HEAD, waits_table(told))
    drawn = [_drawing(told, group) for group in (Group.CRITICAL, Group.MISSED, Group.ROUTINE)]
    yield f'<div class="plots">{"".join(drawn)}</div>'
    head, rows = soon_table(told)
    yield html_table("How soon they are opened", head, rows)
    if told.law.rows:
        head, rows = law_table(told)
        yield html_table("The queue law beside the simulator", head, rows)
    notes = [law_sentence(told), told.law.note, *published_lines(told)]
    yield from (f'<p class="dim">{escape(note)}</p>' for note in notes if note)


def _drawing(told: QueueFigures, group: Group) -> str:
    curves = [one for one in told.curves if one.group == group and one.discipline in LOOKS and one.points]
    if not curves:
        return ""
    name = curves[0].group_label
    ticks = "".join(_tick(minute, words) for minute, words in TICKS_MIN.items())
    ticks += "".join(_share_tick(share) for share in (0.0, 0.5, 1.0))
    lines = "".join(map(_line, curves))
    keys = "".join(_key(number, curve) for number, curve in enumerate(curves))
    label = f"Share of {name} studies opened within a time, by order of reading; the table below holds the numbers"
    return (
        f'<figure><svg width="{WIDTH + 2 * PAD}" height="{HEIGHT + 2 * PAD}" role="img" aria-label="{escape(label)}">'
        f'<rect x="{PAD}" y="{PAD / 2}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#52606d"/>'
        f"{ticks}{lines}{keys}"
        f'<text x="12" y="{PAD / 2 + HEIGHT / 2}" font-size="11" text-anchor="middle" '
        f'transform="rotate(-90 12 {PAD / 2 + HEIGHT / 2})">share opened</text></svg>'
        f"<figcaption>{escape(name)}: wait until opened (logarithmic)</figcaption></figure>"
    )


def _line(curve: WaitCurve) -> str:
    colour, dash = LOOKS[curve.discipline]
    points = " ".join(f"{_x(minute):.1f},{_y(share):.1f}" for minute, share in curve.points)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'


def _key(number: int, curve: WaitCurve) -> str:
    colour, dash = LOOKS[curve.discipline]
    y = PAD / 2 + HEIGHT - 14 * (3 - number)
    x = PAD + WIDTH - 120
    return (
        f'<path d="M{x} {y - 4}h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        f'<text x="{x + 30}" y="{y}" font-size="11">{escape(curve.label)}</text>'
    )


def _tick(minute: float, words: str) -> str:
    return (
        f'<path d="M{_x(minute):.1f} {PAD / 2 + HEIGHT}v4" stroke="#52606d"/>'
        f'<text x="{_x(minute):.1f}" y="{PAD / 2 + HEIGHT + 16}" font-size="10" text-anchor="middle">{words}</text>'
    )


def _share_tick(share: float) -> str:
    return (
        f'<text x="{PAD - 3}" y="{_y(share) + 3:.1f}" font-size="9" text-anchor="end">{100 * share:.0f}\u202f%</text>'
    )


def _x(minute: float) -> float:
    return PAD + WIDTH * math.log1p(minute) / math.log1p(LONGEST_MIN)


def _y(share: float) -> float:
    return PAD / 2 + HEIGHT * (1 - share)
