"""Several answers become one. Nothing anyone found is dropped, and silence is never a vote."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from wetread.domain.consensus import Consensus, Exclusion, JoinedFinding
from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Answer, Read
from wetread.errors import NobodyRead
from wetread.panel.ballots import Row, Rows, Vote, by_key, gather, loudness, who
from wetread.panel.figures import Figures, describe
from wetread.panel.lineup import line_up
from wetread.panel.odds import mean_log_odds
from wetread.panel.places import iou, joined_places, named_places
from wetread.panel.rulebook import rulebook
from wetread.panel.weights import Weights

__all__ = ["PANEL_CALIBRATOR", "consolidate", "iou"]

PANEL_CALIBRATOR = "panel/pooled/mean-log-odds"
UNWEIGHTED = "configured votes, unweighted by evidence"
SINGLE = "single reader"
Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What local figures make of a finding's votes: the balance of the evidence and the probability after it."""

    balance: float
    probability: float
    figures: tuple[Figures, ...]


def consolidate(
    answers: Iterable[Answer],
    votes: Mapping[str, float],
    *,
    weights: Weights | None = None,
    today: date | None = None,
    escalated: Sequence[str] = (),
) -> Consensus:
    """Join the reads of a panel. `votes` are a reader's votes by name, 1.0 where unnamed.

    Where `weights` hold figures of all who voted on a finding, valid `today`, they decide; `escalated` are the
    reasons to ask a human first (see `escalations`).
    Raises: NobodyRead if every answer is an abstention, ValueError for weights without a day.
    """
    if weights is not None and today is None:
        raise ValueError("figures expire: name the day on which they are to count")
    reads = _distinct(answers)
    if not reads:
        raise NobodyRead("no reader answered")
    rows = gather(reads, votes, weights, today or date.min)
    excluded, unused = _exclusions(rows), _unused(rows)
    discounted = _discounted(rows)
    line_up(rows, rulebook())
    learnt = {key: _learn(row, weights) for key, row in rows.items()} if weights else {}
    joined = tuple(_join(rows[key], learnt.get(key), weights) for key in sorted(rows, key=by_key))
    return Consensus(
        findings=joined,
        readers=tuple(dict.fromkeys(read.reader.name for read in reads)),
        abnormal_probability=_abnormal([r for r in reads if r.reader.name not in discounted], votes),
        weighting=_weighting(reads, [one for one in learnt.values() if one], len(joined)),
        agreement=_agreement(joined),
        escalated=tuple(dict.fromkeys(escalated)),
        excluded=excluded,
        discounted=discounted,
        figures_not_used=unused,
    )


def _distinct(answers: Iterable[Answer]) -> list[Read]:
    """The reads by name, each once; where a name stands twice the order comes from what they say."""
    reads = list(dict.fromkeys(answer for answer in answers if isinstance(answer, Read)))
    times = Counter(read.reader.name for read in reads)
    return sorted(reads, key=lambda read: (read.reader.name, repr(read) if times[read.reader.name] > 1 else ""))


def _exclusions(rows: Rows) -> tuple[Exclusion, ...]:
    found = {
        Exclusion(reader=vote.reader, group=vote.judgement.figures.group, reason=vote.judgement.reason)
        for row in rows.values()
        for vote in row.votes
        if vote.judgement is not None and vote.excluded
    }
    return tuple(sorted(found, key=lambda one: (one.reader, one.group, one.reason)))


def _unused(rows: Rows) -> tuple[str, ...]:
    judged = (vote.judgement for row in rows.values() for vote in row.votes)
    return tuple(sorted({one.reason for one in judged if one is not None and not one.counts and not one.excluded}))


def _discounted(rows: Rows) -> tuple[str, ...]:
    """Readers whose every judgement is excluded."""
    said = [vote for row in rows.values() for vote in row.votes if vote.presence is not Presence.NOT_ASSESSABLE]
    return tuple(sorted({v.reader for v in said} - {v.reader for v in said if not v.excluded}))


def _learn(row: Row, weights: Weights | None) -> _Learnt | None:
    """By figures, if all who voted have them and speak of this very code.

    A reader that is alone and states a calibrated probability of its own knows more than its bare vote.
    """
    voters = [vote for vote in row.votes if vote.presence is not Presence.NOT_ASSESSABLE and not vote.excluded]
    if weights is None or not any(vote.presence is not Presence.UNCERTAIN for vote in voters):
        return None
    if len(voters) == 1 and voters[0].finding.probability is not None:
        return None
    prevalence = weights.prevalence_of(voters[0].finding.code)
    figures = [vote.judgement.figures for vote in voters if vote.own and vote.judgement and vote.judgement.counts]
    if prevalence is None or len(figures) < len(voters):
        return None
    balance = weights.balance((one, vote.presence) for one, vote in zip(figures, voters, strict=True))
    return _Learnt(balance, weights.posterior(prevalence, balance), tuple(figures))


def _join(row: Row, learnt: _Learnt | None, weights: Weights | None) -> JoinedFinding:
    loudest = sorted(row.votes, key=lambda vote: (loudness(vote.finding), vote.own, vote.reader), reverse=True)
    seers = [vote.finding for vote in loudest if vote.sees]
    first = loudest[0].finding
    by_figures = (learnt.probability, weights.calibrator_id) if learnt and weights else None
    probability, calibrator_id = by_figures or _probability(row.votes)
    told = sorted(row.votes, key=lambda vote: vote.reader)
    joined = replace(
        _completed(first, seers),
        presence=_presence(row.votes, learnt),
        probability=probability,
        calibrator_id=calibrator_id,
        claims_critical=any(vote.finding.claims_critical for vote in row.votes),
        context_dependent=all(one.context_dependent for one in seers) if seers else first.context_dependent,
        evidence=joined_places([(vote.reader, vote.finding) for vote in told]),
    )
    return JoinedFinding(
        finding=joined,
        present_by=who(row.votes, Presence.PRESENT),
        absent_by=who(row.votes, Presence.ABSENT),
        uncertain_by=who(row.votes, Presence.UNCERTAIN),
        told_as=tuple(sorted(row.told_as)),
        places=named_places(vote.finding for vote in told if vote.sees),
    )


def _completed(first: Finding, seers: Sequence[Finding]) -> Finding:
    """The loudest reader's finding; what it leaves open is taken from the next who sees it."""
    return replace(
        first,
        location=_first_of([first.location, *(one.location for one in seers)]),
        severity=_first_of([first.severity, *(one.severity for one in seers)]),
        size=_first_of([first.size, *(one.size for one in seers)]),
        temporal=_first_of([first.temporal, *(one.temporal for one in seers)]),
        rationale=_first_of([first.rationale, *(one.rationale for one in seers)]),
    )


def _first_of(told: Iterable[Fact | None]) -> Fact | None:
    return next((fact for fact in told if fact is not None), None)


def _presence(votes: Sequence[Vote], learnt: _Learnt | None) -> Presence:
    """Present or uncertain wins over absent: a majority can make a finding uncertain, not make it go away.

    What only excluded readers see stays as uncertain; what only they call absent was not judged.
    """
    said = {vote.presence for vote in votes}
    weight = dict.fromkeys(Presence, 0.0)
    counted = {vote.presence for vote in votes if not vote.excluded}
    for vote in votes:
        weight[vote.presence] += 0.0 if vote.excluded else vote.weight
    if Presence.PRESENT in said:
        outweighs = weight[Presence.PRESENT] >= weight[Presence.ABSENT] if learnt is None else learnt.balance >= 0
        return Presence.PRESENT if Presence.PRESENT in counted and outweighs else Presence.UNCERTAIN
    if Presence.UNCERTAIN in said:
        return Presence.UNCERTAIN
    return Presence.ABSENT if said == {Presence.ABSENT} and counted else Presence.NOT_ASSESSABLE


def _probability(votes: Sequence[Vote]) -> tuple[float | None, str | None]:
    stated = [vote for vote in votes if vote.finding.probability is not None and not vote.excluded]
    if len(stated) == 1:
        return stated[0].finding.probability, stated[0].finding.calibrator_id
    if not stated:
        return None, None
    return mean_log_odds([(vote.finding.probability or 0.0, vote.weight) for vote in stated]), PANEL_CALIBRATOR


def _abnormal(reads: Sequence[Read], votes: Mapping[str, float]) -> float | None:
    """The mean over readers on log odds; a reader that stands twice counts once, with the higher."""
    stated: dict[str, float] = {}
    for read in reads:
        if read.abnormal_probability is not None:
            name = read.reader.name
            stated[name] = max(read.abnormal_probability, stated.get(name, 0.0))
    if len(stated) == 1:
        return next(iter(stated.values()))
    return mean_log_odds([(value, votes.get(name, 1.0)) for name, value in stated.items()]) if stated else None


def _weighting(reads: Sequence[Read], learnt: Sequence[_Learnt], findings: int) -> str:
    plain = SINGLE if len({read.reader.name for read in reads}) == 1 else UNWEIGHTED
    if not learnt:
        return plain
    where = describe([figures for one in learnt for figures in one.figures])
    if len(learnt) == findings:
        return f"learnt on {where}"
    return f"learnt on {where} for {len(learnt)} of {findings} findings; {plain} for the others"


def _agreement(joined: Sequence[JoinedFinding]) -> float | None:
    """Share of the codes that two or more readers judged on which they do not disagree; None without such codes."""
    judged = [one for one in joined if len({*one.present_by, *one.absent_by, *one.uncertain_by}) > 1]
    if not judged:
        return None
    return round(sum(not one.disputed for one in judged) / len(judged), 4)
