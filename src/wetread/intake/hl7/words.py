"""Data types of HL7 that orders and patients need: names, identifiers, times, priorities."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from wetread.domain.order import OrderPriority
from wetread.domain.waiting import PatientClass
from wetread.intake.hl7.message import MessageInvalid, Segment
from wetread.intake.hl7.tables import tables

LONGEST_ID = 128  # as the store keeps them
LONGEST_UID = 64  # PS3.5 9.1
UID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\.\d{1,6})?\d*([+-]\d{4})?")
REPRESENTATIONS = ("A", "I", "P")  # XPN.8 (table 4000), in the order of DICOM's component groups (PS3.5 6.2.1)
LEGAL = frozenset(("", "L", "D"))  # XPN.7 (table 0200): legal name, display name
KINDS_OF_ID = ("MR", "PI", "PT")  # CX.5 (table 0203), the best first

Repetitions = Sequence[tuple[str, ...]]


def part(words: Sequence[str], number: int) -> str:
    """Component `number` (from 1), empty where there is none."""
    return words[number - 1] if len(words) >= number else ""


def identifier(value: str | None, what: str) -> str | None:
    """An identifier as it is kept, None where it is empty.

    Raises: MessageInvalid where it is longer than any.
    """
    if not value:
        return None
    if len(value) > LONGEST_ID:
        raise MessageInvalid(f"{what} has {len(value)} characters; at most {LONGEST_ID} are kept")
    return value


def patient_id(found: Repetitions, what: str) -> str | None:
    """The patient's number among several (CX): a medical record number, a number of the patient's, else the first.

    Raises: MessageInvalid.
    """
    numbered = [words for words in found if part(words, 1)]
    for kind in KINDS_OF_ID:
        for words in numbered:
            if part(words, 5) == kind:
                return identifier(part(words, 1), what)
    return identifier(part(numbered[0], 1), what) if numbered else None


def name(found: Repetitions) -> str | None:
    """A person's name (XPN) as DICOM writes it: family^given^middle^prefix^suffix, one group a script."""
    legal = [words for words in found if part(words, 7) in LEGAL] or list(found)
    groups: dict[str, str] = {}
    for words in legal:
        family, given, middle, suffix, prefix = (part(words, n).replace("=", " ").strip() for n in range(1, 6))
        told = "^".join((family, given, middle, prefix, suffix)).rstrip("^")
        script = part(words, 8) if part(words, 8) in REPRESENTATIONS else "A"
        if told:
            groups.setdefault(script, told.replace("\n", " ")[:200])
    return "=".join(groups.get(script, "") for script in REPRESENTATIONS).rstrip("=") or None


def birth_date(value: str | None) -> str | None:
    """A whole date as ISO 8601; part of a date is none."""
    digits = (value or "")[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat() if len(digits) == 8 else None
    except ValueError:
        return None


def moment(value: str | None, zone: tzinfo | None) -> datetime | None:
    """A time (TS) that says at least day and hour. `zone` is the sender's where it names none; None: this place's."""
    found = TIME.fullmatch((value or "").strip())
    if found is None or found[4] is None:
        return None
    year, month, day, hour, minute, second = (int(n) if n else 0 for n in found.groups()[:6])
    try:
        told = datetime(year, month, day, hour, minute, second, tzinfo=_offset(found[8]) if found[8] else zone)
        return (told if told.tzinfo else told.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def sex(value: str | None) -> str | None:
    """M, F or O; None where it is unknown (table 0001)."""
    return tables()["sexes"].get((value or "").upper())


def patient_class(value: str | None) -> PatientClass:
    """Where the patient is (PV1-2)."""
    return PatientClass(tables()["patient_classes"].get((value or "").upper(), PatientClass.UNKNOWN))


def priority(values: Iterable[str | None]) -> OrderPriority | None:
    """The most urgent that any of the words says; None where none is known (table 0485)."""
    known = tables()["priorities"]
    said = {OrderPriority(known[word]) for value in values if (word := (value or "").upper().strip()) in known}
    return next((one for one in OrderPriority if one in said), None)


def study_uid(value: str | None, what: str) -> str | None:
    """A Study Instance UID.

    Raises: MessageInvalid where it is none.
    """
    if not value:
        return None
    if len(value) > LONGEST_UID or not UID.fullmatch(value):
        raise MessageInvalid(f"{what} is no UID")
    return value


def coded(segment: Segment, field: int) -> tuple[str | None, str | None, str | None]:
    """Code, text and coding system of a coded element; its text where it has no code."""
    return segment.word(field, 1), segment.word(field, 2), segment.word(field, 3)


def meaning(segment: Segment, field: int) -> str | None:
    """What a coded element says in words: all its repetitions, text before code."""
    told = [part(words, 2) or part(words, 9) or part(words, 1) for words in segment.repetitions(field)]
    return "; ".join(dict.fromkeys(filter(None, told))) or None


def _offset(value: str) -> timezone:
    sign = -1 if value[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(value[1:3]), minutes=int(value[3:5])))
