"""Service levels: which of them are missed, given how things stand. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from wetread.domain.alert import Alert, Severity
from wetread.settings import AlertSettings
from wetread.store.figures import Figures, last_of_each

FEWEST = 5  # studies or reads below which a share says nothing
ALARM, MOST_NAMED = "alarm", 3
OTHER_READER = frozenset({"fingerprint", "sentinel"})  # it is not the reader that it was: look now
DRIFT_TEXTS = {
    "metadata": "the studies have changed",
    "pictures": "the pictures look different",
    "prevalence": "it sees a finding more or less often than it did",
    "agreement": "it and the signed reports agree less than they did",
    "latency": "it answers faster or slower than it did",
    "tokens": "it is billed for more or fewer tokens than predicted",
    "fingerprint": "another model answers in its place",
    "sentinel": "it answers otherwise on the fixed cases",
}
RETRY = "see `wetread jobs list --state failed`, then `wetread jobs retry`"


def look(figures: Figures, settings: AlertSettings, *, free_bytes: Mapping[str, int]) -> tuple[Alert, ...]:
    """The levels that are missed, most pressing first. `free_bytes` is the room left by place."""
    found = (
        *_waits(figures, settings),
        *_flow(figures, settings),
        *_room(settings, free_bytes),
        *_readers(figures, settings),
        *_drift(figures),
    )
    return tuple(sorted(found, key=lambda alert: alert.severity is not Severity.CRITICAL))


def _waits(figures: Figures, settings: AlertSettings) -> Iterator[Alert]:
    wait_min = _minutes(figures.at, figures.oldest_critical_at)
    if wait_min >= settings.critical_wait_min:
        yield Alert(
            name="critical_wait",
            severity=Severity.CRITICAL,
            text=f"a critical study has been open for {wait_min:.0f} min ({figures.critical_open} are open); read it",
            value=wait_min,
            threshold=settings.critical_wait_min,
        )
    wait_min = _minutes(figures.at, figures.oldest_queued_at)
    if wait_min >= settings.queue_wait_min:
        yield Alert(
            name="queue_wait",
            severity=Severity.WARNING,
            text=f"a study has waited {wait_min:.0f} min for AI ({figures.queued()} wait); look at workers and readers",
            value=wait_min,
            threshold=settings.queue_wait_min,
        )


def _flow(figures: Figures, settings: AlertSettings) -> Iterator[Alert]:
    if figures.workers == 0:
        yield Alert(
            name="no_worker",
            severity=Severity.CRITICAL,
            text=f"no worker is alive ({figures.queued()} studies wait for AI); start `wetread work`",
            value=0,
            threshold=1,
        )
    if figures.dead_letters() >= settings.failed_jobs:
        yield Alert(
            name="dead_letters",
            severity=Severity.WARNING,
            text=f"{figures.dead_letters()} jobs failed for good; {RETRY}",
            value=figures.dead_letters(),
            threshold=settings.failed_jobs,
        )
    reported = last_of_each(figures.reported)
    failed = sum(one.broke for one in reported)
    if len(reported) >= FEWEST and failed / len(reported) >= settings.failure_rate:
        yield Alert(
            name="failure_rate",
            severity=Severity.CRITICAL,
            text=f"AI failed on {failed} of the last hour's {len(reported)} studies; they wait as unread",
            value=failed / len(reported),
            threshold=settings.failure_rate,
        )


def _room(settings: AlertSettings, free_bytes: Mapping[str, int]) -> Iterator[Alert]:
    for place, free in free_bytes.items():
        if free < settings.free_bytes:
            yield Alert(
                name=f"free_bytes:{place}",
                severity=Severity.CRITICAL,
                text=f"{free / 1e9:.1f} GB are left for {place}; make room before objects are refused",
                value=free,
                threshold=settings.free_bytes,
            )


def _readers(figures: Figures, settings: AlertSettings) -> Iterator[Alert]:
    spent = sum(one.cost_usd for one in figures.spend)
    if settings.spend_usd_per_day is not None and spent >= settings.spend_usd_per_day:
        yield Alert(
            name="spend",
            severity=Severity.WARNING,
            text=f"today's reads (UTC) cost ${spent:.2f} so far",
            value=spent,
            threshold=settings.spend_usd_per_day,
        )
    for one in figures.readers:
        share = one.claimed_critical / one.answered if one.answered else 0.0
        if one.answered >= FEWEST and one.claimed_critical > 1 and share > settings.critical_rate:
            yield Alert(
                name=f"critical_claims:{one.reader}",
                severity=Severity.WARNING,
                text=f"reader {one.reader} called {share:.0%} of {one.answered} studies critical in 24 hours; check it",
                value=share,
                threshold=settings.critical_rate,
            )


def _drift(figures: Figures) -> Iterator[Alert]:
    """What has moved far enough that somebody must act, one alert a reader and kind: its first figure."""
    for one in figures.drift:
        for kind in dict.fromkeys(moved.kind for moved in one.raised if moved.level == ALARM):
            moved = [each for each in one.raised if each.kind == kind and each.level == ALARM]
            yield Alert(
                name=f"drift_{kind}:{one.reader}",
                severity=Severity.CRITICAL if kind in OTHER_READER else Severity.WARNING,
                text=f"reader {one.reader}: {DRIFT_TEXTS.get(kind, kind)} ({_listed(each.what for each in moved)}); "
                f"see `wetread drift show` before you trust it further",
                value=_figure(moved[0].value),
                threshold=_figure(moved[0].limit),
            )


def _listed(names: Iterable[str]) -> str:
    told = list(names)
    return ", ".join(told[:MOST_NAMED]) + (f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else "")


def _figure(value: float | None) -> float:
    return 0.0 if value is None else value


def _minutes(now: datetime, since: datetime | None) -> float:
    return (now - since).total_seconds() / 60 if since else 0.0
