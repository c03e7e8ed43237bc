"""Domain objects as JSON and back, exactly: what is written and read again is equal."""

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from wetread.errors import RecordInvalid

T = TypeVar("T")


def to_record(kind: Any, value: object) -> str:
    """The object as JSON text; `kind` is its type or a union of types."""
    return _adapter(kind).dump_json(value).decode()


def from_record(kind: Any, text: str | bytes) -> Any:
    """The object that the text holds.

    Raises: RecordInvalid if the text is no such object.
    """
    try:
        return _adapter(kind).validate_json(text)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecordInvalid(f"a stored {_name(kind)} can't be read ({where}: {first['msg']})") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))
