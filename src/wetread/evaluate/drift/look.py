"""A look at one window: every chart against the baseline, the alarms among them, and what the next look must know."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from wetread.evaluate.drift.agreement import agreement_measures
from wetread.evaluate.drift.answers import fingerprint_measures, ratio_measures, sentinel_measures
from wetread.evaluate.drift.baseline import Baseline, Memory, Window
from wetread.evaluate.drift.measure import Alarm, DriftKind, Level, Measure
from wetread.evaluate.drift.metadata import metadata_measures
from wetread.evaluate.drift.pictures import WHAT, picture_measure
from wetread.evaluate.drift.policy import DriftPolicy, drift_policy
from wetread.evaluate.drift.prevalence import prevalence_measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Every measure of a window, the raised ones as alarms (the worst first), and the memory for the next look."""

    measures: tuple[Measure, ...] = field(repr=False)
    alarms: tuple[Alarm, ...]
    memory: Memory = field(repr=False)


def look(
    baseline: Baseline, window: Window, memory: Memory | None = None, *, policy: DriftPolicy | None = None
) -> Look:
    """What has moved since the baseline. Pure: the same window after the same memory says the same.

    Without a memory nothing was raised before, and no look in a row counts but this one.
    """
    limits, before = policy or drift_policy(), memory or Memory()
    measures = metadata_measures(
        {**baseline.facts, **baseline.numbers}, {**window.facts, **window.numbers}, limits.metadata
    )
    seen, sums = prevalence_measures(baseline.findings, window.findings, limits.prevalence, before.sums)
    agreed, rows = agreement_measures(baseline.agreement, window.agreement, limits.agreement, _agreement_rows(before))
    after = {_row_key(DriftKind.AGREEMENT, what): row for what, row in rows.items()}
    measures += seen + agreed
    if baseline.descriptors and len(window.descriptors):
        key = _row_key(DriftKind.PICTURES, WHAT)
        pictures = np.array(baseline.descriptors)
        told, after[key] = picture_measure(pictures, window.descriptors, limits.pictures, before.rows.get(key, 0))
        measures.append(told)
    measures += ratio_measures(DriftKind.LATENCY, baseline.latency_s, window.latency_s, limits.latency)
    measures += ratio_measures(DriftKind.TOKENS, baseline.token_ratio, window.token_ratio, limits.tokens)
    measures += fingerprint_measures(baseline.fingerprints, window.fingerprints)
    measures += sentinel_measures(baseline.sentinels, window.sentinels, limits.sentinel)
    since = _since(measures, before, window)
    return Look(
        measures=tuple(measures),
        alarms=tuple(
            Alarm(
                kind=one.kind,
                level=one.level,
                what=one.what,
                value=one.value,
                limit=one.limit,
                since=since[one.key],
                n=one.n,
                text=one.text,
            )
            for one in sorted(measures, key=lambda one: one.level is not Level.ALARM)
            if one.level.raised
        ),
        memory=Memory(since=since, rows={**before.rows, **after}, sums=sums),
    )


def _since(measures: list[Measure], before: Memory, window: Window) -> dict[str, datetime]:
    quiet = {one.key for one in measures if one.level is Level.QUIET}
    kept = {key: at for key, at in before.since.items() if key not in quiet}  # too few to say ends no alarm
    return {**{one.key: window.until for one in measures if one.level.raised}, **kept}


def _row_key(kind: DriftKind, what: str) -> str:
    return f"{kind.value}: {what}"


def _agreement_rows(before: Memory) -> dict[str, int]:
    start = _row_key(DriftKind.AGREEMENT, "")
    return {key.removeprefix(start): row for key, row in before.rows.items() if key.startswith(start)}
