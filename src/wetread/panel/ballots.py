"""Who voted for what: every finding of every read as a vote, one a reader for each code and side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from wetread.domain.finding import Finding, Laterality, Presence
from wetread.domain.read import Read
from wetread.panel.figures import Judgement
from wetread.panel.weights import Weights

NON_DIAGNOSTIC = "non_diagnostic"
SEEN = (Presence.PRESENT, Presence.UNCERTAIN)
LOUDER = (Presence.NOT_ASSESSABLE, Presence.ABSENT, Presence.UNCERTAIN, Presence.PRESENT)
Key = tuple[str, Laterality | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One reader's word on one finding. `own` is False where it spoke of the same disease less or more exactly."""

    reader: str
    weight: float
    finding: Finding
    judgement: Judgement | None = None
    own: bool = True

    @property
    def presence(self) -> Presence:
        """What it says."""
        return self.finding.presence

    @property
    def sees(self) -> bool:
        """True for present and uncertain."""
        return self.presence in SEEN

    @property
    def excluded(self) -> bool:
        """True where local figures take the vote away."""
        return self.judgement is not None and self.judgement.excluded

    def as_of(self, code: str, side: Laterality | None) -> "Vote":
        """The same word for another code of the disease; its numbers were about its own code and stay behind."""
        if code == self.finding.code:
            return replace(self, finding=replace(self.finding, laterality=side))
        told = replace(
            self.finding,
            code=code,
            laterality=side,
            probability=None,
            calibrator_id=None,
            confidence_raw=None,
            confidence_kind=None,
        )
        return replace(self, finding=told, own=False)


@dataclass(slots=True)
class Row:
    """The votes for one code and side, and the (reader, code) that were told less exactly."""

    votes: list[Vote] = field(default_factory=list)
    told_as: set[tuple[str, str]] = field(default_factory=set)

    @property
    def readers(self) -> set[str]:
        """Who has voted."""
        return {vote.reader for vote in self.votes}

    @property
    def stands(self) -> bool:
        """True where a reader whose vote counts calls it present."""
        return any(vote.presence is Presence.PRESENT and not vote.excluded for vote in self.votes)


Rows = dict[Key, Row]


def by_key(key: Key) -> tuple[str, str]:
    """For sorting: a code's row without a side comes first."""
    return key[0], key[1] or ""


def gather(reads: Sequence[Read], votes: Mapping[str, float], weights: Weights | None, today: date) -> Rows:
    """Every finding as a vote. A reader counts once for a code and side: its loudest word."""
    rows: Rows = {}
    for read in reads:
        name = read.reader.name
        for finding in read.findings:
            judgement = weights.judge(read.reader, finding.code, today) if weights else None
            told = _honest(finding, read)
            vote = Vote(reader=name, weight=votes.get(name, 1.0), finding=told, judgement=judgement)
            put(rows.setdefault((finding.code, finding.laterality), Row()), vote)
    return rows


def put(row: Row, vote: Vote) -> None:
    """Add a vote. Where its reader has voted here, the louder stays with the boxes and critical claims of both."""
    for number, other in enumerate(row.votes):
        if other.reader == vote.reader:
            row.votes[number] = _merged(other, vote)
            return
    row.votes.append(vote)


def add_marks(row: Row, vote: Vote) -> None:
    """Keep a vote's boxes and critical claim beside what its reader says here; its presence changes nothing."""
    for number, other in enumerate(row.votes):
        if other.reader == vote.reader:
            row.votes[number] = _marked(other, vote)


def _merged(one: Vote, other: Vote) -> Vote:
    return _marked(one, other) if loudness(one.finding) >= loudness(other.finding) else _marked(other, one)


def _marked(vote: Vote, other: Vote) -> Vote:
    finding = vote.finding
    boxes = (*finding.evidence, *(box for box in other.finding.evidence if box not in finding.evidence))
    critical = finding.claims_critical or other.finding.claims_critical
    return replace(vote, finding=replace(finding, evidence=boxes, claims_critical=critical))


def loudness(finding: Finding) -> tuple[int, float]:
    """Present before uncertain before absent, then by probability."""
    return LOUDER.index(finding.presence), finding.probability or 0.0


def _honest(finding: Finding, read: Read) -> Finding:
    """A picture of no diagnostic quality can't show that something is absent."""
    blind = read.quality is not None and read.quality.grade == NON_DIAGNOSTIC
    return (
        replace(finding, presence=Presence.NOT_ASSESSABLE) if blind and finding.presence is Presence.ABSENT else finding
    )


def who(votes: Iterable[Vote], presence: Presence) -> tuple[str, ...]:
    """The readers who say so."""
    return tuple(sorted({vote.reader for vote in votes if vote.presence is presence}))
