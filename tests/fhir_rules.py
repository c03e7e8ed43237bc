"""What a bundle of ours must be, told independently of the code that writes it: every break is a sentence."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from urllib.parse import unquote
from xml.etree import ElementTree

from pydicom.sr import _concepts_dict

STATUSES = {
    "DiagnosticReport": {"preliminary", "final", "amended", "corrected", "entered-in-error", "cancelled"},
    "Observation": {"preliminary", "final", "amended", "corrected", "entered-in-error"},
    "Task": {"requested", "completed", "cancelled"},
    "ServiceRequest": {"active"},
    "ImagingStudy": {"available"},
    "Device": {"active"},
}
NEEDED = {
    "DiagnosticReport": {"identifier", "status", "category", "code", "subject", "issued", "imagingStudy", "conclusion"},
    "Observation": {"identifier", "status", "category", "code", "subject", "issued", "derivedFrom", "text"},
    "Task": {"identifier", "status", "intent", "code", "focus", "for", "requester"},
    "ServiceRequest": {"identifier", "status", "intent", "subject"},
    "ImagingStudy": {"identifier", "status", "subject"},
    "Device": {"identifier", "status", "version", "deviceName"},
    "Patient": {"identifier"},
    "Provenance": {"meta", "target", "recorded", "agent", "entity"},
}
TARGETS = {
    "subject": {"Patient"},
    "for": {"Patient"},
    "focus": {"DiagnosticReport"},
    "derivedFrom": {"ImagingStudy"},
    "imagingStudy": {"ImagingStudy"},
    "result": {"Observation"},
    "device": {"Device"},
    "requester": {"Device"},
    "basedOn": {"ServiceRequest"},
    "target": {"DiagnosticReport", "Observation"},
}
ONCE = {"Patient", "ServiceRequest", "ImagingStudy", "Device", "Provenance"}
SCHEMES = {
    "http://dicom.nema.org/resources/ontology/DCM": "DCM",
    "http://snomed.info/sct": "SCT",
    "http://radlex.org": "RADLEX",
}
OWN = "urn:wetread:99WETREAD"
AI = "AIAST"
LIVE = re.compile(r"(?i)^(script|style|iframe|object|embed|form|input|img|a)$")
LOCAL_MEANINGS = {("SCT", "51440002"): {"Bilateral", "Right and left"}}


def broken(bundle: dict) -> list[str]:
    """Everything that is wrong with it."""
    return [f"{where}: {what}" for where, what in _broken(bundle)]


def _broken(bundle: dict) -> Iterator[tuple[str, str]]:
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        yield "Bundle", "no transaction"
    entries = bundle.get("entry", [])
    kinds = {entry.get("fullUrl"): entry.get("resource", {}).get("resourceType") for entry in entries}
    if len(kinds) != len(entries):
        yield "Bundle", "two entries of one name"
    counts = list(kinds.values())
    for kind in ("Patient", "ImagingStudy", "DiagnosticReport", "Task", "Provenance"):
        if counts.count(kind) != 1:
            yield "Bundle", f"{counts.count(kind)} of {kind}"
    for entry in entries:
        resource = entry["resource"]
        name = resource.get("resourceType")
        for what in (*_request(entry), *_shape(resource), *_values(resource), *_codings(resource)):
            yield name, what
        for what in (*_references(resource, kinds), *_narrative(resource)):
            yield name, what
    yield from _meaning(
        {kind: [e["resource"] for e in entries if e["resource"].get("resourceType") == kind] for kind in NEEDED}
    )


def _request(entry: dict) -> Iterator[str]:
    resource, request = entry["resource"], entry.get("request", {})
    kind, url = resource.get("resourceType"), request.get("url", "")
    if kind in ONCE:
        if request.get("method") != "POST" or url != kind or "|" not in request.get("ifNoneExist", ""):
            yield "would be made twice by a re-send"
        search = request.get("ifNoneExist", "")
    else:
        if request.get("method") != "PUT" or not url.startswith(f"{kind}?identifier=") or "|" not in url:
            yield "would be made twice by a re-send"
        search = url.partition("?")[2]
    if kind == "Provenance":
        held = [f"{tag.get('system')}|{tag.get('code')}" for tag in resource.get("meta", {}).get("tag", [])]
    else:
        held = [f"{one.get('system')}|{one.get('value')}" for one in resource.get("identifier", [])]
    if re.sub(r"\\(.)", r"\1", unquote(search.partition("=")[2])) not in held:
        yield "is searched under an identifier that it does not bear"


def _shape(resource: dict) -> Iterator[str]:
    kind = resource.get("resourceType")
    for name in NEEDED.get(kind, set()) - resource.keys():
        yield f"lacks {name}"
    if kind in STATUSES and resource.get("status") not in STATUSES[kind]:
        yield f"status {resource.get('status')!r}"
    if len([name for name in resource if re.match(r"(value|effective|onset)[A-Z]", name)]) > 2:
        yield "says one thing in two ways"
    if sum(name.startswith("value") for name in resource) > 1:
        yield "two values"
    if "dataAbsentReason" in resource and any(name.startswith("value") for name in resource):
        yield "a value and the reason for none"


def _values(part: object, path: str = "") -> Iterator[str]:
    if part in ("", [], {}, None):
        yield f"{path} is empty"
    elif isinstance(part, dict):
        for name, one in part.items():
            yield from _values(one, f"{path}.{name}")
            if name in {"issued", "recorded", "authoredOn", "lastModified", "timestamp", "end", "creation"}:
                yield from _moment(one, name)
            if name in {"birthDate", "started", "effectiveDateTime"}:
                yield from _day(one, name)
    elif isinstance(part, list):
        for one in part:
            yield from _values(one, path)
    elif isinstance(part, str) and any(ord(c) < 32 and c not in "\n\t" for c in part):
        yield f"{path} holds a control character"


def _moment(text: str, name: str) -> Iterator[str]:
    try:
        if datetime.fromisoformat(text).tzinfo is None:
            yield f"{name} has no zone"
    except ValueError:
        yield f"{name} is no moment"


def _day(text: str, name: str) -> Iterator[str]:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        yield f"{name} is no date"


def _codings(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        scheme = SCHEMES.get(str(part.get("system")))
        if scheme and "code" in part and "display" in part:
            yield from _meaning_of(scheme, part["code"], part["display"])
        for one in part.values():
            yield from _codings(one)
    elif isinstance(part, list):
        for one in part:
            yield from _codings(one)


def _meaning_of(scheme: str, code: str, display: str) -> Iterator[str]:
    """No validator knows whether a display means what its code does; pydicom's dictionary does."""
    meanings = {
        meaning
        for keyword in _concepts_dict.concepts[scheme].values()
        for c, (meaning, _) in keyword.items()
        if c == code
    } | LOCAL_MEANINGS.get((scheme, code), set())
    plain = {re.sub(r" \([a-z ]+\)$", "", meaning).casefold() for meaning in meanings}
    if meanings and re.sub(r" \([a-z ]+\)$", "", display).casefold() not in plain:
        yield f"{scheme} {code} means {sorted(meanings)}, not {display!r}"


def _references(part: object, kinds: dict[str, str], under: str = "") -> Iterator[str]:
    if isinstance(part, dict):
        goal = part.get("reference")
        if goal is not None:
            if goal not in kinds:
                yield f"{under} leads nowhere"
            elif under in TARGETS and kinds[goal] not in TARGETS[under]:
                yield f"{under} leads to a {kinds[goal]}"
        for name, one in part.items():
            yield from _references(one, kinds, name)
    elif isinstance(part, list):
        for one in part:
            yield from _references(one, kinds, under)


def _narrative(resource: dict) -> Iterator[str]:
    div = resource.get("text", {}).get("div")
    if div is None:
        return
    try:
        root = ElementTree.fromstring(div)
    except ElementTree.ParseError as problem:
        yield f"its narrative is no XML ({problem})"
        return
    if root.tag != "{http://www.w3.org/1999/xhtml}div":
        yield "its narrative is no XHTML div"
    for element in root.iter():
        if LIVE.match(element.tag.rpartition("}")[2]) or any(name.lower().startswith("on") for name in element.attrib):
            yield "its narrative is live"


def _meaning(there: dict[str, list[dict]]) -> Iterator[tuple[str, str]]:
    report, task, provenance = (there[kind][0] for kind in ("DiagnosticReport", "Task", "Provenance"))
    banner = ElementTree.fromstring(report["text"]["div"])[0][0].text if "text" in report else None
    if not banner or not report.get("conclusion", "").startswith(banner):
        yield "DiagnosticReport", "its conclusion does not start with the banner"
    codes = [coding.get("code") for coding in report.get("code", {}).get("coding", [])]
    if "18782-3" not in codes:
        yield "DiagnosticReport", "its code is not that of a radiology narrative"
    preliminary = report.get("status") == "preliminary"
    if preliminary != (task.get("status") == "requested"):
        yield "Task", "the review asked for does not fit the report"
    people = [a for a in provenance.get("agent", []) if a.get("who", {}).get("type") == "Practitioner"]
    if preliminary == bool(people):
        yield "Provenance", "a person without a signature, or a signature without a person"
    if preliminary and ("performer" in report or "resultsInterpreter" in report):
        yield "DiagnosticReport", "a human interpreter without a signature"
    yield from _findings(there["Observation"], report)


def _findings(observations: list[dict], report: dict) -> Iterator[tuple[str, str]]:
    standing = [one for one in observations if one.get("status") != "entered-in-error"]
    if report.get("status") in {"entered-in-error", "cancelled"} and standing:
        yield "Observation", "it stands although the report was withdrawn"
    by_ai = [one for one in standing if AI in _marks(one)]
    if report.get("status") == "preliminary":
        said = [one for one in standing if "dataAbsentReason" not in one]
        if len(by_ai) != len(said):
            yield "Observation", "an AI's statement without its mark"
        if said and AI not in _marks(report):
            yield "DiagnosticReport", "an AI's report without its mark"
    yield from _coded(observations)
    for one in by_ai:
        if "device" not in one:
            yield "Observation", "an AI's statement without its device"


def _coded(observations: list[dict]) -> Iterator[tuple[str, str]]:
    for one in observations:
        coding = one.get("code", {}).get("coding", [{}])[0]
        if coding.get("system") != OWN:
            yield "Observation", "another code stands before our own"
        for component in one.get("component", []):
            value = component.get("valueQuantity", {})
            is_certainty = component["code"].get("coding", [{}])[0].get("code") == "111012"
            if is_certainty and value and not (0 <= value.get("value", -1) <= 100 and value.get("code") == "%"):
                yield "Observation", "a certainty that is no percentage"


def _marks(resource: dict) -> set[str]:
    return {one.get("code") for one in resource.get("meta", {}).get("security", [])}
