"""A queue's figures as tables for a terminal: whose wait under which order, how soon opened, the law beside."""

from collections.abc import Iterator

from wetread.evaluate.queue import Discipline, Group, LawRow, QueueFigures, QueueRow
from wetread.evaluate.words import NONE, TOO_FEW, number, table

SHOWN = (Discipline.FIRST_COME, Discipline.AI, Discipline.AI_CAP)
GROUPS = (Group.CRITICAL, Group.MISSED, Group.ROUTINE)
WITHIN_MIN = (5, 15, 30, 60, 120, 240, 480, 1440)
HEAD = ("waits in minutes", "order", "n", "mean [95 %]", "p90", "longest", "against first come")


def queue_text(told: QueueFigures) -> str:
    """Everything, table by table."""
    return "\n\n".join(_parts(told))


def waits_table(told: QueueFigures) -> list[tuple[str, ...]]:
    """The rows of the queue table as words, under `HEAD`."""
    return [_waits(row) for group in GROUPS for row in told.rows if row.group == group and row.discipline in SHOWN]


def soon_table(told: QueueFigures) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The wait curves as words: head and rows, the share opened within so many minutes."""
    head = ("opened within", "order", *(_span(minute) for minute in WITHIN_MIN))
    rows = []
    for group in GROUPS:
        for curve in told.curves:
            if curve.group == group and curve.discipline in SHOWN:
                by = dict(curve.points)
                shares = [f"{100 * by[minute]:.0f} %" if minute in by else NONE for minute in WITHIN_MIN]
                rows.append((curve.group_label, curve.label, *shares))
    return head, rows


def law_table(told: QueueFigures) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The queue law beside the simulator as words: head and rows."""
    return ("the queue law", "law", "simulated [95 %]", "apart"), [_law(row) for row in told.law.rows]


def rests_on(told: QueueFigures) -> str:
    """One line: what the figures rest on."""
    shown = (f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in _known(told))
    return ", ".join(shown).replace("_", " ")


def law_sentence(told: QueueFigures) -> str | None:
    """Whether the flag helps, by the law; None where the law says nothing."""
    if told.law.helps is None:
        return None
    finds = "finds critical studies more often than others" if told.law.helps else "flags others as often as critical"
    return f"the flag {finds}: critical studies wait {'less' if told.law.helps else 'no less'} than first come"


def published_lines(told: QueueFigures) -> list[str]:
    """Published figures, as a shape to compare with."""
    return [
        f"published ({one.reference}): {one.name}, mean {one.first_come_mean_min:g} → {one.ai_mean_min:g} min, longest "
        f"{one.first_come_max_min:g} → {one.ai_max_min:g} min, with a cap {one.ai_cap_max_min:g} min; "
        "other rates and staff: a shape, no target"
        for one in told.published
    ]


def _parts(told: QueueFigures) -> Iterator[str]:
    lines = [rests_on(told), told.interval, *(f"note: {remark}" for remark in told.remarks)]
    yield "\n".join(lines)
    yield table(HEAD, waits_table(told))
    yield table(*soon_table(told))
    if told.law.rows:
        yield table(*law_table(told))
    said = [law_sentence(told), f"law: {told.law.note}" if told.law.note else None, *published_lines(told)]
    yield "\n".join(line for line in said if line)


def _known(told: QueueFigures) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in told.rests_on.items() if value is not None)


def _waits(row: QueueRow) -> tuple[str, ...]:
    if row.mean_min is None:
        return row.group_label, row.label, str(row.n), TOO_FEW, NONE, NONE, NONE
    return (
        row.group_label,
        row.label,
        str(row.n),
        _between(row.mean_min, row.mean_low_min, row.mean_high_min, ".1f"),
        number(row.p90_min, ".0f"),
        number(row.worst_min, ".0f"),
        _between(row.against_first_come, row.against_low, row.against_high, ".2f"),
    )


def _law(row: LawRow) -> tuple[str, ...]:
    if row.simulated is None:
        return row.label, number(row.law), TOO_FEW, NONE
    apart = f"{100 * (row.simulated / row.law - 1):+.1f} %" if row.law else NONE
    return row.label, number(row.law), _between(row.simulated, row.low, row.high, ".3f"), apart


def _between(value: float | None, low: float | None, high: float | None, shape: str) -> str:
    if value is None or low is None or high is None:
        return number(value, shape)
    return f"{value:{shape}} [{low:{shape}}, {high:{shape}}]"


def _span(minutes: float) -> str:
    return f"{minutes / 60:g} h" if minutes >= 120 else f"{minutes:g} min"
