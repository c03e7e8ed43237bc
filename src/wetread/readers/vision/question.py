"""One call of a vision model, in our words: what is asked, and what comes back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any


class Form(StrEnum):
    """How the answer is asked for, the strictest first."""

    STRUCTURED = "structured"
    TOOL = "tool"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An encoded picture as it is sent. Nothing else of a view goes with it."""

    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Pictures first, then text. `schema` is the JSON schema of the answer as text, None for free text.

    `answer` and `remark` are an earlier answer and what was wrong with it: the repair turn.
    """

    system: str
    pictures: tuple[Picture, ...]
    text: str
    schema: str | None
    answer: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: its text, how it was said, what was billed. None is unknown."""

    text: str
    form: Form
    answered_by: str | None
    cut_off: bool
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None


@lru_cache(maxsize=64)
def spelled_out(schema: str) -> dict[str, Any]:
    """A schema with its lists of types spelled out; made once, for every study of a kind asks by the same one."""
    spelled: dict[str, Any] = without_type_lists(json.loads(schema))
    return spelled


def without_type_lists(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema with `"type": ["string", "null"]` spelled as `anyOf`, which every provider's grammar takes."""
    if isinstance(schema, list):
        return [without_type_lists(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    walked = {key: without_type_lists(value) for key, value in schema.items()}
    kinds = walked.get("type")
    if not isinstance(kinds, list):
        return walked
    rest = {key: value for key, value in walked.items() if key not in {"type", "description"}}
    about = {"description": walked["description"]} if "description" in walked else {}
    return {**about, "anyOf": [_one(kind, rest) for kind in kinds]}


def _one(kind: str, rest: dict[str, Any]) -> dict[str, Any]:
    if kind == "null":
        return {"type": "null"}
    kept = dict(rest)
    if "enum" in kept:
        kept["enum"] = [value for value in kept["enum"] if value is not None]
    return {"type": kind, **kept}
