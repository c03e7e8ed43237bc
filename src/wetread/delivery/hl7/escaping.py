"""Text in an HL7 v2 message: whatever it says, it never becomes a delimiter, a segment's end or a frame's end."""

from collections.abc import Iterable, Iterator

FIELD, COMPONENT, REPETITION, ESCAPE, SUBCOMPONENT = "|", "^", "~", "\\", "&"
ENCODING_CHARACTERS = COMPONENT + REPETITION + ESCAPE + SUBCOMPONENT  # MSH-2
SEGMENT_END = "\r"
LINE_BREAK = r"\.br" + ESCAPE  # chapter 2.7.6: formatted text
NULL = '""'  # chapter 2.5.3: "delete what you have", which foreign text may never say
LONGEST_FORMATTED = 65536  # chapter 2A.28: FT
DELETE = 0x7F

# chapter 2.7.1: delimiters; 2.7.5: hexadecimal data
ESCAPES = {
    **{code: f"\\X{code:02X}\\" for code in (*range(0x20), DELETE)},
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),  # lone surrogates: UTF-8 has none
    ord(FIELD): r"\F" + ESCAPE,
    ord(COMPONENT): r"\S" + ESCAPE,
    ord(SUBCOMPONENT): r"\T" + ESCAPE,
    ord(REPETITION): r"\R" + ESCAPE,
    ord(ESCAPE): r"\E" + ESCAPE,
}


def escaped(text: str) -> str:
    """The text as the content of a field, component or subcomponent; unescaped it is the same again."""
    if text == NULL:
        return r"\X22" + ESCAPE + '"'
    return text.translate(ESCAPES)


def components(*parts: str) -> str:
    """A field of components, each escaped; empty ones at the end are left away."""
    return _joined(map(escaped, parts), COMPONENT)


def subcomponents(*parts: str) -> str:
    """A component of subcomponents, each escaped; empty ones at the end are left away."""
    return _joined(map(escaped, parts), SUBCOMPONENT)


def formatted(lines: Iterable[str]) -> Iterator[str]:
    """Lines as formatted text (FT), in as many values as its length limit asks for; no character is lost."""
    value = ""
    for line in lines:
        for piece in _pieces(escaped(line)):
            joined = f"{value}{LINE_BREAK}{piece}" if value else piece
            if len(joined) > LONGEST_FORMATTED:
                yield value
                joined = piece
            value = joined
    if value:
        yield value


def _pieces(line: str) -> Iterator[str]:
    """A line cut where it is longer than a whole value, never within an escape sequence."""
    while len(line) > LONGEST_FORMATTED:
        end = LONGEST_FORMATTED
        if line.count(ESCAPE, 0, end) % 2:  # sequences open and close with the same character
            end = line.rindex(ESCAPE, 0, end)
        yield line[:end]
        line = line[end:]
    yield line


def _joined(parts: Iterable[str], delimiter: str) -> str:
    return delimiter.join(parts).rstrip(delimiter)
