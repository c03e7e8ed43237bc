"""From a raw text to the objects it says: whole JSON, JSON inside other text, or prose."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wetread.errors import AnswerUnusable
from wetread.readers.answers.keys import KEYS, known, plain_key, strong
from wetread.readers.answers.tolerant import Parsed, beginning, strict, tolerant

LONGEST_ANSWER = 200_000
MOST_STARTS = 24
DEEPEST_WRAPPING = 3
THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|$)", re.DOTALL | re.IGNORECASE)
FENCE = re.compile(r"(?:```|~~~)[ \t]*([\w+-]*)[ \t]*\r?\n?(.*?)(?:```|~~~|$)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What an answer consists of. `cut` is true where JSON of an answer began and the text ended inside it."""

    form: str
    objects: tuple[dict[str, Any], ...] = ()
    prose: str | None = None
    cut: bool = False


def hear(raw: str) -> Heard:
    """The objects or the prose of an answer.

    Raises: AnswerUnusable for a blank answer, one that is far too long, and JSON that says nothing of findings.
    """
    if len(raw) > LONGEST_ANSWER:
        raise AnswerUnusable(f"the answer has {len(raw)} characters, at most {LONGEST_ANSWER} are read", raw=raw)
    text = THINKING.sub("", raw.replace("\x00", "")).strip().lstrip("\ufeff").strip()
    if not text:
        raise AnswerUnusable("the answer is blank", raw=raw)
    whole = _whole(text)
    if whole is not None:
        return _of_json(whole, raw)
    found = tuple(_inside(text))
    objects = tuple(item for parsed in found for item in unwrapped(parsed.value))
    cut = any(parsed.cut and (unwrapped(parsed.value) or _begins_answer(text)) for parsed in found)
    if objects or cut:
        return Heard(form="fenced", objects=objects, cut=cut)
    return Heard(form="prose", prose=text)


def _whole(text: str) -> Parsed | None:
    """The text as one JSON value, by the standard or with patience; None where it is something else or more."""
    try:
        return Parsed(strict(text), len(text), cut=False)
    except ValueError:
        pass
    start = beginning(text)
    if text[start : start + 1] not in ("{", "["):
        return None
    try:
        parsed = tolerant(text, start)
    except ValueError:
        return None
    return parsed if parsed.cut or not text[parsed.end :].strip(" \t\r\n;,.`") else None


def _of_json(parsed: Parsed, raw: str) -> Heard:
    if isinstance(parsed.value, str):
        return hear(parsed.value) if parsed.value != raw else Heard(form="prose", prose=parsed.value)
    objects = unwrapped(parsed.value)
    if objects or parsed.cut:
        return Heard(form="json", objects=objects, cut=parsed.cut)
    if isinstance(parsed.value, list) and parsed.value and all(isinstance(item, str) for item in parsed.value):
        return Heard(form="prose", prose="\n".join(parsed.value))
    raise AnswerUnusable("the JSON of the answer has no field of an answer (findings, absent, urgency, …)", raw=raw)


def _begins_answer(text: str) -> bool:
    return text.startswith(("{", "[", "```", "~~~"))


def _inside(text: str) -> Iterator[Parsed]:
    """JSON values in fences, else those that start at a brace anywhere in the text."""
    blocks = [block.group(2) for block in FENCE.finditer(text)]
    found = [parsed for block in blocks if (parsed := _try(block.strip(), 0)) is not None]
    if any(unwrapped(parsed.value) or parsed.cut for parsed in found):
        yield from found
        return
    at = 0
    for _ in range(MOST_STARTS):
        at = text.find("{", at)
        if at < 0:
            return
        parsed = _try(text, at)
        if parsed is not None:
            yield parsed
        at = parsed.end if parsed is not None else at + 1


def _try(text: str, at: int) -> Parsed | None:
    if text[at : at + 1] not in ("{", "["):
        return None
    try:
        return tolerant(text, at)
    except ValueError:
        return None


def unwrapped(value: Any, depth: int = 0) -> tuple[dict[str, Any], ...]:  # noqa: ANN401 - any JSON value
    """The answers in a JSON value: itself, a list of findings, or what a wrapper ("answer", "arguments") holds."""
    if depth > DEEPEST_WRAPPING:
        return ()
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        return unwrapped(_decoded(value), depth + 1)
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        whole = bool(items) and all(_is_finding(item) for item in items)
        return ({"findings": items},) if whole else _each(items, depth)
    return _in_object(value, depth) if isinstance(value, dict) else ()


def _in_object(value: dict[str, Any], depth: int) -> tuple[dict[str, Any], ...]:
    if _is_finding(value) and {"presence", "standing"} & {KEYS.item.get(plain_key(key)) for key in value}:
        return ({"findings": [value]},)
    if not known(value):
        return _each(value.values(), depth)
    return (value, *(inner for inner in value.values() if isinstance(inner, dict) and strong(inner)))


def _each(values: Iterable[Any], depth: int) -> tuple[dict[str, Any], ...]:
    return tuple(answer for value in values for answer in unwrapped(value, depth + 1))


def _decoded(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return strict(text)
    except ValueError:
        return None


def _is_finding(item: dict[str, Any]) -> bool:
    """A single finding: it has a name or a code, and no field that only a whole answer has."""
    named = any(KEYS.item.get(plain_key(key)) in ("code", "name") for key in item)
    return named and not strong(item)
