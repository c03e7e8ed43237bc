"""What is printed beside our own figures: where the cases come from (T1), and what others published."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from pathlib import Path
from typing import Any

from pydantic import with_config

from wetread.domain.clinical_data import shipped
from wetread.errors import InputError
from wetread.evaluate.labels import Label
from wetread.evaluate.page import html_table
from wetread.evaluate.strict_toml import STRICT, parsed
from wetread.evaluate.words import number

UNKNOWN = "unknown"
LARGEST_BYTES = 64 * 1024
HEAD = ("published", "by", "figure", "on", "reference")
WARNING = "Published figures, measured on other cases: no comparison follows from them."


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Where cases come from. What nobody told is unknown, and said so."""

    source: str = UNKNOWN
    licence: str = UNKNOWN
    labels: str = UNKNOWN
    overlap: str = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A figure of others. `code` is the finding, None where it is of something else; `value` lies between 0 and 1."""

    what: str
    code: str | None
    by: str
    value: float
    on: str
    reference: str


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class _Areas:
    """Of one published reader: AUROC by code."""

    by: str
    on: str
    reference: str
    codes: Mapping[str, float]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class _Other:
    by: str
    what: str
    value: float
    on: str
    reference: str


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    version: str
    date: str
    note: str
    auroc: tuple[_Areas, ...]
    other: tuple[_Other, ...]


def about_file(cases: Path) -> Path:
    """Beside `cases.csv` it is `cases.about.toml`."""
    return cases.with_suffix(".about.toml")


def read_about(cases: Path) -> About:
    """What stands beside a case file about its cases: source, licence, how labels were made, known training data.

    Raises: InputError where the file is none, or says something else.
    """
    path = about_file(cases)
    if not path.is_file():
        return About()
    known = [one.name for one in fields(About)]
    remedy = f"it is TOML with {', '.join(known)}, each a text"
    if path.stat().st_size > LARGEST_BYTES:
        raise InputError(path.name, f"is larger than {LARGEST_BYTES} bytes", remedy)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InputError(path.name, f"can't be read ({problem})", remedy) from None
    strange = [name for name, value in told.items() if name not in known or not isinstance(value, str)]
    if strange:
        raise InputError(path.name, f"has {strange[0]!r}", remedy)
    return About(**told)


def published(labels: Iterable[Label], text: str | None = None) -> tuple[Published, ...]:
    """What others published of these findings, and of readers as a whole (`clinical/published.toml`).

    Raises: ClinicalDataInvalid naming the key.
    """
    file = parsed("published.toml", text if text is not None else shipped("published.toml"), _File)
    rows = [
        Published(what=label.word, code=code, by=areas.by, value=value, on=areas.on, reference=areas.reference)
        for label in labels
        for areas in file.auroc
        for code, value in areas.codes.items()
        if code in label.codes
    ]
    if not rows:  # other findings, other examinations: nothing of it would help
        return ()
    return (*rows, *(Published(code=None, **asdict(one)) for one in file.other))


def about_text(told: Mapping[str, Any]) -> str:
    """One line: source, licence, how labels were made, overlap."""
    return (
        f"source: {told['source']}; licence: {told['licence']}; labels: {told['labels']}; "
        f"overlap with training data: {told['overlap']}"
    )


def about_card(told: Mapping[str, Any]) -> str:
    """The same as a paragraph."""
    return f"<p>{escape(about_text(told))}</p>"


def published_text(rows: Sequence[Published]) -> str:
    """A line each under their warning."""
    lines = [f"{what}: {value} by {by}, on {on} ({source})" for what, by, value, on, source in _cells(rows)]
    return "\n".join([f"== {WARNING}", *lines])


def published_card(rows: Sequence[Published]) -> tuple[str, ...]:
    """The same for the card; nothing without rows."""
    return (f"<h2>What others published</h2><p>{WARNING}</p>", html_table("", HEAD, _cells(rows))) if rows else ()


def _cells(rows: Sequence[Published]) -> list[tuple[str, str, str, str, str]]:
    return [
        (f"{row.what}, AUROC" if row.code else row.what, row.by, number(row.value, ".4g"), row.on, row.reference)
        for row in rows
    ]
