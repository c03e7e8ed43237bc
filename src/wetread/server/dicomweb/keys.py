"""What can be searched for (PS3.18 table 10.6.1-5) and in what words: query parameters to terms for the archive."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from fastapi import HTTPException
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from wetread.store.archive import How, Level, Term

MOST_RESULTS = 100
LONGEST_VALUE = 4096
TAG = re.compile(r"[0-9A-Fa-f]{8}")
LAST = "z"  # after every digit: a time 10 to 12 reaches to the end of 12
UNSUPPORTED = '299 wetread "these parameters are not supported and were ignored: {}"'
NOT_FUZZY = '299 wetread "the fuzzymatching parameter is not supported; only literal matching was done"'
ORDINARY = {"accept", "charset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An attribute that can be matched: `name` is the archive's for it, `kind` how its value is written."""

    level: Level
    name: str
    how: How
    kind: str = "text"  # text, uid, date, iso_date, time, list


STUDY, SERIES, INSTANCE = Level.STUDIES, Level.SERIES, Level.INSTANCES
KEYS: dict[str, Key] = {
    "00080020": Key(level=STUDY, name="study_date", how=How.RANGE, kind="iso_date"),
    "00080030": Key(level=STUDY, name="00080030", how=How.RANGE, kind="time"),
    "00080050": Key(level=STUDY, name="accession_number", how=How.IDENTIFIER),
    "00080061": Key(level=STUDY, name="modalities", how=How.WITHIN, kind="list"),
    "00080090": Key(level=STUDY, name="00080090", how=How.NAME),
    "00081030": Key(level=STUDY, name="description", how=How.WILD),
    "00100010": Key(level=STUDY, name="patient_name", how=How.NAME),
    "00100020": Key(level=STUDY, name="patient_id", how=How.IDENTIFIER),
    "00100021": Key(level=STUDY, name="00100021", how=How.WILD),
    "00100030": Key(level=STUDY, name="patient_birth_date", how=How.RANGE, kind="iso_date"),
    "00100040": Key(level=STUDY, name="patient_sex", how=How.ONE_OF),
    "0020000D": Key(level=STUDY, name="study_uid", how=How.ONE_OF, kind="uid"),
    "00200010": Key(level=STUDY, name="00200010", how=How.WILD),
    "00080060": Key(level=SERIES, name="modality", how=How.WILD, kind="list"),
    "0008103E": Key(level=SERIES, name="description", how=How.WILD),
    "00180015": Key(level=SERIES, name="body_part", how=How.WILD),
    "0020000E": Key(level=SERIES, name="series_uid", how=How.ONE_OF, kind="uid"),
    "00200011": Key(level=SERIES, name="number", how=How.ONE_OF),
    "00400244": Key(level=SERIES, name="00400244", how=How.RANGE, kind="date"),
    "00400245": Key(level=SERIES, name="00400245", how=How.RANGE, kind="time"),
    "00080016": Key(level=INSTANCE, name="sop_class_uid", how=How.ONE_OF, kind="uid"),
    "00080018": Key(level=INSTANCE, name="sop_instance_uid", how=How.ONE_OF, kind="uid"),
    "00200013": Key(level=INSTANCE, name="number", how=How.ONE_OF),
    "00280008": Key(level=INSTANCE, name="frames", how=How.ONE_OF),
    "00280010": Key(level=INSTANCE, name="rows", how=How.ONE_OF),
    "00280011": Key(level=INSTANCE, name="columns", how=How.ONE_OF),
}
BY_WORD = {keyword_for_tag(int(tag, 16)).lower(): tag for tag in KEYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search as it was understood. `matched` are the tags that were searched by, `warnings` what was not done."""

    terms: tuple[Term, ...] = ()
    matched: tuple[str, ...] = ()
    include: frozenset[str] = frozenset()
    include_all: bool = False
    limit: int = MOST_RESULTS
    offset: int = 0
    warnings: tuple[str, ...] = field(default=())


def understood(level: Level, parameters: Iterable[tuple[str, str]]) -> Query:
    """The query of a search on `level`. What is not supported is left out and named in a warning.

    A parameter that comes twice must match twice: a repetition never widens what is found.

    Raises: HTTPException 400 for values that can't be.
    """
    terms: list[Term] = []
    matched: list[str] = []
    include: set[str] = set()
    unknown: list[str] = []
    numbers = {"limit": MOST_RESULTS, "offset": 0}
    warnings: list[str] = []
    for name, value in parameters:
        if len(value) > LONGEST_VALUE or "\0" in value:
            raise HTTPException(400, f"a search value has up to {LONGEST_VALUE} characters")
        tag = _tag(name)
        if name in numbers:
            numbers[name] = _whole(name, value)
        elif name == "includefield":
            include |= {_field(one) for one in value.split(",") if one}
        elif name == "fuzzymatching":
            warnings += [NOT_FUZZY] * (value.lower() == "true")
        elif tag is None or not _reaches(level, KEYS[tag].level):
            unknown += [name] * (name not in ORDINARY)
        elif value.strip("*") or (value and KEYS[tag].how is How.RANGE):
            terms.append(_term(KEYS[tag], value))
            matched.append(tag)
    if unknown:
        shown = ", ".join(dict.fromkeys("".join(c for c in name if c.isalnum() or c in ".-_")[:40] for name in unknown))
        warnings.append(UNSUPPORTED.format(shown[:400]))
    return Query(
        terms=tuple(terms),
        matched=tuple(matched),
        include=frozenset(include - {"all"}),
        include_all="all" in include,
        limit=min(numbers["limit"], MOST_RESULTS),
        offset=numbers["offset"],
        warnings=tuple(warnings),
    )


def _tag(name: str) -> str | None:
    """The tag of a parameter written as keyword (in whatever case) or tag, where it can be matched."""
    tag = BY_WORD.get(name.lower()) or name.upper()
    return tag if tag in KEYS else None


def _field(name: str) -> str:
    """The tag of an includefield value; what is no attribute stays as it is and includes nothing."""
    if name == "all" or TAG.fullmatch(name):
        return name if name == "all" else name.upper()
    found = tag_for_keyword(name)
    return f"{found:08X}" if found is not None else name


def _reaches(level: Level, key: Level) -> bool:
    order = list(Level)
    return order.index(key) <= order.index(level)


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise HTTPException(400, f"{name} is a whole number")
    return int(value)


def _term(key: Key, value: str) -> Term:
    values: tuple[str, ...] = (value,)
    if key.kind == "uid":
        values = tuple(one for one in re.split(r"[,\\]", value) if one)
    elif key.kind == "list":
        values = tuple(one.strip().upper() for one in re.split(r"[,\\]", value) if one.strip())
    elif key.how is How.RANGE:
        values = _ends(value, key.kind)
    return Term(level=key.level, name=key.name, how=key.how, values=values)


def _ends(value: str, kind: str) -> tuple[str, str]:
    """The two ends of `A-B`, `A-`, `-B` or `A` (PS3.4 C.2.2.2.5)."""
    low, dash, high = value.partition("-")
    if not dash:
        high = low
    if not (low or high):
        raise HTTPException(400, f"the range {value[:20]!r} has no end")
    if kind == "time":
        for end in (low, high):
            if not re.fullmatch(r"([0-9]{2}){0,3}(\.[0-9]{1,6})?", end):
                raise HTTPException(400, f"{end[:20]!r} is no time; write HHMMSS")
        return low, high + LAST if high else ""
    days = [_day(end) if end else None for end in (low, high)]
    form = "%Y-%m-%d" if kind == "iso_date" else "%Y%m%d"
    first, last = (day.strftime(form) if day else "" for day in days)
    return first, last


def _day(text: str) -> date:
    if not re.fullmatch(r"[0-9]{8}", text):
        raise HTTPException(400, f"{text[:20]!r} is no date; write YYYYMMDD")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise HTTPException(400, f"{text} is no date of the calendar") from None
