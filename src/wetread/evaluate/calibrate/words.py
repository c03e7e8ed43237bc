"""What a calibration came to, as tables for a terminal."""

from collections.abc import Iterator, Sequence

from wetread.evaluate.calibrate.files import Calibrated, Header
from wetread.evaluate.calibrate.maps import FindingMap
from wetread.evaluate.calibrate.votes import Votes
from wetread.evaluate.conformal import Sets
from wetread.evaluate.words import NONE, figure, number, table

MAPS = (
    "finding",
    "n",
    "positive",
    "map",
    "operating point",
    "test n",
    "sensitivity [95 %]",
    "specificity [95 %]",
    "ECE stated → mapped",
)


def calibration_text(header: Header, readers: Sequence[Calibrated], votes: Votes | None) -> str:
    """Everything that was written; what was left out, with the reason."""
    parts = [f"{header.measured_on}; valid until {header.valid_until.isoformat()}"]
    for one in readers:
        parts += _reader(one)
    if votes is not None:
        parts.append(_votes(votes))
    return "\n\n".join(parts) + "\n"


def _reader(one: Calibrated) -> Iterator[str]:
    yield f"== {one.subject.name} ({one.subject.fingerprint[:12]})"
    yield table(MAPS, [_row(row) for row in one.maps])
    if one.sets is not None:
        yield _sets(one.sets)
    if one.degenerate:
        yield "\n".join(f"not shown to be better than chance: {r.label}, {r.what}: {r.reason}" for r in one.degenerate)


def _row(row: FindingMap) -> tuple[str, ...]:
    kind = row.fitted.kind if row.fitted else row.why or "too few positives for a map"
    eces = NONE if row.ece_mapped is None else f"{number(row.ece_stated)} → {number(row.ece_mapped)}"
    shares = (figure(row.sensitivity), figure(row.specificity))
    return row.label, str(row.n), str(row.n_pos), kind, number(row.threshold), str(row.n_test), *shares, eces


def _sets(sets: Sets) -> str:
    told = [
        f"{p.value} {'always' if limit is None else f'unless less likely than {1 - limit:.3f}'} (n {n})"
        for p, limit, n in zip(sets.priorities, sets.limits, sets.counted, strict=True)
    ]
    return f"urgency sets at {1 - sets.alpha:.0%}: " + ", ".join(told)


def _votes(votes: Votes) -> str:
    rows = [(one.reader, one.group, str(one.tp), str(one.fn), str(one.fp), str(one.tn)) for one in votes.counts]
    head = table(("reader", "finding", "tp", "fn", "fp", "tn"), rows)
    return f"== learnt votes\n{head}\ncorrelation of errors {votes.correlation:.3f} (mean of {votes.pairs} pairs)"
