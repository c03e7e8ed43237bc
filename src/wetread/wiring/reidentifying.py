"""Asking who a pseudonym stands for: a person's act with a reason, in the audit before anybody is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from wetread.domain.audit import Action, Outcome
from wetread.domain.people import Caller, Permission
from wetread.errors import Conflict, Forbidden, InputError, NotFound
from wetread.settings import Settings

if TYPE_CHECKING:
    from wetread.privacy.deidentify.crosswalk import Entry
    from wetread.store.database import Database

FEWEST_LETTERS, MOST_LETTERS = 8, 500  # of a reason
MOST_PSEUDONYM = 128
UNSET = "this house keeps no crosswalk; set service.deidentify.key_file and service.deidentify.crosswalk_file"


class House(Protocol):
    """What it needs of a service."""

    @property
    def settings(self) -> Settings:
        """The site's settings."""
        ...

    @property
    def database(self) -> "Database":
        """Where the audit is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who asks what, why, when and from where."""

    pseudonym: str
    reason: str
    caller: Caller
    now: datetime
    address: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)  # more for the audit


def reidentify(house: House, question: Question) -> tuple["Entry", ...]:
    """What the pseudonym stands for. The audit holds a line of it by then, as of every question that is not answered.

    Raises: Forbidden (no person, or one whose roles do not allow it), InputError (no reason, or one that names the
    patient), NotFound, Conflict (the house keeps no crosswalk), ConfigurationError, RecordInvalid, MissingExtra,
    StoreUnavailable (then nothing is told).
    """
    _check_caller(house, question)
    reason = _reason(house, question)
    asked = question.pseudonym.strip()[:MOST_PSEUDONYM]
    found = _looked_up(house, asked)
    if not found:
        refuse(house, question, "unknown pseudonym", outcome=Outcome.FAILED, reason=reason)
        raise NotFound("the crosswalk knows no such pseudonym")
    if _names(reason, found):
        refuse(house, question, "the reason names the patient")
        raise InputError("the reason", "names what the pseudonym stands for", "it is kept: say it without")
    kinds = sorted({entry.kind for entry in found})
    _tell(house, question, f"pseudonym/{asked}", outcome=Outcome.SUCCESS, data={"reason": reason, "kinds": kinds})
    return found


def refuse(
    house: House, question: Question, why: str, *, outcome: Outcome = Outcome.REFUSED, reason: str | None = None
) -> None:
    """A line of the audit about a question that is not answered. What was asked for is left out: it may be a name.

    Raises: StoreUnavailable.
    """
    data = {"why": why} if reason is None else {"why": why, "reason": reason}
    _tell(house, question, "pseudonym/not told", outcome=outcome, data=data)


def _check_caller(house: House, question: Question) -> None:
    if question.caller.user_id is None:
        refuse(house, question, "no person")
        raise Forbidden("only a person who has logged in may do this, not a token")
    if not question.caller.may(Permission.REIDENTIFY):
        refuse(house, question, "no such permission")
        raise Forbidden(f"{question.caller.name} may not ask who a pseudonym stands for; a radiologist may")


def _reason(house: House, question: Question) -> str:
    """The reason on one line, without what can't be printed."""
    told = "".join(letter for letter in " ".join(question.reason.split()) if letter.isprintable())
    if not FEWEST_LETTERS <= len(told) <= MOST_LETTERS:
        refuse(house, question, "no reason")
        raise InputError("the reason", "is missing", f"say why, in {FEWEST_LETTERS} to {MOST_LETTERS} letters")
    return told


def _looked_up(house: House, pseudonym: str) -> tuple["Entry", ...]:
    from wetread.privacy.deidentify.crosswalk import Crosswalk
    from wetread.privacy.deidentify.pseudonyms import read_key

    named = house.settings.service.deidentify
    if named.key_file is None or named.crosswalk_file is None:
        raise Conflict(UNSET)
    with Crosswalk.open(named.crosswalk_file, read_key(named.key_file), make=False) as crosswalk:
        return crosswalk.entries_of(pseudonym)


def _names(reason: str, found: tuple["Entry", ...]) -> bool:
    from wetread.privacy.identifiers import Identifiers

    return Identifiers.of(entry.original for entry in found).stand_in(reason)


def _tell(house: House, question: Question, what: str, *, outcome: Outcome, data: Mapping[str, object]) -> None:
    from wetread.store import audit

    line = {
        "actor": question.caller.name,
        "roles": sorted(question.caller.roles),
        "action": Action.REIDENTIFY,
        "object": what,
        "outcome": outcome,
        "address": question.address,
    }
    with house.database.write() as connection:
        audit.append_in(connection, now=question.now, line=line, data={**question.data, **data})
