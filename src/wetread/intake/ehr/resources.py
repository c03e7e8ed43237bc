"""FHIR resources as parts of an order. They come from outside: whatever is not as it should be is left out."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from wetread.domain.order import Laboratory, PriorReport
from wetread.intake.ehr.client import Item

LONGEST_LINE = 300
LONGEST_REPORT = 8000
ACTIVE = frozenset(("active", "recurrence", "relapse"))
WITHDRAWN = frozenset(("refuted", "entered-in-error"))
MEASURED = frozenset(("final", "amended", "corrected", "preliminary"))
REPORTED = frozenset(("final", "amended", "corrected", "appended"))
OURS = "urn:wetread:"  # identifiers of our own reports
BY_AI = "AIAST"
COMPARATORS = frozenset(("<", "<=", ">=", ">"))
SEXES = {"male": "M", "female": "F", "other": "O"}


def condition(item: Item) -> str | None:
    """An active condition in words."""
    if not _codes(item.get("clinicalStatus")) & ACTIVE or _codes(item.get("verificationStatus")) & WITHDRAWN:
        return None
    return _words(item.get("code"))


def medication(item: Item) -> str | None:
    """What a patient takes, with the dose where it is told."""
    if item.get("status") != "active":
        return None
    reference = item.get("medicationReference")
    name = _words(item.get("medicationCodeableConcept")) or (
        line(reference.get("display")) if isinstance(reference, dict) else None
    )
    doses = item.get("dosageInstruction") or item.get("dosage")
    dose = next((line(one.get("text")) for one in _items(doses)), None)
    return f"medication: {name}{f', {dose}' if dose else ''}" if name else None


def laboratory(item: Item) -> Laboratory | None:
    """A laboratory value as it was reported."""
    name = _words(item.get("code"))
    if str(item.get("status")) not in MEASURED or name is None:
        return None
    quantity = item.get("valueQuantity")
    if isinstance(quantity, dict):
        value, unit = _number(quantity), line(quantity.get("unit") or quantity.get("code"))
    else:
        value, unit = line(item.get("valueString")) or _words(item.get("valueCodeableConcept")), None
    if value is None:
        return None
    flags = (next(iter(_codes(one)), None) for one in _items(item.get("interpretation")))
    return Laboratory(name=name, value=value, unit=unit, flag=line(next(flags, None)))


def prior(item: Item, *, accession: str | None) -> PriorReport | None:
    """An earlier report that a human stands behind: never one of an AI, nor one of the study itself."""
    if str(item.get("status")) not in REPORTED or _is_by_ai(item):
        return None
    named = {str(one.get("value")) for one in _items(item.get("identifier"))}
    if accession is not None and accession in named:
        return None
    text = _text(item.get("conclusion")) or _form(item) or _narrative(item)
    return PriorReport(date=when(item), text=text) if text else None


def when(item: Item) -> str | None:
    """The day that a resource speaks of (ISO 8601), None where it tells none."""
    period = item.get("effectivePeriod")
    told = (
        item.get("effectiveDateTime"),
        period.get("start") if isinstance(period, dict) else None,
        item.get("issued"),
        item.get("recordedDate"),
        item.get("authoredOn"),
    )
    for text in told:
        if isinstance(text, str) and (day := _day(text)) is not None:
            return day.isoformat()
    return None


def newest_first(items: Iterable[Item]) -> list[Item]:
    """By the day, those without one last; servers are not trusted to sort."""
    return sorted(items, key=lambda item: when(item) or "", reverse=True)


def is_of(item: Item, patient_id: str) -> bool:
    """Whether a resource says that it is of that patient."""
    subject = item.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    return isinstance(reference, str) and f"/{reference.split('/_history')[0]}".endswith(f"/Patient/{patient_id}")


def birth_date(patient: Item) -> date | None:
    """The day a patient was born, where it is told whole."""
    told = patient.get("birthDate")
    return _day(told) if isinstance(told, str) else None


def sex(patient: Item) -> str | None:
    """A patient's sex as DICOM tells it (0010,0040)."""
    return SEXES.get(str(patient.get("gender")))


def line(text: object) -> str | None:
    """Foreign text on one line, cut where it is endless."""
    if not isinstance(text, str):
        return None
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain[:LONGEST_LINE] or None


def _text(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    plain = "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace("\r\n", "\n"))
    return plain.strip()[:LONGEST_REPORT] or None


def _number(quantity: Item) -> str | None:
    value = quantity.get("value")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    comparator = str(quantity.get("comparator"))
    return f"{comparator if comparator in COMPARATORS else ''}{value}"[:40]


def _words(concept: object) -> str | None:
    if not isinstance(concept, dict):
        return None
    displays = (line(one.get("display")) for one in _items(concept.get("coding")))
    return line(concept.get("text")) or next((one for one in displays if one), None)


def _codes(concept: object) -> set[str]:
    return {str(one.get("code")) for one in _items(concept.get("coding"))} if isinstance(concept, dict) else set()


def _items(told: object) -> Iterator[dict[str, Any]]:
    yield from (one for one in told if isinstance(one, dict)) if isinstance(told, list) else ()


def _is_by_ai(item: Item) -> bool:
    meta = item.get("meta")
    marks = {str(one.get("code")) for one in _items(meta.get("security"))} if isinstance(meta, dict) else set()
    ours = (str(one.get("system", "")).startswith(OURS) for one in _items(item.get("identifier")))
    return BY_AI in marks or any(ours)


def _form(item: Item) -> str | None:
    """The text among the forms that a report is presented in."""
    for form in _items(item.get("presentedForm")):
        data = form.get("data")
        if str(form.get("contentType", "")).startswith("text/plain") and isinstance(data, str):
            try:
                return _text(base64.b64decode(data, validate=True).decode("utf-8"))
            except (binascii.Error, ValueError):
                continue
    return None


def _narrative(item: Item) -> str | None:
    text = item.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    if not isinstance(div, str):
        return None
    reader = _Words()
    reader.feed(div[: 8 * LONGEST_REPORT])
    reader.close()
    return _text("\n".join(filter(None, ("".join(reader.told).split("\n")))))


class _Words(HTMLParser):
    """The words of a narrative without its marks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.told: list[str] = []

    def handle_data(self, data: str) -> None:
        self.told.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6"}:
            self.told.append("\n")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
