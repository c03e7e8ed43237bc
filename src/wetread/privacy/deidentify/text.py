"""Text that stays: without what is known to identify somebody, and where it is to be cleaned without what looks so."""

import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from pydicom.sr._concepts_dict import concepts

from wetread.privacy.deidentify.known import Known
from wetread.privacy.deidentify.options import house_rules
from wetread.privacy.deidentify.values import GONE, SHORT, UNREADABLE
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.scrub import scrub

LONGEST = 20_000  # characters that are looked at; what stands behind is cut
WORD = re.compile(r"[^\W\d_]+")
LONG_NUMBER = re.compile(r"\d{4,}")
REPEATED = re.compile(rf"\W*{GONE}(?:\W*{GONE})+\W*")


@dataclass(frozen=True, slots=True)
class Texts:
    """Cleans the texts of one object."""

    identifiers: Identifiers
    whole: re.Pattern[str] | None

    @classmethod
    def of(cls, known: Known) -> "Texts":
        """For what is known of one object."""
        return cls(known.identifiers(), known.whole())

    def swept(self, told: str, vr: str, *, whole_only: bool = False) -> str:
        """A text that stays as it is but for what is known; one that can't be read goes whole."""
        if UNREADABLE.search(told):
            return GONE
        if self.whole is not None and self.whole.search(told):
            told = GONE if vr in ("AE", "SH", "CS") else self.whole.sub(GONE, told)
        if whole_only:
            return told[: SHORT.get(vr, LONGEST)]
        spans = sorted(self.identifiers.spans(told), reverse=True)
        if spans and vr in ("AE", "SH", "CS"):
            return GONE
        before = len(told) + 1
        for start, end in spans:
            if end <= before:
                told, before = f"{told[:start]}{GONE}{told[end:]}", start
        return told[: SHORT.get(vr, LONGEST)]

    def cleaned(self, told: str, vr: str) -> str:
        """A text of which only words of the field's vocabulary and short numbers stay, after all that is known went."""
        if UNREADABLE.search(told):
            return GONE
        clean = scrub(told, self.identifiers, limit=LONGEST).text.replace("\\", "/")
        clean = WORD.sub(lambda found: found[0] if found[0].casefold() in vocabulary() else GONE, clean)
        clean = REPEATED.sub(GONE, LONG_NUMBER.sub(GONE, clean))
        return self.swept("".join(letter if letter.isascii() else " " for letter in clean), vr) or GONE


@cache
def vocabulary() -> frozenset[str]:
    """Words that may stay: those of the codes' meanings that DICOM uses (PS3.16), and of everyday language a few."""
    meanings = (
        str(meaning)
        for keywords in cast("dict[str, dict[str, dict[str, tuple[str, object]]]]", concepts).values()
        for codes in keywords.values()
        for meaning, _ in codes.values()
    )
    told = {word.casefold() for meaning in meanings for word in WORD.findall(meaning)}
    return frozenset(told) | frozenset(house_rules()["text"]["words"])
