"""Segments of fields, within the lengths that HL7 v2.5.1 gives them; what does not fit is told in a note."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wetread.delivery.hl7.escaping import COMPONENT, ESCAPE, FIELD, escaped, formatted

MORE = "\N{HORIZONTAL ELLIPSIS}"

LONGEST_STRING = 199  # chapter 2A.75: ST

# HL7 v2.5.1: characters of one occurrence of a field, delimiters within it included (chapters 2.14, 3.4, 4.5, 7.4),
# or of a string where the field has more. The order's own numbers go back exactly as they came, whatever their
# length, or nobody could match them.
LONGEST = {
    "PID-3": LONGEST_STRING,
    "PID-5": LONGEST_STRING,
    "OBR-4": LONGEST_STRING,
    "OBR-16": LONGEST_STRING,
    "OBR-18": 60,
    "OBR-31": LONGEST_STRING,
    "OBR-32": LONGEST_STRING,
    "OBX-16": LONGEST_STRING,
    "OBX-18": 22,
}


@dataclass(slots=True)
class Notes:
    """What did not fit into its field, for NTE segments behind the segment."""

    told: list[str] = field(default_factory=list)

    def words(self, name: str, words: str, *, before: str = "", after: str = "") -> str:
        """The field: words between encoded parts, cut where they are too long; the note holds them whole."""
        made = f"{before}{escaped(words)}{after}"
        if len(made) <= LONGEST[name]:
            return made
        self._tell(f"{name} was cut, in full: {words}")
        length = max(LONGEST[name] - len(before) - len(after) - len(MORE), 0)
        return f"{before}{_cut(escaped(words), length)}{MORE}{after}"

    def name(self, name: str, made: str, whole: str) -> str:
        """The field of several parts, cut at its end where it is too long; the note holds it whole."""
        if len(made) <= LONGEST[name]:
            return made
        self._tell(f"{name} was cut, in full: {whole}")
        return f"{_cut(made, LONGEST[name] - len(MORE))}{MORE}"

    def identifier(self, name: str, made: str, whole: str) -> str:
        """The field, or nothing where it is too long: half an identifier names somebody else."""
        if len(made) <= LONGEST[name]:
            return made
        self._tell(f"{name} is longer than the field allows and was left out, in full: {whole}")
        return ""

    def segments(self) -> list[str]:
        """The notes, each as NTE segments."""
        values = [value for told in self.told for value in formatted(told.splitlines())]
        return [segment("NTE", {1: str(n), 2: "L", 3: value}) for n, value in enumerate(values, 1)]

    def _tell(self, line: str) -> None:
        if line not in self.told:
            self.told.append(line)


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment of encoded fields by their number; empty ones at the end are left away.

    Raises: ValueError where it has none, or where two lie in one place.
    """
    filled = {number: value for number, value in fields.items() if value}
    if not filled or min(filled) < 1:
        raise ValueError(f"segment {name} needs a field, numbered from 1")
    return FIELD.join((name, *(filled.get(number, "") for number in range(1, max(filled) + 1))))


def coded(value: str, meaning: str, scheme: str, alternate: tuple[str, str, str] | None = None) -> str:
    """A code with its meaning and coding system (CE, CWE), with one that says the very same where there is one."""
    return COMPONENT.join(map(escaped, (value, meaning, scheme, *(alternate or ()))))


def moment(at: datetime) -> str:
    """A time with its zone (TS), to the second.

    Raises: ValueError where it has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time in a message has its zone")
    return at.strftime("%Y%m%d%H%M%S%z")[:19]


def day(iso: str | None) -> str:
    """A date as HL7 writes it."""
    return escaped((iso or "").replace("-", ""))


def _cut(made: str, length: int) -> str:
    """The beginning, never ending within an escape sequence."""
    kept = made[:length]
    return kept[: kept.rindex(ESCAPE)] if kept.count(ESCAPE) % 2 else kept
