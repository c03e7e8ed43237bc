"""The look of the day, out of the store and back into it: each reader against its baseline.

A window begins where the last full one ended and grows from look to look until it holds enough studies; then what the
charts remember moves on. So nothing is counted twice, a small site waits until there is something to say, and whatever
one answer betrays (another fingerprint, a changed sentinel) is told on the day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from wetread.errors import InputError
from wetread.evaluate.drift.baseline import (
    Baseline,
    Memory,
    Window,
    baseline_json,
    baseline_of,
    memory_json,
    parse_baseline,
    parse_memory,
)
from wetread.evaluate.drift.look import Look, look
from wetread.evaluate.drift.measure import DriftKind, Level, Measure
from wetread.evaluate.drift.policy import DriftPolicy, drift_policy
from wetread.evaluate.drift.stored import ANSWERED, sentinels_held_to, told_of, window_of
from wetread.settings import DriftSettings
from wetread.store.database import Database
from wetread.store.drift import (
    StoredBaseline,
    StoredLook,
    count_between,
    keep_baseline,
    keep_look,
    last_baseline,
    looks_of,
)
from wetread.store.sentinels import answers_between

SCHEMA = "wetread.drift_look/1"
MOST_STUDIES = 20_000  # of a baseline: more say nothing more
LONGEST_BASELINE = timedelta(days=366)
MOST_LOOKS = 400  # back to the last full one: a year of days
FRESH = 1.5  # times their pace: an older answer on a sentinel says nothing of today
ROUND_S = 600.0  # that a round of asking may take
WATCHED = (DriftKind.METADATA, DriftKind.PICTURES, DriftKind.PREVALENCE, DriftKind.AGREEMENT)
RANK = {Level.TOO_FEW: 0, Level.QUIET: 1, Level.WARN: 2, Level.ALARM: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A baseline that somebody asks for: of which reader, from which quiet time, and why."""

    reader: str
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLook:
    """One reader's look: its period, every measure, the worst level, whether its window is full."""

    reader: str
    since: datetime
    until: datetime
    level: Level
    measures: tuple[Measure, ...]
    studies: int
    is_full: bool


def quiet_baseline(
    connection: Connection, asked: Asked, *, now: datetime, policy: DriftPolicy | None = None
) -> Baseline:
    """What the store says of a reader's quiet time, as a baseline; it counts once it is kept.

    Raises: InputError where the time is none, or holds too few or too many studies; RecordInvalid.
    """
    limits = policy or drift_policy()
    if not asked.since < asked.until <= now or asked.until - asked.since > LONGEST_BASELINE:
        raise InputError("since", "is no time of at most a year that has passed", "say from when until when it was")
    n, least = count_between(connection, asked.reader, asked.since, asked.until), limits.metadata.least
    if not least <= n <= MOST_STUDIES:
        needed = f"{least} to {MOST_STUDIES} are needed"
        raise InputError(asked.reader, f"was asked of {n} studies in that time; {needed}", "choose another time")
    return baseline_of(window_of(connection, asked.reader, asked.since, asked.until), limits)


def keep(connection: Connection, asked: Asked, made: Baseline, *, by: str, now: datetime) -> StoredBaseline:
    """The baseline is its reader's from now on."""
    body = baseline_json(made)
    number = keep_baseline(connection, asked.reader, body, by=by, reason=asked.reason, now=now)
    return StoredBaseline(baseline_id=number, reader=asked.reader, at=now, by=by, reason=asked.reason, body=body)


def studies_of(baseline: Baseline) -> int:
    """How many studies a baseline rests on."""
    return sum(baseline.facts.get(ANSWERED, {}).values())


def described_of(baseline: Baseline) -> int:
    """How many of them tell of their making."""
    return max((sum(kinds.values()) for what, kinds in baseline.facts.items() if what != ANSWERED), default=0)


def due(connection: Connection, reader: str, settings: DriftSettings, *, now: datetime) -> bool:
    """Whether a reader's last look is long enough ago."""
    before = looks_of(connection, reader, limit=1)
    return not before or now >= before[0].at + timedelta(seconds=settings.every_s)


def look_today(
    database: Database, reader: str, settings: DriftSettings, *, now: datetime, policy: DriftPolicy | None = None
) -> DayLook | None:
    """Look at a reader now and keep what was seen; None where there is nothing to look at, or another was faster.

    Without a baseline only its sentinels are looked at: it is held to what it said first.
    Raises: StoreUnavailable, RecordInvalid.
    """
    limits = policy or drift_policy()
    with database.read() as connection:
        stored, history = last_baseline(connection, reader), looks_of(connection, reader, limit=MOST_LOOKS)
        baseline = parse_baseline(stored.body) if stored else None
        of_this = [one for one in history if one.body["baseline_id"] == (stored.baseline_id if stored else None)]
        full = next((one for one in of_this if one.body["full"]), None)
        since = _since(full, stored, baseline, now=now, settings=settings)
        recent = now - timedelta(seconds=FRESH * settings.sentinels_every_s + ROUND_S)
        answers = told_of(answers_between(connection, reader, recent, now + timedelta(microseconds=1)))
        window = replace(window_of(connection, reader, since, now), sentinels=answers)
        held_to = sentinels_held_to(connection, reader, baseline.sentinels if baseline else {})
    was_raised = bool(history) and Level(history[0].level).raised
    if baseline is None and not held_to and not was_raised:
        return None
    reference = replace(baseline or baseline_of(_empty(since, now), limits), sentinels=held_to)
    told = look(reference, window if baseline else _only_sentinels(window), _memory(of_this, full), policy=limits)
    last = of_this[0] if of_this else None
    measures = _carried(told, last) + (_silent(told) if baseline else ())
    studies = len(next(iter(window.fingerprints.values()), ()))
    is_full = studies >= settings.window_studies or (
        studies >= limits.pictures.least and now - since >= timedelta(days=settings.window_days)
    )
    level = max((one.level for one in measures), key=RANK.__getitem__, default=Level.TOO_FEW)
    made = DayLook(
        reader=reader,
        since=since,
        until=now,
        level=level,
        measures=measures,
        studies=studies,
        is_full=is_full,
    )
    body = _body(made, told.memory, stored, policy=limits)
    after = history[0].look_id if history else None
    kept = keep_look(database, reader, body, since=since, until=now, level=level.value, after=after, now=now)
    return made if kept else None


def measures_of(stored: StoredLook) -> tuple[Measure, ...]:
    """The measures that a kept look saw."""
    return tuple(
        Measure(**{**one, "kind": DriftKind(one["kind"]), "level": Level(one["level"])})
        for one in stored.body["measures"]
    )


def _since(
    full: StoredLook | None,
    stored: StoredBaseline | None,
    baseline: Baseline | None,
    *,
    now: datetime,
    settings: DriftSettings,
) -> datetime:
    """Where the window begins: at the end of the last full one, of the baseline's own time before the first."""
    longest = now - timedelta(days=2 * settings.window_days)
    if full is not None:
        return max(full.until, longest)
    if stored is None or baseline is None:
        return longest
    return max(baseline.until, longest)


def _memory(of_this: list[StoredLook], full: StoredLook | None) -> Memory:
    """What the last full look left, and since when what is raised now is raised."""
    last = parse_memory(of_this[0].body["memory"]) if of_this else Memory()
    if full is None:
        return Memory(since=last.since)
    counted = parse_memory(full.body["memory"])
    return Memory(since=last.since, rows=counted.rows, sums=counted.sums)


def _carried(told: Look, last: StoredLook | None) -> tuple[Measure, ...]:
    """The measures, with what was raised before in place of those that too few studies say nothing of now."""
    if last is None:
        return told.measures
    raised = {one.key: one for one in measures_of(last) if one.level.raised and one.key in told.memory.since}
    now = {one.key: one.level for one in told.measures}
    kept = {
        key: one
        for key, one in raised.items()
        if now.get(key, Level.TOO_FEW) is Level.TOO_FEW and (key in now or one.kind is not DriftKind.SENTINEL)
    }  # a sentinel that is asked of no more raises nothing
    own = [one for one in told.measures if one.key not in kept]
    return (*own, *kept.values())


def _silent(told: Look) -> tuple[Measure, ...]:
    """A measure for each chart that has nothing to say: what is not watched must not look as if it were quiet."""
    heard = {one.kind for one in told.measures if one.what != ANSWERED}
    text = "nothing to compare: the baseline or the window holds none of it"
    return tuple(
        Measure(kind=kind, what="all", level=Level.TOO_FEW, value=None, limit=None, n=0, text=text)
        for kind in WATCHED
        if kind not in heard
    )


def _only_sentinels(window: Window) -> Window:
    return Window(since=window.since, until=window.until, sentinels=window.sentinels)


def _empty(since: datetime, until: datetime) -> Window:
    return Window(since=since, until=until)


def _body(made: DayLook, memory: Memory, stored: StoredBaseline | None, *, policy: DriftPolicy) -> Mapping[str, Any]:
    return {
        "schema": SCHEMA,
        "policy_version": policy.version,
        "baseline_id": stored.baseline_id if stored else None,
        "full": made.is_full,
        "studies": made.studies,
        "measures": [
            {
                "kind": one.kind.value,
                "what": one.what,
                "level": one.level.value,
                "value": one.value,
                "limit": one.limit,
                "low": one.low,
                "n": one.n,
                "text": one.text,
            }
            for one in made.measures
        ],
        "memory": memory_json(memory),
    }
