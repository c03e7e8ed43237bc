"""The small parts that FHIR resources are built of, and where a resource is found again on any server."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from wetread.delivery.objects.codes import OWN_SCHEME, Code

Json = dict[str, Any]

OURS = UUID("6f1d5a3e-8f5c-5c39-9a04-3f0f6d1f7c55")  # namespace of the names that entries have within a bundle
LONGEST = 64_000  # characters of one text; FHIR allows 1 MB (https://hl7.org/fhir/R4/datatypes.html#string)
REFUSED = frozenset(("Cc", "Cs", "Cn"))  # control characters, lone surrogates, what is no character
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # would turn the text around them


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a resource lies on any server: its type and the identifier that finds it again.

    `by` is the search parameter. The names within a bundle follow from it, so that a re-send is the same bytes.
    """

    kind: str
    system: str
    value: str
    by: str = "identifier"

    @property
    def search(self) -> str:
        """The search that finds it (https://hl7.org/fhir/R4/search.html#token)."""
        return f"{self.by}={_token(self.system)}|{_token(self.value)}"

    @property
    def full_url(self) -> str:
        """Its name within the bundle."""
        return f"urn:uuid:{uuid5(OURS, f'{self.kind}?{self.search}')}"

    @property
    def identifier(self) -> Json:
        """The identifier."""
        return {"system": self.system, "value": self.value}

    def reference(self, display: str | None = None) -> Json:
        """A reference to it from the same bundle."""
        return built(reference=self.full_url, display=words(display))


def _token(text: str) -> str:
    escaped = "".join(f"\\{c}" if c in "\\,$|" else c for c in text)
    return quote(escaped, safe=":/")


def once(place: Place, resource: Json) -> Json:
    """The entry that makes a resource where there is none; one that is there stays as it is."""
    request = {"method": "POST", "url": place.kind, "ifNoneExist": place.search}
    return {"fullUrl": place.full_url, "resource": {"resourceType": place.kind, **resource}, "request": request}


def anew(place: Place, resource: Json) -> Json:
    """The entry that makes a resource or takes the place of what it said before."""
    request = {"method": "PUT", "url": f"{place.kind}?{place.search}"}
    return {"fullUrl": place.full_url, "resource": {"resourceType": place.kind, **resource}, "request": request}


def built(**parts: object) -> Json:
    """The parts that say anything: FHIR knows no empty value."""
    return {name: part for name, part in parts.items() if part is not None and part not in ("", [], {}, ())}


def words(text: str | None, longest: int = LONGEST) -> str | None:
    """Foreign text as FHIR takes it: what is no character is replaced, nothing else is changed; None where blank."""
    if text is None:
        return None
    plain = "".join(_character(c) for c in text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(plain) > longest:
        plain = f"{plain[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"
    return plain or None


def one_line(text: str | None, longest: int = 1000) -> str | None:
    """Such text on one line."""
    plain = words(text, longest)
    return " ".join(plain.split()) if plain else None


def _character(character: str) -> str:
    if character in "\n\t":
        return character
    refused = character in DIRECTIONS or unicodedata.category(character) in REFUSED
    return "\N{REPLACEMENT CHARACTER}" if refused else character


def coding(system: str | None, code: str, display: str | None = None) -> Json:
    """A code of a system."""
    return built(system=system, code="_".join(code.split()), display=one_line(display))


def published(code: Code) -> Json:
    """A code of the tables in FHIR's names of their systems."""
    return coding(OWN_CODES if code.scheme == OWN_SCHEME else SYSTEMS.get(code.scheme), code.value, code.meaning)


def concept(*codings: Json, text: str | None = None) -> Json:
    """A concept, the first coding being the one that says it best."""
    return built(coding=list(codings), text=one_line(text))


def day(told: str | None) -> str | None:
    """A date (ISO 8601) that there is, None for any other text."""
    try:
        return date.fromisoformat(told or "").isoformat()
    except ValueError:
        return None


def instant(at: datetime) -> str:
    """A moment in UTC, to the second.

    Raises: ValueError where it has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"a moment has a zone, {at!r} has none")
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def security(asserted_by_ai: bool) -> Json | None:
    """The mark on what an AI asserted (v3-ObservationValue, AIAST)."""
    if not asserted_by_ai:
        return None
    return {"security": [coding(f"{TERMINOLOGY}/v3-ObservationValue", "AIAST", "Artificial Intelligence asserted")]}


def joined(parts: Iterable[str | None], by: str = " ") -> str:
    """Those that say anything, in one line."""
    return by.join(part for part in parts if part)


TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RADLEX = "http://radlex.org"
UCUM = "http://unitsofmeasure.org"
URI = "urn:ietf:rfc:3986"
DICOM_UID = "urn:dicom:uid"
OWN_CODES = "urn:wetread:99WETREAD"
PEOPLE = "urn:wetread:people"
REPORTS = "urn:wetread:report"
SYSTEMS = {"DCM": DCM, "SCT": SCT, "SRT": "http://snomed.info/srt", "LN": LOINC, "RADLEX": RADLEX, "UCUM": UCUM}
