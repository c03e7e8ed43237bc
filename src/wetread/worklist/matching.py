"""Which study an order is of. Pure rules; what is not certain is left to a human.

In this order: the Study Instance UID; the accession number; patient, modality and time, and that only where one order
and one study are left for each other. An identifier that leads to another patient's study is a conflict, never a match.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wetread.domain.ordered import OrderState
from wetread.domain.study import Patient
from wetread.settings import MatchingSettings

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order, as far as it is found by. `expected_at` is its scheduled time, else when the order came."""

    order_id: str
    patient: Patient
    expected_at: datetime
    study_uid: str | None = None
    accession_number: str | None = None
    modality: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A study, as far as it is found by. `taken`: an order has it already."""

    study_id: str
    patient: Patient
    arrived_at: datetime
    study_uid: str | None = None
    accession_number: str | None = None
    modalities: frozenset[str] = frozenset()
    study_date: str | None = None
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What is said of an order, and why; `study_id` where it is matched."""

    state: OrderState
    why: str
    study_id: str | None = None


def match(wanted: Sequence[Wanted], came: Sequence[Came], settings: MatchingSettings) -> dict[str, Match]:
    """What is said of each order, by its id. The order of the two lists changes nothing."""
    said: dict[str, Match] = {}
    for one in wanted:
        found = _by_identifier(one, came, "study_uid", "its Study Instance UID") or _by_identifier(
            one, came, "accession_number", "its accession number"
        )
        if found is not None:
            said[one.order_id] = found
    taken = {match.study_id for match in said.values()}
    free = [study for study in came if not study.taken and study.study_id not in taken]
    left = [one for one in wanted if one.order_id not in said]
    return said | _by_time(left, free, settings)


def contradicts(one: Patient, other: Patient) -> bool:
    """Whether they can't be the same person, by what is known of both.

    Different numbers do not contradict where name and date of birth agree: hospitals number the same person twice.
    The same number with another name is the same person: names are corrected, and people marry.
    """
    same_name = _same(_folded(one.name), _folded(other.name))
    same_birth = _same(one.birth_date, other.birth_date)
    if one.patient_id and other.patient_id:
        if one.patient_id.strip() == other.patient_id.strip():
            return same_name is False and same_birth is False
        return not (same_name and same_birth)
    return same_name is False or same_birth is False


def _by_identifier(one: Wanted, came: Iterable[Came], name: str, called: str) -> Match | None:
    """The study that the identifier names, None where there is none."""
    value = getattr(one, name)
    named = [study for study in came if value and getattr(study, name) == value]
    if not named:
        return None
    fitting = [study for study in named if not contradicts(one.patient, study.patient)]
    if not fitting:
        return Match(state=OrderState.CONFLICT, why=f"{called} names a study of another patient")
    if len(fitting) > 1 and one.modality:
        fitting = [study for study in fitting if one.modality in study.modalities] or fitting
    if len(fitting) > 1:
        return Match(state=OrderState.AMBIGUOUS, why=f"{len(fitting)} studies have {called}")
    return Match(state=OrderState.MATCHED, why=f"by {called}", study_id=fitting[0].study_id)


def _by_time(wanted: Sequence[Wanted], came: Sequence[Came], settings: MatchingSettings) -> dict[str, Match]:
    """By patient, modality and time, one to one."""
    fits = {one.order_id: [study for study in came if _fits(one, study, settings)] for one in wanted}
    rivals: dict[str, int] = {}
    for studies in fits.values():
        for study in studies:
            rivals[study.study_id] = rivals.get(study.study_id, 0) + 1
    return {one.order_id: _alone(one, fits[one.order_id], rivals) for one in wanted}


def _alone(one: Wanted, fitting: list[Came], rivals: Mapping[str, int]) -> Match:
    if not fitting:
        return Match(state=OrderState.OPEN, why="no study of it has come")
    if len(fitting) > 1:
        return Match(state=OrderState.AMBIGUOUS, why=f"{len(fitting)} studies of the patient fit it")
    others = rivals[fitting[0].study_id]
    if others > 1:
        return Match(state=OrderState.AMBIGUOUS, why=f"{others} orders fit the one study of the patient")
    return Match(
        state=OrderState.MATCHED, why=f"by patient, modality {one.modality} and time", study_id=fitting[0].study_id
    )


def _fits(one: Wanted, study: Came, settings: MatchingSettings) -> bool:
    """Whether a study may be of an order without any identifier of the order's saying so."""
    if not one.patient.patient_id or one.patient.patient_id != study.patient.patient_id:
        return False
    if contradicts(one.patient, study.patient) or _same(one.patient.birth_date, study.patient.birth_date) is False:
        return False
    for name in ("study_uid", "accession_number"):  # one that says else is of another order
        if _same(getattr(one, name), getattr(study, name)) is False:
            return False
    if not one.modality or one.modality not in study.modalities:
        return False
    first = one.expected_at - timedelta(hours=settings.before_h)
    last = one.expected_at + timedelta(hours=settings.after_h)
    return first <= study.arrived_at <= last and _dated(study.study_date, first, last)


def _dated(study_date: str | None, first: datetime, last: datetime) -> bool:
    """Whether an acquisition of that day lies between; days are the scanner's, so that one more on each side counts."""
    if study_date is None:
        return True
    try:
        day = date.fromisoformat(study_date)
    except ValueError:
        return True
    return (first - A_DAY).date() <= day <= (last + A_DAY).date()


def _same(one: str | None, other: str | None) -> bool | None:
    """Whether they are the same, None where one is not known."""
    return one == other if one and other else None


def _folded(name: str | None) -> str | None:
    """Family and given name, bare of case, accents and spelling of the parts between."""
    words = (name or "").split("=")[0].split("^")[:2]
    plain = unicodedata.normalize("NFKD", " ".join(words)).casefold()
    return "".join(letter for letter in plain if letter.isalnum()) or None
