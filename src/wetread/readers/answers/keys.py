"""The names other systems give to the parts of an answer, from keys.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """Their name to ours: of the answer's fields, and of an item's."""

    answer: Mapping[str, str]
    item: Mapping[str, str]


@cache
def tables() -> Mapping[str, Any]:
    """keys.toml as it stands."""
    return MappingProxyType(tomllib.loads(files(__package__).joinpath("keys.toml").read_text(encoding="utf-8")))


def _turned(table: Mapping[str, list[str]]) -> Mapping[str, str]:
    return MappingProxyType({word: name for name, words in table.items() for word in words})


KEYS = _Keys(answer=_turned(tables()["answer"]), item=_turned(tables()["item"]))


@cache
def words_of(table: str) -> Mapping[str, str]:
    """A table of words, theirs to ours, by letters and digits alone."""
    rows = {name: words for name, words in tables()[table].items() if isinstance(words, list)}
    return MappingProxyType({plain_key(word): name for name, words in rows.items() for word in words})


def plain_key(key: object) -> str:
    """A key or word by its letters and digits, in lower case."""
    return "".join(c for c in str(key)[:80].casefold() if c.isalnum())


SAYS_LITTLE = frozenset({"confidence", "limitations", "quality"})


def known(answer: Mapping[str, Any]) -> bool:
    """True where an object has a field that only an answer has: findings, what is absent, an urgency, a report."""
    named = ((KEYS.answer.get(plain_key(key)), value) for key, value in answer.items())
    told = (name for name, value in named if name != "prose" or isinstance(value, str))
    return any(name is not None and name not in SAYS_LITTLE for name in told)


def strong(answer: Mapping[str, Any]) -> bool:
    """True where a field belongs to an answer and to no single finding of it."""
    names = (plain_key(key) for key in answer)
    return any(name in KEYS.answer and name not in KEYS.item for name in names)


def by_name(answer: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, list[Any]]:
    """The fields by our names; two of theirs with the same meaning are both kept."""
    found: dict[str, list[Any]] = {}
    for key, value in answer.items():
        name = names.get(plain_key(key))
        if name is not None:
            found.setdefault(name, []).append(value)
    return found
