"""Lines of the audit in the words of others: FHIR R4 AuditEvent, and the audit message of DICOM PS3.15 A.5 (ATNA)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from xml.etree import ElementTree as ET

from wetread.domain.audit import Action, AuditEntry, Outcome

DCM = "http://dicom.nema.org/resources/ontology/DCM"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
OUTCOMES = {Outcome.SUCCESS: "0", Outcome.REFUSED: "4", Outcome.FAILED: "8"}
MEANINGS = {
    "110100": "Application Activity",
    "110101": "Audit Log Used",
    "110103": "DICOM Instances Accessed",
    "110106": "Export",
    "110107": "Import",
    "110111": "Procedure Record",
    "110112": "Query",
    "110113": "Security Alert",
    "110114": "User Authentication",
    "110120": "Application Start",
    "110121": "Application Stop",
    "110122": "Login",
    "110123": "Logout",
    "110131": "Software Configuration",
    "110132": "Use of Restricted Function",
    "110136": "Security Roles Changed",
    "110137": "User Security Attributes Changed",
}


class Style(StrEnum):
    """How the audit is written out: our lines, FHIR AuditEvents (both a JSON document a line), ATNA messages (XML)."""

    JSONL = "jsonl"
    FHIR = "fhir"
    ATNA = "atna"


@dataclass(frozen=True, slots=True)
class Kind:
    """What an action is to the standards: event, event type (DCM), and C, R, U, D or E."""

    event: str
    subtype: str | None
    letter: str


KINDS: Mapping[str, Kind] = {
    Action.START: Kind("110100", "110120", "E"),
    Action.STOP: Kind("110100", "110121", "E"),
    Action.LOGIN: Kind("110114", "110122", "E"),
    Action.LOGIN_REFUSED: Kind("110114", "110122", "E"),
    Action.LOGOUT: Kind("110114", "110123", "E"),
    Action.ACCESS_REFUSED: Kind("110113", "110132", "E"),
    Action.WORKLIST_VIEW: Kind("110112", None, "E"),
    Action.SEARCH: Kind("110112", None, "E"),
    Action.STUDY_VIEW: Kind("110103", None, "R"),
    Action.PIXELS_VIEW: Kind("110103", None, "R"),
    Action.EXPORT: Kind("110106", None, "R"),
    Action.DELIVERED: Kind("110106", None, "R"),
    Action.REIDENTIFY: Kind("110113", "110132", "R"),
    Action.UPLOAD: Kind("110107", None, "C"),
    Action.PRIORITY_OVERRIDE: Kind("110111", None, "U"),
    Action.DECISION: Kind("110111", None, "U"),
    Action.DRAFT: Kind("110111", None, "U"),
    Action.COMMUNICATION: Kind("110111", None, "U"),
    Action.AI_SHOWN: Kind("110103", None, "R"),
    Action.SIGN: Kind("110111", None, "U"),
    Action.ADDENDUM: Kind("110111", None, "U"),
    Action.WITHDRAW: Kind("110111", None, "U"),
    Action.SEND: Kind("110106", None, "R"),
    Action.ASSIGN: Kind("110111", None, "U"),
    Action.LOCK: Kind("110111", None, "U"),
    Action.ORDER_MATCH: Kind("110111", None, "U"),
    Action.EVALUATION_VIEW: Kind("110112", None, "E"),
    Action.ADJUDICATE: Kind("110111", None, "U"),
    Action.PROMOTE: Kind("110113", "110131", "U"),
    Action.ROLLBACK: Kind("110113", "110131", "U"),
    Action.BASELINE: Kind("110113", "110131", "U"),
    Action.SENTINEL: Kind("110113", "110131", "U"),
    Action.READ_REQUEST: Kind("110111", None, "U"),
    Action.JOB_RETRY: Kind("110100", None, "E"),
    Action.JOB_CANCEL: Kind("110100", None, "E"),
    Action.USER_VIEW: Kind("110100", None, "R"),
    Action.USER_CREATE: Kind("110113", "110137", "C"),
    Action.USER_CHANGE: Kind("110113", "110136", "U"),
    Action.PASSWORD_CHANGE: Kind("110113", "110137", "U"),
    Action.TOKEN_CREATE: Kind("110113", "110137", "C"),
    Action.TOKEN_REVOKE: Kind("110113", "110137", "D"),
    Action.SETTINGS_VIEW: Kind("110100", None, "R"),
    Action.OPERATIONS_VIEW: Kind("110100", None, "R"),
    Action.AUDIT_VIEW: Kind("110101", None, "R"),
    Action.AUDIT_EXPORT: Kind("110101", None, "R"),
}
OTHER = Kind("110100", None, "E")


def written(lines: Iterable[AuditEntry], style: Style) -> Iterator[str]:
    """The lines as text, each with its line end."""
    for entry in lines:
        if style is Style.ATNA:
            yield audit_message(entry) + "\n"
        elif style is Style.FHIR:
            yield json.dumps(audit_event(entry)) + "\n"
        else:
            yield json.dumps({**asdict(entry), "at": entry.at.isoformat()}) + "\n"


def audit_event(entry: AuditEntry, *, site: str | None = None) -> dict[str, Any]:
    """The line as a FHIR R4 AuditEvent (https://hl7.org/fhir/R4/auditevent.html). It names studies by our id alone."""
    kind = KINDS.get(entry.action, OTHER)
    subtypes = [] if kind.subtype is None else [_dcm(kind.subtype)]
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"audit-{entry.seq}",
        "type": _dcm(kind.event),
        "subtype": [*subtypes, {"system": "urn:wetread:audit-action", "code": entry.action}],
        "action": kind.letter,
        "recorded": entry.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": _outcome(entry),
        "agent": [_agent(entry)],
        "source": {
            "observer": {"display": "wetread"},
            "type": [{"system": f"{TERMINOLOGY}/security-source-type", "code": "4", "display": "Application Server"}],
        },
        "entity": [_entity(entry)],
    }
    if site:
        event["source"]["site"] = site
    if why := entry.data.get("why"):
        event["outcomeDesc"] = str(why)
    return event


def audit_message(entry: AuditEntry) -> str:
    """The line as an audit message of DICOM PS3.15 A.5.1 (XML, one line), as syslog carries it to a repository."""
    kind = KINDS.get(entry.action, OTHER)
    message = ET.Element("AuditMessage")
    told = {
        "EventActionCode": kind.letter,
        "EventDateTime": entry.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "EventOutcomeIndicator": _outcome(entry),
    }
    event = ET.SubElement(message, "EventIdentification", told)
    _code(event, "EventID", kind.event)
    if kind.subtype is not None:
        _code(event, "EventTypeCode", kind.subtype)
    if why := entry.data.get("why"):
        ET.SubElement(event, "EventOutcomeDescription").text = str(why)
    who = {"UserID": entry.actor, "UserIsRequestor": "true"}
    if entry.address:
        who |= {"NetworkAccessPointID": entry.address, "NetworkAccessPointTypeCode": _access_point(entry.address)}
    participant = ET.SubElement(message, "ActiveParticipant", who)
    for role in entry.roles:
        ET.SubElement(participant, "RoleIDCode", _words(role, "99WETREAD", role))
    source = ET.SubElement(message, "AuditSourceIdentification", {"AuditSourceID": "wetread"})
    ET.SubElement(source, "AuditSourceTypeCode", {"csd-code": "4"})  # application server
    _touched(message, entry)
    return ET.tostring(message, encoding="unicode")


def _touched(message: ET.Element, entry: AuditEntry) -> None:
    is_person = entry.object.startswith("user/")
    told = {
        "ParticipantObjectID": entry.object,
        "ParticipantObjectTypeCode": "1" if is_person else "2",
        "ParticipantObjectTypeCodeRole": "11" if is_person else "3",
    }
    touched = ET.SubElement(message, "ParticipantObjectIdentification", told)
    kind_of_id = ("11", "User Identifier") if is_person else ("12", "URI")
    ET.SubElement(touched, "ParticipantObjectIDTypeCode", _words(kind_of_id[0], "RFC-3881", kind_of_id[1]))
    ET.SubElement(touched, "ParticipantObjectName").text = entry.action


def _agent(entry: AuditEntry) -> dict[str, Any]:
    agent: dict[str, Any] = {
        "who": {"identifier": {"system": "urn:wetread:people", "value": entry.actor}},
        "altId": entry.actor,
        "requestor": True,
    }
    if entry.roles:
        agent["role"] = [{"text": role} for role in entry.roles]
    if entry.address:
        agent["network"] = {"address": entry.address, "type": _access_point(entry.address)}
    return agent


def _entity(entry: AuditEntry) -> dict[str, Any]:
    person = entry.object.startswith("user/")
    type_ = ("1", "Person") if person else ("2", "System Object")
    role = ("11", "Security User Entity") if person else ("3", "Report")
    if not person and not entry.object.startswith("study/"):
        role = ("4", "Domain Resource")
    details = [{"type": key, "valueString": str(value)} for key, value in sorted(entry.data.items()) if str(value)]
    details.append({"type": "chain", "valueString": f"{entry.seq}:{entry.hash}"})
    return {
        "what": {"identifier": {"system": "urn:wetread:objects", "value": entry.object}},
        "type": {"system": f"{TERMINOLOGY}/audit-entity-type", "code": type_[0], "display": type_[1]},
        "role": {"system": f"{TERMINOLOGY}/object-role", "code": role[0], "display": role[1]},
        "detail": details,
    }


def _dcm(code: str) -> dict[str, str]:
    return {"system": DCM, "code": code, "display": MEANINGS[code]}


def _code(parent: ET.Element, tag: str, code: str) -> None:
    ET.SubElement(parent, tag, _words(code, "DCM", MEANINGS[code]))


def _words(code: str, system: str, meaning: str) -> dict[str, str]:
    return {"csd-code": code, "codeSystemName": system, "originalText": meaning}


def _outcome(entry: AuditEntry) -> str:
    """0 success, 4 minor failure, 8 serious failure; 12 for what no line of ours says."""
    return {outcome.value: number for outcome, number in OUTCOMES.items()}.get(entry.outcome, "12")


def _access_point(address: str) -> str:
    """2 for an IP address, 1 for a machine's name."""
    try:
        ip_address(address)
    except ValueError:
        return "1"
    return "2"
