"""The later turns: what was found so far as JSON, the summing-up, and one repair."""

import json
from collections.abc import Sequence
from string import Template
from typing import Any, Protocol

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Quality
from wetread.readers.prompts.examinations import turns
from wetread.readers.prompts.fence import fenced, plain
from wetread.readers.prompts.sheet import Sheet

LONGEST_PROBLEM = 300
SEEN = (Presence.PRESENT, Presence.UNCERTAIN)


class Said(Protocol):
    """What a pass found, as far as the next one is told of it."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The coded findings, all presences."""
        ...

    @property
    def quality(self) -> Quality | None:
        """The quality the pass gave."""
        ...


def told_findings(said: Said) -> str:
    """Findings as compact JSON: what was seen with its details, the rest as lists of codes."""
    data: dict[str, Any] = {
        "quality": said.quality.grade if said.quality else "not_stated",
        "findings": [_told(finding) for finding in said.findings if finding.presence in SEEN],
        "absent": _codes(said.findings, Presence.ABSENT),
        "not_assessable": _codes(said.findings, Presence.NOT_ASSESSABLE),
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _told(finding: Finding) -> dict[str, Any]:
    facts = {
        "code": finding.code,
        "presence": finding.presence.value,
        "side": finding.laterality.value if finding.laterality else None,
        "confidence": round(100 * finding.confidence_raw) if finding.confidence_raw is not None else None,
        "location": plain(finding.location, 80) if finding.location else None,
        "rationale": plain(finding.rationale, 160) if finding.rationale else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _codes(findings: Sequence[Finding], presence: Presence) -> list[str]:
    return sorted({finding.code for finding in findings if finding.presence is presence})


def synthesis(sheet: Sheet, merged: Said, *, nonce: str) -> str:
    """The text of a call without pictures that sums a study's findings up."""
    return Template(turns().texts["synthesis"]).substitute(
        title=sheet.title, fence=fenced(told_findings(merged), nonce)
    )


def repair(problem: str) -> str:
    """The one repair turn: what was wrong, and the same question again."""
    return Template(turns().texts["repair"]).substitute(problem=plain(problem, LONGEST_PROBLEM).rstrip(".") + ".")
