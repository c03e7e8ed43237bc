"""The line-up of a service: who stands in whose place, who may change it, and on which ground."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection

from wetread.domain.people import ALLOWED, Permission
from wetread.errors import ConfigurationError, Conflict, Forbidden, InputError
from wetread.evaluate.gate import Verdict
from wetread.settings import Settings
from wetread.store.database import Database
from wetread.store.gate import (
    PROMOTE,
    ROLLBACK,
    Change,
    GateRun,
    add_change,
    before,
    changes_of,
    lineup_of,
    lock_lineup,
    run_of,
)
from wetread.store.people import User, find_user
from wetread.store.records import from_record
from wetread.wiring.equipment import Equipment
from wetread.wiring.names import known_readers
from wetread.wiring.places import Place, Places, fingerprint_of, mark_of
from wetread.wiring.readers import choose_readers

LONGEST_REASON = 500
Then = Callable[[Connection, Change], object]  # what belongs to a change (its audit line), last in its transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a gate run besides its row: the verdict, what it rests on, what the candidate was made of.

    `mark` is a hash over all that shapes the candidate's answers, None where it is no reader of this site (a file of
    predictions): then nobody can promote it.
    """

    verdict: Verdict
    manifest: Mapping[str, str | int | float | None]
    present_fingerprint: str
    mark: str | None


KEPT = TypeAdapter(Kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A reader as it would be asked now."""

    fingerprint: str
    mark: str


def places_of(db: Database, equipment: Equipment) -> Places:
    """Who stands in whose place now.

    Raises: StoreUnavailable.
    """
    with db.read() as connection:
        found = sorted(lineup_of(connection).items())
        runs = {one.run_id: run_of(connection, one.run_id) for _, one in found if one.run_id is not None}
    places = tuple(
        Place(
            slot=slot,
            reader=one.reader,
            fingerprint=one.fingerprint,
            mark=kept_of(runs[one.run_id]).mark if one.run_id is not None else None,
        )
        for slot, one in found
    )
    required = equipment.settings.service.gate.required
    return Places(places=places, required=required, ground=equipment.policy_sha256 if required else "")


def standing(settings: Settings, name: str) -> Standing:
    """A reader, panel or cascade of this site as it would be asked now, by its own name.

    Raises: UnknownPlugin, CardInvalid, ConfigurationError.
    """
    equipment = Equipment(settings)
    readers = choose_readers(settings, [name], equipment).readers
    return Standing(fingerprint=fingerprint_of(readers), mark=mark_of(readers, ground=equipment.policy_sha256))


def kept_of(run: GateRun) -> Kept:
    """What is kept of a run.

    Raises: RecordInvalid.
    """
    kept: Kept = from_record(Kept, run.body)
    return kept


def check_person(db: Database, login: str) -> User:
    """The account of whoever decides.

    Raises: NotFound, Forbidden where it is not active or may not change the line-up.
    """
    user = find_user(db, login)
    if not user.active:
        raise Forbidden(f"{user.login} is no active account")
    if not any(Permission.LINEUP_CHANGE in ALLOWED[role] for role in user.roles):
        raise Forbidden(f"{user.login} may not change the line-up; an administrator may")
    return user


def reason_of(text: str) -> str:
    """The words that say why, as they are kept.

    Raises: InputError where there are none, or too many.
    """
    told = " ".join(text.split())
    if not 3 <= len(told) <= LONGEST_REASON:
        raise InputError("the reason", f"has {len(told)} letters", f"say why in 3 to {LONGEST_REASON}")
    return told


def promote(
    db: Database, settings: Settings, run_id: str, *, slot: str, by: str, reason: str, now: datetime, then: Then
) -> Change:
    """Put the candidate of a gate run into a slot: from the next read on it is asked there.

    Raises: NotFound; Conflict where the run is no ground for it, with the reason; StoreUnavailable.
    """
    with db.read() as connection:
        run = run_of(connection, run_id)
    who = _as_it_is_now(settings, run)  # outside the transaction: networks are hashed
    with db.write() as connection:
        lock_lineup(connection)
        stands = lineup_of(connection).get(slot)
        why_not = refusal(run, days=settings.service.gate.run_days, now=now)
        why_not = why_not or _wrong_place(settings, run, slot, stands.reader if stands else slot)
        if why_not is not None:
            raise Conflict(why_not)
        change = Change(
            at=now,
            kind=PROMOTE,
            slot=slot,
            reader=run.candidate,
            fingerprint=who.fingerprint,
            run_id=run.run_id,
            by=by,
            reason=reason,
        )
        add_change(connection, change)
        then(connection, change)
    return change


def roll_back(
    db: Database, settings: Settings, *, slot: str, by: str, reason: str, now: datetime, then: Then
) -> Change:
    """Put whoever stood in the slot before the last promotion there again; at once, no gate is asked.

    Raises: Conflict where nobody else ever stood there; StoreUnavailable.
    """
    own = _own_fingerprint(settings, slot)
    with db.write() as connection:
        lock_lineup(connection)
        earlier = before(changes_of(connection, slot), slot)
        change = Change(
            at=now,
            kind=ROLLBACK,
            slot=slot,
            reader=earlier.reader if earlier else slot,
            fingerprint=earlier.fingerprint if earlier else own,
            run_id=earlier.run_id if earlier else None,
            by=by,
            reason=reason,
        )
        add_change(connection, change)
        then(connection, change)
    return change


def refusal(run: GateRun, *, days: int, now: datetime) -> str | None:
    """Why this run is no ground for a promotion, as far as it tells itself; None where it is one."""
    if not run.lets_through:
        return f"the gate stopped {run.candidate} in run {run.run_id}; nobody can promote it on that ground"
    if now - run.at > timedelta(days=days):
        return f"gate run {run.run_id} is older than {days} days (service.gate.run_days); run the gate again"
    if kept_of(run).mark is None:
        return f"{run.candidate} of gate run {run.run_id} is a file of predictions, no reader that could be asked"
    return None


def _as_it_is_now(settings: Settings, run: GateRun) -> Standing:
    """The candidate now, if it still is the one that the gate saw.

    Raises: Conflict.
    """
    kept = kept_of(run)
    if kept.mark is None:
        return Standing(fingerprint=run.fingerprint, mark="")  # refused by its own words
    try:
        who = standing(settings, run.candidate)
    except ConfigurationError as problem:
        raise Conflict(f"{run.candidate} can't be asked here: {problem}") from None
    if who.fingerprint != run.fingerprint or who.mark != kept.mark:
        raise Conflict(
            f"{run.candidate} has changed since gate run {run.run_id} (it was {run.fingerprint[:12]}, it is "
            f"{who.fingerprint[:12]}); run the gate again"
        )
    return who


def _wrong_place(settings: Settings, run: GateRun, slot: str, stands: str) -> str | None:
    if slot not in known_readers(settings):
        return f"there is no slot {slot}: a slot is the name of a reader, panel or cascade of this site"
    if _kind(settings, slot) != _kind(settings, run.candidate):
        return f"{run.candidate} is a {_kind(settings, run.candidate)}, the slot {slot} takes a {_kind(settings, slot)}"
    if run.present != stands:
        return (
            f"gate run {run.run_id} compared {run.candidate} with {run.present}, but {stands} stands in the slot {slot}"
        )
    return None


def _kind(settings: Settings, name: str) -> str:
    return "panel" if name in settings.panels else "cascade" if name in settings.cascades else "reader"


def _own_fingerprint(settings: Settings, slot: str) -> str:
    try:
        return standing(settings, slot).fingerprint
    except ConfigurationError:  # the way back must not depend on it: it says so when it is asked
        return "unknown"
