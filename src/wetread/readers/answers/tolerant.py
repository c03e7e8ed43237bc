"""JSON as language models write it: comments, trailing commas, single quotes, bare words, NaN, and cut-off ends.

Twice the same key never loses the more urgent value.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DEEPEST = 48
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?=[\s,:\]}/#%]|$)")
WORD = re.compile(r"[A-Za-z_$][\w:$-]*")
KEY = re.compile(r"[\w$-]+(?:[ ][\w$-]+)*")
BLANK = re.compile(r"(?:[\s\ufeff]+|//[^\n]*|#[^\n]*|/\*.*?(?:\*/|$))+", re.DOTALL)
RUN = re.compile(r"\s*")
QUOTES = "\"'"
WORDS: dict[str, Any] = {
    "true": True, "false": False, "null": None, "none": None, "nan": None, "infinity": None, "undefined": None,
}  # fmt: skip
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
LONGEST_NUMBER = 300


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value, where it ended, and whether the text stopped before it was complete."""

    value: Any
    end: int
    cut: bool


def strict(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON text by the standard, with joined duplicate keys and no NaN.

    Raises: ValueError where it is none.
    """
    try:
        return json.loads(text, object_pairs_hook=joined, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def tolerant(text: str, start: int = 0) -> Parsed:
    """The value that starts at `start`, read with patience. What is incomplete when the text ends is left out.

    Raises: ValueError where no JSON value stands there.
    """
    scan = _Scan(text, start)
    value, complete = scan.value(0)
    return Parsed(value, scan.at, cut=not complete)


def beginning(text: str) -> int:
    """Where a value can begin: behind blanks and comments."""
    match = BLANK.match(text)
    return match.end() if match else 0


def joined(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its pairs. A key that comes twice keeps both lists, either flag, and every claim."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = _both(found[key], value) if key in found else value
    return found


class Several(list[Any]):
    """The values of a key that came more than once and can't be joined: who reads it takes the most urgent."""


def _both(first: Any, second: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(first, dict) and isinstance(second, dict):
        return joined([*first.items(), *second.items()])
    if isinstance(first, Several):
        return Several([*first, second])
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if first is None or second is None or first == second:
        return second if first is None else first
    return Several([first, second])


class _Scan:
    """One pass over a text. Every method returns a value and whether it was complete."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def value(self, depth: int) -> tuple[Any, bool]:
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        self.blank()
        opening = self.text[self.at : self.at + 1]
        if opening == "{":
            return self.object(depth)
        if opening == "[":
            return self.array(depth)
        if opening in ('"', "'", "\u201c"):
            return self.string()
        return self.bare() if opening else (None, False)

    def blank(self) -> None:
        match = BLANK.match(self.text, self.at)
        if match:
            self.at = match.end()

    def next(self) -> str:
        self.blank()
        return self.text[self.at : self.at + 1]

    def object(self, depth: int) -> tuple[dict[str, Any], bool]:
        self.at += 1
        pairs: list[tuple[str, Any]] = []
        while True:
            sign = self.next()
            if sign == "}":
                self.at += 1
                return joined(pairs), True
            if sign == ",":
                self.at += 1
                continue
            if not sign:
                return joined(pairs), False
            complete = self.member(pairs, depth)
            if not complete:
                return joined(pairs), False

    def member(self, pairs: list[tuple[str, Any]], depth: int) -> bool:
        """One key and value; of a cut value only whole parts stay."""
        key, complete = self.string() if self.next() in ('"', "'", "\u201c") else self.key()
        if not complete or not self.next():
            return False
        if self.next() != ":":
            raise ValueError(f"a colon is missing at {self.at}")
        self.at += 1
        value, complete = self.value(depth + 1)
        if complete or (isinstance(value, list | dict) and _holds_parts(value)):
            pairs.append((str(key), value))
        return complete

    def array(self, depth: int) -> tuple[list[Any], bool]:
        self.at += 1
        items: list[Any] = []
        while True:
            sign = self.next()
            if sign == "]":
                self.at += 1
                return items, True
            if sign == ",":
                self.at += 1
                continue
            if not sign:
                return items, False
            item, complete = self.value(depth + 1)
            if not complete:
                return items, False
            items.append(item)

    def string(self) -> tuple[str, bool]:
        """A quoted text; a quote inside that nothing of JSON follows is part of it."""
        opening = self.text[self.at]
        closing = "\u201d" if opening == "\u201c" else opening
        self.at += 1
        parts: list[str] = []
        stop = re.compile(r"[\\" + closing + "]")
        while True:
            found = stop.search(self.text, self.at)
            if found is None:
                self.at = len(self.text)
                return "".join(parts), False
            parts.append(self.text[self.at : found.start()])
            self.at = found.end()
            if found.group() == "\\":
                parts.append(self.escape())
            elif self.closes():
                return "".join(parts), True
            else:
                parts.append(closing)

    def closes(self) -> bool:
        """True where what follows a quote can only follow the end of a text."""
        run = RUN.match(self.text, self.at)
        end = run.end() if run else self.at
        follows = self.text[end : end + 2]
        if not follows or follows[0] in ",:}]#" or follows in ("//", "/*"):
            return True
        return follows[0] in QUOTES and "\n" in self.text[self.at : end]

    def escape(self) -> str:
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if letter == "u":
            digits = self.text[self.at : self.at + 4]
            if re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                self.at += 4
                return chr(int(digits, 16))
        return ESCAPES.get(letter, letter)

    def bare(self) -> tuple[Any, bool]:
        number = NUMBER.match(self.text, self.at)
        if number and len(number.group()) <= LONGEST_NUMBER:
            self.at = number.end()
            return self.percent(number.group())
        word = WORD.match(self.text, self.at)
        if word is None:
            raise ValueError(f"no value at {self.at}")
        self.at = word.end()
        if not self.text[self.at :].strip():
            return None, False
        return WORDS.get(word.group().lower(), word.group()), True

    def key(self) -> tuple[str, bool]:
        word = KEY.match(self.text, self.at)
        if word is None:
            raise ValueError(f"no key at {self.at}")
        self.at = word.end()
        return word.group(), True

    def percent(self, digits: str) -> tuple[Any, bool]:
        if self.text.startswith("%", self.at):
            self.at += 1
            return f"{digits}%", True
        make: Callable[[str], Any] = float if re.search(r"[.eE]", digits) else int
        return make(digits), self.at < len(self.text)


def _holds_parts(value: list[Any] | dict[str, Any]) -> bool:
    """True where a cut value still holds whole objects or lists."""
    parts = value if isinstance(value, list) else value.values()
    return any(isinstance(part, list | dict) for part in parts) or (isinstance(value, list) and bool(value))
