"""What names the people and places of one object: looked for in all that stays, in any spelling and any bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from wetread.privacy.deidentify.options import words
from wetread.privacy.deidentify.table import CLEAN, KEEP, attribute_rules
from wetread.privacy.deidentify.values import held_of, items_of, keyword_of, read, texts_of, vr_of
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.patterns import text_patterns

SHORTEST_NEEDLE = 6  # a shorter value stands in other bytes by chance
SHORTEST_UID = 16
NO_BYTES = b""
ENCODINGS = (
    "utf-8",
    "latin-1",
    "cp1251",
    "iso8859-7",
    "utf-16-le",
    "utf-16-be",
    "iso2022_jp",
    "shift_jis",
    "euc_kr",
    "gb18030",
)
DICOM_ROOT = "1.2.840.10008."
PADDING = " \0\t\r\n"


@dataclass(slots=True)
class Known:
    """Values that go: `values` as text, `raw` as bytes in the file, `uids` the UIDs that are replaced."""

    values: set[str] = field(default_factory=set)
    raw: set[bytes] = field(default_factory=set)
    uids: set[str] = field(default_factory=set)

    def identifiers(self) -> Identifiers:
        """Finds them in any text, in parts and in other spellings."""
        return Identifiers.of(sorted(self.values))

    def whole(self) -> re.Pattern[str] | None:
        """Finds them only as they stand."""
        told = sorted((v for v in self.values if len(v) >= SHORTEST_NEEDLE), key=lambda v: (-len(v), v))
        return re.compile("|".join(map(re.escape, told))) if told else None

    def needles(self) -> Iterator[bytes]:
        """Bytes that may stand nowhere in the copy."""
        ordinary = text_patterns().not_identifying
        for value in self.values:
            if len(value) >= SHORTEST_NEEDLE and value.casefold() not in ordinary:
                yield from _encoded(value)
        yield from (
            raw for raw in self.raw if len(raw) >= SHORTEST_NEEDLE and raw.lower().decode("latin-1") not in ordinary
        )
        yield from (uid.encode("ascii", "replace") for uid in self.uids if len(uid) >= SHORTEST_UID)


def gather(dataset: Dataset, columns: frozenset[str], known: Known | None = None) -> Known:
    """What identifies somebody in a dataset, nested items too, and does not stay by an option."""
    known = Known() if known is None else known
    for tag in list(dataset.keys()):
        if tag.is_private:
            continue
        vr = vr_of(dataset, tag)
        if vr == "SQ":
            for item in items_of(dataset, tag):
                gather(item, columns, known)
        elif vr == "PN" or keyword_of(tag) in words("identifying"):
            rule = attribute_rules().get(int(tag))
            if rule is None or rule.action(columns) not in (KEEP, CLEAN):
                _note(dataset, tag, vr, known)
    return known


def _note(dataset: Dataset, tag: BaseTag, vr: str, known: Known) -> None:
    held = held_of(dataset, tag)
    if isinstance(held, RawDataElement) and isinstance(held.value, bytes):
        known.raw.update(part.strip(b" \0^") for part in re.split(rb"[=\\]", held.value))
    element = read(dataset, tag)
    for value in texts_of(element) if element is not None else ():
        told = value.strip(PADDING)
        if vr == "DA" and len(told) == 8:
            told = f"{told[:4]}-{told[4:6]}-{told[6:]}"  # known as a date, it is found in every order of its parts
        known.values.update(part.strip(PADDING + "^") for part in (told.split("=") if vr == "PN" else [told]))
    known.values.discard("")
    known.raw.discard(NO_BYTES)


def _encoded(value: str) -> Iterator[bytes]:
    for encoding in ENCODINGS:
        try:
            yield value.encode(encoding)
        except UnicodeEncodeError:
            continue
