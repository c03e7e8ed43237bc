"""Whether the same reader still answers, as fast, for as many tokens, and the same of the fixed cases."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wetread.domain.finding import Presence, check_unit_interval
from wetread.evaluate.drift.measure import DriftKind, Level, Measure, too_few
from wetread.evaluate.drift.policy import RatioLimits, SentinelLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """A median and how many values it is of."""

    median: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a reader said of one finding of a fixed case; the probability None where it stated none."""

    presence: Presence
    probability: float | None = None

    def __post_init__(self) -> None:
        check_unit_interval("probability", self.probability)


def middle(values: Sequence[float]) -> Middle:
    """The median of at least one value."""
    return Middle(median=statistics.median(values), n=len(values))


def ratio_measures(
    kind: DriftKind, reference: Mapping[str, Middle], window: Mapping[str, Sequence[float]], limits: RatioLimits
) -> list[Measure]:
    """Each reader's median over the baseline's: too large or too small, both are another reader than before."""
    told = []
    for what, known in reference.items():
        values = window.get(what, ())
        if not values:
            continue
        if min(len(values), known.n) < limits.least or known.median <= 0:
            told.append(too_few(kind, what, min(len(values), known.n), limits.least))
            continue
        now = statistics.median(values)
        ratio = now / known.median
        away = max(ratio, 1 / ratio) if ratio > 0 else float("inf")
        level = Level.ALARM if away > limits.alarm else Level.WARN if away > limits.warn else Level.QUIET
        limit = limits.warn if level is Level.WARN else limits.alarm
        text = f"median {known.median:.4g} in the baseline, {now:.4g} now"
        told.append(
            Measure(
                kind=kind, what=what, level=level, value=ratio, limit=limit, low=1 / limit, n=len(values), text=text
            )
        )
    return told


def fingerprint_measures(
    reference: Mapping[str, tuple[str, ...]], window: Mapping[str, Sequence[str]]
) -> list[Measure]:
    """One read by something that the baseline does not know is enough: the reader was swapped, whoever did it.

    The value is the share of reads by another fingerprint; a reader that the baseline does not know is one.
    """
    told = []
    for what, answered in window.items():
        strange = Counter(one for one in answered if one not in reference.get(what, ()))
        told.append(
            Measure(
                kind=DriftKind.FINGERPRINT,
                what=what,
                level=Level.ALARM if strange else Level.QUIET,
                value=strange.total() / len(answered) if answered else None,
                limit=0.0,
                n=len(answered),
                text=f"silent swap: {strange.most_common(1)[0][0]} is not the reader of the baseline"
                if strange
                else "",
            )
        )
    return told


def sentinel_measures(
    reference: Mapping[str, Mapping[str, Told]], window: Mapping[str, Mapping[str, Told]], limits: SentinelLimits
) -> list[Measure]:
    """Flips of presence and the largest shift of a probability over the fixed cases that were read again."""
    if not reference:
        return []
    read = [case for case in reference if case in window]
    if not read:
        return [too_few(DriftKind.SENTINEL, "presence", 0, len(reference))]
    pairs = [
        (f"{case} {finding}", known, window[case].get(finding))
        for case in read
        for finding, known in reference[case].items()
    ]
    flips = [name for name, known, now in pairs if now is None or now.presence is not known.presence]
    shifts = [
        (abs(now.probability - known.probability), name)
        for name, known, now in pairs
        if now is not None and now.probability is not None and known.probability is not None
    ]
    told = [
        Measure(
            kind=DriftKind.SENTINEL,
            what="presence",
            level=Level.ALARM if flips else Level.WARN if len(read) < len(reference) else Level.QUIET,
            value=float(len(flips)),
            limit=0.0,
            n=len(read),
            text=f"{len(read)} of {len(reference)} fixed cases answered" + (f"; {flips[0]} changed" if flips else ""),
        )
    ]
    if shifts:
        told.append(_shift(max(shifts), len(shifts), limits))
    return told


def _shift(largest: tuple[float, str], n: int, limits: SentinelLimits) -> Measure:
    moved = largest[0] > limits.probability_shift
    return Measure(
        kind=DriftKind.SENTINEL,
        what="probability",
        level=Level.WARN if moved else Level.QUIET,
        value=largest[0],
        limit=limits.probability_shift,
        n=n,
        text=f"{largest[1]} moved most" if moved else "",
    )
