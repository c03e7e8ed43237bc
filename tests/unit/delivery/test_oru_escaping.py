"""Text in a message: any text survives, none becomes structure."""

import re

import hl7
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wetread.delivery.hl7.escaping import LONGEST_FORMATTED, components, escaped, formatted
from wetread.delivery.hl7.segments import Notes, segment

MESSAGE = hl7.parse("MSH|^~\\&|A|B\r")
STRUCTURE = re.compile(r"[|^&~\r\n\x00-\x1f\x7f]")
HARD = (
    "|^~\\&",
    "\\F\\",
    "\\X0D\\",
    "a\\",
    "\\\\",
    '""',
    "\r\nMSH|^~\\&|EVIL",
    "\x0bOBX|1\x1c\r",
    "<script>alert('x')</script>",
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]>&amp;",
    "Müller^Jürgen&Söhne",
    "山田^太郎=やまだ^たろう",
    "张^小东",
    "😀\u202eabc\u2028\u0085",
)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("|^~\\&\r\n")
def test_any_text_survives_and_never_creates_a_delimiter(text: str) -> None:
    made = escaped(text)
    assert not STRUCTURE.search(made)
    assert MESSAGE.unescape(made) == text


@pytest.mark.parametrize("text", HARD)
def test_hard_texts_survive_inside_a_whole_message(text: str) -> None:
    line = segment("PID", {1: "1", 5: components(text, text, "end"), 7: "19700101"})
    parsed = hl7.parse(f"MSH|^~\\&|A|B\r{line}\r")
    assert [str(one[0]) for one in parsed] == ["MSH", "PID"]
    parts = str(parsed.segment("PID")[5]).split("^")
    assert [parsed.unescape(part) for part in parts] == [text, text, "end"]
    assert str(parsed.segment("PID")[7]) == "19700101"


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_components_come_back_as_many_as_they_were(parts: list[str]) -> None:
    told = components(*parts).split("^")
    kept = [MESSAGE.unescape(one) for one in told]
    assert kept == (parts or [""])[: len(kept)]
    assert not any(parts[len(kept) :])


def test_text_never_says_delete_what_you_have() -> None:
    assert escaped('""') != '""'
    assert escaped('say ""') == 'say ""'


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    assert escaped("a\ud800b").encode("utf-8").decode() == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("letter", ["x", "|", "張"])
def test_long_formatted_text_is_told_in_several_values_without_loss(letter: str) -> None:
    lines = [letter * 70_000, "end", *(f"{n}{letter}" for n in range(30_000))]
    values = list(formatted(lines))
    assert len(values) > 2
    assert all(len(value) <= LONGEST_FORMATTED for value in values)
    told = "".join(MESSAGE.unescape(value) for value in values).replace("\r", "")
    assert told == "".join(lines)


def test_what_is_cut_never_ends_within_an_escape_and_is_told_whole_in_a_note() -> None:
    for length in range(190, 210):
        notes = Notes()
        words = "x" * length + "|" * 10
        made = notes.words("OBR-4", words, before="^")
        told = MESSAGE.unescape(made)
        assert len(made) <= 199
        assert told.removesuffix("\N{HORIZONTAL ELLIPSIS}").removeprefix("^") in words
        (note,) = notes.segments()
        assert note.startswith("NTE|1|L|")
        assert MESSAGE.unescape(note.split("|")[3]).endswith(words)


def test_half_an_identifier_is_never_sent() -> None:
    notes = Notes()
    assert notes.identifier("OBR-18", "1" * 61, "1" * 61) == ""
    assert "1" * 61 in notes.segments()[0]


def test_a_segment_without_fields_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a field"):
        segment("NTE", {1: "", 2: ""})
