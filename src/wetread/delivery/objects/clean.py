"""Values of the originals as our own objects may carry them: repaired where nothing is changed by it, or left out."""

import re
import warnings
from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.dicom import iso_date, items, text, texts

# Longest values in characters (PS3.5 table 6.2-1).
LONGEST = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64, "ST": 1024, "LT": 10240}
UID = re.compile(r"[0-9]+(\.[0-9]+)*")
LONGEST_UID = 64
TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?")
OLD_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(\.\d+)?")  # ACR-NEMA, which PS3.5 still lets readers accept
OFFSET = re.compile(r"[+-](0\d|1[0-4])[0-5]\d")
AGE = re.compile(r"\d{3}[DWMY]")
CODE_STRING = re.compile(r"[A-Z0-9 _]{1,16}")
NAME_GROUPS, NAME_COMPONENTS = 3, 5  # PS3.5 6.2.1


def is_uid(value: str | None) -> bool:
    """Whether other objects can be told to refer to it (PS3.5 9.1); a component's leading zero is let pass."""
    return value is not None and len(value) <= LONGEST_UID and UID.fullmatch(value) is not None


def printable(words: str, longest: int) -> str:
    """One line of foreign text with no backslash (it divides values), not longer than `longest` characters."""
    shown = "".join(c if c.isprintable() else _blank(c) for c in words).replace("\\", "/")
    return " ".join(shown.split(" ")).strip()[:longest].rstrip()


def paragraphs(words: str) -> str:
    """Foreign text with its lines kept, for values that may hold any (UT); control characters become spaces."""
    lines = ("".join(c if c.isprintable() else _blank(c) for c in line).rstrip() for line in words.splitlines())
    return "\r\n".join(lines).strip()


def _blank(character: str) -> str:
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= character <= "\udfff" else " "


def identifier(dataset: Dataset, keyword: str, longest: int) -> str:
    """An identifier as it is, or nothing: a shortened or repaired one would be somebody else's."""
    values = texts(dataset, keyword)
    whole = values[0] if len(values) == 1 else ""
    return whole if len(whole) <= longest and whole.isprintable() and "\\" not in whole else ""


def words(dataset: Dataset, keyword: str, longest: int) -> str:
    """A text on one line, all its values, cut to fit."""
    return printable("/".join(texts(dataset, keyword)), longest)


def person(dataset: Dataset, keyword: str) -> str:
    """A person's name with its alphabetic, ideographic and phonetic groups (PS3.5 6.2.1)."""
    return person_name("/".join(texts(dataset, keyword)))


def person_name(name: str) -> str:
    """A name as a PN value: at most three groups of five components, 64 characters each."""
    groups = [_group(group) for group in name.split("=", NAME_GROUPS - 1)]
    return "=".join(groups).rstrip("=")


def _group(group: str) -> str:
    components = group.split("^", NAME_COMPONENTS - 1)
    components[-1] = components[-1].rstrip("^").replace("^", " ")
    whole = "^".join(part.replace("=", " ").strip() for part in components).rstrip("^")
    return printable(whole, LONGEST["PN"])


def day(dataset: Dataset, keyword: str) -> str:
    """A date as YYYYMMDD, or nothing."""
    return (iso_date(dataset, keyword) or "").replace("-", "")


def clock_time(dataset: Dataset, keyword: str) -> str:
    """A time as HHMMSS.FFFFFF, as much of it as is known, or nothing."""
    value = OLD_TIME.sub(r"\1\2\3\4", text(dataset, keyword) or "")
    return value if TIME.fullmatch(value) else ""


def chosen(dataset: Dataset, keyword: str, allowed: Iterable[str]) -> str:
    """A value out of a closed set, or nothing."""
    value = (text(dataset, keyword) or "").upper()
    return value if value in allowed else ""


def code_string(dataset: Dataset, keyword: str) -> str:
    """A code string, or nothing."""
    value = text(dataset, keyword) or ""
    return value if CODE_STRING.fullmatch(value) else ""


def codes(dataset: Dataset, keyword: str) -> Sequence:
    """The items of a sequence of codes that are whole and short enough (PS3.3 table 8.8-1)."""
    return Sequence([item for item in map(_code, items(dataset, keyword)) if item is not None])


def _code(item: Dataset) -> Dataset | None:
    made = Dataset()
    parts = {
        "CodeValue": identifier(item, "CodeValue", LONGEST["SH"]),
        "CodingSchemeDesignator": identifier(item, "CodingSchemeDesignator", LONGEST["SH"]),
        "CodeMeaning": words(item, "CodeMeaning", LONGEST["LO"]),
    }
    if not all(parts.values()):
        return None
    for name, value in parts.items():
        setattr(made, name, value)
    if version := identifier(item, "CodingSchemeVersion", LONGEST["SH"]):
        made.CodingSchemeVersion = version
    return made


def issuers(dataset: Dataset, keyword: str) -> Sequence:
    """Who issued an identifier (PS3.3 table 10-14): the items that name somebody."""
    made = []
    for item in items(dataset, keyword):
        new = Dataset()
        if local := words(item, "LocalNamespaceEntityID", 64):
            new.LocalNamespaceEntityID = local
        entity = words(item, "UniversalEntityID", 64)
        kind = chosen(item, "UniversalEntityIDType", ("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500"))
        if entity and kind:
            new.UniversalEntityID, new.UniversalEntityIDType = entity, kind
        if len(new):
            made.append(new)
    return Sequence(made)


def quietly(dataset: Dataset, keyword: str, value: str) -> None:
    """Set a value without a warning of pydicom's about what the original's own header made us copy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        setattr(dataset, keyword, value)
