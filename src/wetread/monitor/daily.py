"""The daily report: what came, what AI read, what failed, how long it took, what it cost, and the head of the audit."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from wetread.domain.urgency import Priority
from wetread.monitor.quantiles import quantile
from wetread.store.database import Database
from wetread.store.figures import DayFigures, ReaderFigures, Reported, by_priority, day_figures, figures, last_of_each

FORMAT = "wetread-daily-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How long something took, in seconds, by nearest rank; None where nothing is known."""

    n: int
    p50_s: float | None
    p90_s: float | None
    max_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """One day of the site, and how things stood when it was asked for.

    `completed` are studies with a preliminary report, `critical` those whose last one says P1, `unread` those that no
    reader answered. Turnaround is from arrival to report by priority, and from complete to report for all.
    """

    day: date
    start: datetime
    end: datetime
    arrived: int
    completed: int
    critical: int
    unread: int
    signed: int
    ai_success_rate: float | None
    by_priority: Mapping[str, int]
    turnaround: Mapping[str, Took]
    reading: Took
    signing: Took
    readers: tuple[ReaderFigures, ...]
    failed_jobs: int
    problem_objects: int
    open_now: int
    overdue_now: int
    oldest_waiting_at: datetime | None
    audit_head: str | None


def gather(database: Database, day: date, *, zone: tzinfo | None, now: datetime, stale_after_s: float = 10.0) -> Daily:
    """The report of a day, from midnight to midnight in `zone` (None: this machine's).

    Raises: StoreUnavailable.
    """
    start, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    found = day_figures(database, start=start, end=end)
    standing = figures(database, now=now, stale_after_s=stale_after_s)
    last = last_of_each(found.reported)
    unread = sum(not one.answered for one in last)
    return Daily(
        day=day,
        start=start,
        end=end,
        arrived=found.arrived,
        completed=len(last),
        critical=by_priority(last)[Priority.P1],
        unread=unread,
        signed=len(found.signed_s),
        ai_success_rate=1 - unread / len(last) if last else None,
        by_priority=dict(sorted(by_priority(last).items())),
        turnaround=_turnaround(found.reported),
        reading=_took(one.since_complete_s for one in found.reported),
        signing=_took(found.signed_s),
        readers=found.readers,
        failed_jobs=found.failed_jobs,
        problem_objects=found.problems,
        open_now=sum(n for (place, _, _), n in standing.studies.items() if place == "open"),
        overdue_now=standing.overdue,
        oldest_waiting_at=standing.oldest_open_at,
        audit_head=_head(found),
    )


def as_json(daily: Daily) -> dict[str, Any]:
    """The report for programs: ISO 8601 times, seconds, US dollars; null is unknown."""
    told = {"format": FORMAT, **asdict(daily)}
    for name in ("start", "end", "oldest_waiting_at"):
        told[name] = told[name].isoformat() if told[name] else None
    return {**told, "day": daily.day.isoformat()}


def as_text(daily: Daily) -> str:
    """The report for people."""
    rate = "no study" if daily.ai_success_rate is None else f"{daily.ai_success_rate:.1%}"
    lines = [
        f"wetread, {daily.day.isoformat()} ({daily.start.isoformat()} to {daily.end.isoformat()})",
        "Research use only, AI preliminary, not for diagnosis",
        "",
        f"studies arrived        {daily.arrived}",
        f"completed by AI        {daily.completed}",
        f"  critical (P1)        {daily.critical}",
        f"  not read (UNREAD)    {daily.unread}",
        f"signed by humans       {daily.signed}",
        f"AI success rate        {rate}",
        f"jobs that failed       {daily.failed_jobs}",
        f"objects not placed     {daily.problem_objects}",
        "",
        "turnaround             n       p50       p90       max",
        *(_line(f"  arrival to {name}", took) for name, took in daily.turnaround.items()),
        _line("  complete to report", daily.reading),
        _line("  arrival to signature", daily.signing),
        "",
        *_reader_lines(daily.readers),
        "",
        f"open now               {daily.open_now} ({daily.overdue_now} past their deadline)",
        f"oldest waits since     {daily.oldest_waiting_at.isoformat() if daily.oldest_waiting_at else 'nobody waits'}",
        f"head of the audit      {daily.audit_head or 'empty'}",
    ]
    return "\n".join(lines) + "\n"


def _reader_lines(readers: tuple[ReaderFigures, ...]) -> list[str]:
    if not readers:
        return ["no reader was asked"]
    lines = ["reader                 asked  answered  claimed P1  US dollars"]
    for one in readers:
        unknown = f" (+ {one.unpriced} of unknown cost)" if one.unpriced else ""
        counts = f"{one.asked:>5}  {one.answered:>8}  {one.claimed_critical:>10}"
        lines.append(f"  {one.reader[:20]:<20} {counts}  {one.cost_usd:>10.4f}{unknown}")
    total = sum(one.cost_usd for one in readers)
    return [*lines, f"  {'all':<20} {'':>27}  {total:>10.4f}"]


def _turnaround(reported: tuple[Reported, ...]) -> dict[str, Took]:
    found = {p.value: [one.since_arrival_s for one in reported if one.priority == p] for p in Priority}
    return {name: _took(waits) for name, waits in found.items() if waits}


def _took(waits: Iterable[float | None]) -> Took:
    known = [wait for wait in waits if wait is not None]
    return Took(n=len(known), p50_s=quantile(known, 0.5), p90_s=quantile(known, 0.9), max_s=quantile(known, 1.0))


def _line(name: str, took: Took) -> str:
    return f"{name:<20} {took.n:>3} {_duration(took.p50_s)} {_duration(took.p90_s)} {_duration(took.max_s)}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return f"{'-':>9}"
    if seconds < 120:
        return f"{seconds:>7.1f} s"
    return f"{seconds / 60:>5.0f} min"


def _head(found: DayFigures) -> str | None:
    return f"{found.audit_head[0]}:{found.audit_head[1]}" if found.audit_head else None


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    """The moment a day begins, daylight saving included."""
    begins = datetime.combine(day, time(), tzinfo=zone)
    return begins.astimezone() if zone is None else begins
