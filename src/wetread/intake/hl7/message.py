"""An HL7 v2 message: bytes → segments and fields, decoded as the message says, with limits. No network, no clock.

A field is taken apart only when it is asked for, so that a hostile message costs no more than its length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wetread.errors import InputError
from wetread.intake.hl7.tables import tables

MOST_SEGMENTS = 20_000
MOST_REPETITIONS = 200
LONGEST_WORD = 20_000  # characters of one component that are read
HEADER_BYTES = 4096
NULL = '""'  # "the value is deleted": read as unknown (2.5.3)
UNPARSABLE, SEQUENCE, UNSUPPORTED_VERSION, CHARSET = "unparsable", "sequence", "version", "charset"
SEPARATORS = 5
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
UNASSIGNED: Final = re.compile(r"[\x80-\x84\x86-\x9f]")  # ISO 8859 has no letters there: it was another character set
SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
VERSION: Final = re.compile(r"2(\.\d){0,2}")
DRAWN = {".br": "\n", ".sp": "\n", ".ce": "\n", "H": "", "N": "", ".fi": "", ".nf": ""}  # 2.7: formatting


class MessageInvalid(InputError):
    """A message that can't be read; `kind` says in one word why."""

    def __init__(self, problem: str, *, kind: str = UNPARSABLE) -> None:
        self.kind = kind
        super().__init__("an HL7 message", problem, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimiters:
    """The characters that part a message (MSH-1, MSH-2)."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an acknowledgement needs of MSH; readable even where the rest is not."""

    delimiters: Delimiters
    application: str
    facility: str
    receiver: tuple[str, str]
    kind: str  # ADT^A08
    control_id: str
    processing_id: str
    version: str
    charset: str
    accept: str  # MSH-15
    application_accept: str  # MSH-16


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment; fields are numbered as in the standard, from 1."""

    name: str
    fields: tuple[str, ...]
    delimiters: Delimiters

    def repetitions(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Every repetition of a field as its components, undone of escapes; empty ones are left out."""
        raw = self.fields[number] if number < len(self.fields) else ""
        parts = raw.split(self.delimiters.repetition, MOST_REPETITIONS)[:MOST_REPETITIONS]
        return tuple(found for part in parts if any(found := self._components(part)))

    def word(self, number: int, component: int = 1) -> str | None:
        """A component of a field's first repetition, None where it is empty."""
        first = next(iter(self.repetitions(number)), ())
        return (first[component - 1] if len(first) >= component else "") or None

    def _components(self, part: str) -> tuple[str, ...]:
        marks = self.delimiters
        words = (word[:LONGEST_WORD] for word in part.split(marks.component, 64)[:64])
        return tuple(self._clean(word.partition(marks.subcomponent)[0]) for word in words)

    def _clean(self, word: str) -> str:
        word = word.strip()
        return "" if word == NULL else CONTROLS.sub("", unescaped(word, self.delimiters)).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A whole message."""

    header: Header
    segments: tuple[Segment, ...]

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Segment]:
        """Every segment of that name."""
        return (segment for segment in self.segments if segment.name == name)


def read_header(data: bytes) -> Header:
    """What MSH says, from the first bytes alone.

    Raises: MessageInvalid.
    """
    line = re.split(rb"[\r\n]", _stripped(data)[:HEADER_BYTES], maxsplit=1)[0].decode("latin-1")
    if not line.startswith("MSH") or len(line) < 3 + SEPARATORS:
        raise MessageInvalid("it does not begin with MSH")
    marks = line[3:8]
    if len(set(marks)) != SEPARATORS or any(c.isalnum() or c.isspace() for c in marks):
        raise MessageInvalid("its separators (MSH-1, MSH-2) are not five different characters")
    fields = ["MSH", *line.split(marks[0])]  # so that fields[9] is MSH-9
    fields += [""] * (19 - len(fields))
    delimiters = Delimiters(
        field=marks[0], component=marks[1], repetition=marks[2], escape=marks[3], subcomponent=marks[4]
    )
    return Header(
        delimiters=delimiters,
        application=_first(fields[3], delimiters),
        facility=_first(fields[4], delimiters),
        receiver=(_first(fields[5], delimiters), _first(fields[6], delimiters)),
        kind="^".join(CONTROLS.sub("", part.strip()) for part in fields[9].split(marks[1])[:2])[:32],
        control_id=CONTROLS.sub("", fields[10])[:128],
        processing_id=_first(fields[11], delimiters),
        version=_first(fields[12], delimiters),
        charset=fields[18].split(marks[2])[0].strip(),
        accept=_first(fields[15], delimiters),
        application_accept=_first(fields[16], delimiters),
    )


def parse(data: bytes, *, encoding: str) -> Message:
    """The message. `encoding` is Python's name of the character set where MSH-18 names none.

    Raises: MessageInvalid, also where a byte does not decode: a wrong letter in a name is worse than none.
    """
    header = read_header(data)
    if not VERSION.fullmatch(header.version or "2"):
        raise MessageInvalid("it is of no version 2 of HL7 (MSH-12)", kind=UNSUPPORTED_VERSION)
    text = _decoded(_stripped(data), header.charset, encoding)
    lines = _lines(text)
    if sum(line.startswith("MSH" + header.delimiters.field) for line in lines) > 1:
        raise MessageInvalid("it holds several messages; send each by itself", kind=SEQUENCE)
    if any("\x00" in line for line in lines):
        raise MessageInvalid("it holds NUL characters")
    segments = tuple(_segment(line, header.delimiters) for line in lines)
    return Message(header=header, segments=segments)


def unescaped(word: str, marks: Delimiters) -> str:
    """The word with its escape sequences undone (2.7); those of character sets and of a site's own are left out."""
    if marks.escape not in word:
        return word
    plain = {"F": marks.field, "S": marks.component, "T": marks.subcomponent, "R": marks.repetition, "E": marks.escape}
    parts = word.split(marks.escape)
    told = [parts[0]]
    index = 1
    while index < len(parts):
        if index == len(parts) - 1:  # a lone escape character is itself
            told += [marks.escape, parts[index]]
            break
        told += [_sequence(parts[index], plain), parts[index + 1]]
        index += 2
    return "".join(told)


def _sequence(inside: str, plain: dict[str, str]) -> str:
    if inside in plain:
        return plain[inside]
    if inside[:1] == "X" and len(inside) % 2 and re.fullmatch(r"[0-9A-Fa-f]*", inside[1:]):
        return SURROGATES.sub("", bytes.fromhex(inside[1:]).decode("utf-8", "replace"))
    command = re.split(r"[+\-\d]", inside, maxsplit=1)[0]
    return DRAWN.get(command, "")


def _decoded(data: bytes, charset: str, encoding: str) -> str:
    known = tables()["charsets"]
    if charset not in known:
        raise MessageInvalid(f"we do not know its character set {charset[:40]!r} (MSH-18)", kind=CHARSET)
    name = known[charset] or encoding
    try:
        text = data.decode(name)
    except (UnicodeDecodeError, LookupError):
        text = None
    if text is None or UNASSIGNED.search(text):
        said = charset or f"{encoding}, as the settings say where MSH-18 is empty"
        raise MessageInvalid(f"its bytes are no text of its character set ({said})", kind=CHARSET)
    return text


def _lines(text: str) -> list[str]:
    """Segments end with CR; files that were saved with other line ends are read too."""
    text = text.replace("\r\n", "\r")
    if "\r" not in text.strip("\r\n"):
        text = text.replace("\n", "\r")
    lines = [line.strip("\n") for line in text.split("\r", MOST_SEGMENTS + 1)]
    if len(lines) > MOST_SEGMENTS:
        raise MessageInvalid(f"it has more than {MOST_SEGMENTS:,} segments")
    return [line for line in lines if line.strip()]


def _segment(line: str, marks: Delimiters) -> Segment:
    name, *fields = line.split(marks.field)
    if not re.fullmatch(r"[A-Z][A-Z0-9]{2}", name):
        raise MessageInvalid("a line of it is no segment")
    head = (name, marks.field) if name == "MSH" else (name,)  # MSH-1 is the separator itself
    return Segment(name=name, fields=(*head, *fields), delimiters=marks)


def _first(field: str, marks: Delimiters) -> str:
    return CONTROLS.sub("", re.split(f"[{re.escape(marks.component + marks.repetition)}]", field)[0]).strip()[:128]


def _stripped(data: bytes) -> bytes:
    return data.removeprefix(b"\xef\xbb\xbf").strip(b"\x0b\x1c\r\n\t ")
