"""Findings of one code and side become one, so that neither order nor repetition changes what an answer says."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from wetread.domain.finding import Evidence, Finding, Laterality, Presence
from wetread.readers.answers.understood import MOST_PLACES, OTHER, Key, key_of, loudness, order_of

MOST_OTHERS = 40  # findings without a code, those called critical first
SEEN_FROM = loudness(Presence.UNCERTAIN)


def settled(findings: Iterable[Finding], *, blind_wins: bool) -> tuple[Finding, ...]:
    """One finding for each code and side: the loudest presence, every critical claim, the places; 40 free-text ones.

    blind_wins: absent and not assessable of the same code make not assessable (one answer that contradicts itself),
    else absent (several calls, of which one could not judge).
    """
    rank = _blind_rank if blind_wins else _plain_rank
    groups: dict[Key, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key_of(finding), []).append(finding)
    joined = [_joined(group, rank) for group in groups.values()]
    coded = [finding for finding in _without_denials(joined) if finding.code != OTHER]
    others = sorted((f for f in joined if f.code == OTHER), key=lambda f: (not f.claims_critical, order_of(f)))
    return tuple(sorted([*coded, *others[:MOST_OTHERS]], key=order_of))


def _plain_rank(presence: Presence) -> int:
    return loudness(presence)


def _blind_rank(presence: Presence) -> int:
    return {Presence.ABSENT: 0, Presence.NOT_ASSESSABLE: 1}.get(presence, loudness(presence))


def _joined(group: list[Finding], rank: Callable[[Presence], int]) -> Finding:
    first = max(group, key=lambda finding: _weight(finding, rank))
    same = [finding for finding in group if finding.presence is first.presence]
    seen = loudness(first.presence) >= SEEN_FROM
    return replace(
        first,
        claims_critical=seen and any(finding.claims_critical for finding in group),
        context_dependent=all(finding.context_dependent for finding in same),
        evidence=places(finding.evidence for finding in group) if seen else (),
    )


def _weight(finding: Finding, rank: Callable[[Presence], int]) -> tuple[object, ...]:
    """What decides between two of the same code and side, down to the letters: no tie is left to their order."""
    size = finding.size.value if finding.size else 0.0
    words = (finding.rationale or "", finding.location or "", finding.severity or "", finding.temporal or "")
    return rank(finding.presence), not finding.context_dependent, finding.confidence_raw or 0.0, size, *words


def places(groups: Iterable[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    """Every place once, in a stable order, at most eight."""
    found = {place for group in groups for place in group}
    return tuple(sorted(found, key=lambda place: (place.file, place.frame, place.box, place.origin)))[:MOST_PLACES]


def _without_denials(findings: list[Finding]) -> list[Finding]:
    """Without the absences that a finding of the same code contradicts: of no side, or of its own."""
    return [finding for finding in findings if not _denied(finding, findings)]


def _denied(finding: Finding, findings: list[Finding]) -> bool:
    if finding.code == OTHER or loudness(finding.presence) >= SEEN_FROM:
        return False
    seen = [f for f in findings if f.code == finding.code and loudness(f.presence) >= SEEN_FROM]
    side = finding.laterality
    whole = (None, Laterality.BILATERAL)
    return any(side in whole or f.laterality in (*whole, side) for f in seen)
