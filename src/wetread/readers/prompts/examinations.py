"""The prompt files: one an examination, each with its version and hash; and which of them fit a study."""

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from wetread.errors import ClinicalDataInvalid

GENERIC = "generic"
ANY = "*"
NO_PROMPTS = ("turns", "regions", "checklist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One prompt file. `regions` are the finding vocabulary's; `sha256` is over the file as it stands."""

    id: str
    version: int
    date: str
    title: str
    modalities: tuple[str, ...]
    regions: tuple[str, ...]
    look_for: tuple[str, ...]
    instructions: str
    sha256: str

    @property
    def name(self) -> str:
        """The prompt's name with its version: "ct-head/1"."""
        return f"{self.id}/{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The texts that every examination shares, by name, with the hash of their file."""

    version: int
    sha256: str
    texts: MappingProxyType[str, str]


def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


@cache
def examinations() -> MappingProxyType[str, Examination]:
    """Every prompt that ships, by id."""
    folder = files(__package__)
    names = sorted(path.name.removesuffix(".toml") for path in folder.iterdir() if path.name.endswith(".toml"))
    return MappingProxyType({name: parse(_text(name), name) for name in names if name not in NO_PROMPTS})


def parse(text: str, name: str) -> Examination:
    """A prompt from its file.

    Raises: ClinicalDataInvalid naming the file and the key.
    """
    try:
        data = tomllib.loads(text)
        return Examination(
            id=str(data["id"]),
            version=int(data["version"]),
            date=str(data["date"]),
            title=str(data["title"]),
            modalities=tuple(data["modalities"]),
            regions=tuple(data["regions"]),
            look_for=tuple(data["look_for"]),
            instructions=str(data["instructions"]).strip(),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
        )
    except (tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as problem:
        raise ClinicalDataInvalid(f"prompt {name}.toml: {problem}; compare it with the shipped file") from None


@cache
def turns() -> Turns:
    """The role, the rules and the turns."""
    text = _text("turns")
    data = tomllib.loads(text)
    return Turns(
        version=int(data["version"]),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        texts=MappingProxyType({key: value.strip() for key, value in data.items() if isinstance(value, str)}),
    )


@cache
def checklist_rules() -> MappingProxyType[str, Any]:
    """`most`, `always` and `never` of checklist.toml."""
    return MappingProxyType(tomllib.loads(_text("checklist")))


@cache
def _regions() -> MappingProxyType[str, frozenset[str]]:
    table = tomllib.loads(_text("regions"))["regions"]
    return MappingProxyType({region: frozenset(parts) for region, parts in table.items()})


def regions_of(body_part: str | None) -> frozenset[str]:
    """The vocabulary's regions of a Body Part Examined; none where it says nothing we know."""
    word = "".join(c for c in (body_part or "").upper() if c.isalnum())
    return frozenset(region for region, parts in _regions().items() if word in parts)


def fitting(modalities: Iterable[str], regions: frozenset[str], told: bool) -> tuple[Examination, ...]:
    """The prompts of an examination, the generic one where none fits or too much is unknown.

    modalities: as the views say; regions: the vocabulary's groups that are asked; told: whether a body part was.
    """
    asked = set(modalities)
    found = [e for e in examinations().values() if asked & set(e.modalities) and regions & set(e.regions)]
    covered = {region for examination in found for region in examination.regions}
    if not told and (len(found) > 1 or not regions <= covered):
        found = []
    if not found or not regions <= covered:
        found.append(examinations()[GENERIC])
    return tuple(found)
