"""What the simulator answers: the table, the wait curves, the queue law beside them. Plain, ready for text or JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from wetread.evaluate.queue.outcome import QueueRow
from wetread.evaluate.queue.policy import Published

SCHEMA = "wetread.queue/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitCurve:
    """The share of a group's studies that was opened within so many minutes: (minutes, share); empty: too few."""

    discipline: str
    label: str
    group: str
    group_label: str
    n: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRow:
    """One figure by the queue law, and the simulator's beside it with its 95 % interval; None: too few studies."""

    what: str
    label: str
    law: float
    simulated: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The closed form beside the simulator. Without rows it does not hold here, and `note` says why.

    `helps`: the flag lets critical studies wait less, which is so just when it finds them more often than others.
    """

    rows: tuple[LawRow, ...] = ()
    helps: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """A queue under each discipline. `source` is given, measured (a reader's figures) or site (its own arrivals).

    `rests_on` are the numbers it was made with, by name with units, `interval` says what the intervals are over.
    """

    source: str
    rests_on: Mapping[str, float | int | str | None]
    interval: str
    rows: tuple[QueueRow, ...] = field(repr=False)
    curves: tuple[WaitCurve, ...] = field(repr=False)
    law: Law
    published: tuple[Published, ...] = ()
    remarks: tuple[str, ...] = ()


def as_plain(told: QueueFigures) -> dict[str, Any]:
    """The figures as JSON objects; NaN can't occur."""
    return {
        "schema": SCHEMA,
        "source": told.source,
        "rests_on": dict(told.rests_on),
        "interval": told.interval,
        "table": [asdict(row) for row in told.rows],
        "cdf": [asdict(curve) for curve in told.curves],
        "law": asdict(told.law),
        "published": [asdict(one) for one in told.published],
        "remarks": list(told.remarks),
    }
