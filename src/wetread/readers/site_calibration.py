"""The file of a site's calibration: which stated number means which probability, measured on the site's own cases.

`wetread calibrate` writes it, `calibration_file` of the settings names it. See docs/explanation/calibration.md.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from wetread.domain.finding import SITE_CALIBRATOR, Finding, Presence
from wetread.domain.read import ReaderIdentity
from wetread.domain.urgency import Priority
from wetread.errors import ClinicalDataInvalid
from wetread.readers.calibrator import Calibrator

SCHEMA = "wetread.calibration/1"
PROBABILITY = "probability"
OF_PRESENCE = frozenset({"score", "self_consistency", PROBABILITY})
"""Kinds of stated numbers that speak of presence whatever was decided; others are the reader's trust in its word.

`probability`: the reader's own probability, kept there when the site's took its place.
"""
SEEN = (Presence.PRESENT, Presence.UNCERTAIN)
MAPS: TypeAdapter[Calibrator] = TypeAdapter(Calibrator)

_Day = date


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Owned(_Strict):
    reader: str = Field(min_length=1)
    fingerprint: str = Field(min_length=1)


class MapRow(_Owned):
    """One finding of one reader: its map, its operating point or both, and the calibration cases behind them.

    `threshold` is on the number that the reader states. `n_pos` of the `n` cases have the finding.
    """

    code: str = Field(pattern=r"^wr:")
    n: int = Field(ge=1)
    n_pos: int = Field(ge=0)
    threshold: float | None = Field(None, ge=0, le=1)
    map: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "MapRow":
        if self.map is None and self.threshold is None:
            raise ValueError(f"{self.code} of {self.reader} has neither a map nor a threshold")
        if self.n_pos > self.n:
            raise ValueError("n_pos <= n must hold")
        if self.map is not None:
            MAPS.validate_python({"id": "checked", **self.map})
        return self


class ExcludedRow(_Owned):
    """A finding that a reader is not shown to tell from chance, in its `numbers` or its `decisions`."""

    code: str = Field(pattern=r"^(wr:|any_finding$)")
    what: Literal["numbers", "decisions"]
    reason: str = Field(min_length=1)


class _Level(_Strict):
    priority: Priority
    n: int = Field(ge=0)
    limit: float | None = Field(None, ge=0, le=1)


class UrgencyRow(_Owned):
    """Conformal sets of one reader: a priority belongs to the set unless its unlikeliness exceeds the limit.

    A priority without a limit had too few cases to be ruled out: it belongs to every set.
    """

    alpha: float = Field(gt=0, lt=1)
    levels: tuple[_Level, ...] = Field(min_length=1)


class _File(_Strict):
    wanted: Literal["wetread.calibration/1"] = Field(alias="schema")
    measured_on: str = Field(min_length=1)
    date: _Day
    valid_until: _Day
    cases_sha256: str
    maps: tuple[MapRow, ...] = ()
    excluded: tuple[ExcludedRow, ...] = ()
    urgency: tuple[UrgencyRow, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "_File":
        if self.valid_until < self.date:
            raise ValueError("valid_until lies before date")
        for what, keys in (
            ("maps", [(row.reader, row.fingerprint, row.code) for row in self.maps]),
            ("urgency", [(row.reader, row.fingerprint) for row in self.urgency]),
        ):
            if len(set(keys)) < len(keys):
                raise ValueError(f"{what}: a reader has two rows for the same thing")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedMap:
    """A row that can be applied."""

    row: MapRow
    calibrator: Annotated[Calibrator | None, "None: an operating point alone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A site's calibration: by whom, measured on what, valid how long. `name` tells this file from every other."""

    name: str
    measured_on: str
    measured: date
    valid_until: date
    maps: tuple[FittedMap, ...] = ()
    excluded: tuple[ExcludedRow, ...] = ()
    urgency: tuple[UrgencyRow, ...] = ()

    @property
    def calibrator_id(self) -> str:
        """What stands behind a probability that this file gave."""
        return SITE_CALIBRATOR + self.name

    def why_unused(self, reader: ReaderIdentity, today: date) -> str:
        """Why nothing of it counts for a reader on a day (UTC); empty where it does or says nothing of the reader."""
        known = {row.fingerprint for row in self._rows() if row.reader == reader.name}
        if not known:
            return ""
        about = f"the site's calibration of {reader.name} is not used"
        if today > self.valid_until:
            return f"{about}: it expired on {self.valid_until.isoformat()}"
        if reader.fingerprint not in known:
            return f"{about}: the reader has changed since {self.measured.isoformat()} (another fingerprint)"
        return ""

    def maps_of(self, reader: ReaderIdentity) -> dict[str, FittedMap]:
        """The maps of exactly this reader, by code."""
        return {one.row.code: one for one in self.maps if _is_of(one.row, reader)}

    def excluded_of(self, reader: ReaderIdentity) -> tuple[ExcludedRow, ...]:
        """The findings that exactly this reader is not shown to tell from chance."""
        return tuple(row for row in self.excluded if _is_of(row, reader))

    def _rows(self) -> Iterator[_Owned]:
        yield from (one.row for one in self.maps)
        yield from self.excluded
        yield from self.urgency


def _is_of(row: _Owned, reader: ReaderIdentity) -> bool:
    return (row.reader, row.fingerprint) == (reader.name, reader.fingerprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a reader told of one finding, as far as a map may start from it."""

    presence: Presence
    probability: float | None
    calibrator: str | None
    stated: float | None
    kind: str | None

    @property
    def number(self) -> float | None:
        """The reader's own probability, else what it stated of presence; None where it told neither.

        What the site's own map made of it is not the reader's. A word's trust ("absent, 90 %") says nothing of presence
        unless the reader sees the finding.
        """
        if self.presence is Presence.NOT_ASSESSABLE:
            return None
        if self.probability is not None and not (self.calibrator or "").startswith(SITE_CALIBRATOR):
            return self.probability
        return self.stated if self.kind in OF_PRESENCE or self.presence in SEEN else None


def number_in(finding: Finding) -> float | None:
    """The number that a map of this finding starts from."""
    return Stated(
        presence=finding.presence,
        probability=finding.probability,
        calibrator=finding.calibrator_id,
        stated=finding.confidence_raw,
        kind=finding.confidence_kind,
    ).number


def load_calibration(path: Path) -> Calibration:
    """A site's calibration from TOML.

    Raises: ClinicalDataInvalid naming the file, the key and what is wrong with it.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise ClinicalDataInvalid(f"{path}: can't be read ({problem.strerror}); name a file that exists") from None
    try:
        told = _File.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ClinicalDataInvalid(f"{path}: {key}: {first['msg']}; see docs/explanation/calibration.md") from None
    except (ValueError, RecursionError) as problem:
        raise ClinicalDataInvalid(f"{path}: not valid TOML ({problem}); write it with wetread calibrate") from None
    name = hashlib.sha256(content).hexdigest()[:16]
    return Calibration(
        name=name,
        measured_on=told.measured_on,
        measured=told.date,
        valid_until=told.valid_until,
        maps=tuple(_fitted(told.maps, SITE_CALIBRATOR + name)),
        excluded=told.excluded,
        urgency=told.urgency,
    )


def _fitted(rows: Iterable[MapRow], calibrator_id: str) -> Iterator[FittedMap]:
    for row in rows:
        apply = None if row.map is None else MAPS.validate_python({**row.map, "id": calibrator_id})
        yield FittedMap(row=row, calibrator=apply)


__all__ = [
    "SCHEMA",
    "Calibration",
    "ExcludedRow",
    "FittedMap",
    "MapRow",
    "Stated",
    "UrgencyRow",
    "load_calibration",
    "number_in",
]
