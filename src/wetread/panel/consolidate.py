"""Several answers become one. Nothing anyone found is dropped, and silence is never a vote."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from wetread.domain.consensus import Consensus, JoinedFinding
from wetread.domain.finding import Evidence, Finding, Laterality, Presence
from wetread.domain.read import Answer, Read
from wetread.errors import NobodyRead

SAME_PLACE_IOU = 0.3
NON_DIAGNOSTIC = "non_diagnostic"
PANEL_CALIBRATOR = "panel/pooled/mean-log-odds"
Key = tuple[str, Laterality | None]


@dataclass(frozen=True, slots=True)
class _Vote:
    reader: str
    weight: float
    finding: Finding


def consolidate(answers: Iterable[Answer], votes: Mapping[str, float]) -> Consensus:
    """Join the reads of a panel. `votes` are a reader's votes by name, 1.0 where unnamed.

    Raises: NobodyRead if every answer is an abstention.
    """
    reads = sorted((answer for answer in answers if isinstance(answer, Read)), key=lambda read: read.reader.name)
    if not reads:
        raise NobodyRead("no reader answered")
    by_key: dict[Key, list[_Vote]] = {}
    for read in reads:
        weight = votes.get(read.reader.name, 1.0)
        for finding in read.findings:
            vote = _Vote(read.reader.name, weight, _honest(finding, read))
            by_key.setdefault((finding.code, finding.laterality), []).append(vote)
    _spread_absences(by_key)
    joined = tuple(_join(by_key[key]) for key in sorted(by_key, key=lambda key: (key[0], key[1] or "")))
    named = tuple(read.reader.name for read in reads)
    weights = [votes.get(name, 1.0) for name in named]
    return Consensus(
        findings=joined,
        readers=named,
        abnormal_probability=_abnormal(reads, weights),
        weighting="single reader" if len(reads) == 1 else "configured votes, unweighted by evidence",
        agreement=_agreement(joined),
    )


def _spread_absences(by_key: dict[Key, list[_Vote]]) -> None:
    """An absence without a side speaks of both: it contradicts a reader who sees the finding on one of them."""
    for code, _ in [key for key in by_key if key[1] is None]:
        plain = by_key[code, None]
        sided = [votes for (other, side), votes in by_key.items() if other == code and side is not None]
        if not sided or any(vote.finding.presence is not Presence.ABSENT for vote in plain):
            continue
        for votes in sided:
            voters = {vote.reader for vote in votes}
            votes += [
                replace(vote, finding=replace(vote.finding, laterality=votes[0].finding.laterality))
                for vote in plain
                if vote.reader not in voters
            ]
        del by_key[code, None]


def _honest(finding: Finding, read: Read) -> Finding:
    """A picture of no diagnostic quality can't show that something is absent."""
    blind = read.quality is not None and read.quality.grade == NON_DIAGNOSTIC
    return (
        replace(finding, presence=Presence.NOT_ASSESSABLE) if blind and finding.presence is Presence.ABSENT else finding
    )


def _join(votes: Sequence[_Vote]) -> JoinedFinding:
    first = max(votes, key=lambda vote: (_loudness(vote.finding), vote.reader)).finding
    probability, calibrator_id = _probability(votes)
    joined = replace(
        first,
        presence=_presence(votes),
        probability=probability,
        calibrator_id=calibrator_id,
        claims_critical=any(vote.finding.claims_critical for vote in votes),
        evidence=_places(votes),
    )
    return JoinedFinding(
        finding=joined,
        present_by=_who(votes, Presence.PRESENT),
        absent_by=_who(votes, Presence.ABSENT),
        uncertain_by=_who(votes, Presence.UNCERTAIN),
    )


def _loudness(finding: Finding) -> tuple[int, float]:
    order = (Presence.NOT_ASSESSABLE, Presence.ABSENT, Presence.UNCERTAIN, Presence.PRESENT)
    return order.index(finding.presence), finding.probability or 0.0


def _who(votes: Sequence[_Vote], presence: Presence) -> tuple[str, ...]:
    return tuple(sorted({vote.reader for vote in votes if vote.finding.presence is presence}))


def _presence(votes: Sequence[_Vote]) -> Presence:
    """Present or uncertain wins over absent: a majority can make a finding uncertain, not make it go away."""
    weight = dict.fromkeys(Presence, 0.0)
    said = {vote.finding.presence for vote in votes}
    for vote in votes:
        weight[vote.finding.presence] += vote.weight
    if Presence.PRESENT in said:
        return Presence.PRESENT if weight[Presence.PRESENT] >= weight[Presence.ABSENT] else Presence.UNCERTAIN
    if Presence.UNCERTAIN in said:
        return Presence.UNCERTAIN
    return Presence.ABSENT if said == {Presence.ABSENT} else Presence.NOT_ASSESSABLE


def _probability(votes: Sequence[_Vote]) -> tuple[float | None, str | None]:
    stated = [vote for vote in votes if vote.finding.probability is not None]
    if len(stated) == 1:
        return stated[0].finding.probability, stated[0].finding.calibrator_id
    if not stated:
        return None, None
    mean = _mean_log_odds([(vote.finding.probability or 0.0, vote.weight) for vote in stated])
    return mean, PANEL_CALIBRATOR


def _mean_log_odds(weighted: Sequence[tuple[float, float]]) -> float:
    total = sum(weight for _, weight in weighted)
    if total <= 0:
        weighted, total = [(probability, 1.0) for probability, _ in weighted], float(len(weighted))
    clipped = [(min(1 - 1e-6, max(1e-6, probability)), weight) for probability, weight in weighted]
    mean = math.fsum(weight * math.log(p / (1 - p)) for p, weight in clipped) / total
    return round(1 / (1 + math.exp(-mean)), 6)


def _abnormal(reads: Sequence[Read], weights: Sequence[float]) -> float | None:
    stated = [
        (r.abnormal_probability, w) for r, w in zip(reads, weights, strict=True) if r.abnormal_probability is not None
    ]
    if len(stated) == 1:
        return stated[0][0]
    return _mean_log_odds(stated) if stated else None


def _places(votes: Sequence[_Vote]) -> tuple[Evidence, ...]:
    """Boxes of all readers; of two on the same place the first stays."""
    kept: list[Evidence] = []
    for vote in votes:
        for found in vote.finding.evidence:
            if not any(_same_place(found, other) for other in kept):
                kept.append(found)
    return tuple(kept)


def _same_place(a: Evidence, b: Evidence) -> bool:
    return (a.file, a.frame) == (b.file, b.frame) and iou(a.box, b.box) >= SAME_PLACE_IOU


def iou(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def _agreement(joined: Sequence[JoinedFinding]) -> float | None:
    """Share of the codes that two or more readers judged on which they do not disagree; None without such codes."""
    judged = [one for one in joined if len({*one.present_by, *one.absent_by, *one.uncertain_by}) > 1]
    if not judged:
        return None
    return round(sum(not one.disputed for one in judged) / len(judged), 4)
