"""The readers of a log that a calibration can be of, each as its last version answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from wetread.domain.read import ReaderIdentity
from wetread.errors import InputError
from wetread.evaluate.log import JOINED, Answered, Log, Told
from wetread.readers.calibrator import logit_of
from wetread.readers.site_calibration import Calibration, FittedMap, Stated

CONTROL = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One reader by its last fingerprint. `older` answers of an earlier version are left out."""

    name: str
    fingerprint: str
    answers: Mapping[str, Answered] = field(repr=False)
    older: int = 0

    @property
    def identity(self) -> ReaderIdentity:
        """Who it is, as the product compares it."""
        return ReaderIdentity(name=self.name, version="", fingerprint=self.fingerprint)


def subjects_of(log: Log, names: Iterable[str] = ()) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """The named readers, all where none is named, and what had to be said of those that were left out.

    Panels and cascades are left out: their parts are calibrated, and they join what those say.
    Raises: InputError where a name is not in the log.
    """
    known = tuple(name for name in log.readers() if CONTROL not in name)
    wanted = tuple(dict.fromkeys(names)) or known
    for name in wanted:
        if name not in known:
            remedy = f"readers of this log: {', '.join(known) or 'none'}"
            raise InputError(name, "has answered nothing in this log", remedy)
    found, remarks = [], []
    for name in wanted:
        told = log.of(name)
        last = list(told.values())[-1]
        if last.version == JOINED:
            remarks.append(f"{name} is a panel or a cascade: its readers are calibrated, not what they join")
            continue
        mine = {case: one for case, one in told.items() if one.fingerprint == last.fingerprint}
        one = Subject(name=name, fingerprint=last.fingerprint, answers=mine, older=len(told) - len(mine))
        if one.older:
            remarks.append(f"{name}: {one.older} answers of an earlier version are left out")
        found.append(one)
    return tuple(found), tuple(remarks)


def told_number(told: Told) -> float | None:
    """The number that a map starts from, as the product finds it in a read."""
    return Stated(
        presence=told.presence,
        probability=told.probability,
        calibrator=told.calibrator,
        stated=told.stated,
        kind=told.kind,
    ).number


def mapped(subject: Subject, calibration: Calibration) -> Subject:
    """The reader as the product has it answer under this calibration: other probabilities, the same decisions."""
    maps = calibration.maps_of(subject.identity)
    return replace(subject, answers={case: _mapped(one, maps) for case, one in subject.answers.items()})


def _mapped(answer: Answered, maps: Mapping[str, FittedMap]) -> Answered:
    return replace(answer, findings={code: _one(told, maps.get(code)) for code, told in answer.findings.items()})


def _one(told: Told, by: FittedMap | None) -> Told:
    number = told_number(told)
    if by is None or by.calibrator is None or number is None:
        return told
    return replace(told, probability=round(by.calibrator(logit_of(number)), 6), calibrator=by.calibrator.id)
