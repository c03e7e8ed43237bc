"""When a study counts as complete, by every signal there is, and why, in words. The decision itself is pure."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from wetread.errors import NotFound
from wetread.intake.grouping import study_ref
from wetread.settings import CompletenessSettings
from wetread.store.database import Database
from wetread.store.objects import set_complete_at
from wetread.store.signals import Signals, signals_of
from wetread.store.signals import expect as note_expected

log = structlog.wrap_logger(logging.getLogger("wetread.completeness"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """When it counts as complete if nothing else comes, and the signals that say so."""

    complete_at: datetime
    why: str


def decide(signals: Signals, settings: CompletenessSettings) -> Decision:
    """Quiet time by the strongest signal, never longer than the longest wait.

    The expected number being there is the strongest; a sender that closed is next, unless objects are known to be
    missing; else only a long silence says that nothing more comes.
    """
    expected, here = signals.expected, signals.distinct
    if expected is not None and here >= expected:
        quiet_s = settings.expected_quiet_s
        reason = f"all {expected} objects that {signals.expected_by} told of are here"
    elif expected is not None:
        quiet_s = settings.quiet_s
        reason = f"{here} of the {expected} objects that {signals.expected_by} told of are here and nothing came"
    elif signals.open_arrivals == 0:
        quiet_s = settings.closed_quiet_s
        reason = "its sender closed its association and nothing came"
    else:
        quiet_s = settings.quiet_s
        reason = "its sender is still connected but nothing came"
    objects = "1 object" if signals.objects == 1 else f"{signals.objects} objects"
    quiet = signals.last_at + timedelta(seconds=quiet_s)
    longest = signals.since + timedelta(seconds=settings.longest_s)
    if quiet <= longest:
        return Decision(complete_at=quiet, why=f"complete: {reason} for {quiet_s:g} s; {objects}")
    why = f"complete: it never fell quiet and the longest wait of {settings.longest_s:g} s passed; {objects}"
    return Decision(complete_at=longest, why=why)


def settle(db: Database, study_id: str, settings: CompletenessSettings, *, now: datetime) -> Decision | None:
    """Look at the signals of a study and set its time; None where it is not being received.

    Raises: StoreUnavailable.
    """
    signals = signals_of(db, study_id)
    if signals is None:
        return None
    decision = decide(signals, settings)
    try:
        set_complete_at(db, study_id, decision.complete_at, now)
    except NotFound:  # removed meanwhile
        return None
    return decision


def expect(
    db: Database, study_uid: str, objects: int, source: str, *, settings: CompletenessSettings, now: datetime
) -> None:
    """A source knows how many objects a study has (QIDO, C-FIND, an order, N-EVENT), also before the first one came.

    Raises: StoreUnavailable.
    """
    study_id = note_expected(db, study_uid, objects, source=source, now=now)
    log.info("objects expected", study=study_ref(study_uid), objects=objects, source=source)
    if study_id is not None:
        settle(db, study_id, settings, now=now)
