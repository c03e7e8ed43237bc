"""The frontier of panels and cascades as a table (T5) and as a drawing of sensitivity against cost."""

from collections.abc import Iterator, Sequence
from html import escape

from wetread.evaluate.frontier_figures import Frontier, FrontierPoint
from wetread.evaluate.page import html_table
from wetread.evaluate.statistics.intervals import Interval
from wetread.evaluate.words import NONE, figure, number, table

HEAD = (
    "read by",
    "how",
    "sensitivity [95 %]",
    "specificity [95 %]",
    "against the best one [95 %]",
    "$ per 100",
    "p50 ms",
    "p95 ms",
    "second asked",
    "frontier",
)
TITLE = "Panels and cascades beside single readers"
WIDTH, HEIGHT, PAD = 460, 260, 44


def frontier_text(told: Frontier) -> str:
    """The table: single readers and what no other way beats; the rest is counted."""
    if told.why is not None:
        return f"== {TITLE.lower()}: {told.why}"
    return f"== {TITLE.lower()}\n{table(HEAD, [_row(one) for one in _shown(told)])}\n{' '.join(_remarks(told))}"


def frontier_card(told: Frontier) -> Iterator[str]:
    """The same for the page, with its drawing."""
    yield f"<h2>{TITLE}</h2>"
    if told.why is not None:
        yield f"<p>{escape(told.why)}</p>"
        return
    yield html_table("Any finding, on the cases that all readers read", HEAD, [_row(one) for one in _shown(told)])
    yield f'<p class="dim">{escape(" ".join(_remarks(told)))}</p>'
    yield from _drawing(told)


def _shown(told: Frontier) -> list[FrontierPoint]:
    return [one for one in told.points if one.pareto or one.kind in {"reader", "panel"}]


def _remarks(told: Frontier) -> Iterator[str]:
    hidden = len(told.points) - len(_shown(told))
    yield f"{told.n} test cases that all readers read, {told.n_pos} abnormal."
    yield f"The best single reader is {told.best}, chosen on the {told.chosen_on} split."
    if hidden:
        yield f"{hidden} further ways that others beat, or whose cost nobody knows, stand in metrics.json."
    for name, reason in told.left_out:
        yield f"{name} is in no panel or cascade: {reason}."
    yield "A cascade needs its local proof before it may skip anyone (wetread calibrate)."


def _row(one: FrontierPoint) -> tuple[str, ...]:
    shares = (figure(one.sensitivity), figure(one.specificity), signed(one.gained))
    asked = NONE if one.asked_then is None else f"{one.asked_then:.0%}"
    numbers = (number(one.per_100_usd, ".2f"), number(one.p50_ms, ".0f"), number(one.p95_ms, ".0f"))
    on = {True: "yes", False: "", None: "cost unknown"}[one.pareto]
    return one.name, one.kind, *shares, *numbers, asked, on


def signed(told: Interval) -> str:
    """A difference with its interval."""
    if told.value is None:
        return NONE
    if told.low is None or told.high is None:
        return f"{told.value:+.3f}"
    return f"{told.value:+.3f} [{told.low:+.3f}, {told.high:+.3f}]"


def _drawing(told: Frontier) -> Iterator[str]:
    """Sensitivity against dollars per 100; the ways on the frontier are filled and named."""
    priced = [one for one in told.points if one.per_100_usd is not None]
    most = max((one.per_100_usd or 0.0 for one in priced), default=0.0)
    if most <= 0:
        yield "<p>No cost is known, or all of it is 0: there is no curve of sensitivity against cost.</p>"
        return
    marks = "".join(_mark(one, most) for one in sorted(priced, key=lambda one: bool(one.pareto)))
    yield (
        f'<figure><svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="Sensitivity against cost">'
        f'<rect x="{PAD}" y="10" width="{WIDTH - 2 * PAD}" height="{HEIGHT - PAD - 10}" fill="none" stroke="#52606d"/>'
        f"{marks}{_axes(most)}</svg><figcaption>Sensitivity against cost: filled marks are on the frontier</figcaption>"
        f"</figure>"
    )


def _mark(one: FrontierPoint, most: float) -> str:
    x = PAD + (one.per_100_usd or 0.0) / most * (WIDTH - 2 * PAD)
    y = 10 + (1 - (one.sensitivity.value or 0.0)) * (HEIGHT - PAD - 10)
    words = f"{one.name}: sensitivity {figure(one.sensitivity)}, specificity {figure(one.specificity)}"
    fill = "#0b5cad" if one.pareto else "none"
    stroke = "#0b5cad" if one.pareto else "#b8c2cc"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{stroke}">'
        f"<title>{escape(words)}, $ {one.per_100_usd:.2f} per 100</title></circle>"
    )


def _axes(most: float) -> str:
    low = HEIGHT - PAD
    texts: Sequence[tuple[float, float, str, str]] = (
        (PAD, low + 14, "middle", "0"),
        (WIDTH - PAD, low + 14, "middle", f"{most:.2f}"),
        (WIDTH / 2, low + 30, "middle", "US dollars per 100 studies"),
        (PAD - 6, 16, "end", "1"),
        (PAD - 6, low, "end", "0"),
    )
    said = "".join(f'<text x="{x}" y="{y}" font-size="11" text-anchor="{a}">{t}</text>' for x, y, a, t in texts)
    return said + (
        f'<text x="14" y="{HEIGHT / 2 - 20}" font-size="11" text-anchor="middle" '
        f'transform="rotate(-90 14 {HEIGHT / 2 - 20})">sensitivity</text>'
    )
