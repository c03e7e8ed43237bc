"""Words that a request may hold: what no database can keep is refused at the door."""

from typing import Annotated

from fastapi import Header, Path
from pydantic import AfterValidator, StringConstraints

from wetread.errors import InputError


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it holds half a character (a lone surrogate)") from None
    return text


Storable = AfterValidator(_storable)
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), Storable]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128), Storable]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=100_000), Storable]
StudyId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="as the worklist gave it")]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=40, description="the ETag that was looked at")]


def etag_of(number: int) -> str:
    """A row's number as a header."""
    return f'"{number}"'


def number_of(tag: str | None) -> int | None:
    """The number that a caller's `If-Match` names; None where it names none.

    Raises: InputError.
    """
    if tag is None or tag == "*":
        return None
    bare = tag.removeprefix("W/").strip('"')
    if not (bare.isascii() and bare.isdecimal() and len(bare) < 16):
        raise InputError("If-Match", "is no ETag of ours", "send the ETag header of the answer you looked at")
    return int(bare)
