"""What a FHIR server's answers say, read with care: they come from outside and may repeat who the patient is."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from wetread.domain.report import Report

LONGEST = 300
TAKEN = re.compile(r"20[01]\b")
STATUS = re.compile(r"[1-5]\d\d\b")
LOCATION = re.compile(r"DiagnosticReport/([A-Za-z0-9.-]{1,64})")
FOR_NOW = frozenset((408, 409, 412, 425, 429))  # beside all of 500 and above but 501
LASTING_5XX = 501


def parsed(body: bytes) -> Mapping[str, Any] | None:
    """The resource that it answers with, None where that is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def may_succeed_later(status: int) -> bool:
    """Whether a refusal of that status may end by itself."""
    return status in FOR_NOW or (status >= 500 and status != LASTING_5XX)


def entries_of(told: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The entries of a bundle, none where it is no bundle."""
    entries = told.get("entry") if told else None
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def statuses_of(entries: list[Mapping[str, Any]]) -> list[int]:
    """The status of each entry of a transaction's response; 0 where it tells none."""
    told = [str(_response(one).get("status", "")) for one in entries]
    return [int(status[:3]) if STATUS.match(status) else 0 for status in told]


def place_of_report(entries: list[Mapping[str, Any]]) -> str | None:
    """Where the server keeps the report, as `DiagnosticReport/ID`."""
    for one in entries:
        found = LOCATION.search(str(_response(one).get("location", "")))
        if found:
            return f"DiagnosticReport/{found[1]}"
    return None


def reported_under(entries: list[Mapping[str, Any]], system: str, report_id: str) -> str | None:
    """The id of a report among search results that bears the report's own identifier."""
    for one in entries:
        resource = one.get("resource")
        if not isinstance(resource, dict) or resource.get("resourceType") != "DiagnosticReport":
            continue
        named = resource.get("identifier")
        wanted = {"system": system, "value": report_id}
        if isinstance(named, list) and any(wanted.items() <= n.items() for n in named if isinstance(n, dict)):
            return str(resource.get("id", ""))[:64] or None
    return None


def why(told: Mapping[str, Any] | None, report: Report) -> str:
    """What an OperationOutcome, or the outcomes of a bundle's entries, give as reasons; no word of the patient's."""
    if told is None:
        return ""
    outcomes = [told, *(_response(one).get("outcome") for one in entries_of(told))]
    reasons = [reason for outcome in outcomes for reason in _reasons(outcome)]
    text = _unnamed("; ".join(dict.fromkeys(reasons)), report)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _reasons(outcome: object) -> Iterator[str]:
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    for issue in issues if isinstance(issues, list) else []:
        if not isinstance(issue, dict) or issue.get("severity") in {"information", "warning"}:
            continue
        details = issue.get("details")
        words = [issue.get("code"), details.get("text") if isinstance(details, dict) else None]
        words.append(issue.get("diagnostics"))
        yield " ".join(_plain(word) for word in words if isinstance(word, str))


def _plain(word: str) -> str:
    return "".join(c if c.isprintable() else " " for c in word[: 4 * LONGEST])


def _unnamed(text: str, report: Report) -> str:
    """Servers quote what they were sent; a log must not."""
    study = report.study
    told = (study.patient.patient_id, study.patient.birth_date, study.accession_number, study.study_uid)
    names = re.split(r"[\^=\s]+", study.patient.name or "")
    for word in sorted({*filter(None, (*told, *names, *study.identifying))}, key=len, reverse=True):
        if len(word) > 1:
            text = re.sub(re.escape(word), "[…]", text, flags=re.IGNORECASE)
    return text


def _response(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    response = entry.get("response")
    return response if isinstance(response, dict) else {}
