"""How figures are written for people: a number with its interval, columns of plain text."""

from collections.abc import Sequence

from wetread.evaluate.statistics.intervals import Interval

NONE = "-"
TOO_FEW = "n/a (too few)"


def figure(told: Interval) -> str:
    """A figure with its interval."""
    if told.value is None:
        return NONE
    if told.low is None or told.high is None:
        return f"{told.value:.3f}"
    return f"{told.value:.3f} [{told.low:.3f}, {told.high:.3f}]"


def enough(told: Interval) -> str:
    """The same where a missing figure means that too few cases stand behind it."""
    return TOO_FEW if told.value is None else figure(told)


def number(value: float | None, shape: str = ".3f") -> str:
    """A number without an interval."""
    return NONE if value is None else format(value, shape)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of plain text; the first is a name, the others are told from the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *map(line, rows)])
