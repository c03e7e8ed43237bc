"""Two findings on one code and side become one, and what anyone saw stays seen."""

from collections.abc import Iterable
from dataclasses import replace

from wetread.domain.finding import Finding, Laterality, Presence

Key = tuple[str, Laterality | None]
ORDER = (Presence.NOT_ASSESSABLE, Presence.ABSENT, Presence.UNCERTAIN, Presence.PRESENT)


def key_of(finding: Finding) -> Key:
    """Code and side: what makes two findings one."""
    return finding.code, finding.laterality


def loudest(findings: Iterable[Finding]) -> Finding:
    """The one that says most: present before uncertain, absent, not assessable; the first of equals."""
    return max(findings, key=lambda finding: ORDER.index(finding.presence))


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding per code and side, in the order of their first; present wins and every place is kept."""
    groups: dict[Key, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key_of(finding), []).append(finding)
    return tuple(_one(group) for group in groups.values())


def _one(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    return replace(
        loudest(group),
        claims_critical=any(finding.claims_critical for finding in group),
        evidence=tuple(dict.fromkeys(place for finding in group for place in finding.evidence)),
    )
