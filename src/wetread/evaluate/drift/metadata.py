"""Have the studies changed? The population stability index of what headers say, against the baseline's bins."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from wetread.evaluate.drift.measure import DriftKind, Level, Measure, too_few
from wetread.evaluate.drift.policy import MetadataLimits

UNKNOWN, OTHER = "(not stated)", "(other)"
SMOOTH = 0.5  # added to every bin (Jeffreys): an empty bin is rare, not impossible


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """A number's bins in the baseline: (-inf, edges[0]], …, (edges[-1], inf), and last the unknown ones."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.edges) + 2 or list(self.edges) != sorted({*self.edges}):
            raise ValueError("bins have rising edges, and two counts more than edges")


def categories(values: Sequence[str | None], rare_share: float) -> dict[str, int]:
    """How often each value comes, most often first; those rarer than the share count together."""
    counted = Counter(UNKNOWN if value is None else value for value in values)
    kept = {value: count for value, count in counted.most_common() if count >= rare_share * len(values)}
    kept[OTHER] = kept.get(OTHER, 0) + len(values) - sum(kept.values())
    return kept


def bins(values: Sequence[float | None], count: int) -> Bins:
    """About equally filled bins of the known values; fewer where many are equal."""
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    edges = (
        np.unique(np.quantile(known, np.linspace(0, 1, count + 1)[1:-1], method="inverted_cdf"))
        if len(known)
        else np.empty(0)
    )
    told = tuple(float(edge) for edge in edges)
    return Bins(edges=told, counts=tuple(int(n) for n in binned(values, told)))


def binned(values: Sequence[float | None], edges: Sequence[float]) -> NDArray[np.int64]:
    """Counts by bin, (edges + 2,), the unknown last."""
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return np.append(counts, len(values) - len(known)).astype(np.int64)


def psi(reference: Sequence[int], window: Sequence[int]) -> float:
    """Population stability index Σ (w - r)·ln(w / r) over the shares of the same bins (Kullback's divergence J)."""
    shares = [
        (np.asarray(counts, dtype=np.float64) + SMOOTH) / (sum(counts) + SMOOTH * len(counts))
        for counts in (reference, window)
    ]
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))


def noise(p: float, *, bins: int, reference: int, window: int) -> float:
    """The PSI that chance alone exceeds with probability p: (1/n + 1/m)·χ² with bins - 1 degrees of freedom.

    Source: Yurdakul B, Naranjo J, J Risk Model Valid 2020; 14(4). χ² by Wilson and Hilferty 1931.
    """
    freedom = max(1, bins - 1)
    spread = 2 / (9 * freedom)
    chi2 = freedom * (1 - spread + NormalDist().inv_cdf(1 - p) * spread**0.5) ** 3
    return float(chi2 * (1 / window + 1 / reference))


def metadata_measures(
    reference: Mapping[str, Mapping[str, int] | Bins],
    window: Mapping[str, Sequence[str | None] | Sequence[float | None]],
    limits: MetadataLimits,
) -> list[Measure]:
    """One measure for each thing that the baseline knows and the window tells of."""
    told = []
    for what, known in reference.items():
        if what not in window:
            continue
        values, counts = window[what], list(known.counts if isinstance(known, Bins) else known.values())
        if len(values) < limits.least or sum(counts) < limits.least:
            told.append(too_few(DriftKind.METADATA, what, min(len(values), sum(counts)), limits.least))
            continue
        now = _like(known, values)
        chance = noise(limits.noise_p, bins=len(counts), reference=sum(counts), window=len(values))
        value, warn, alarm = psi(counts, now), max(limits.warn, chance), max(limits.alarm, chance)
        level = Level.ALARM if value > alarm else Level.WARN if value > warn else Level.QUIET
        told.append(
            Measure(
                kind=DriftKind.METADATA,
                what=what,
                level=level,
                value=value,
                limit=warn if level is Level.WARN else alarm,
                n=len(values),
                text=_most_moved(known, counts, now) if level.raised else "",
            )
        )
    return told


def _like(known: Mapping[str, int] | Bins, values: Sequence[str | None] | Sequence[float | None]) -> list[int]:
    """The window's counts in the bins of the baseline."""
    if isinstance(known, Bins):
        return [int(n) for n in binned([None if v is None else float(v) for v in values], known.edges)]
    counted = Counter(UNKNOWN if value is None else str(value) for value in values)
    own = {value: counted.pop(value, 0) for value in known}
    own[OTHER] += sum(counted.values())
    return list(own.values())


def _most_moved(known: Mapping[str, int] | Bins, before: Sequence[int], now: Sequence[int]) -> str:
    shares = [(b / sum(before), n / sum(now)) for b, n in zip(before, now, strict=True)]
    rises = [round(n - b, 9) for b, n in shares]
    place = max(range(len(rises)), key=lambda n: (abs(rises[n]), rises[n]))
    name = _bin_name(known, place) if isinstance(known, Bins) else list(known)[place]
    return f"{name}: {shares[place][0]:.0%} in the baseline, {shares[place][1]:.0%} now"


def _bin_name(known: Bins, place: int) -> str:
    if place == len(known.counts) - 1:
        return UNKNOWN
    low = f"above {known.edges[place - 1]:g}" if place else ""
    high = f"up to {known.edges[place]:g}" if place < len(known.edges) else ""
    return " ".join(part for part in (low, high) if part) or "any"
