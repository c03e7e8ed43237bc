"""Where findings lie: boxes on the same place and words for the same zone are told once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wetread.domain.finding import Evidence, Finding, Laterality
from wetread.panel.rulebook import rulebook

# Who draws a box closer to the finding: of two on one place the closer stays.
CLOSENESS = {"human": 0, "cam": 1, "vlm": 2, "vlm_grid": 3}
OTHER_CLOSENESS = 1
Zone = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Placed:
    reader: str
    zone: Zone | None
    evidence: Evidence


def joined_places(told: Sequence[tuple[str, Finding]]) -> tuple[Evidence, ...]:
    """Boxes of all readers. One place is told once: by overlap, or by zone and side where two readers name them."""
    kept: list[_Placed] = []
    for reader, finding in told:
        zone = zone_of(finding.location, finding.laterality)
        for found in finding.evidence:
            placed = _Placed(reader, zone, found)
            twin = next((n for n, other in enumerate(kept) if _same_place(placed, other)), None)
            if twin is None:
                kept.append(placed)
            elif _closeness(found) < _closeness(kept[twin].evidence):
                kept[twin] = placed
    return tuple(placed.evidence for placed in kept)


def named_places(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The locations in the readers' own words, each zone of a side once."""
    told: dict[Zone, str] = {}
    for finding in findings:
        zone = zone_of(finding.location, finding.laterality)
        if zone is not None and finding.location:
            told.setdefault(zone, finding.location)
    return tuple(told.values())


def zone_of(location: str | None, laterality: Laterality | None) -> Zone | None:
    """Zone and side of a location in words; words that no table knows are a zone of their own. None without words."""
    words = " ".join(re.findall(r"\w+", (location or "").casefold()))
    if not words:
        return None
    zones = _named(words, rulebook().zone)
    sides = _named(words, rulebook().side)
    side = laterality.value if laterality else (sides.pop() if len(sides) == 1 else "")
    return (zones.pop() if len(zones) == 1 else words), side


def _named(words: str, table: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {name for name, known in table.items() if any(f" {phrase} " in f" {words} " for phrase in known)}


def _same_place(a: _Placed, b: _Placed) -> bool:
    if (a.evidence.file, a.evidence.frame) != (b.evidence.file, b.evidence.frame):
        return False
    if iou(a.evidence.box, b.evidence.box) >= rulebook().same_iou:
        return True
    return a.reader != b.reader and a.zone is not None and a.zone == b.zone


def _closeness(evidence: Evidence) -> int:
    return CLOSENESS.get(evidence.origin, OTHER_CLOSENESS)


def iou(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
