"""What could be made of an answer, and what was thrown away."""

import re
from dataclasses import dataclass

from wetread.domain.finding import Finding, Laterality, Presence
from wetread.domain.read import Diagnosis, ImpressionItem, Quality, Recommendation
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation
from wetread.readers.prompts import plain

OURS = "wetread.read/1"
OTHER = "wr:other"
NON_DIAGNOSTIC = "non_diagnostic"
SEEN = (Presence.PRESENT, Presence.UNCERTAIN)
LOUDNESS = (Presence.NOT_ASSESSABLE, Presence.ABSENT, Presence.UNCERTAIN, Presence.PRESENT)
MOST_PLACES = 8
MARKUP = re.compile(r"</?[A-Za-z!][^<>]{0,300}>|\*\*|`+|^#+ ", re.MULTILINE)
ESCAPE = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A part of an answer that was not kept, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One answer as domain objects.

    `form` is how it was said: json, fenced (a JSON object inside other text) or prose. `scheme` names the scale or
    shape it was said in: ours, a foreign scale, or "free_text". `abstained` is the reason where the reader declined
    and claimed nothing. `original` is the answer as it came.
    """

    form: str
    scheme: str
    findings: tuple[Finding, ...] = ()
    quality: Quality | None = None
    priority_claim: Priority | None = None
    impression: tuple[ImpressionItem, ...] = ()
    differential: tuple[Diagnosis, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    abstained: str | None = None
    dropped: tuple[Dropped, ...] = ()
    original: str | None = None

    @property
    def seen(self) -> tuple[Finding, ...]:
        """The findings called present or uncertain."""
        return tuple(finding for finding in self.findings if finding.presence in SEEN)


def plainly(text: str, most: int | None = None) -> str:
    """An answer's text on one line, without markup, escape sequences and characters nobody sees."""
    return plain(MARKUP.sub("", ESCAPE.sub("", text)), most)


def loudness(presence: Presence) -> int:
    """How much a presence says: not assessable least, present most."""
    return LOUDNESS.index(presence)


Key = tuple[str, Laterality | None, str]


def key_of(finding: Finding) -> Key:
    """What makes two findings the same one: code and side, and for free text its words."""
    return finding.code, finding.laterality, (finding.rationale or "") if finding.code == OTHER else ""


def order_of(finding: Finding) -> tuple[str, str, str]:
    """A stable order that does not depend on the order of an answer."""
    code, side, words = key_of(finding)
    return code, side or "", words


def more_urgent(*claims: Priority | None) -> Priority | None:
    """The most urgent claim; None where nobody made one."""
    made = [claim for claim in claims if claim is not None]
    return min(made, key=lambda claim: claim.rank) if made else None
