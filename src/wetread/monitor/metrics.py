"""How things stand, for Prometheus: summed from the store whenever it is asked for. No label names a patient."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from wetread.errors import StoreUnavailable
from wetread.monitor.quantiles import quantile
from wetread.store.database import Database
from wetread.store.figures import Figures, figures

QUANTILES = (0.5, 0.9, 1.0)
DRIFT_LEVELS = {"quiet": 0, "warn": 1, "alarm": 2}  # too few to say is no level


def exposition(
    database: Database, *, now: datetime, stale_after_s: float, free_bytes: Mapping[str, int], accept: str = ""
) -> tuple[bytes, str]:
    """The metrics and their content type, as `accept` asks for it.

    `free_bytes` is the room left by place. Where the store does not answer, `wetread_store_up` is 0 and says so.
    """
    found: Figures | None
    try:
        found = figures(database, now=now, stale_after_s=stale_after_s)
    except StoreUnavailable:
        found = None
    registry = CollectorRegistry()
    registry.register(_Standing(found, free_bytes))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Standing(Collector):
    """The figures of one moment as metrics."""

    def __init__(self, found: Figures | None, free_bytes: Mapping[str, int]) -> None:
        self._figures = found
        self._free_bytes = free_bytes

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        yield _gauge("store_up", "Whether the database answers", float(self._figures is not None))
        yield _gauges("free_bytes", "Room left where objects are kept", ("place",), _keyed(self._free_bytes))
        if self._figures is not None:
            yield from _worklist(self._figures)
            yield from _flow(self._figures)
            yield from _readers(self._figures)
            yield from _drift(self._figures)


def _worklist(found: Figures) -> Iterator[Metric]:
    labels = ("place", "status", "priority")
    yield _gauges("studies", "Studies that wait for a human (open) or not (done)", labels, found.studies)
    yield _gauge("critical_studies", "Open studies in the critical lane", found.critical_open)
    yield _gauge(
        "critical_oldest_wait_seconds",
        "How long the oldest open critical study is here",
        _wait_s(found, found.oldest_critical_at),
    )
    yield _gauge("overdue_studies", "Open studies past their deadline", found.overdue)
    yield CounterMetricFamily("wetread_objects", "Objects that were stored", value=found.objects)
    yield _gauge("problem_objects", "Objects that came in and could not be placed", found.problems)


def _flow(found: Figures) -> Iterator[Metric]:
    yield _gauge("queue_studies", "Studies that wait for AI or are being read", found.queued())
    yield _gauge(
        "queue_oldest_wait_seconds",
        "How long the oldest complete study waits for AI",
        _wait_s(found, found.oldest_queued_at),
    )
    yield _gauges("jobs", "Jobs that are not done", ("kind", "state"), found.jobs)
    yield _gauge("dead_letters", "Jobs that failed for good and wait for somebody", found.dead_letters())
    yield _gauges("deliveries", "Deliveries of reports", ("state",), _keyed(found.deliveries))
    yield _gauge("workers", "Workers that are alive", found.workers)
    read = sum(one.answered for one in found.reported)
    outcomes = {("read",): read, ("unread",): len(found.reported) - read}
    yield _gauges(
        "hour_reports", "Preliminary reports of the last hour, by whether AI answered", ("outcome",), outcomes
    )
    waits = {
        (f"{share:g}",): wait
        for share in QUANTILES
        if (wait := quantile((one.since_complete_s for one in found.reported), share)) is not None
    }
    yield _gauges(
        "hour_turnaround_seconds", "From complete to reported, of the last hour's reports", ("quantile",), waits
    )


def _readers(found: Figures) -> Iterator[Metric]:
    spend = {(one.reader,): one.cost_usd for one in found.spend}
    yield _gauges("today_spend_usd", "US dollars of today's reads (UTC), by reader", ("reader",), spend)
    asked = {(one.reader,): one.asked for one in found.readers}
    yield _gauges("day_reads", "Reads of the last 24 hours, by reader", ("reader",), asked)
    answered = {(one.reader,): one.answered for one in found.readers}
    yield _gauges("day_answered_reads", "Reads of the last 24 hours that were answered", ("reader",), answered)
    critical = {(one.reader,): one.claimed_critical / one.answered for one in found.readers if one.answered}
    help_text = "Share of a reader's answers of 24 hours that claim P1"
    yield _gauges("day_critical_claims_ratio", help_text, ("reader",), critical)


def _drift(found: Figures) -> Iterator[Metric]:
    levels = {
        (one.reader, kind): DRIFT_LEVELS[level]
        for one in found.drift
        for kind, level in one.levels.items()
        if level in DRIFT_LEVELS
    }
    help_text = "Whether a reader or its studies have moved: 0 quiet, 1 look at it, 2 somebody must act"
    yield _gauges("drift_level", help_text, ("reader", "kind"), levels)
    raised = {(one.reader, each.kind): 0 for one in found.drift for each in one.raised}
    for one in found.drift:
        for each in one.raised:
            raised[one.reader, each.kind] += 1
    yield _gauges("drift_raised", "Measures beyond their limit, by reader and kind", ("reader", "kind"), raised)
    looked = {(one.reader,): one.at.timestamp() for one in found.drift}
    yield _gauges("drift_look_timestamp_seconds", "When a reader was last looked at for drift", ("reader",), looked)


def _wait_s(found: Figures, since: datetime | None) -> float:
    return max(0.0, (found.at - since).total_seconds()) if since else 0.0


def _keyed(values: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    return {(key,): value for key, value in values.items()}


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"wetread_{name}", about, value=value)


def _gauges(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"wetread_{name}", about, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
