"""An answer in the words of another system; one that came in those words goes back exactly as it was."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Diagnosis, ImpressionItem, Recommendation
from wetread.domain.urgency import Priority
from wetread.domain.vocabulary import Vocabulary
from wetread.readers.answers.keys import KEYS, by_name
from wetread.readers.answers.parts import flat
from wetread.readers.answers.scales import foreign_scales, scale_of
from wetread.readers.answers.understood import OTHER, SEEN, more_urgent

UNREAD_ERROR = "AI did not read this"
NUMBERS = ("five_numbers", "five_numbers_worst_is_one")


class ReadParts(Protocol):
    """The parts of a read that other systems have a word for: a `Read` and an `Understood` both have them."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All presences."""
        ...

    @property
    def priority_claim(self) -> Priority | None:
        """What the reader says of the urgency."""
        ...

    @property
    def impression(self) -> tuple[ImpressionItem, ...]:
        """Sentences that cite findings."""
        ...

    @property
    def differential(self) -> tuple[Diagnosis, ...]:
        """Conditions."""
        ...

    @property
    def recommendations(self) -> tuple[Recommendation, ...]:
        """What to do next."""
        ...

    @property
    def original(self) -> str | None:
        """The answer as it came."""
        ...


@cache
def _shipped() -> Vocabulary:
    return load_vocabulary()


def as_foreign(
    parts: ReadParts, scheme: str, *, vocabulary: Vocabulary | None = None, urgency: Priority | None = None
) -> dict[str, Any]:
    """A read in a foreign scheme (a name of clinical/schemes.toml). A read that came in it is given back unchanged.

    urgency: the study's, where it was assessed; else the most urgent of the reader's claim and its findings' floors.
    What was not read is exported as urgent with an error, never as routine.
    Raises: KeyError naming the scheme and those there are.
    """
    if scheme not in foreign_scales():
        raise KeyError(f"no scheme {scheme!r}; there are: {', '.join(foreign_scales())}")
    original = _original(parts.original, scheme) if urgency is None else None
    if original is not None:
        return original
    terms = (vocabulary or _shipped()).terms
    said = urgency or _urgency(parts, vocabulary or _shipped())
    word = foreign_scales()[scheme]["out"][said.value]
    named = {finding.code: terms[finding.code].label for finding in parts.findings if finding.code in terms}
    seen = [finding for finding in parts.findings if finding.presence in SEEN]
    critical = [f for f in seen if f.claims_critical or (f.code in terms and terms[f.code].floor is Priority.P1)]
    written: dict[str, Any] = {
        "urgency": int(word) if scheme in NUMBERS else word,
        "primary_diagnosis": _primary(parts, seen, named),
        "critical_findings": [_told(finding, named) for finding in critical],
        "findings": [_told(finding, named) for finding in parts.findings],
        "differential_diagnosis": {each.condition: each.probability for each in parts.differential},
        "recommendations": [each.text for each in parts.recommendations],
    }
    return written | ({"error": UNREAD_ERROR} if said is Priority.UNREAD else {})


def _original(raw: str | None, scheme: str) -> dict[str, Any] | None:
    """The original as it was, where it is one JSON object that speaks in the scheme."""
    try:
        data = json.loads(raw or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    numbers = scheme if scheme in NUMBERS else NUMBERS[0]
    words = list(flat(by_name(data, KEYS.answer).get("urgency", ())))
    return data if words and all(scale_of(word, numbers) == scheme for word in words) else None


def _urgency(parts: ReadParts, vocabulary: Vocabulary) -> Priority:
    """The most urgent of the claim and the floors; UNREAD where nothing was judged."""
    if all(finding.presence is Presence.NOT_ASSESSABLE for finding in parts.findings) and parts.priority_claim is None:
        return Priority.UNREAD
    seen = [finding for finding in parts.findings if finding.presence in SEEN]
    floors = [vocabulary.terms[f.code].floor for f in seen if f.code in vocabulary.terms]
    critical = Priority.P1 if any(finding.claims_critical for finding in seen) else None
    return more_urgent(parts.priority_claim, critical, *floors) or Priority.P4


def _primary(parts: ReadParts, seen: Sequence[Finding], named: dict[str, str]) -> str | None:
    if parts.impression:
        return parts.impression[0].text
    first = [finding for finding in seen if finding.presence is Presence.PRESENT] or list(seen)
    return _name(first[0], named) if first else None


def _told(finding: Finding, named: dict[str, str]) -> dict[str, Any]:
    facts = {
        "name": _name(finding, named),
        "presence": finding.presence.value.replace("_", " "),
        "side": finding.laterality.value if finding.laterality else None,
        "confidence": finding.confidence_raw,
        "location": finding.location,
        "critical": finding.claims_critical or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _name(finding: Finding, named: dict[str, str]) -> str:
    if finding.code == OTHER and finding.rationale:
        return finding.rationale
    return named.get(finding.code) or finding.code.removeprefix("wr:").replace("-", " ")
