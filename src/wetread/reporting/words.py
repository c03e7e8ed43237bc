"""Sentences by table, and foreign text made inert."""

import tomllib
import unicodedata
from functools import cache

from wetread.domain.clinical_data import shipped
from wetread.domain.finding import Finding, is_calibrated
from wetread.domain.report import Report


@cache
def _tables() -> dict[str, dict[str, str]]:
    tables = tomllib.loads(shipped("wording.toml"))
    return {name: table for name, table in tables.items() if isinstance(table, dict)}


def sentence(table: str, key: str, **parts: object) -> str:
    """A sentence of wording.toml with its parts filled in."""
    return _tables()[table][key].format(**parts)


def words_of(table: str) -> tuple[str, ...]:
    """The words that a table lists."""
    return tuple(_tables()[table])


def unsayable() -> frozenset[str]:
    """Codes that no report prints: they claim a study without findings, which nobody can read off it."""
    return frozenset(_tables()["unsayable"])


def region_of(body_part: str | None) -> str | None:
    """The vocabulary's region of a body part; None where it is unknown."""
    return _tables()["region"].get(body_part or "")


def inert(text: str) -> str:
    """Foreign text on one line: control, escape and direction characters become a replacement character."""
    return "".join(c if c.isprintable() else _stand_in(c) for c in text)


def _stand_in(character: str) -> str:
    """A space for any kind of space (names in Chinese and Japanese are written with wide ones)."""
    blank = character in "\n\r\t" or unicodedata.category(character) == "Zs"
    return " " if blank else "\N{REPLACEMENT CHARACTER}"


def percent(probability: float | None, calibrator_id: str | None) -> str:
    """A percentage only where a calibrator of its own stands behind the number, else "not stated"."""
    if probability is None or not is_calibrated(calibrator_id):
        return sentence("probability", "not_stated")
    return sentence("probability", "stated", percent=f"{100 * probability:.0f}")


def named(report: Report, code: str) -> str:
    """What people call a code; the code itself where the vocabulary does not know it."""
    term = report.terms.get(code)
    return term.label if term else inert(code)


def told(report: Report, finding: Finding) -> str:
    """A finding in words: side, name, place, size, change, and whether only the clinical text made it seen."""
    side = f"{finding.laterality.value} " if finding.laterality else ""
    size = finding.size
    facts = (
        inert(finding.location or ""),
        inert(f"{size.value:g} {size.unit}, {size.method.replace('_', ' ')}") if size else "",
        inert(finding.temporal or ""),
        sentence("mark", "context") if finding.context_dependent else "",
    )
    place = "; ".join(filter(None, facts))
    return f"{side}{named(report, finding.code)}{f' ({place})' if place else ''}"


def notice(report: Report) -> str:
    """Who stands behind the vocabulary and the policy."""
    trace = report.provenance
    if trace.vocabulary_signed_off_by is None:
        return sentence("notice", "unsigned", vocabulary=trace.vocabulary_version, policy=trace.policy_version)
    who = inert(trace.vocabulary_signed_off_by)
    return sentence("notice", "signed", vocabulary=trace.vocabulary_version, policy=trace.policy_version, who=who)


def within(minutes: int) -> str:
    """Minutes as people say them; 0 means in turn."""
    if minutes <= 0:
        return "in turn"
    return f"within {minutes} min" if minutes < 120 else f"within {minutes / 60:g} h"
