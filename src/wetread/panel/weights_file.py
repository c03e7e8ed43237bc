"""The file of a site's weights: its shape, checked strictly. See docs/explanation/panel.md."""

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from wetread.panel.figures import Figures
from wetread.panel.site_files import parse_file
from wetread.panel.weights import EVERYTHING, Weights


def _within(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError("a prevalence lies between 0 and 1 and is neither")
    return value


_Day = date


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reader: str = Field(min_length=1)
    group: str = Field(min_length=1)
    tp: int = Field(ge=0)
    fn: int = Field(ge=0)
    fp: int = Field(ge=0)
    tn: int = Field(ge=0)
    measured_on: str | None = None
    date: _Day | None = None
    valid_until: _Day | None = None
    fingerprint: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    measured_on: str = Field(min_length=1)
    date: _Day
    valid_until: _Day
    correlation: float = Field(ge=0, le=1)
    groups: dict[str, frozenset[str]] = Field(default_factory=dict)
    prevalence: dict[str, Annotated[float, AfterValidator(_within)]] = Field(default_factory=dict)
    figures: tuple[_Row, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> "_File":
        twice = _first_twice(code for codes in self.groups.values() for code in codes)
        if twice:
            raise ValueError(f"{twice} stands in two groups")
        named = {*self.groups, EVERYTHING}
        if EVERYTHING in self.prevalence:
            raise ValueError("a prevalence is of a code or a group: one for everything would be of nothing")
        for group in (*(row.group for row in self.figures), *self.prevalence):
            if group not in named and not group.startswith("wr:"):
                raise ValueError(f"{group!r} is no code and no group of this file")
        if _first_twice(f"{row.reader} / {row.group}" for row in self.figures):
            raise ValueError("a reader has two rows for the same group")
        return self


def _first_twice(words: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            return word
        seen.add(word)
    return None


def load_weights(path: Path) -> Weights:
    """A site's weights from TOML or JSON.

    Raises: ClinicalDataInvalid naming the key.
    """
    told, content = parse_file(path, _File)
    figures = tuple(
        Figures(
            reader=row.reader,
            group=row.group,
            tp=row.tp,
            fn=row.fn,
            fp=row.fp,
            tn=row.tn,
            measured_on=row.measured_on or told.measured_on,
            measured=row.date or told.date,
            valid_until=row.valid_until or told.valid_until,
            fingerprint=row.fingerprint,
        )
        for row in told.figures
    )
    return Weights(
        name=hashlib.sha256(content).hexdigest()[:16],
        figures=figures,
        groups=told.groups,
        prevalence=told.prevalence,
        correlation=told.correlation,
    )
