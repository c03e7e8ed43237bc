"""What is told of readers combined; see `frontier`."""

from dataclasses import dataclass

from wetread.evaluate.statistics.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """One way to read: a reader, a reader at a threshold, a panel or a cascade, judged on "is anything there?".

    `gained` is the change in sensitivity against the best single reader on the same cases. `asked_then` is the share of
    cases for which a cascade asked its second reader. `pareto`: no other way is at least as sensitive, as specific and
    as cheap and better in one of them; None where its cost is not known.
    """

    kind: str
    name: str
    readers: tuple[str, ...]
    threshold: float | None
    n: int
    n_pos: int
    sensitivity: Interval
    specificity: Interval
    gained: Interval
    asked_then: float | None
    per_100_usd: float | None
    p50_ms: float | None
    p95_ms: float | None
    pareto: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Every way to read that a log allows, on the cases that all its readers read.

    `best` is the single reader with the largest sensitivity + specificity on the split `chosen_on`. `left_out` are
    readers that tell nothing, with the reason: they stand alone in the table and in no panel or cascade.
    """

    points: tuple[FrontierPoint, ...]
    n: int
    n_pos: int
    best: str | None
    chosen_on: str
    left_out: tuple[tuple[str, str], ...] = ()
    why: str | None = None
