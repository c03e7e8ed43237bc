"""Who stands in whose place: a slot is a reader's name as rules and settings use it, a promotion puts another there."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wetread.domain.read import ReaderIdentity
from wetread.panel import Cascade, readers_of
from wetread.ports import Reader, identity_of
from wetread.readers.wrappers import Fallback
from wetread.readers.wrappers.barred import Barred

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The reader that stands in a slot, its fingerprint when it was put there, and its mark, where that is known."""

    slot: str
    reader: str
    fingerprint: str
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The line-up. Where `required`, a reader that nobody promoted as it is now is not asked.

    `ground` is a hash of vocabulary and policy: on another ground a reader is another one.
    """

    places: tuple[Place, ...] = ()
    required: bool = False
    ground: str = ""

    def of(self, slot: str) -> Place | None:
        """Who was put in this slot; None where nobody ever was."""
        return next((one for one in self.places if one.slot == slot), None)

    def reader_in(self, slot: str) -> str:
        """The name of the reader that is asked under this name."""
        place = self.of(slot)
        return slot if place is None else place.reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """The places while readers are wired; `used` are the slots that were asked for and hold another reader."""

    places: Places = field(default_factory=Places)
    used: dict[str, str] = field(default_factory=dict)

    def reader_in(self, slot: str) -> str:
        """The name of the reader that is asked under this name, noted where it is another one."""
        name = self.places.reader_in(slot)
        if name != slot:
            self.used[slot] = name
        return name

    def vouches(self, slot: str, items: Iterable[Reader | Cascade], *, by_mark: bool = True) -> bool:
        """Whether these may be asked in the slot: somebody promoted them as they are now, or nobody need."""
        if not self.places.required:
            return True
        place, known = self.places.of(slot), tuple(items)
        if place is None or place.fingerprint != fingerprint_of(known):
            return False
        return not by_mark or place.mark is None or place.mark == mark_of(known, ground=self.places.ground)

    def checked(self, slot: str, reader: Reader) -> Reader:
        """The reader of this slot, or one that says why it is not asked; its stand-ins must be vouched for too."""
        if not self.vouches(slot, [reader]):
            return Barred(identity_of(reader), self._why(slot, reader))
        if self.places.required and (chain := _chain_in(reader)) is not None:
            first, *others = chain.readers  # a stand-in answers without the site's calibration around it
            chain.readers = (first, *(one for one in others if self.vouches(one.name, [one], by_mark=False)))
        return reader

    def missing(self, slot: str, problem: Exception) -> Barred:
        """In the place of a reader that was put in a slot and can't be made any more."""
        name = self.places.reader_in(slot)
        who = ReaderIdentity(name=name, version=UNKNOWN, fingerprint=UNKNOWN)
        return Barred(who, f"{name} stands in the slot {slot} and can't be used: {problem}")

    def _why(self, slot: str, reader: Reader) -> str:
        place = self.places.of(slot)
        if place is None:
            return f"{reader.name} was never promoted in the slot {slot}, and this site asks nobody else; {REMEDY}"
        return f"{reader.name} is not the one that was promoted in the slot {slot}: it has changed since; {REMEDY}"


REMEDY = "see wetread gate run and wetread gate promote"


def fingerprint_of(items: Iterable[Reader | Cascade]) -> str:
    """The fingerprint of one reader; of several one over all of theirs, as `evaluating.joined` tells a panel's."""
    who = [identity_of(reader) for reader in readers_of(items)]
    if len(who) == 1:
        return who[0].fingerprint
    marks = "\0".join(sorted(one.fingerprint for one in who))
    return hashlib.sha256(marks.encode()).hexdigest()[:16]


def mark_of(items: Iterable[Reader | Cascade], *, ground: str = "") -> str:
    """A hash over all that is known to shape the answers: identities, cards of readers that are data, calibrations.

    A fingerprint is that of the network or the prompt; thresholds and maps are beside it.
    """
    told = sorted(line for reader in readers_of(items) for line in _layers(reader))
    return hashlib.sha256("\0".join((ground, *told)).encode()).hexdigest()[:32]


def _chain_in(reader: Reader | None) -> Fallback | None:
    """The chain of stand-ins inside a reader's wrappers; made for one desk, as the reader is."""
    while reader is not None and not isinstance(reader, Fallback):
        reader = getattr(reader, "reader", None)
    return reader


def _layers(reader: Reader) -> Iterable[str]:
    """A reader and those inside it, as far as wrappers show them."""
    layers: list[Any] = [reader]
    while layers:
        one = layers.pop()
        who = identity_of(one)
        yield f"{who.name} {who.version} {who.fingerprint} {who.model_id}"
        for shape in (getattr(one, "card", None), getattr(one, "shaped_by", None)):
            if shape is not None:
                yield hashlib.sha256(repr(shape).encode()).hexdigest()
        inside = getattr(one, "readers", None) or (getattr(one, "reader", None),)
        layers += [each for each in inside if each is not None]


def votes_in(votes: Mapping[str, float], places: Mapping[str, str]) -> dict[str, float]:
    """Votes by reader: who stands in a slot has the slot's, unless it has votes of its own."""
    return {**{reader: votes[slot] for slot, reader in places.items() if slot in votes}, **votes}
