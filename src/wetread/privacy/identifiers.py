"""What identifies the patient of one study, in the ways people write it, found in any text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.privacy.fold import fold
from wetread.privacy.patterns import text_patterns

Span = tuple[int, int]
WORD = re.compile(r"[^\W_]+")
WORD_AND_FIGURES = re.compile(r"^\S*\d\S*$")  # a code, no name
APART = r"[\W_]{0,3}"  # what may stand between the parts of a name or a number
BETWEEN_FIGURES = r"[./\- ]{1,2}"
ONLY_IN_CAPITALS = 2  # "Do" and "An" are names, "do" and "an" words
SHORTEST_CODE = 4  # a shorter number is a laboratory value as often as an identifier
SHORTEST_PART = 3  # letters of a name's part that are looked for by themselves
UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ss", "s"))
SPELT_OUT = str.maketrans(
    {
        **dict(zip("äöüåø", ("ae", "oe", "ue", "aa", "oe"), strict=True)),
        **dict(zip("ÄÖÜÅØ", ("Ae", "Oe", "Ue", "Aa", "Oe"), strict=True)),
    }
)
IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def identifiers_of(study: Study, order: Order | None = None, *further: str | None) -> tuple[str, ...]:
    """What a study and its order say of who it is of, with anything else that is known: physicians, institution."""
    patient = study.patient
    told = (
        patient.name, patient.patient_id, patient.birth_date, study.accession_number,
        order.accession_number if order else None, study.study_uid, *study.identifying, *further,
    )  # fmt: skip
    return tuple(dict.fromkeys(value.strip() for value in told if value and value.strip()))


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Finds the values it was made of: whole, in their parts, without accents, and in other orders."""

    words: re.Pattern[str] | None
    short: re.Pattern[str] | None

    @classmethod
    def of(cls, values: Iterable[str]) -> "Identifiers":
        """Names (any DICOM PN form), numbers, dates, places and addresses, as they stand in headers."""
        wanted, capitals = set[str](), set[str]()
        for value in values:
            wanted.update(_dates(value))
            for told in dict.fromkeys((value, value.translate(SPELT_OUT))):
                for group in told.split("="):
                    wanted.update(_whole(group))
                    if WORD_AND_FIGURES.match(group):
                        wanted.update(_bounded([run]) for run in re.findall(r"\d+", group) if len(run) > SHORTEST_CODE)
                    else:
                        _parts(group, wanted, capitals)
        return cls(_any(wanted), re.compile(rf"(?<!\w)(?:{'|'.join(sorted(capitals))})(?!\w)") if capitals else None)

    def spans(self, text: str) -> Iterator[Span]:
        """Where they stand in a text."""
        if self.words is not None:
            folded = fold(text)
            for found in self.words.finditer(folded.text):
                yield folded.span(*found.span())
        if self.short is not None:
            yield from (found.span() for found in self.short.finditer(text))

    def stand_in(self, text: str) -> bool:
        """Whether any of them stands in a text."""
        return next(self.spans(text), None) is not None


def _any(wanted: set[str]) -> re.Pattern[str] | None:
    """The longest first, so that a whole name goes before its parts."""
    if not wanted:
        return None
    return re.compile("|".join(sorted(wanted, key=lambda told: (-len(told), told))))


def _whole(group: str) -> Iterator[str]:
    """A value as a whole, whatever stands between its words; a name also with its parts turned round."""
    parts = WORD.findall(fold(group).text)
    if sum(map(len, parts)) < SHORTEST_CODE and not IDEOGRAPHS.search(group):
        return
    has_digits = any(c.isdigit() for c in group)
    if (
        len(parts) == 1
        and not has_digits
        and (len(parts[0]) < SHORTEST_PART or parts[0] in text_patterns().not_identifying)
    ):
        return
    for ordered in (parts, parts[::-1]) if len(parts) > 1 else (parts,):
        yield _bounded([part for word in ordered for part in (_runs(word) if has_digits else [word])])
    joined = "".join(parts)
    if joined.isdigit() and len(joined.lstrip("0")) >= SHORTEST_CODE:
        yield _bounded([joined.lstrip("0")])
    if has_digits and len(joined) >= SHORTEST_CODE:
        yield _bounded(list(joined)) if len(joined) <= 24 else _bounded([joined])


def _runs(word: str) -> list[str]:
    """`pat0012` is also written `PAT-0012`."""
    return re.findall(r"\d+|\D+", word)


def _bounded(parts: list[str]) -> str:
    """Parts one after the other, not inside a longer word or number; ideographs stand in a row without spaces."""
    told = APART.join(re.escape(part) for part in parts)
    first, last = parts[0][0], parts[-1][-1]
    return f"{_edge(first, before=True)}{told}{_edge(last, before=False)}"


def _edge(letter: str, *, before: bool) -> str:
    if IDEOGRAPHS.match(letter) or _is_jamo(letter):
        return ""
    kind = r"\d" if letter.isdigit() else r"[^\W\d_]"
    return f"(?<!{kind})" if before else f"(?:'?s)?(?!{kind})" if not letter.isdigit() else f"(?!{kind})"


def _is_jamo(letter: str) -> bool:
    """Whether a letter is a part of a Hangul syllable."""
    return "\u1100" <= letter <= "\u11ff"


def _parts(group: str, wanted: set[str], capitals: set[str]) -> None:
    """Each word of a name or an institution that identifies by itself."""
    for part in re.split(r"[\^\s,;/|]+", group):
        for word in WORD.findall(part):
            folded = fold(word).text
            if not folded or any(c.isdigit() for c in folded) or folded in text_patterns().not_identifying:
                continue
            if IDEOGRAPHS.search(word):
                if len(folded) > 1:  # a single one is a word of every text; the whole name is looked for anyway
                    wanted.add(_bounded([folded]))
            elif len(folded) >= SHORTEST_PART:
                wanted.update(_bounded([told]) for told in _spellings(folded))
            elif len(folded) == ONLY_IN_CAPITALS:
                capitals.update((re.escape(word.capitalize()), re.escape(word.upper())))


def _spellings(word: str) -> set[str]:
    """Müller, Mueller and Muller are one name."""
    told = {word}
    for two, one in UMLAUTS:
        told |= {known.replace(two, one) for known in told}
    return {known for known in told if len(known) >= SHORTEST_PART}


def _dates(value: str) -> Iterator[str]:
    """A date of birth in digits: every order of day, month and year, four figures or two."""
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        return
    for form in ("%Y %m %d", "%d %m %Y", "%m %d %Y", "%d %m %y", "%m %d %y", "%y %m %d"):
        told = day.strftime(form).split()
        yield _bounded(told)
        shorter = [part.lstrip("0") or part for part in told]
        if shorter != told:
            yield rf"(?<!\d){BETWEEN_FIGURES.join(shorter)}(?!\d)"
